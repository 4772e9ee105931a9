//! The rows that a restore changes, per kind of thing.

use std::collections::BTreeMap;

use backup::Plan;
use inventory::entities;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The rows of one table, now and after the restore.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct RowsPlan {
    /// The kind of thing, such as `parts`; null for a table that has another purpose.
    pub(crate) what: Option<String>,
    pub(crate) table: String,
    /// The number of rows now; null if the database cannot be read.
    pub(crate) now: Option<u64>,
    pub(crate) after: u64,
    /// The rows that are only in the archive; null if the rows were not compared.
    pub(crate) added: Option<u64>,
    /// The rows that are only in the current inventory.
    pub(crate) removed: Option<u64>,
    /// The rows that are in both, with different values.
    pub(crate) changed: Option<u64>,
}

/// Returns the rows of every kind, then those of the other tables that change.
pub(super) fn rows_of(plan: &Plan) -> Vec<RowsPlan> {
    let kinds = entities::all().map(|kind| row(plan, Some(kind.key()), kind.table));
    let tables = plan.rows_after.keys().chain(plan.rows_now.iter().flat_map(BTreeMap::keys));
    let mut others: Vec<&String> = tables.filter(|table| !entities::is_known(table)).collect();
    others.sort();
    others.dedup();
    let others = others.into_iter().map(|table| row(plan, None, table)).filter(RowsPlan::changes);
    kinds.chain(others).collect()
}

/// Returns the number of things of each kind, from the number of rows of each table. Leaves out kinds whose number is unknown.
pub(crate) fn counts(rows: &BTreeMap<String, u64>) -> BTreeMap<String, u64> {
    entities::all().filter_map(|kind| Some((kind.key(), *rows.get(kind.table)?))).collect()
}

fn row(plan: &Plan, what: Option<String>, table: &str) -> RowsPlan {
    let now = plan.rows_now.as_ref().map(|now| now.get(table).copied().unwrap_or(0));
    let after = plan.rows_after.get(table).copied().unwrap_or(0);
    let (added, removed, changed) = match plan.row_changes.get(table) {
        Some(changes) => (Some(changes.added), Some(changes.removed), Some(changes.changed)),
        None if now == Some(0) => (Some(after), Some(0), Some(0)),
        None if after == 0 => (Some(0), now, Some(0)),
        None => (None, None, None),
    };
    RowsPlan { what, table: table.to_owned(), now, after, added, removed, changed }
}

impl RowsPlan {
    fn changes(&self) -> bool {
        self.now != Some(self.after)
            || self.added != Some(0)
            || self.removed != Some(0)
            || self.changed != Some(0)
    }
}
