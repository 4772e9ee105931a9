//! What a task that has succeeded has to say.

use super::words::{counted, duration, grouped, sentence, size};
use crate::tasks::{Task, TaskResult, TotalsView};

/// The result of a task.
#[derive(Default)]
pub(super) struct ResultView {
    /// What has been reached, in one sentence.
    pub(super) sentence: String,
    /// Names and values.
    pub(super) facts: Vec<(&'static str, String)>,
    /// What deserves attention.
    pub(super) remarks: Vec<String>,
    /// The archive that the result is about, or that was made.
    pub(super) archive: Option<String>,
    /// The backup of what a restore has replaced.
    pub(super) safety_backup: Option<String>,
}

impl ResultView {
    /// Describes the result of a task. `None` if there is none.
    pub(super) fn of(task: &Task) -> Option<Self> {
        let archive = task.archive.clone();
        let mut view = match task.result.as_ref()? {
            TaskResult::Backup(backup) => Self {
                sentence: "The backup was made and read back.".to_owned(),
                facts: vec![
                    ("Size", size(backup.size)),
                    ("Encrypted", if backup.is_encrypted { "yes" } else { "no" }.to_owned()),
                ],
                archive: Some(backup.name.clone()),
                ..Self::default()
            },
            TaskResult::Verify(verified) => Self {
                sentence: "Every byte is as it was written, and the database is sound.".to_owned(),
                facts: vec![
                    ("Files", grouped(verified.files)),
                    ("Rows", grouped(verified.rows)),
                    ("Unpacked", size(verified.bytes)),
                ],
                remarks: violations(verified.violations),
                ..Self::default()
            },
            TaskResult::Drill(drill) => Self {
                sentence: "The archive was restored into an empty inventory, and everything matched."
                    .to_owned(),
                facts: vec![
                    ("A restore takes", duration(drill.restore_seconds)),
                    ("Identical tables", grouped(drill.tables)),
                    ("Rows", grouped(drill.rows)),
                    ("Files", format!("{}, {}", grouped(drill.files), size(drill.bytes))),
                ],
                remarks: listed("A restore leaves this out", &drill.left_out)
                    .chain(differences(&drill.totals))
                    .collect(),
                ..Self::default()
            },
            TaskResult::Plan(_) => Self { sentence: "Nothing was changed.".to_owned(), ..Self::default() },
            TaskResult::Restore(restore) => {
                let totals = &restore.totals;
                let set_aside = restore.set_aside.iter();
                Self {
                    sentence: "Everything is as it was in the archive.".to_owned(),
                    facts: vec![
                        ("Parts", grouped(totals.after.parts)),
                        ("Pieces in stock", grouped(totals.after.units)),
                        ("People", grouped(totals.after.users)),
                        ("Files", files(restore.files_added, restore.files_replaced, restore.files_removed)),
                    ],
                    remarks: set_aside
                        .map(|name| format!("The unusable database is now called {name}."))
                        .chain(listed("The archive was brought up to date", &restore.migrations))
                        .chain(differences(totals))
                        .collect(),
                    safety_backup: restore.safety_backup.clone(),
                    ..Self::default()
                }
            }
        };
        view.archive = view.archive.or(archive);
        Some(view)
    }
}

fn files(added: u64, replaced: u64, removed: u64) -> String {
    let counts = [(added, "back"), (replaced, "replaced"), (removed, "gone")];
    let counts: Vec<String> = counts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{} {what}", grouped(count)))
        .collect();
    if counts.is_empty() { "unchanged".to_owned() } else { counts.join(", ") }
}

fn violations(count: u64) -> Vec<String> {
    let text = |count| format!("{} with references to things that do not exist.", counted(count, "row"));
    Some(count).filter(|count| *count > 0).map(text).into_iter().collect()
}

fn listed<'a>(what: &'a str, names: &'a [String]) -> impl Iterator<Item = String> + use<'a> {
    (!names.is_empty()).then(|| format!("{what}: {}.", names.join(", "))).into_iter()
}

fn differences(totals: &TotalsView) -> impl Iterator<Item = String> + '_ {
    totals.differences.iter().map(|difference| sentence(difference))
}
