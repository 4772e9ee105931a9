//! The picture and the datasheets of a part.

use std::path::Path;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::post;
use inventory::files::{MAX_IMAGE, NewDatasheet};
use serde::Deserialize;

use super::error::PageError;
use super::flash::Flash;
use super::form::{Form, go_to};
use super::frame::encoded;
use super::upload::UploadedFile;
use super::visitor::Visitor;
use crate::app::App;
use crate::call::PathId;

/// Returns the routes of these forms. Uploads take as long as the network of the visitor does.
pub(super) fn uploads() -> Router<App> {
    Router::new()
        .route("/parts/{id}/image", post(set_image))
        .route("/parts/{id}/datasheets", post(add_datasheet))
}

/// Returns the routes of the other forms.
pub(super) fn routes() -> Router<App> {
    Router::new().route("/parts/{id}/datasheets/delete", post(delete_datasheet))
}

async fn set_image(
    State(app): State<App>,
    visitor: Visitor,
    PathId(id): PathId,
    request: Request,
) -> Result<Response, PageError> {
    let page = format!("/parts/{}", encoded(&id));
    let Some(file) = UploadedFile::find(request).await? else {
        return Ok(go_to(&page, &Flash::new("No picture was chosen")));
    };
    let limit = usize::try_from(MAX_IMAGE).unwrap_or(usize::MAX);
    let part = app.set_image(&visitor.caller.actor, (&id, None), file.bytes(limit)).await?;
    Ok(go_to(&page, &Flash::new(format!("{} has a new picture", part.name))))
}

async fn add_datasheet(
    State(app): State<App>,
    visitor: Visitor,
    PathId(id): PathId,
    request: Request,
) -> Result<Response, PageError> {
    let page = format!("/parts/{}?tab=datasheets", encoded(&id));
    let Some(file) = UploadedFile::find(request).await? else {
        return Ok(go_to(&page, &Flash::new("No document was chosen")));
    };
    let title = Path::new(&file.name).file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let new = NewDatasheet { part_id: id, title, supplier: None, url: None, is_primary: false };
    let added = app.files().await?.add_datasheet(&visitor.caller.actor, new, file.reader()).await?;
    Ok(go_to(&page, &Flash::new(format!("Added {}", added.title.unwrap_or(added.filename)))))
}

/// The datasheet to delete.
#[derive(Debug, Deserialize)]
struct Datasheet {
    datasheet_id: String,
}

async fn delete_datasheet(
    State(app): State<App>,
    PathId(id): PathId,
    form: Form<Datasheet>,
) -> Result<Response, PageError> {
    let actor = &form.visitor.caller.actor;
    app.files().await?.delete_datasheet(actor, &id, &form.fields.datasheet_id).await?;
    let page = format!("/parts/{}?tab=datasheets", encoded(&id));
    Ok(form.go_on(&page, &Flash::new("Deleted the datasheet")))
}
