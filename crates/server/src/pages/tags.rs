//! Tags: the list, and their names and colours.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use inventory::list::{ListQuery, MAX_PAGE_SIZE, PageNumber, Paging};
use inventory::tags::{CreateTag, DeleteTag, GetTag, ListTags, Tag, TagFilter, UpdateTag};
use inventory::{Change, Permission};
use serde::Deserialize;

use super::confirm::{self, Confirmation, Deletion};
use super::error::PageError;
use super::faults::Faults;
use super::flash::Flash;
use super::form::Form;
use super::frame::{Frame, Section, encoded, render, render_with};
use super::visitor::Visitor;
use super::words::{self, counted, given, grouped};
use crate::app::App;
use crate::call::PathId;
use crate::problem::Problem;

/// The page of the list.
const PAGE: &str = "/tags";

/// Returns the routes of these pages.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route(PAGE, get(list))
        .route("/tags/new", get(new).post(create))
        .route("/tags/{id}", get(edit).post(update))
        .route("/tags/{id}/delete", get(ask).post(delete))
}

/// The filter of the list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Filter {
    q: String,
}

#[derive(Template)]
#[template(path = "tags.html")]
struct TagsPage {
    frame: Frame,
    q: String,
    total: String,
    tags: Vec<Tag>,
    may_create: bool,
}

/// Lists tags.
async fn list(
    State(app): State<App>,
    visitor: Visitor,
    Query(Filter { q }): Query<Filter>,
) -> Result<Response, PageError> {
    let filter = TagFilter { text: given(&q) };
    let paging = Paging::Number(PageNumber { number: 1, size: MAX_PAGE_SIZE });
    let query = ListQuery { filter, paging, ..ListQuery::default() };
    let page = app.query(&visitor.caller, ListTags(query)).await?;
    Ok(render(&TagsPage {
        frame: Frame::new(&app, &visitor, Section::Settings, "Tags").await?,
        q,
        total: grouped(page.total.unwrap_or_default()),
        tags: page.items,
        may_create: visitor.may(Permission::TagsCreate),
    }))
}

/// The fields of a tag.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Fields {
    name: String,
    /// Such as `#FF5733`.
    color: String,
    description: String,
    version: String,
}

#[derive(Template)]
#[template(path = "tag.html")]
struct TagPage {
    frame: Frame,
    /// The tag as it is stored; `None` for a new one.
    tag: Option<Tag>,
    fields: Fields,
    may_change: bool,
    may_delete: bool,
    faults: Faults,
    form_key: String,
}

/// Shows an empty form.
async fn new(State(app): State<App>, visitor: Visitor) -> Result<Response, PageError> {
    visitor.caller.actor.require(Permission::TagsCreate)?;
    show(&app, &visitor, None, Fields::default(), Faults::default()).await
}

/// Shows a tag.
async fn edit(State(app): State<App>, visitor: Visitor, PathId(id): PathId) -> Result<Response, PageError> {
    let tag = app.query(&visitor.caller, GetTag(id)).await?;
    let fields = Fields {
        name: tag.name.clone(),
        color: tag.color.clone().unwrap_or_default(),
        description: tag.description.clone().unwrap_or_default(),
        version: tag.version.clone(),
    };
    show(&app, &visitor, Some(tag), fields, Faults::default()).await
}

async fn show(
    app: &App,
    visitor: &Visitor,
    tag: Option<Tag>,
    fields: Fields,
    faults: Faults,
) -> Result<Response, PageError> {
    let status = faults.status();
    let title = tag.as_ref().map_or("New tag", |tag| &tag.name).to_owned();
    let changes = if tag.is_some() { Permission::TagsUpdate } else { Permission::TagsCreate };
    let page = TagPage {
        frame: Frame::new(app, visitor, Section::Settings, title).await?,
        may_change: visitor.may(changes),
        may_delete: tag.is_some() && visitor.may(Permission::TagsDelete),
        form_key: app.ambient.uuid().to_string(),
        tag,
        fields,
        faults,
    };
    Ok(render_with(status, &page))
}

/// Creates a tag.
async fn create(State(app): State<App>, form: Form<Fields>) -> Result<Response, PageError> {
    let fields = form.fields.clone();
    let command = CreateTag {
        name: fields.name.trim().to_owned(),
        color: given(&fields.color),
        description: given(&fields.description),
        ..CreateTag::default()
    };
    match form.run(&app, command, |tag| Flash::new(format!("Created {}", tag.name))).await {
        Ok(flash) => Ok(form.go_on(PAGE, &flash)),
        Err(problem) => {
            let faults = Faults::of(problem)?.beside("name", fields.name.trim());
            show(&app, &form.visitor, None, fields, faults).await
        }
    }
}

/// Changes a tag.
async fn update(
    State(app): State<App>,
    PathId(id): PathId,
    form: Form<Fields>,
) -> Result<Response, PageError> {
    let mut fields = form.fields.clone();
    let tag = app.query(&form.visitor.caller, GetTag(id.clone())).await?;
    let command = UpdateTag {
        id,
        version: given(&fields.version),
        name: Change::Set(fields.name.trim().to_owned()),
        color: Change::Set(given(&fields.color)),
        description: Change::Set(given(&fields.description)),
        ..UpdateTag::default()
    };
    match form.run(&app, command, |tag| Flash::new(format!("Saved {}", tag.name))).await {
        Ok(flash) => Ok(form.go_on(PAGE, &flash)),
        Err(problem) => {
            let faults = Faults::of(problem)?.beside("name", fields.name.trim());
            fields.version = faults.version(&fields.version, &tag.version);
            show(&app, &form.visitor, Some(tag), fields, faults).await
        }
    }
}

/// Shows what a deletion would do.
async fn ask(State(app): State<App>, visitor: Visitor, PathId(id): PathId) -> Result<Response, PageError> {
    visitor.caller.actor.require(Permission::TagsDelete)?;
    let deletion = deletion(&app, &visitor, &id).await?;
    confirm::show(&app, &visitor, deletion, Faults::default()).await
}

async fn deletion(app: &App, visitor: &Visitor, id: &str) -> Result<Deletion, Problem> {
    let tag = app.query(&visitor.caller, GetTag(id.to_owned())).await?;
    Ok(Deletion {
        section: Section::Settings,
        what: "tag",
        page: format!("{PAGE}/{}", encoded(id)),
        list: (PAGE, "Tags"),
        effects: vec![match tag.part_count {
            0 => "No part has it.".to_owned(),
            count => format!("{} will lose it. The parts themselves stay.", counted(count, "part")),
        }],
        version: tag.version,
        name: tag.name,
    })
}

/// Deletes a tag.
async fn delete(
    State(app): State<App>,
    PathId(id): PathId,
    form: Form<Confirmation>,
) -> Result<Response, PageError> {
    form.visitor.caller.actor.require(Permission::TagsDelete)?;
    let deletion = deletion(&app, &form.visitor, &id).await?;
    confirm::delete(&app, &form, deletion, DeleteTag { id, version: form.fields.seen() }).await
}
