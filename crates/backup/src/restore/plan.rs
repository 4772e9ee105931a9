//! The plan of a restore, which the user confirms.

use std::collections::BTreeMap;

use inventory::sqlite::{PartChanges, RedactedPasswords, RowChanges};
use inventory::{Adjustment, Census, Difference};
use serde::Serialize;

use crate::file_changes::FileChanges;

/// The plan of a restore.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Number of rows per table now; `None` if there is no readable database.
    pub rows_now: Option<BTreeMap<String, u64>>,
    /// Number of rows per table after the restore.
    pub rows_after: BTreeMap<String, u64>,
    /// Rows added, removed and changed, for each table that exists both now and after the restore. Omits tables whose
    /// rows could not be compared. Empty if there is no readable database.
    pub row_changes: BTreeMap<String, RowChanges>,
    /// The parts that go, come back, or get another stock. Empty if there is no readable database.
    pub part_changes: PartChanges,
    /// Migrations that the archived database needs.
    pub migrations: Vec<String>,
    /// Changes to the data that the current schema requires.
    pub adjustments: Vec<Adjustment>,
    /// The totals of the archive and of the restored inventory.
    pub totals: Totals,
    /// Number of tasks that were waiting or running in the archive and are restored as cancelled.
    pub cancelled_tasks: u64,
    /// Plain-text passwords that are not restored.
    pub redacted: Vec<RedactedPasswords>,
    /// Whether the password in the backup settings of the live database is kept. No archive holds that password.
    pub kept_password: bool,
    /// Number of accepted rows with broken foreign keys.
    pub violations: u64,
    /// Generated columns and indexes on expressions that users added and that are restored.
    pub put_back: Vec<String>,
    /// Triggers, views, virtual tables and other schema objects that users added and that are not restored.
    pub left_out: Vec<String>,
    /// Schema objects that users added to the live database and that will no longer exist.
    pub dropped: Vec<String>,
    /// The changes to the files of each folder. Omits folders that the archive does not include.
    pub files: Vec<FileChanges>,
    /// Whether there is any live data to lose.
    pub(super) replaces_something: bool,
}

/// The totals of an inventory before and after it was restored or migrated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// The totals before.
    pub before: Census,
    /// The totals after.
    pub after: Census,
}

impl Totals {
    /// Returns the totals that differ.
    pub fn differences(&self) -> Vec<Difference> {
        self.before.differences(&self.after)
    }
}

impl Plan {
    /// Returns whether the restore would replace rows or files of users. A new inventory has none.
    pub fn replaces_data(&self) -> bool {
        let (_, replaced, removed) = self.file_totals();
        let ours = |table: &str| table.starts_with("mm_");
        let has_rows = self
            .rows_now
            .as_ref()
            .is_none_or(|tables| tables.iter().any(|(table, rows)| *rows > 0 && !ours(table)));
        self.replaces_something && (replaced + removed > 0 || has_rows)
    }

    /// Returns the tables that exist now but not after the restore, with their numbers of rows.
    pub fn tables_removed(&self) -> impl Iterator<Item = (&str, u64)> {
        let now = self.rows_now.iter().flatten();
        now.filter(|(table, _)| !self.rows_after.contains_key(*table))
            .map(|(table, rows)| (table.as_str(), *rows))
    }

    /// Returns the non-empty tables that exist only after the restore, with their numbers of rows.
    pub fn tables_added(&self) -> impl Iterator<Item = (&str, u64)> {
        let known = |table: &str| self.rows_now.as_ref().is_none_or(|now| now.contains_key(table));
        let after = self.rows_after.iter().filter(move |(table, rows)| **rows > 0 && !known(table));
        after.map(|(table, rows)| (table.as_str(), *rows))
    }

    /// Returns the numbers of files added, replaced and removed in all folders.
    pub fn file_totals(&self) -> (usize, usize, usize) {
        self.files.iter().fold((0, 0, 0), |(add, replace, remove), changes| {
            (add + changes.add.len(), replace + changes.replace.len(), remove + changes.remove.len())
        })
    }
}
