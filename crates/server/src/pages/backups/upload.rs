//! The upload of an archive by a form. With script, the page sends the file to the API instead, and shows how far it is.

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::post;
use inventory::Permission;

use super::show;
use crate::api::backup_files::receive;
use crate::app::App;
use crate::pages::error::PageError;
use crate::pages::flash::Flash;
use crate::pages::form::go_to;
use crate::pages::frame::encoded;
use crate::pages::upload::UploadedFile;
use crate::pages::visitor::Visitor;
use crate::problem::Problem;

/// Returns the route of this form.
pub(super) fn routes() -> Router<App> {
    Router::new().route("/backups/upload", post(upload))
}

/// Receives an archive.
async fn upload(State(app): State<App>, visitor: Visitor, request: Request) -> Result<Response, PageError> {
    match received(&app, &visitor, request).await {
        Ok(name) => {
            let flash = Flash::new(format!("Received {name}. Nothing in it has been checked yet."));
            Ok(go_to(&format!("/backups/{}", encoded(&name)), &flash))
        }
        Err(problem) if problem.status().is_client_error() && problem.status() != 403 => {
            show(&app, &visitor, problem.status(), Some(format!("Not accepted: {}.", problem.detail()))).await
        }
        Err(problem) => Err(problem.into()),
    }
}

/// Receives the file of the form, and returns its name.
async fn received(app: &App, visitor: &Visitor, request: Request) -> Result<String, Problem> {
    // Before the body is read.
    visitor.caller.actor.require(Permission::BackupManage)?;
    let Some(file) = UploadedFile::find(request).await? else {
        return Err(Problem::invalid_field("file", "must be an archive: choose one"));
    };
    let name = file.name.clone();
    receive(app, &visitor.caller, name.clone(), None, file.pieces()).await?;
    Ok(name)
}
