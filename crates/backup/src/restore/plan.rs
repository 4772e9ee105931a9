//! What a restore will do, in numbers and names, for people to agree to.

use std::collections::BTreeMap;

use inventory::sqlite::{RedactedPasswords, RowChanges};
use inventory::{Adjustment, Census, Difference};
use serde::Serialize;

use crate::file_changes::FileChanges;

/// The plan of a restore.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Rows of each table now; `None` when there is no database that can be read.
    pub rows_now: Option<BTreeMap<String, u64>>,
    /// Rows of each table afterwards.
    pub rows_after: BTreeMap<String, u64>,
    /// Rows added, removed and changed in each table that is there now and afterwards. A table whose rows could not
    /// be compared is missing, as all are when there is no database that can be read.
    pub row_changes: BTreeMap<String, RowChanges>,
    /// Migrations that the database of the archive needed.
    pub migrations: Vec<String>,
    /// What had to be changed in the data so that it fits the tables of today.
    pub adjustments: Vec<Adjustment>,
    /// The totals of the backup and of what is made of it.
    pub totals: Totals,
    /// Tasks that were waiting or running in the backup and come back cancelled.
    pub cancelled_tasks: u64,
    /// Passwords that the original kept in the clear and that do not come back: in which tables, how many.
    pub redacted: Vec<RedactedPasswords>,
    /// Whether the password in the backup settings of the live database stays: no archive holds one.
    pub kept_password: bool,
    /// Rows with broken foreign keys, taken as they are.
    pub violations: u64,
    /// Generated columns and computing indexes that people added, and that come back.
    pub put_back: Vec<String>,
    /// Triggers, views, virtual tables, and what else people added to the schema, that do not come back.
    pub left_out: Vec<String>,
    /// The same of the live database, as far as it is not there afterwards.
    pub dropped: Vec<String>,
    /// What happens to the files of each folder; a folder the archive was made without is missing.
    pub files: Vec<FileChanges>,
    /// Whether there is anything now that could be lost.
    pub(super) replaces_something: bool,
}

/// The totals of an inventory before and after it was restored or migrated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// What there was.
    pub before: Census,
    /// What was made of it.
    pub after: Census,
}

impl Totals {
    /// Returns the totals that are not the same.
    pub fn differences(&self) -> Vec<Difference> {
        self.before.differences(&self.after)
    }
}

impl Plan {
    /// Whether rows or files of people would be replaced: an inventory that was just created has none.
    pub fn replaces_data(&self) -> bool {
        let (_, replaced, removed) = self.file_totals();
        let ours = |table: &str| table.starts_with("mm_");
        let has_rows = self
            .rows_now
            .as_ref()
            .is_none_or(|tables| tables.iter().any(|(table, rows)| *rows > 0 && !ours(table)));
        self.replaces_something && (replaced + removed > 0 || has_rows)
    }

    /// Returns the tables that are there now and will not be afterwards, with their rows.
    pub fn tables_removed(&self) -> impl Iterator<Item = (&str, u64)> {
        let now = self.rows_now.iter().flatten();
        now.filter(|(table, _)| !self.rows_after.contains_key(*table))
            .map(|(table, rows)| (table.as_str(), *rows))
    }

    /// Returns the tables with rows that are not there now and will be afterwards.
    pub fn tables_added(&self) -> impl Iterator<Item = (&str, u64)> {
        let known = |table: &str| self.rows_now.as_ref().is_none_or(|now| now.contains_key(table));
        let after = self.rows_after.iter().filter(move |(table, rows)| **rows > 0 && !known(table));
        after.map(|(table, rows)| (table.as_str(), *rows))
    }

    /// Files added, replaced and removed, over both folders.
    pub fn file_totals(&self) -> (usize, usize, usize) {
        self.files.iter().fold((0, 0, 0), |(add, replace, remove), changes| {
            (add + changes.add.len(), replace + changes.replace.len(), remove + changes.remove.len())
        })
    }
}
