//! Tasks: work that outlasts a request, such as a backup. One task runs at a time. A task has typed progress, survives its client,
//! and stays readable after a restore and a restart.

mod result;
mod rows;
mod task;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use backup::{Cancellation, Engine, Event};
use inventory::{Actor, Ambient, Timestamp};
use tokio::sync::watch;

use crate::problem::Problem;
use crate::state::{State, TaskRow};

pub(crate) use result::{FolderPlan, PartPlan, PartsPlan, PlanResult, TaskResult, TotalsView};
pub(crate) use rows::{RowsPlan, counts};
pub(crate) use task::{Task, TaskKind, TaskStatus};

/// The id that stands for the program itself in the place of a user.
pub(crate) const SYSTEM_ID: &str = "";
/// The name of the program itself in the place of a user.
const SYSTEM_NAME: &str = "(setup)";

/// All tasks. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Tasks(Arc<Shared>);

struct Shared {
    state: State,
    ambient: Ambient,
    running: Mutex<Running>,
    /// Held while a task begins, so that two requests with the same idempotency key do not begin two.
    beginning: tokio::sync::Mutex<()>,
    /// Counts the running tasks, so that the server can wait for the last one.
    count: watch::Sender<usize>,
    /// Counts the tasks that have ended.
    ended: watch::Sender<u64>,
    /// When the last backup failed, in seconds since 1970. `None` if it succeeded, or if there was none.
    failed_backup: Mutex<Option<i64>>,
}

#[derive(Default)]
struct Running {
    tasks: HashMap<String, RunningTask>,
    /// Whether the server stops, so that no task may begin.
    is_closed: bool,
}

struct RunningTask {
    user_id: Option<String>,
    updates: watch::Sender<Task>,
    cancellation: Cancellation,
}

/// A task to begin.
#[derive(Debug)]
pub(crate) struct NewTask {
    pub(crate) kind: TaskKind,
    /// The name of the archive.
    pub(crate) archive: Option<String>,
    pub(crate) key: Option<TaskKey>,
}

/// An idempotency key.
#[derive(Debug)]
pub(crate) struct TaskKey {
    pub(crate) key: String,
    /// The request without its secrets. The same key with another request is an error.
    pub(crate) request: String,
}

/// A task that has begun.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) task: Task,
    /// Whether an earlier request with the same idempotency key has begun the task.
    pub(crate) is_repeated: bool,
}

impl Tasks {
    /// Creates the table of tasks, and marks those that were running when the server stopped.
    pub(crate) async fn new(state: State, ambient: Ambient) -> Result<Self, sqlx::Error> {
        let now = Timestamp(ambient.utc()).to_rfc3339();
        let mut last_backup = None;
        for row in state.tasks().await? {
            let Ok(mut task) = serde_json::from_str::<Task>(&row.task) else { continue };
            if !row.is_finished {
                task.status = TaskStatus::Interrupted;
                task.finished_at = Some(now.clone());
                task.can_cancel = false;
                state.put_task(&to_row(&task, row.user_id)).await?;
            }
            last_backup = last_backup.or_else(|| Some((task.is_failed_backup()?, task.ended())));
        }
        let (running, beginning) = Default::default();
        let (count, ended) = (watch::Sender::new(0), watch::Sender::new(0));
        let failed_backup = Mutex::new(last_backup.and_then(|(is_failed, at)| at.filter(|_| is_failed)));
        Ok(Self(Arc::new(Shared { state, ambient, running, beginning, count, ended, failed_backup })))
    }

