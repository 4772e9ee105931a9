//! Tasks: work that outlasts a request, such as a backup. One task runs at a time. A task has typed progress, survives its client,
//! and stays readable after a restore and a restart.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use backup::{Cancellation, Engine, Event, Step};
use inventory::{Actor, Ambient};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::state::{State, TaskRow};

/// The largest number of notes of a task.
const MAX_NOTES: usize = 1000;

/// A task.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Task {
    /// The id.
    pub(crate) id: String,
    /// What the task does.
    pub(crate) kind: TaskKind,
    /// Whether the task runs, or how it ended.
    pub(crate) status: TaskStatus,
    /// The name of the archive.
    pub(crate) archive: Option<String>,
    /// The name of the user who began the task.
    pub(crate) username: Option<String>,
    /// When the task began, in seconds since 1970.
    pub(crate) created_at: i64,
    /// When the task ended, in seconds since 1970.
    pub(crate) finished_at: Option<i64>,
    /// The current step.
    pub(crate) step: Option<TaskStep>,
    /// The bytes that are done in the current step.
    pub(crate) done: u64,
    /// The bytes of the current step, or 0 if they are unknown.
    pub(crate) total: u64,
    /// Whether the task can still be cancelled.
    pub(crate) can_cancel: bool,
    /// Notes for the user.
    pub(crate) notes: Vec<String>,
    /// The result, if the task succeeded.
    pub(crate) result: Option<serde_json::Value>,
    /// What went wrong, if the task failed.
    pub(crate) error: Option<String>,
}

/// The kinds of tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TaskKind {
    Backup,
    Verify,
    Drill,
    Plan,
    Restore,
}

/// Whether a task runs, or how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TaskStatus {
    /// The task runs.
    Running,
    /// The task has succeeded.
    Succeeded,
    /// The task has failed.
    Failed,
    /// The task was cancelled. Nothing was changed.
    Cancelled,
    /// The server stopped while the task was running.
    Interrupted,
}

/// A step of a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct TaskStep {
    /// The stable name.
    pub(crate) name: String,
    /// The text for a person.
    pub(crate) text: String,
}

/// All tasks. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Tasks(Arc<Shared>);

struct Shared {
    state: State,
    ambient: Ambient,
    running: Mutex<HashMap<String, Running>>,
    /// Counts the running tasks, so that the server can wait for the last one.
    count: watch::Sender<usize>,
}

struct Running {
    user_id: Option<String>,
    updates: watch::Sender<Task>,
    cancellation: Cancellation,
}

impl Tasks {
    /// Creates the table of tasks, and marks those that were running when the server stopped.
    pub(crate) async fn new(state: State, ambient: Ambient) -> Result<Self, sqlx::Error> {
        let now = ambient.utc().and_utc().timestamp();
        for row in state.tasks().await?.into_iter().filter(|row| !row.is_finished) {
            if let Ok(mut task) = serde_json::from_str::<Task>(&row.task) {
                task.status = TaskStatus::Interrupted;
                task.finished_at = Some(now);
                task.can_cancel = false;
                state.put_task(&to_row(&task, row.user_id)).await?;
            }
        }
        let running = Mutex::default();
        Ok(Self(Arc::new(Shared { state, ambient, running, count: watch::Sender::new(0) })))
    }

    /// Begins a task, unless another one is running. `work` blocks, and returns the result.
    pub(crate) async fn begin<W>(
        &self,
        actor: &Actor,
        engine: &Engine,
        (kind, archive): (TaskKind, Option<String>),
        work: W,
    ) -> Result<Task, Problem>
    where
        W: FnOnce(&Engine, &mut dyn FnMut(Event)) -> Result<serde_json::Value, backup::Error>
            + Send
            + 'static,
    {
        let (user_id, username) = match actor {
            Actor::User { id, username, .. } => (Some(id.clone()), Some(username.clone())),
            _ => (None, None),
        };
        let task = Task {
            id: self.0.ambient.uuid().to_string(),
            kind,
            status: TaskStatus::Running,
            archive,
            username,
            created_at: self.now(),
            finished_at: None,
            step: None,
            done: 0,
            total: 0,
            can_cancel: true,
            notes: Vec::new(),
            result: None,
            error: None,
        };
        let cancellation = Cancellation::default();
        let updates = watch::Sender::new(task.clone());
        {
            let mut running = self.running();
            if let Some(other) = running.values().next() {
                let other = other.updates.borrow();
                let kind = serde_json::to_value(other.kind).unwrap_or_default();
                let detail = format!("task {} ({}) is running", other.id, kind.as_str().unwrap_or_default());
                return Err(Problem::conflict(detail));
            }
            let entry = Running {
                user_id: user_id.clone(),
                updates: updates.clone(),
                cancellation: cancellation.clone(),
            };
            running.insert(task.id.clone(), entry);
        }
        self.0.count.send_modify(|count| *count += 1);
        if let Err(error) = self.0.state.put_task(&to_row(&task, user_id.clone())).await {
            self.forget(&task.id);
            return Err(Problem::internal(&error));
        }
        let (tasks, engine) = (self.clone(), engine.clone().cancelled_by(cancellation));
        let began = task.clone();
        tokio::spawn(async move {
            let observed = updates.clone();
            let blocking = tokio::task::spawn_blocking(move || {
                work(&engine, &mut |event| observed.send_modify(|task| observe(task, event)))
            });
            tasks.end(blocking.await, &updates, user_id).await;
        });
        Ok(began)
    }

