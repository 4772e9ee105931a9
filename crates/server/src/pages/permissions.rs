//! The permissions of a role or an API key as groups of boxes. Nobody grants or removes permissions that they do not hold, so those
//! boxes cannot be changed.

use inventory::{Permission, Permissions};

use super::visitor::Visitor;
use super::words::capitalised;

/// The permissions for one kind of thing.
pub(super) struct Group {
    pub(super) name: String,
    pub(super) boxes: Vec<PermissionBox>,
}

/// A permission that can be chosen.
pub(super) struct PermissionBox {
    /// The text that is stored.
    pub(super) text: &'static str,
    pub(super) name: String,
    pub(super) is_chosen: bool,
    /// Whether the visitor may choose it.
    pub(super) is_held: bool,
}

/// Returns all permissions, grouped by what they are for.
pub(super) fn groups(visitor: &Visitor, chosen: &Permissions) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for &permission in Permission::EVERY {
        let text = permission.as_str();
        let (area, action) = text.split_once(':').unwrap_or(("everything", text));
        let (area, action) = (area_name(area), action_name(action));
        if groups.last().is_none_or(|group| group.name != area) {
            groups.push(Group { name: area, boxes: Vec::new() });
        }
        let is_chosen = chosen.iter().any(|held| held == permission);
        let one = PermissionBox { text, name: action, is_chosen, is_held: visitor.may(permission) };
        if let Some(group) = groups.last_mut() {
            group.boxes.push(one);
        }
    }
    groups
}

fn area_name(area: &str) -> String {
    if area == "api_keys" { "API keys".to_owned() } else { words(area) }
}

fn action_name(action: &str) -> String {
    match action {
        "all" => "May do everything".to_owned(),
        "read" => "See".to_owned(),
        "update" => "Change".to_owned(),
        "admin" => "Administer".to_owned(),
        action => words(action),
    }
}

fn words(text: &str) -> String {
    capitalised(&text.replace('_', " "))
}

/// Returns the permissions that were chosen.
pub(super) fn chosen(texts: &[String]) -> Permissions {
    texts.iter().cloned().collect()
}
