//! The list of tasks, and the page of a task, which follows it to its end.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use backup::Engine;
use inventory::Permission;
use serde::Deserialize;

use super::address::Address;
use super::error::PageError;
use super::flash::Flash;
use super::form::Form;
use super::frame::{Frame, Section, encoded, render};
use super::task_result::ResultView;
use super::task_view::TaskView;
use super::visitor::Visitor;
use super::words::grouped;
use crate::api::backups::blocking;
use crate::api::tasks::{find, may_see, stop};
use crate::app::App;
use crate::call::PathId;
use crate::tasks::{Task, TaskKind};

/// The number of tasks on a page.
const ROWS: usize = 50;

/// Returns the routes of these pages.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/tasks", get(list))
        .route("/tasks/{id}", get(page))
        .route("/tasks/{id}/stop", post(stop_task))
}

#[derive(Template)]
#[template(path = "tasks.html")]
struct TasksPage {
    frame: Frame,
    total: String,
    running: Option<TaskView>,
    rows: Vec<Row>,
    older: Option<Address>,
    newer: Option<Address>,
}

struct Row {
    task: TaskView,
    result: String,
}

impl Row {
    fn new(app: &App, visitor: &Visitor, task: &Task) -> Self {
        let result = ResultView::of(task).map(|result| result.sentence);
        let view = TaskView::new(app, visitor, task);
        Self { result: result.or_else(|| view.error.clone()).unwrap_or_default(), task: view }
    }
}

/// Shows the tasks that the visitor may see, newest first.
async fn list(State(app): State<App>, visitor: Visitor) -> Result<Response, PageError> {
    let address = Address::parse(&visitor.target);
    let number = address.get("page").and_then(|page| page.parse().ok()).filter(|page| *page > 0).unwrap_or(1);
    let mut tasks: Vec<Task> = Vec::new();
    for (task, user_id) in app.tasks.all().await? {
        if may_see(&visitor.caller, user_id.as_deref()) {
            tasks.push(task);
        }
    }
    let rows = tasks.iter().skip(ROWS.saturating_mul(number - 1)).take(ROWS);
    let running = current(&app, &visitor);
    let more = tasks.len() > ROWS.saturating_mul(number);
    Ok(render(&TasksPage {
        frame: Frame::new(&app, &visitor, Section::Tasks, "Tasks").await?,
        total: grouped(tasks.len() as u64),
        rows: rows.map(|task| Row::new(&app, &visitor, task)).collect(),
        running,
        older: more.then(|| address.with("page", number + 1)),
        newer: (number > 1).then(|| address.with("page", number - 1)),
    }))
}

/// Returns the running task if the visitor may see it.
pub(super) fn current(app: &App, visitor: &Visitor) -> Option<TaskView> {
    let (task, user_id) = app.tasks.current()?;
    may_see(&visitor.caller, user_id.as_deref()).then(|| TaskView::new(app, visitor, &task))
}

#[derive(Template)]
#[template(path = "task.html")]
struct TaskPage {
    frame: Frame,
    task: TaskView,
    result: Option<ResultView>,
    /// The address of the archive, if it is one that can be shown.
    archive: Option<String>,
    /// Whether the visitor may undo the restore of this task, which is the last one.
    may_undo: bool,
    /// Where a plan is shown.
    plan: Option<String>,
    is_restore: bool,
    form_key: String,
}

/// Shows a task.
async fn page(State(app): State<App>, visitor: Visitor, PathId(id): PathId) -> Result<Response, PageError> {
    let task = find(&app, &visitor.caller, &id).await?;
    let view = TaskView::new(&app, &visitor, &task);
    let result = ResultView::of(&task);
    let shown = result.as_ref().and_then(|result| result.archive.clone()).or_else(|| task.archive.clone());
    let may_look = visitor.may(Permission::BackupCreate);
    let archive = shown.filter(|name| may_look && has_ending(name)).map(|name| encoded(&name));
    let plan = archive.as_ref().filter(|_| task.kind == TaskKind::Plan);
    let plan = plan.map(|name| format!("/backups/{name}/restore?plan={}", encoded(&id)));
    let safety_backup = result.as_ref().and_then(|result| result.safety_backup.clone());
    Ok(render(&TaskPage {
        frame: Frame::new(&app, &visitor, Section::Tasks, view.what).await?,
        may_undo: may_undo(&app, &visitor, safety_backup).await,
        is_restore: matches!(task.kind, TaskKind::Restore | TaskKind::Undo),
        form_key: app.ambient.uuid().to_string(),
        task: view,
        result,
        archive,
        plan,
    }))
}

/// Returns whether a text is the file name of an archive. A backup that has not ended has a name without ending.
fn has_ending(name: &str) -> bool {
    [".zip", ".age"].iter().any(|ending| name.ends_with(ending))
}

/// Returns whether the visitor may undo the restore that made a safety backup: the last restore.
async fn may_undo(app: &App, visitor: &Visitor, safety_backup: Option<String>) -> bool {
    let Some(name) = safety_backup.filter(|_| visitor.may(Permission::BackupRestore)) else { return false };
    let undo = blocking(app, &visitor.caller, Engine::find_undo).await;
    undo.is_ok_and(|undo| undo.safety_backup.file_name().is_some_and(|found| found.to_string_lossy() == name))
}

/// The form has no fields of its own.
#[derive(Debug, Deserialize)]
struct NoFields {}

/// Asks a task to stop.
async fn stop_task(
    State(app): State<App>,
    PathId(id): PathId,
    form: Form<NoFields>,
) -> Result<Response, PageError> {
    let flash = match stop(&app, &form.visitor.caller, &id).await {
        Ok(()) => Flash::new("Stopping. Nothing is changed"),
        Err(problem) if problem.status() == StatusCode::CONFLICT => {
            Flash::new("Too late to stop: it has ended, or can no longer be stopped")
        }
        Err(problem) => return Err(problem.into()),
    };
    Ok(form.go_on(&format!("/tasks/{}", encoded(&id)), &flash))
}
