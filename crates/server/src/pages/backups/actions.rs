//! What the forms of these pages begin: a backup, a check, a proof, an undo; and deleting an archive.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use inventory::Permission;
use serde::Deserialize;

use super::archive;
use super::key::entered;
use crate::api::backup_work::{BackupWork, CheckRequest, NewBackup, RestoreRequest};
use crate::api::backups::remove;
use crate::app::App;
use crate::call::PathId;
use crate::pages::confirm::is_confirmed;
use crate::pages::error::PageError;
use crate::pages::flash::Flash;
use crate::pages::form::{Form, go_to};
use crate::pages::frame::encoded;
use crate::problem::Problem;
use crate::tasks::Task;

/// Returns the routes of these forms.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/backups/undo", post(undo))
        .route("/backups/{name}/verify", post(verify))
        .route("/backups/{name}/drill", post(drill))
        .route("/backups/{name}/delete", post(delete))
}

/// The form has no fields of its own.
#[derive(Deserialize)]
pub(super) struct NoFields {}

/// The fields of a check.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct CheckForm {
    identity: String,
    passphrase: String,
    allow_violations: Option<String>,
}

impl CheckForm {
    fn request(&self) -> CheckRequest {
        CheckRequest {
            key: entered(&self.identity, &self.passphrase),
            allow_violations: self.allow_violations.is_some(),
        }
    }
}

/// Begins a task. `page` is where its progress is shown, unless the form names a page.
pub(super) async fn begin<T: Sync>(
    app: &App,
    form: &Form<T>,
    work: BackupWork,
    page: impl FnOnce(&Task) -> String + Send,
) -> Result<Response, Problem> {
    let begun = work.begin(app, &form.visitor.caller, form.key()).await?;
    Ok(Redirect::to(form.next(&page(&begun.task))).into_response())
}

/// Tells that another task is running, if that is the problem.
pub(super) fn say_if_busy<T>(form: &Form<T>, page: &str, problem: Problem) -> Result<Response, PageError> {
    if problem.kind() != "urn:makermatrix:task-running" {
        return Err(problem.into());
    }
    Ok(form.go_on(page, &Flash::new("Another task is running. Wait until it has ended, or stop it.")))
}

/// Makes a backup.
pub(super) async fn create(State(app): State<App>, form: Form<NoFields>) -> Result<Response, PageError> {
    let page = "/backups";
    let work = BackupWork::Backup(NewBackup::default());
    begin(&app, &form, work, |_| page.to_owned()).await.or_else(|problem| say_if_busy(&form, page, problem))
}

/// Verifies an archive.
async fn verify(
    State(app): State<App>,
    PathId(name): PathId,
    form: Form<CheckForm>,
) -> Result<Response, PageError> {
    let work = BackupWork::Verify(name.clone(), form.fields.request());
    check(&app, name, form, work).await
}

/// Proves an archive.
async fn drill(
    State(app): State<App>,
    PathId(name): PathId,
    form: Form<CheckForm>,
) -> Result<Response, PageError> {
    let work = BackupWork::Drill(name.clone(), form.fields.request());
    check(&app, name, form, work).await
}

async fn check(
    app: &App,
    name: String,
    form: Form<CheckForm>,
    work: BackupWork,
) -> Result<Response, PageError> {
    let page = format!("/backups/{}", encoded(&name));
    match begin(app, &form, work, |_| page.clone()).await {
        Err(problem) if problem.status() == StatusCode::UNPROCESSABLE_ENTITY => {
            let errors = archive::Errors { key: Some(problem), word: None };
            archive::show(app, &form.visitor, &name, errors).await
        }
        result => result.or_else(|problem| say_if_busy(&form, &page, problem)),
    }
}

/// The fields of a deletion.
#[derive(Deserialize, Default)]
#[serde(default)]
struct DeleteForm {
    word: String,
}

/// Deletes an archive. Since that cannot be undone, the word `delete` has to be typed.
async fn delete(
    State(app): State<App>,
    PathId(name): PathId,
    form: Form<DeleteForm>,
) -> Result<Response, PageError> {
    form.visitor.caller.actor.require(Permission::BackupManage)?;
    if !is_confirmed(&form.fields.word) {
        let word = Some("Type the word delete. Nothing was deleted.");
        return archive::show(&app, &form.visitor, &name, archive::Errors { key: None, word }).await;
    }
    match remove(&app, &form.visitor.caller, name.clone()).await {
        Ok(()) => Ok(go_to("/backups", &Flash::new(format!("Deleted {name}")))),
        Err(problem) => say_if_busy(&form, &format!("/backups/{}", encoded(&name)), problem),
    }
}

/// Undoes the last restore.
async fn undo(State(app): State<App>, form: Form<NoFields>) -> Result<Response, PageError> {
    let work = BackupWork::Undo(RestoreRequest::default());
    let begun = begin(&app, &form, work, |task| format!("/tasks/{}", encoded(&task.id))).await;
    begun.or_else(|problem| say_if_busy(&form, "/backups", problem))
}
