//! The pages of backups: how safe everything is, the archives, what is in one, and bringing one back.

mod actions;
mod archive;
mod archives;
mod headline;
mod key;
mod plan;
mod restore;
mod strip;
mod upload;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use backup::Engine;
use chrono::NaiveDate;
use inventory::Permission;

use super::error::PageError;
use super::frame::{Frame, Section, render_with};
use super::task_view::{Status, TaskView};
use super::tasks::current;
use super::visitor::Visitor;
use super::words::{Moment, local, sentence, size};
use crate::api::backups::blocking;
use crate::api::tasks::may_see;
use crate::app::App;
use crate::tasks::{Task, TaskKind, TaskStatus};
use headline::Headline;
use strip::{LabelKind, Strip};

pub(super) use archive::{Details, key_error};
pub(super) use archives::Archive;
pub(super) use key::KeyField;

/// Returns the routes of these pages.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/backups", get(page).post(actions::create))
        .merge(actions::routes())
        .merge(archive::routes())
        .merge(restore::routes())
}

/// Returns the routes whose handlers may take as long as their clients send.
pub(super) fn uploads() -> Router<App> {
    upload::routes()
}

#[derive(Template)]
#[template(path = "backups.html")]
struct BackupsPage {
    frame: Frame,
    headline: Headline,
    running: Option<TaskView>,
    /// A task that has failed since the newest backup was made.
    failure: Option<Failure>,
    strip: Strip,
    is_readable: bool,
    archives: Vec<Archive>,
    total: String,
    undo: Option<LastRestore>,
    upload_error: Option<String>,
    may_manage: bool,
    may_restore: bool,
    form_key: String,
}

/// A task that has failed.
struct Failure {
    id: String,
    what: &'static str,
    moment: Moment,
    error: String,
}

/// The last restore, which can be undone.
struct LastRestore {
    archive: String,
    at: String,
}

/// Shows the backups.
async fn page(State(app): State<App>, visitor: Visitor) -> Result<Response, PageError> {
    show(&app, &visitor, StatusCode::OK, None).await
}

/// Shows the backups, with an error of an upload.
async fn show(
    app: &App,
    visitor: &Visitor,
    status: StatusCode,
    upload_error: Option<String>,
) -> Result<Response, PageError> {
    let (archives, is_readable) = match Archive::list(app, &visitor.caller).await {
        Err(problem) if problem.status().is_server_error() => (Vec::new(), false),
        archives => (archives?, true),
    };
    let tasks = seen(app, visitor).await?;
    let running = current(app, visitor);
    let today = app.ambient.local().date();
    let failures: Vec<NaiveDate> = tasks
        .iter()
        .filter(|task| task.is_failed_backup() == Some(true))
        .map(|task| local(task.began()).date())
        .collect();
    let is_running = app.tasks.current().is_some_and(|(task, _)| task.kind == TaskKind::Backup);
    let total = archives.iter().map(|archive| archive.bytes).sum();
    let page = BackupsPage {
        frame: Frame::new(app, visitor, Section::Backups, "Backups").await?,
        headline: Headline::new(app, visitor, &archives).await?,
        failure: failure(app, &tasks),
        running,
        strip: Strip::new(&archives, &failures, is_running, today),
        total: size(total),
        is_readable,
        archives,
        undo: last_restore(app, visitor).await,
        upload_error,
        may_manage: visitor.may(Permission::BackupManage),
        may_restore: visitor.may(Permission::BackupRestore),
        form_key: app.ambient.uuid().to_string(),
    };
    Ok(render_with(status, &page))
}

/// Returns the tasks that the visitor may see, newest first.
async fn seen(app: &App, visitor: &Visitor) -> Result<Vec<Task>, PageError> {
    let tasks = app.tasks.all().await?;
    let seen = tasks.into_iter().filter(|(_, user_id)| may_see(&visitor.caller, user_id.as_deref()));
    Ok(seen.map(|(task, _)| task).collect())
}

/// Returns the newest task if it has failed.
fn failure(app: &App, tasks: &[Task]) -> Option<Failure> {
    let newest = tasks.iter().find(|task| task.status != TaskStatus::Running)?;
    let is_failure = matches!(newest.status, TaskStatus::Failed | TaskStatus::Interrupted);
    let error = newest.error.as_deref().map_or_else(|| Status::of(newest.status).text.to_owned(), sentence);
    is_failure.then(|| Failure {
        id: newest.id.clone(),
        what: super::task_view::words(newest.kind).0,
        moment: Moment::of_seconds(newest.began(), app.ambient.local().date()),
        error,
    })
}

/// Returns the last restore if the visitor may undo it.
async fn last_restore(app: &App, visitor: &Visitor) -> Option<LastRestore> {
    if !visitor.may(Permission::BackupRestore) {
        return None;
    }
    let undo = blocking(app, &visitor.caller, Engine::find_undo).await.ok()?;
    let archive = std::path::Path::new(&undo.restore.archive).file_name()?.to_string_lossy().into_owned();
    Some(LastRestore { archive, at: undo.restore.at })
}
