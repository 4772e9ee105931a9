//! Deleting a part, after a look at what goes with it.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use inventory::Permission;
use inventory::parts::{DeletePart, PartDeletion, PreviewPartDeletion};
use serde::Deserialize;

use super::error::PageError;
use super::flash::Flash;
use super::form::Form;
use super::frame::{Frame, Section, render_with};
use super::visitor::Visitor;
use super::words::grouped;
use crate::app::App;
use crate::call::PathId;

/// The word that confirms what cannot be undone.
const WORD: &str = "delete";

/// Returns the routes of this page.
pub(super) fn routes() -> Router<App> {
    Router::new().route("/parts/{id}/delete", get(page).post(delete))
}

#[derive(Template)]
#[template(path = "part-delete.html")]
struct DeletePage {
    frame: Frame,
    id: String,
    name: String,
    quantity: String,
    deletion: PartDeletion,
    word: &'static str,
    is_wrong: bool,
}

/// The form.
#[derive(Debug, Deserialize)]
struct Confirmation {
    #[serde(default)]
    word: String,
}

async fn page(State(app): State<App>, visitor: Visitor, PathId(id): PathId) -> Result<Response, PageError> {
    show(&app, &visitor, id, StatusCode::OK).await
}

async fn show(app: &App, visitor: &Visitor, id: String, status: StatusCode) -> Result<Response, PageError> {
    visitor.caller.actor.require(Permission::PartsDelete)?;
    let deletion = app.query(&visitor.caller, PreviewPartDeletion(id.clone())).await?;
    let name = deletion.part.part.name.clone();
    let page = DeletePage {
        frame: Frame::new(app, visitor, Section::Parts, format!("Delete {name}")).await?,
        quantity: grouped(deletion.part.quantity),
        id,
        name,
        deletion,
        word: WORD,
        is_wrong: status != StatusCode::OK,
    };
    Ok(render_with(status, &page))
}

async fn delete(
    State(app): State<App>,
    PathId(id): PathId,
    form: Form<Confirmation>,
) -> Result<Response, PageError> {
    if !form.fields.word.trim().eq_ignore_ascii_case(WORD) {
        return show(&app, &form.visitor, id, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let store = app.files().await?;
    let files = store.files_of(std::slice::from_ref(&id)).await?;
    let name = app.query(&form.visitor.caller, PreviewPartDeletion(id.clone())).await?.part.part.name;
    let said = Flash::new(format!("Deleted {name}"));
    let flash = form.run(&app, DeletePart { id, version: None }, |()| said.clone()).await?;
    app.remove_unreferenced(&store, files).await;
    Ok(form.go_on("/parts", &flash))
}
