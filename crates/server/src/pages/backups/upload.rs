//! The upload of an archive by a form. With script, the page sends the file to the API instead, and shows how far it is.

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request, State};
use axum::response::Response;
use axum::routing::post;

use super::show;
use crate::api::backup_files::receive;
use crate::app::App;
use crate::pages::error::PageError;
use crate::pages::flash::Flash;
use crate::pages::form::go_to;
use crate::pages::frame::encoded;
use crate::pages::visitor::Visitor;
use crate::pages::words::sentence;
use crate::problem::Problem;

/// Returns the route of this form. The engine limits the size of an archive.
pub(super) fn routes() -> Router<App> {
    Router::new().route("/backups/upload", post(upload)).layer(DefaultBodyLimit::disable())
}

/// Receives an archive.
async fn upload(State(app): State<App>, visitor: Visitor, request: Request) -> Result<Response, PageError> {
    match received(&app, &visitor, request).await {
        Ok(name) => {
            let flash = Flash::new(format!("Received {name}. Nothing in it has been checked yet."));
            Ok(go_to(&format!("/backups/{}", encoded(&name)), &flash))
        }
        Err(problem) if problem.status().is_client_error() && problem.status() != 403 => {
            show(&app, &visitor, problem.status(), Some(sentence(problem.detail()))).await
        }
        Err(problem) => Err(problem.into()),
    }
}

/// Receives the file of the form, and returns its name.
async fn received(app: &App, visitor: &Visitor, request: Request) -> Result<String, Problem> {
    let unreadable =
        |error: &dyn std::fmt::Display| Problem::bad_request(format!("the form cannot be read: {error}"));
    let form = Multipart::from_request(request, &()).await;
    let mut form = form.map_err(|error| unreadable(&error))?;
    while let Some(field) = form.next_field().await.map_err(|error| unreadable(&error))? {
        if field.name() != Some("archive") {
            continue;
        }
        let name = field.file_name().unwrap_or_default().to_owned();
        if name.is_empty() {
            break;
        }
        receive(app, &visitor.caller, name.clone(), None, field).await?;
        return Ok(name);
    }
    Err(Problem::invalid_field("archive", "must be a file: choose an archive"))
}