    /// Begins a task, unless another one is running. `work` blocks, and returns the result. A request with the idempotency key
    /// of an earlier one gets the task of that one.
    pub(crate) async fn begin<W, T>(
        &self,
        actor: &Actor,
        engine: Engine,
        new: NewTask,
        work: W,
    ) -> Result<Begun, Problem>
    where
        W: FnOnce(&Engine, &mut (dyn FnMut(Event) + Send)) -> Result<T, backup::Error> + Send + 'static,
        T: Into<TaskResult>,
    {
        let (user_id, username) = match actor {
            Actor::User { id, username, .. } => (id, username),
            Actor::System => (&SYSTEM_ID.to_owned(), &SYSTEM_NAME.to_owned()),
            Actor::Anonymous => {
                return Err(Problem::not_signed_in("tasks are only for those who have signed in"));
            }
        };
        let _beginning = self.0.beginning.lock().await;
        if let Some(task) = self.find_repeated(user_id, new.key.as_ref()).await? {
            return Ok(Begun { task, is_repeated: true });
        }
        let task = self.new_task(new.kind, new.archive, username.clone());
        let (updates, cancellation) = (watch::Sender::new(task.clone()), Cancellation::default());
        self.enter(&task.id, user_id, &updates, &cancellation)?;
        let row = to_row(&task, Some(user_id.clone()));
        let key = new.key.as_ref().map(|key| (key.key.as_str(), key.request.as_str()));
        if let Err(error) = self.0.state.begin_task(&row, key).await {
            self.forget(&task.id);
            return Err(Problem::internal(&error));
        }
        let (tasks, engine, user_id) = (self.clone(), engine.cancelled_by(cancellation), user_id.clone());
        tokio::spawn(async move {
            let observed = updates.clone();
            let blocking = tokio::task::spawn_blocking(move || {
                let mut observer = |event| observed.send_modify(|task| task.observe(event));
                work(&engine, &mut observer).map(Into::into)
            });
            tasks.end(blocking.await, &updates, user_id).await;
        });
        Ok(Begun { task, is_repeated: false })
    }

    fn new_task(&self, kind: TaskKind, archive: Option<String>, username: String) -> Task {
        Task {
            id: self.0.ambient.uuid().to_string(),
            kind,
            status: TaskStatus::Running,
            archive,
            username: Some(username),
            created_at: self.now(),
            finished_at: None,
            step: None,
            steps_done: Vec::new(),
            done: 0,
            total: 0,
            can_cancel: true,
            notes: Vec::new(),
            result: None,
            error: None,
            error_type: None,
        }
    }

    /// Returns the task that an earlier request with the same key has begun.
    async fn find_repeated(&self, user_id: &str, key: Option<&TaskKey>) -> Result<Option<Task>, Problem> {
        let Some(key) = key else { return Ok(None) };
        let found = self.0.state.find_task_key(user_id, &key.key).await;
        match found.map_err(|error| Problem::internal(&error))? {
            Some((_, request)) if request != key.request => Err(inventory::Error::KeyReused.into()),
            Some((id, _)) => Ok(self.find(&id).await?.map(|(task, _)| task)),
            None => Ok(None),
        }
    }

    /// Adds a task to those that run.
    fn enter(
        &self,
        id: &str,
        user_id: &str,
        updates: &watch::Sender<Task>,
        cancellation: &Cancellation,
    ) -> Result<(), Problem> {
        let mut running = self.running();
        if running.is_closed {
            return Err(Problem::unavailable("the server is stopping"));
        }
        if let Some(other) = running.tasks.values().next() {
            let other = other.updates.borrow();
            return Err(Problem::task_running(&other.id, other.kind.as_str()));
        }
        let (user_id, updates, cancellation) =
            (Some(user_id.to_owned()), updates.clone(), cancellation.clone());
        running.tasks.insert(id.to_owned(), RunningTask { user_id, updates, cancellation });
        self.0.count.send_modify(|count| *count += 1);
        Ok(())
    }

    /// Records the end of a task.
    async fn end(
        &self,
        outcome: Result<Result<TaskResult, backup::Error>, tokio::task::JoinError>,
        updates: &watch::Sender<Task>,
        user_id: String,
    ) {
        let mut task = updates.borrow().clone();
        task.finished_at = Some(self.now());
        task.can_cancel = false;
        match outcome {
            Ok(Ok(result)) => (task.status, task.result) = (TaskStatus::Succeeded, Some(result)),
            Ok(Err(backup::Error::Cancelled)) => task.status = TaskStatus::Cancelled,
            Ok(Err(error)) => {
                tracing::warn!(%error, task = task.id, "a task has failed");
                let error = error.without_folders();
                (task.status, task.error) = (TaskStatus::Failed, Some(error.to_string()));
                task.error_type = Some(Problem::from(error).kind().to_owned());
            }
            Err(panic) => {
                let problem = Problem::internal(&panic);
                (task.status, task.error) = (TaskStatus::Failed, Some(problem.detail().to_owned()));
                task.error_type = Some(problem.kind().to_owned());
            }
        }
        if let Err(error) = self.0.state.put_task(&to_row(&task, Some(user_id))).await {
            tracing::error!(%error, task = task.id, "the result of a task was not recorded");
        }
        if let Some(is_failed) = task.is_failed_backup() {
            *lock(&self.0.failed_backup) = task.ended().filter(|_| is_failed);
        }
        self.0.ended.send_modify(|ended| *ended += 1);
        updates.send_replace(task.clone());
        self.forget(&task.id);
    }

