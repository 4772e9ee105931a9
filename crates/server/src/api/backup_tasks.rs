//! What is done with backups and takes long: tasks.

use axum::extract::State;
use axum::http::HeaderValue;
use axum::response::{IntoResponse, Response};

use super::backup_work::{BackupWork, CheckRequest, NewBackup, RestoreRequest};
use crate::app::App;
use crate::call::{Change, PathId, REPLAYED, Reply};
use crate::problem::Problem;
use crate::tasks::Task;

/// Begins a task, and answers with it.
async fn begin(app: &App, change: &Change<()>, work: BackupWork) -> Result<Response, Problem> {
    let begun = work.begin(app, &change.caller, change.key()).await?;
    let mut response = Reply::accepted(begun.task).into_response();
    if begun.is_repeated {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// Make a backup.
#[utoipa::path(post, path = "/backups", tag = "backups", request_body = NewBackup,
    responses((status = 202, body = Task), (status = 409, body = Problem)))]
pub(crate) async fn create(State(app): State<App>, change: Change<NewBackup>) -> Result<Response, Problem> {
    let (request, change) = change.split();
    begin(&app, &change, BackupWork::Backup(request)).await
}

/// Verify an archive: every byte, and the database.
#[utoipa::path(post, path = "/backups/{name}/verify", tag = "backups", params(("name" = String, Path)),
    request_body = CheckRequest,
    responses((status = 202, body = Task), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn verify(
    State(app): State<App>,
    PathId(name): PathId,
    change: Change<CheckRequest>,
) -> Result<Response, Problem> {
    let (request, change) = change.split();
    begin(&app, &change, BackupWork::Verify(name, request)).await
}

/// Prove an archive: restore it into an empty inventory beside the current one, and compare everything.
#[utoipa::path(post, path = "/backups/{name}/drill", tag = "backups", params(("name" = String, Path)),
    request_body = CheckRequest,
    responses((status = 202, body = Task), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn drill(
    State(app): State<App>,
    PathId(name): PathId,
    change: Change<CheckRequest>,
) -> Result<Response, Problem> {
    let (request, change) = change.split();
    begin(&app, &change, BackupWork::Drill(name, request)).await
}

/// Plan a restore: make all its checks, and say what it would do. Changes nothing.
#[utoipa::path(post, path = "/backups/{name}/plan", tag = "backups", params(("name" = String, Path)),
    request_body = RestoreRequest,
    responses((status = 202, body = Task), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn plan(
    State(app): State<App>,
    PathId(name): PathId,
    change: Change<RestoreRequest>,
) -> Result<Response, Problem> {
    let (request, change) = change.split();
    begin(&app, &change, BackupWork::Plan(name, request)).await
}

/// Replace the inventory with an archive, all or nothing. The server keeps running: reads see the old inventory, then the new one,
/// and writes wait or get 503 during the commit.
#[utoipa::path(post, path = "/backups/{name}/restore", tag = "backups", params(("name" = String, Path)),
    request_body = RestoreRequest,
    responses((status = 202, body = Task), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn restore(
    State(app): State<App>,
    PathId(name): PathId,
    change: Change<RestoreRequest>,
) -> Result<Response, Problem> {
    let (request, change) = change.split();
    begin(&app, &change, BackupWork::Restore(name, request)).await
}

/// Undo the last restore: restore the safety backup that was made before it. This can be undone as well.
#[utoipa::path(post, path = "/undo", tag = "backups", request_body = RestoreRequest,
    responses((status = 202, body = Task), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn undo(
    State(app): State<App>,
    change: Change<RestoreRequest>,
) -> Result<Response, Problem> {
    let (request, change) = change.split();
    begin(&app, &change, BackupWork::Undo(request)).await
}
