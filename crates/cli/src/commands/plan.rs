//! Formats the plan of a restore, which the user confirms: the changes per kind, in other tables, and of files.

use std::collections::BTreeMap;

use backup::Plan;
use durable::counted;
use inventory::sqlite::RowChanges;
use inventory::{Adjustment, Difference, entities};
use serde_json::{Map, Value, json};

use crate::output::{self, Lines};

/// The largest number of file names per line of the plan. The JSON output lists all of them.
const MAX_FILES_SHOWN: usize = 8;

/// Returns the plan as lines of text.
pub(super) fn lines(plan: &Plan) -> Lines {
    let mut lines = Lines::default();
    add_kinds(&mut lines, plan);
    add_other_tables(&mut lines, plan);
    add_files(&mut lines, plan);
    if !plan.migrations.is_empty() {
        lines.add(format!("  brings the schema up to date: {}", plan.migrations.join(", ")));
    }
    add_adjustments(&mut lines, &plan.adjustments, &plan.totals.differences());
    if plan.cancelled_tasks > 0 {
        lines.add(format!("  cancels {} of the backup", counted(plan.cancelled_tasks, "unfinished task")));
    }
    for what in &plan.redacted {
        lines.add(format!("  removes what was stored in the clear: {what}"));
    }
    if plan.kept_password {
        lines.add("  keeps the password in the backup settings of the original: no archive holds it");
    }
    for what in &plan.left_out {
        lines.add(format!("  does not recreate {what}"));
    }
    for what in &plan.dropped {
        lines.add(format!("  drops {what}, which exists now"));
    }
    if changes_nothing(plan) {
        lines.add("  nothing changes: the inventory is the same as in this backup");
    }
    if plan.violations > 0 {
        let rows = counted(plan.violations, "row");
        lines.add(format!("  accepts {rows} with a broken foreign key"));
    }
    lines
}

/// Adds the changes that migrations made to the data, and every total that differs afterwards.
pub(super) fn add_adjustments(lines: &mut Lines, adjustments: &[Adjustment], differences: &[Difference]) {
    for adjustment in adjustments {
        lines.add(format!("  {adjustment}"));
    }
    for difference in differences {
        let alarm = if difference.is_wrong() { "NOT THE SAME: " } else { "" };
        lines.add(format!("  {alarm}{difference}"));
    }
}

/// Returns one line of the table: a name, and the numbers now, after, added, removed and changed.
fn row(name: &str, cells: [String; 5]) -> String {
    let [now, after, added, removed, changed] = cells;
    format!("  {name:<15} {now:>9} {after:>9} {added:>9} {removed:>9} {changed:>9}")
}

fn add_kinds(lines: &mut Lines, plan: &Plan) {
    lines.add(row("", ["now", "after", "added", "removed", "changed"].map(str::to_owned)));
    for (kind, after) in entities::counts(&plan.rows_after) {
        let now = plan.rows_now.as_ref().map(|now| now.get(kind.table).copied().unwrap_or(0));
        if after == 0 && now.unwrap_or(0) == 0 {
            continue;
        }
        let cell = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
        let changes = changes_of(plan, kind.table);
        let change = |of: fn(RowChanges) -> u64| cell(changes.map(of));
        let [added, removed, changed] = [change(|c| c.added), change(|c| c.removed), change(|c| c.changed)];
        lines.add(row(&kind.plural(), [cell(now), after.to_string(), added, removed, changed]));
    }
    for files in &plan.files {
        let (add, replace, remove) = (files.add.len(), files.replace.len(), files.remove.len());
        let unchanged = usize::try_from(files.unchanged).unwrap_or(usize::MAX);
        let (now, after) = (unchanged + replace + remove, unchanged + replace + add);
        if (now, after) == (0, 0) {
            continue;
        }
        let name = format!("{} files", files.kind.folder().trim_end_matches('s'));
        lines.add(row(&name, [now, after, add, remove, replace].map(|number| number.to_string())));
    }
}

