//! A task as the pages show it: what it does, its steps, and how far it is.

use super::visitor::Visitor;
use super::words::{Moment, When, duration, sentence};
use crate::api::tasks::may_stop;
use crate::app::App;
use crate::tasks::{Task, TaskKind, TaskStatus};

/// A task.
pub(super) struct TaskView {
    pub(super) id: String,
    /// What it does, such as `Backing up`.
    pub(super) doing: &'static str,
    /// What it is, such as `Backup`.
    pub(super) what: &'static str,
    pub(super) archive: Option<String>,
    pub(super) by: String,
    pub(super) status: Status,
    pub(super) began: When,
    pub(super) moment: Moment,
    /// The seconds since it began.
    pub(super) elapsed: i64,
    /// How long it took.
    pub(super) took: Option<String>,
    pub(super) steps: Vec<StepView>,
    /// What the current step does.
    pub(super) text: String,
    pub(super) done: u64,
    /// The bytes of the current step, or 0 if they are unknown.
    pub(super) total: u64,
    pub(super) may_stop: bool,
    /// Whether its end may end the sessions of users who are not in the archive.
    pub(super) replaces: bool,
    pub(super) notes: Vec<String>,
    pub(super) error: Option<String>,
}

/// Whether a task runs, or how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Status {
    pub(super) text: &'static str,
    /// The name of the mark that shows it.
    pub(super) mark: &'static str,
    pub(super) is_running: bool,
}

/// A step of a task.
pub(super) struct StepView {
    /// The names of the steps of the engine that belong to it, with spaces between them.
    pub(super) names: &'static str,
    pub(super) title: &'static str,
    /// `done`, `now`, or `todo`.
    pub(super) state: &'static str,
}

impl TaskView {
    pub(super) fn new(app: &App, visitor: &Visitor, task: &Task) -> Self {
        let (what, doing) = words(task.kind);
        let (now, ambient) = (app.now(), app.ambient.now());
        let took = task.ended().map(|end| duration((end - task.began()) as f64));
        Self {
            id: task.id.clone(),
            doing,
            what,
            archive: task.archive.clone(),
            by: task.username.clone().unwrap_or_default(),
            status: Status::of(task.status),
            began: When::of_seconds(task.began(), ambient.utc),
            moment: Moment::of_seconds(task.began(), ambient.local.date()),
            elapsed: (now - task.began()).max(0),
            took,
            steps: steps(task),
            text: task.step.as_ref().map(|step| step.text.clone()).unwrap_or_default(),
            done: task.done,
            total: task.total,
            may_stop: task.can_cancel && may_stop(&visitor.caller, task),
            replaces: matches!(task.kind, TaskKind::Restore | TaskKind::Undo),
            notes: task.notes.iter().map(|note| sentence(note)).collect(),
            error: task.error.as_deref().map(sentence),
        }
    }
}

impl Status {
    pub(super) fn of(status: TaskStatus) -> Self {
        let (text, mark) = match status {
            TaskStatus::Running => ("Running", "running"),
            TaskStatus::Succeeded => ("Done", "proven"),
            TaskStatus::Failed => ("Failed", "failed"),
            TaskStatus::Cancelled => ("Stopped", "missing"),
            TaskStatus::Interrupted => ("Interrupted", "failed"),
        };
        Self { text, mark, is_running: status == TaskStatus::Running }
    }
}

/// Returns what a task is, and what it does.
pub(super) fn words(kind: TaskKind) -> (&'static str, &'static str) {
    match kind {
        TaskKind::Backup => ("Backup", "Backing up"),
        TaskKind::Verify => ("Verification", "Verifying"),
        TaskKind::Drill => ("Proof", "Proving"),
        TaskKind::Plan => ("Plan of a restore", "Working out what a restore changes"),
        TaskKind::Restore => ("Restore", "Restoring"),
        TaskKind::Undo => ("Undo of a restore", "Undoing the last restore"),
    }
}

const OPEN: (&str, &str) = ("Open", "Open the archive");
const CHECK_FILES: (&str, &str) = ("CheckEntries", "Check every file");
const CHECK_DATABASE: (&str, &str) = ("CheckDatabase", "Check the database");
const STAGE: (&str, &str) = ("Stage", "Unpack beside what is here");
const COMMIT: [(&str, &str); 3] =
    [("Place", "Place new files"), ("Commit", "Replace the database"), ("Finish", "Replace changed files")];

/// Returns the steps of a kind of task: their names in the engine, and their titles.
fn steps_of(kind: TaskKind) -> Vec<(&'static str, &'static str)> {
    let [place, commit, finish] = COMMIT;
    match kind {
        TaskKind::Backup => vec![
            ("Snapshot", "Copy the database"),
            ("CheckCopy", "Check the copy"),
            ("Pack", "Pack the files"),
            ("ReadBack Open CheckEntries", "Read everything back"),
            ("CheckDatabase", "Open the database in it"),
        ],
        TaskKind::Verify => vec![OPEN, CHECK_FILES, CHECK_DATABASE],
        TaskKind::Plan => vec![OPEN, STAGE, CHECK_DATABASE],
        TaskKind::Drill => vec![
            OPEN,
            ("Stage", "Unpack into an empty inventory"),
            CHECK_DATABASE,
            ("Place Commit Finish", "Restore there"),
            ("Compare", "Compare everything"),
        ],
        TaskKind::Restore | TaskKind::Undo => {
            let safety = ("SafetyBackup", "Back up what is here");
            vec![OPEN, STAGE, CHECK_DATABASE, safety, place, commit, finish]
        }
    }
}

fn steps(task: &Task) -> Vec<StepView> {
    let current = task.step.as_ref().map(|step| step.name.as_str());
    let state = |names: &str| {
        let is = |name: &str| names.split(' ').any(|known| known == name);
        match current {
            Some(current) if is(current) => "now",
            _ if task.steps_done.iter().any(|name| is(name)) => "done",
            _ => "todo",
        }
    };
    let view = |(names, title)| StepView { names, title, state: state(names) };
    steps_of(task.kind).into_iter().map(view).collect()
}
