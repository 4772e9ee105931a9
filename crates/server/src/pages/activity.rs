//! The activity log.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use inventory::activity_log::{Activity, ActivityFilter, ListActivity};
use inventory::list::{ListQuery, PAGE_SIZE, PageNumber, Paging};
use serde::Deserialize;
use serde_json::Value;

use super::address::Address;
use super::error::PageError;
use super::frame::{Frame, Section, encoded, render};
use super::visitor::Visitor;
use super::words::{When, given, grouped};
use crate::app::App;

/// Returns the routes of this page.
pub(super) fn routes() -> Router<App> {
    Router::new().route("/activity", get(page))
}

/// An entry of the log.
pub(super) struct Entry {
    pub(super) who: String,
    pub(super) did: String,
    pub(super) kind: String,
    pub(super) name: String,
    /// The page of the thing, if it has one and still exists.
    pub(super) link: Option<String>,
    pub(super) when: When,
    /// The name, the old and the new value of each changed field.
    pub(super) fields: Vec<(String, String, String)>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct LogQuery {
    kind: String,
    user: String,
    page: Option<u64>,
}

#[derive(Template)]
#[template(path = "activity.html")]
struct ActivityPage {
    frame: Frame,
    entries: Vec<Entry>,
    kinds: Vec<(&'static str, &'static str, bool)>,
    user: String,
    total: String,
    older: Option<String>,
    newer: Option<String>,
}

/// The kinds of things, with their names.
const KINDS: [(&str, &str); 9] = [
    ("", "Everything"),
    ("part", "Parts"),
    ("allocation", "Stock"),
    ("location", "Places"),
    ("category", "Categories"),
    ("tag", "Tags"),
    ("project", "Projects"),
    ("user", "Users"),
    ("backup", "Backups"),
];

/// Shows the log, the newest entry first.
async fn page(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<LogQuery>,
) -> Result<Response, PageError> {
    let address = Address::parse(&visitor.target);
    let filter = ActivityFilter {
        entity_type: given(&query.kind),
        username: given(&query.user),
        ..ActivityFilter::default()
    };
    let number = query.page.unwrap_or(1).max(1);
    let paging = Paging::Number(PageNumber { number, size: PAGE_SIZE });
    let list = ListQuery { filter, descending: true, paging, ..ListQuery::default() };
    let page = app.query(&visitor.caller, ListActivity(list)).await?;
    let total = page.total.unwrap_or_default();
    let now = app.ambient.utc();
    let link = |number: u64| address.with("page", number).to_string();
    Ok(render(&ActivityPage {
        frame: Frame::new(&app, &visitor, Section::Activity, "Activity").await?,
        entries: page.items.into_iter().map(|activity| Entry::new(activity, now)).collect(),
        kinds: KINDS.map(|(key, name)| (key, name, key == query.kind)).to_vec(),
        user: query.user,
        total: grouped(total),
        older: (total > number * PAGE_SIZE).then(|| link(number + 1)),
        newer: (number > 1).then(|| link(number - 1)),
    }))
}

impl Entry {
    pub(super) fn new(activity: Activity, now: chrono::NaiveDateTime) -> Self {
        let id = activity.entity_id.as_deref().map(encoded).filter(|_| activity.action != "deleted");
        let link = match (activity.entity_type.as_str(), id) {
            ("part" | "low_stock_limit", Some(id)) => Some(format!("/parts/{id}")),
            ("location", Some(id)) => Some(format!("/places/{id}")),
            ("category", Some(id)) => Some(format!("/categories/{id}")),
            _ => None,
        };
        let kind = kind(&activity);
        Self {
            who: activity.username.unwrap_or_else(|| "The server".to_owned()),
            did: activity.action.replace('_', " "),
            kind,
            name: activity.entity_name.unwrap_or_default(),
            link,
            when: When::new(activity.timestamp.0, now),
            fields: changed_fields(&activity.details.0),
        }
        .with_sign_in_named()
    }
}

impl Entry {
    /// Returns whether the entry is a sign-in, which the log has as a change of a user.
    pub(super) fn is_sign_in(&self) -> bool {
        self.did == SIGNED_IN
    }

    fn with_sign_in_named(self) -> Self {
        let is_sign_in = self.kind == "user" && matches!(&*self.fields, [(name, ..)] if name == "last login");
        if !is_sign_in {
            return self;
        }
        Self {
            did: SIGNED_IN.to_owned(),
            kind: String::new(),
            who: self.name,
            name: String::new(),
            fields: Vec::new(),
            ..self
        }
    }
}

/// Returns the word for the kind of a thing. What belongs to a part has the name of the part.
fn kind(activity: &Activity) -> String {
    let of = if activity.entity_name.is_some() { " of" } else { "" };
    match activity.entity_type.as_str() {
        "allocation" => format!("stock{of}"),
        "low_stock_limit" => format!("low-stock limit{of}"),
        "location" => "place".to_owned(),
        other => other.replace('_', " "),
    }
}

const SIGNED_IN: &str = "signed in";

/// Returns the name, the old and the new value of each field that a change has changed.
pub(super) fn changed_fields(details: &Value) -> Vec<(String, String, String)> {
    let Some(fields) = details.as_object() else { return Vec::new() };
    let text = |value: Option<&Value>| match value {
        None | Some(Value::Null) => "nothing".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let changed = fields.iter().filter_map(|(name, value)| {
        let value = value.as_object()?;
        let (old, new) = (value.get("old"), value.get("new"));
        (old.is_some() || new.is_some()).then(|| (name.replace('_', " "), text(old), text(new)))
    });
    changed.collect()
}
