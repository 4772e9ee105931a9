//! A task, as clients see it and as it is stored.

use backup::{Event, Step};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::result::TaskResult;

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
    /// When the task began, in UTC.
    #[schema(format = DateTime)]
    pub(crate) created_at: String,
    /// When the task ended, in UTC.
    #[schema(format = DateTime)]
    pub(crate) finished_at: Option<String>,
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
    pub(crate) result: Option<TaskResult>,
    /// What went wrong, if the task failed.
    pub(crate) error: Option<String>,
    /// The type of the problem, if the task failed, such as `urn:makermatrix:key`.
    pub(crate) error_type: Option<String>,
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
    /// A restore of the last safety backup.
    Undo,
}

impl TaskKind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Backup => "backup",
            Self::Verify => "verify",
            Self::Drill => "drill",
            Self::Plan => "plan",
            Self::Restore => "restore",
            Self::Undo => "undo",
        }
    }
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
    /// The server stopped while the task was running. An interrupted restore was finished or discarded at the next start.
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

impl Task {
    /// Takes an event of the engine into account.
    pub(super) fn observe(&mut self, event: Event) {
        match event {
            Event::Step(step) => {
                self.step = Some(TaskStep { name: format!("{step:?}"), text: step.to_string() });
                (self.done, self.total) = (0, 0);
                // The steps of a drill have the same names, but change nothing.
                let commits = matches!(self.kind, TaskKind::Restore | TaskKind::Undo);
                if commits && matches!(step, Step::Place | Step::Commit | Step::Finish) {
                    self.can_cancel = false;
                }
            }
            Event::Progress { done, total } => (self.done, self.total) = (done, total),
            Event::Note(note) if self.notes.len() < MAX_NOTES => {
                self.notes.push(note.without_folders().to_string())
            }
            _ => {}
        }
    }
}