    /// Records the end of a task.
    async fn end(
        &self,
        outcome: Result<Result<serde_json::Value, backup::Error>, tokio::task::JoinError>,
        updates: &watch::Sender<Task>,
        user_id: Option<String>,
    ) {
        let mut task = updates.borrow().clone();
        task.finished_at = Some(self.now());
        task.can_cancel = false;
        match outcome {
            Ok(Ok(result)) => (task.status, task.result) = (TaskStatus::Succeeded, Some(result)),
            Ok(Err(backup::Error::Cancelled)) => task.status = TaskStatus::Cancelled,
            Ok(Err(error)) => (task.status, task.error) = (TaskStatus::Failed, Some(error.to_string())),
            Err(panic) => {
                tracing::error!(%panic, task = task.id, "a task failed");
                let error = "an internal error occurred; the log of the server has the cause".to_owned();
                (task.status, task.error) = (TaskStatus::Failed, Some(error));
            }
        }
        if let Err(error) = self.0.state.put_task(&to_row(&task, user_id)).await {
            tracing::error!(%error, task = task.id, "the result of a task was not recorded");
        }
        updates.send_replace(task.clone());
        self.forget(&task.id);
    }

    fn forget(&self, id: &str) {
        self.running().remove(id);
        self.0.count.send_modify(|count| *count -= 1);
    }

    /// Returns a task with the id of the user who began it.
    pub(crate) async fn find(&self, id: &str) -> Result<Option<(Task, Option<String>)>, Problem> {
        if let Some(running) = self.running().get(id) {
            return Ok(Some((running.updates.borrow().clone(), running.user_id.clone())));
        }
        let row = self.0.state.find_task(id).await.map_err(|error| Problem::internal(&error))?;
        Ok(row.and_then(|row| Some((serde_json::from_str(&row.task).ok()?, row.user_id))))
    }

    /// Returns all tasks, newest first, each with the id of the user who began it.
    pub(crate) async fn all(&self) -> Result<Vec<(Task, Option<String>)>, Problem> {
        let rows = self.0.state.tasks().await.map_err(|error| Problem::internal(&error))?;
        let running = self.running();
        let task = |row: TaskRow| match running.get(&row.id) {
            Some(running) => Some((running.updates.borrow().clone(), row.user_id)),
            None => Some((serde_json::from_str(&row.task).ok()?, row.user_id)),
        };
        Ok(rows.into_iter().filter_map(task).collect())
    }

    /// Returns the updates of a running task.
    pub(crate) fn updates(&self, id: &str) -> Option<watch::Receiver<Task>> {
        self.running().get(id).map(|running| running.updates.subscribe())
    }

    /// Asks a running task to stop.
    pub(crate) fn cancel(&self, id: &str) {
        if let Some(running) = self.running().get(id) {
            running.cancellation.cancel();
        }
    }

    /// Asks the running task to stop, and waits for it.
    pub(crate) async fn close(&self) {
        self.running().values().for_each(|running| running.cancellation.cancel());
        let mut count = self.0.count.subscribe();
        let _ = count.wait_for(|count| *count == 0).await;
    }

    fn now(&self) -> i64 {
        self.0.ambient.utc().and_utc().timestamp()
    }

    fn running(&self) -> std::sync::MutexGuard<'_, HashMap<String, Running>> {
        self.0.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn observe(task: &mut Task, event: Event) {
    match event {
        Event::Step(step) => {
            task.step = Some(TaskStep { name: format!("{step:?}"), text: step.to_string() });
            (task.done, task.total) = (0, 0);
            if matches!(step, Step::Place | Step::Commit | Step::Finish) {
                task.can_cancel = false;
            }
        }
        Event::Progress { done, total } => (task.done, task.total) = (done, total),
        Event::Note(note) if task.notes.len() < MAX_NOTES => task.notes.push(note.to_string()),
        _ => {}
    }
}

fn to_row(task: &Task, user_id: Option<String>) -> TaskRow {
    TaskRow {
        id: task.id.clone(),
        user_id,
        created_at: task.created_at,
        is_finished: task.status != TaskStatus::Running,
        task: serde_json::to_string(task).unwrap_or_default(),
    }
}
