//! Deletes a category, after showing what that affects.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use inventory::Permission;
use inventory::categories::{CategoryDeletion, DeleteCategory, PreviewCategoryDeletion};
use serde::Deserialize;

use super::super::error::PageError;
use super::super::faults::Faults;
use super::super::flash::Flash;
use super::super::form::Form;
use super::super::frame::{Frame, Section, encoded, render_with};
use super::super::outline::Kind;
use super::super::picker;
use super::super::visitor::Visitor;
use super::super::words::{counted, given};
use crate::app::App;
use crate::call::PathId;

/// The largest number of names that the page shows.
const NAMES: usize = 5;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/categories/{id}/delete", get(page).post(submit))
}

#[derive(Template)]
#[template(path = "category-delete.html")]
struct DeletePage {
    frame: Frame,
    id: String,
    name: String,
    version: String,
    /// The number of parts and of tools that leave the category.
    leaving: Vec<String>,
    /// The number of categories that move up, and some of their names.
    children: Option<(String, String)>,
    /// Where they move.
    parent: String,
    faults: Faults,
}

/// The version to delete.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct DeleteForm {
    version: String,
}

async fn page(State(app): State<App>, visitor: Visitor, PathId(id): PathId) -> Result<Response, PageError> {
    let preview = app.query(&visitor.caller, PreviewCategoryDeletion(id)).await?;
    show(&app, &visitor, preview, Faults::default()).await
}

async fn show(
    app: &App,
    visitor: &Visitor,
    preview: CategoryDeletion,
    faults: Faults,
) -> Result<Response, PageError> {
    visitor.caller.actor.require(Permission::CategoriesDelete)?;
    let CategoryDeletion { category, children, tool_count } = preview;
    let frame = Frame::new(app, visitor, Section::Categories, format!("Delete {}", category.name)).await?;
    let status = faults.status();
    let parent = picker::path_of(app, visitor, Kind::Categories, category.parent_id.as_deref()).await?;
    let mut names: Vec<&str> = children.iter().take(NAMES).map(|child| child.name.as_str()).collect();
    if children.len() > NAMES {
        names.push("…");
    }
    let counts = [(category.part_count, "part"), (tool_count, "tool")].into_iter();
    let page = DeletePage {
        frame,
        leaving: counts.filter(|(count, _)| *count > 0).map(|(count, what)| counted(count, what)).collect(),
        children: (!children.is_empty())
            .then(|| (counted(children.len() as u64, "category"), names.join(", "))),
        parent,
        id: category.id,
        name: category.name,
        version: category.version,
        faults,
    };
    Ok(render_with(status, &page))
}

async fn submit(
    State(app): State<App>,
    PathId(id): PathId,
    form: Form<DeleteForm>,
) -> Result<Response, PageError> {
    let preview = app.query(&form.visitor.caller, PreviewCategoryDeletion(id)).await?;
    let page = match &preview.category.parent_id {
        Some(parent) => format!("/categories/{}", encoded(parent)),
        None => "/categories".to_owned(),
    };
    let command = DeleteCategory {
        id: preview.category.id.clone(),
        version: given(&form.fields.version),
        move_children: true,
    };
    let name = preview.category.name.clone();
    match form.run(&app, command, |()| Flash::new(format!("Deleted {name}"))).await {
        Ok(flash) => Ok(form.go_on(&page, &flash)),
        Err(problem) => {
            let faults = Faults::of(problem)?;
            show(&app, &form.visitor, preview, faults).await
        }
    }
}
