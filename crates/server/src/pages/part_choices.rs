//! The categories and the tags that a part can have.

use inventory::Permission;
use inventory::list::MAX_PAGE_SIZE;
use inventory::tags::ListTagNames;

use super::outline::{Kind, Outline};
use super::visitor::Visitor;
use crate::app::App;
use crate::problem::Problem;

/// A choice of a category.
pub(super) struct Choice {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) depth: usize,
    pub(super) is_chosen: bool,
}

/// Returns the categories that the visitor can choose, in the order of the tree, at most [`MAX_PAGE_SIZE`].
pub(super) async fn choices(app: &App, visitor: &Visitor, chosen: &[String]) -> Result<Vec<Choice>, Problem> {
    if !visitor.may(Permission::CategoriesRead) {
        return Ok(Vec::new());
    }
    let tree = Outline::load(app, visitor, Kind::Categories, false).await?;
    let choice = |(depth, index): (usize, usize)| {
        let item = tree.item(index);
        Choice {
            is_chosen: chosen.contains(&item.id),
            id: item.id.clone(),
            name: item.name.clone(),
            depth: depth.min(5),
        }
    };
    Ok(tree.in_order().into_iter().take(MAX_PAGE_SIZE as usize).map(choice).collect())
}

/// Returns the ids and names of the tags that the visitor can choose, at most [`MAX_PAGE_SIZE`].
pub(super) async fn all_tags(app: &App, visitor: &Visitor) -> Result<Vec<(String, String)>, Problem> {
    if !visitor.may(Permission::TagsRead) {
        return Ok(Vec::new());
    }
    app.query(&visitor.caller, ListTagNames).await
}