/// Returns how the rows of a table change, or `None` if that is not known.
fn changes_of(plan: &Plan, table: &str) -> Option<RowChanges> {
    if let Some(changes) = plan.row_changes.get(table) {
        return Some(*changes);
    }
    let now = plan.rows_now.as_ref()?;
    match (now.get(table), plan.rows_after.get(table)) {
        (None, Some(added)) => Some(RowChanges { added: *added, ..RowChanges::default() }),
        (Some(removed), None) => Some(RowChanges { removed: *removed, ..RowChanges::default() }),
        _ => None,
    }
}

/// Returns the changed tables that belong to no kind, with their changes if these are known.
fn other_tables(plan: &Plan) -> BTreeMap<&str, Option<RowChanges>> {
    let Some(now) = &plan.rows_now else { return BTreeMap::new() };
    let both = plan.rows_after.keys().filter(|table| now.contains_key(*table)).map(String::as_str);
    let added = plan.tables_added().map(|(table, _)| table);
    let other = |table: &&str| !entities::is_known(table);
    let tables = both.chain(added).filter(other).map(|table| (table, changes_of(plan, table)));
    tables.filter(|(_, changes)| changes.is_none_or(RowChanges::any)).collect()
}

fn add_other_tables(lines: &mut Lines, plan: &Plan) {
    for (table, changes) in other_tables(plan) {
        match changes {
            Some(RowChanges { added, removed, changed }) => lines.add(format!(
                "  table {table}: {} added, {removed} removed, {changed} changed",
                counted(added, "row")
            )),
            None => lines.add(format!("  table {table}: the rows could not be compared")),
        }
    }
    for (table, rows) in plan.tables_removed() {
        lines.add(format!(
            "  table {table} is not in the backup and is removed, with {}",
            counted(rows, "row")
        ));
    }
}

fn add_files(lines: &mut Lines, plan: &Plan) {
    for changes in &plan.files {
        let folder = changes.kind.folder();
        for (what, files) in [("replaces", &changes.replace), ("removes", &changes.remove)] {
            for file in files.iter().take(MAX_FILES_SHOWN) {
                lines.add(format!("  {what} {folder}/{file}"));
            }
            if files.len() > MAX_FILES_SHOWN {
                lines.add(format!("  {what} {} more of {folder}", files.len() - MAX_FILES_SHOWN));
            }
        }
    }
}

/// Returns whether the restore certainly changes nothing that users can see.
fn changes_nothing(plan: &Plan) -> bool {
    let same = |table: &str| changes_of(plan, table).is_some_and(|changes| !changes.any());
    let kinds = entities::all().all(|kind| same(kind.table));
    let tables = other_tables(plan).is_empty() && plan.tables_removed().next().is_none();
    plan.rows_now.is_some() && kinds && tables && plan.dropped.is_empty() && plan.file_totals() == (0, 0, 0)
}

/// Returns the plan as a JSON object.
pub(super) fn json(plan: &Plan) -> Value {
    let changes: Map<String, Value> = entities::all()
        .filter_map(|kind| Some((kind.key(), changes_json(changes_of(plan, kind.table)?))))
        .collect();
    let tables: Map<String, Value> = other_tables(plan)
        .into_iter()
        .map(|(table, changes)| (table.to_owned(), changes.map_or(Value::Null, changes_json)))
        .collect();
    let removed: Map<String, Value> =
        plan.tables_removed().map(|(table, rows)| (table.to_owned(), json!(rows))).collect();
    json!({
        "now": plan.rows_now.as_ref().map(output::counts_json),
        "after": output::counts_json(&plan.rows_after),
        "changes": changes,
        "other_tables": tables,
        "tables_removed": removed,
        "migrations": plan.migrations,
        "adjustments": plan.adjustments,
        "totals": plan.totals,
        "differences": plan.totals.differences(),
        "cancelled_tasks": plan.cancelled_tasks,
        "passwords_taken_out": plan.redacted,
        "foreign_key_violations": plan.violations,
        "password_kept": plan.kept_password,
        "put_back": plan.put_back,
        "left_out": plan.left_out,
        "dropped": plan.dropped,
        "files": plan.files,
    })
}

fn changes_json(changes: RowChanges) -> Value {
    json!({"added": changes.added, "removed": changes.removed, "changed": changes.changed})
}
