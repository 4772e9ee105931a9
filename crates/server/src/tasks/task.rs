//! A task, as clients see it and as it is stored.

use backup::{Event, Step};
use chrono::DateTime;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::result::TaskResult;

/// The largest number of notes of a task.
const MAX_NOTES: usize = 1000;
/// The name of the step in which a restore backs up what it replaces.
const SAFETY_BACKUP: &str = "SafetyBackup";

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
    /// The names of the steps before the current one.
    #[serde(default)]
    pub(crate) steps_done: Vec<String>,
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
            Event::Step(step) => self.observe_step(step),
            Event::Progress { done, total } => (self.done, self.total) = (done, total),
            Event::Note(note) if self.notes.len() < MAX_NOTES => {
                self.notes.push(note.without_folders().to_string())
            }
            _ => {}
        }
    }

    /// Returns when the task began, in seconds since 1970.
    pub(crate) fn began(&self) -> i64 {
        seconds(&self.created_at)
    }

    /// Returns when the task ended, in seconds since 1970.
    pub(crate) fn ended(&self) -> Option<i64> {
        self.finished_at.as_deref().map(seconds)
    }

    /// Returns whether a backup has failed. `None` if this is no backup, or if it did not end by itself.
    pub(crate) fn is_failed_backup(&self) -> Option<bool> {
        match self.status {
            _ if self.kind != TaskKind::Backup => None,
            TaskStatus::Succeeded => Some(false),
            TaskStatus::Failed | TaskStatus::Interrupted => Some(true),
            TaskStatus::Running | TaskStatus::Cancelled => None,
        }
    }

    fn observe_step(&mut self, step: Step) {
        (self.done, self.total) = (0, 0);
        let (commits, text) = (matches!(step, Step::Place | Step::Commit | Step::Finish), step.to_string());
        match &mut self.step {
            // The safety backup has steps of its own, whose names also stand for other steps of the restore.
            Some(current) if current.name == SAFETY_BACKUP && !commits => current.text = text,
            current => {
                let before = current.replace(TaskStep { name: format!("{step:?}"), text });
                self.steps_done.extend(before.map(|step| step.name));
            }
        }
        // The steps of a drill have the same names, but change nothing.
        if commits && matches!(self.kind, TaskKind::Restore | TaskKind::Undo) {
            self.can_cancel = false;
        }
    }
}

fn seconds(time: &str) -> i64 {
    DateTime::parse_from_rfc3339(time).map_or(0, |time| time.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_of_a_safety_backup_are_one_step_of_the_restore() {
        let mut task: Task = serde_json::from_value(serde_json::json!({
            "id": "t", "kind": "restore", "status": "running", "created_at": "2026-11-26T05:00:00Z", "done": 0, "total": 0,
            "can_cancel": true, "notes": []
        }))
        .unwrap();
        let steps = [Step::Open, Step::CheckDatabase, Step::SafetyBackup, Step::Pack, Step::CheckDatabase];
        steps.into_iter().for_each(|step| task.observe(Event::Step(step)));
        let step = task.step.clone().unwrap();
        assert_eq!((&*step.name, &*step.text), ("SafetyBackup", "Checking the database"));
        assert!(task.can_cancel);
        task.observe(Event::Step(Step::Commit));
        assert_eq!(task.steps_done, ["Open", "CheckDatabase", "SafetyBackup"]);
        assert!(!task.can_cancel);
    }
}
