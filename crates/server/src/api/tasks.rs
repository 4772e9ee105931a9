//! Tasks.

use std::convert::Infallible;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use inventory::{Actor, Permission};
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;
use tokio_stream::{Stream, StreamExt};
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::Caller;
use crate::call::{PageOf, PageParams, Params, PathId, Reply};
use crate::problem::Problem;
use crate::tasks::Task;

/// Returns whether the caller may see a task: their own, or any with the permission to read tasks.
pub(crate) fn may_see(caller: &Caller, user_id: Option<&str>) -> bool {
    let is_own = matches!(&caller.actor, Actor::User { id, .. } if Some(id.as_str()) == user_id);
    is_own || caller.actor.may(Permission::TasksRead)
}

/// Finds a task that the caller may see.
pub(crate) async fn find(app: &App, caller: &Caller, id: &str) -> Result<Task, Problem> {
    if caller.actor == Actor::Anonymous {
        return Err(Problem::not_signed_in("tasks are only for those who have signed in"));
    }
    let found = app.tasks.find(id).await?.filter(|(_, user_id)| may_see(caller, user_id.as_deref()));
    found.map(|(task, _)| task).ok_or_else(|| Problem::not_found(format!("there is no task {id:?}")))
}

/// List tasks, newest first: all of them with the permission `tasks:read`, or else one's own.
#[utoipa::path(get, path = "/tasks", tag = "tasks", params(PageParams),
    responses((status = 200, body = PageOf<Task>)))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Params(list): Params<PageParams>,
) -> Result<Reply<PageOf<Task>>, Problem> {
    if caller.actor == Actor::Anonymous {
        return Err(Problem::not_signed_in("tasks are only for those who have signed in"));
    }
    let tasks = app.tasks.all().await?;
    let seen = tasks.into_iter().filter(|(_, user_id)| may_see(&caller, user_id.as_deref()));
    let seen: Vec<Task> = seen.map(|(task, _)| task).collect();
    Ok(Reply::ok(PageOf::of_all(seen, list)?))
}

/// Show a task.
#[utoipa::path(get, path = "/tasks/{id}", tag = "tasks", params(("id" = String, Path)),
    responses((status = 200, body = Task), (status = 404, body = Problem)))]
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId,
) -> Result<Reply<Task>, Problem> {
    Ok(Reply::ok(find(&app, &caller, &id).await?))
}

/// A server-sent event.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only describes a response")]
pub(crate) struct TaskEvent {
    /// `task`.
    event: String,
    /// The task, as JSON.
    data: String,
}

/// Follow a task: server-sent events named `task`, each with the whole task, until it ends.
#[utoipa::path(get, path = "/tasks/{id}/events", tag = "tasks", params(("id" = String, Path)),
    responses((status = 200, content_type = "text/event-stream", body = TaskEvent), (status = 404, body = Problem)))]
pub(crate) async fn events(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let task = find(&app, &caller, &id).await?;
    // A task that has ended has no updates, so its last state is the only event.
    let updates = app.tasks.updates(&id).unwrap_or_else(|| watch::channel(task).1);
    let tasks = WatchStream::new(updates);
    let events = tasks.map(|task| Ok(Event::default().event("task").json_data(&task).unwrap_or_default()));
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

/// Ask a task to stop. It ends as cancelled unless it can no longer be stopped.
#[utoipa::path(delete, path = "/tasks/{id}", tag = "tasks", params(("id" = String, Path)),
    responses((status = 200, body = Task), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
pub(crate) async fn cancel(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId,
) -> Result<Reply<Task>, Problem> {
    stop(&app, &caller, &id).await?;
    Ok(Reply::ok(find(&app, &caller, &id).await?))
}

/// Returns whether the caller may ask a task to stop.
pub(crate) fn may_stop(caller: &Caller, task: &Task) -> bool {
    matches!(&caller.actor, Actor::User { username, .. } if Some(username) == task.username.as_ref())
        || caller.actor.may(Permission::TasksAdmin)
}

/// Asks a task to stop.
pub(crate) async fn stop(app: &App, caller: &Caller, id: &str) -> Result<(), Problem> {
    let task = find(app, caller, id).await?;
    if !may_stop(caller, &task) {
        caller.actor.require(Permission::TasksAdmin)?;
    }
    if !task.can_cancel {
        return Err(Problem::conflict("the task has ended, or can no longer be stopped"));
    }
    app.tasks.cancel(id);
    Ok(())
}