    fn forget(&self, id: &str) {
        self.running().tasks.remove(id);
        self.0.count.send_modify(|count| *count -= 1);
    }

    /// Returns a task with the id of the user who began it.
    pub(crate) async fn find(&self, id: &str) -> Result<Option<(Task, Option<String>)>, Problem> {
        if let Some(running) = self.running().tasks.get(id) {
            return Ok(Some((running.updates.borrow().clone(), running.user_id.clone())));
        }
        let row = self.0.state.find_task(id).await.map_err(|error| Problem::internal(&error))?;
        Ok(row.and_then(|row| Some((serde_json::from_str(&row.task).ok()?, row.user_id))))
    }

    /// Returns all tasks, newest first, each with the id of the user who began it.
    pub(crate) async fn all(&self) -> Result<Vec<(Task, Option<String>)>, Problem> {
        let rows = self.0.state.tasks().await.map_err(|error| Problem::internal(&error))?;
        let running = self.running();
        let task = |row: TaskRow| match running.tasks.get(&row.id) {
            Some(running) => Some((running.updates.borrow().clone(), row.user_id)),
            None => Some((serde_json::from_str(&row.task).ok()?, row.user_id)),
        };
        Ok(rows.into_iter().filter_map(task).collect())
    }

    /// Returns the running task that uses an archive.
    pub(crate) fn using(&self, archive: &str) -> Option<Task> {
        let running = self.running();
        let mut tasks = running.tasks.values().map(|running| running.updates.borrow().clone());
        tasks.find(|task| task.archive.as_deref() == Some(archive))
    }

    /// Returns the running task, with the id of the user who began it.
    pub(crate) fn current(&self) -> Option<(Task, Option<String>)> {
        let running = self.running();
        let mut tasks = running.tasks.values();
        tasks.next().map(|running| (running.updates.borrow().clone(), running.user_id.clone()))
    }

    /// Returns when the last backup failed, in seconds since 1970, unless it succeeded.
    pub(crate) fn failed_backup(&self) -> Option<i64> {
        *lock(&self.0.failed_backup)
    }

    /// Returns the updates of a running task.
    pub(crate) fn updates(&self, id: &str) -> Option<watch::Receiver<Task>> {
        self.running().tasks.get(id).map(|running| running.updates.subscribe())
    }

    /// Returns how many tasks have ended since the start.
    pub(crate) fn ended(&self) -> u64 {
        *self.0.ended.borrow()
    }

    /// Asks a running task to stop.
    pub(crate) fn cancel(&self, id: &str) {
        if let Some(running) = self.running().tasks.get(id) {
            running.cancellation.cancel();
        }
    }

    /// Lets no further task begin, asks the running one to stop, and waits for it. A restore that is being committed is
    /// completed.
    pub(crate) async fn close(&self) {
        {
            let mut running = self.running();
            running.is_closed = true;
            running.tasks.values().for_each(|running| running.cancellation.cancel());
        }
        let mut count = self.0.count.subscribe();
        let _ = count.wait_for(|count| *count == 0).await;
    }

    fn now(&self) -> String {
        Timestamp(self.0.ambient.utc()).to_rfc3339()
    }

    fn running(&self) -> std::sync::MutexGuard<'_, Running> {
        lock(&self.0.running)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn to_row(task: &Task, user_id: Option<String>) -> TaskRow {
    TaskRow {
        id: task.id.clone(),
        user_id,
        created_at: task.began(),
        is_finished: task.status != TaskStatus::Running,
        task: serde_json::to_string(task).unwrap_or_default(),
    }
}
