//! Makes names unique that were not required to be unique in older schemas: names of parts, and names of locations within
//! their parent. The first row keeps the name, and the others get a number. The result is deterministic.

use snapshot::sql::types::{Value, ValueRef};
use snapshot::sql::{Connection, OptionalExtension, Result, Transaction, params};

use super::adjustment::Adjustment;
use crate::name_list::NameList;

/// The name of a part that has neither a name nor a number.
const UNNAMED: &str = "Unnamed part";

/// Gives each part a unique name. A part without a name is named after its number.
pub(super) fn make_part_names_unique(
    transaction: &Transaction<'_>,
    adjustments: &mut Vec<Adjustment>,
) -> Result<()> {
    if has_index(transaction, "partmodel", "ix_partmodel_part_name")? && is_required(transaction)? {
        return Ok(());
    }
    let mut renamed = NameList::default();
    let scope = Scope { table: "partmodel", column: "part_name", within: "NULL", condition: "1" };
    scope.rename_all(transaction, "part_number", |old, new| match old {
        Some(old) => renamed.add(&format!("{old} is now {new}")),
        None => renamed.add(&format!("one without a name is now {new}")),
    })?;
    adjustments.extend(renamed.non_empty().map(|parts| Adjustment::PartsRenamed { parts }));
    Ok(())
}

/// Gives each location a unique name within its parent, as the current index requires.
pub(super) fn make_location_names_unique(
    transaction: &Transaction<'_>,
    adjustments: &mut Vec<Adjustment>,
) -> Result<()> {
    if has_index(transaction, "locationmodel", "idx_location_name_parent_unique")? {
        return Ok(());
    }
    let mut renamed = NameList::default();
    let scope = Scope {
        table: "locationmodel",
        column: "name",
        within: "parent_id",
        condition: "is_auto_generated_slot = 0 AND parent_id IS NOT NULL AND name IS NOT NULL",
    };
    scope.rename_all(transaction, "NULL", |old, new| {
        renamed.add(&format!("{} is now {new}", old.unwrap_or_default()));
    })?;
    adjustments.extend(renamed.non_empty().map(|locations| Adjustment::LocationsRenamed { locations }));
    Ok(())
}

/// The rows whose names must be unique.
struct Scope {
    table: &'static str,
    column: &'static str,
    /// The expression that groups the rows: names must be unique within a group.
    within: &'static str,
    /// The condition for the rows.
    condition: &'static str,
}

impl Scope {
    /// Renames rows without a name, and all but the first row of each name. A row without a name is named after the column
    /// `instead`. Calls `done` with the old and the new name of each row.
    fn rename_all(
        &self,
        transaction: &Transaction<'_>,
        instead: &str,
        mut done: impl FnMut(Option<&str>, &str),
    ) -> Result<()> {
        let Self { table, column, within, condition } = self;
        let find = format!(
            "SELECT row, old, instead, group_of, position FROM ( \
               SELECT rowid AS row, {column} AS old, {instead} AS instead, {within} AS group_of, \
                      row_number() OVER (PARTITION BY {column}, {within} ORDER BY rowid) AS position \
               FROM {table} WHERE {condition}) \
             WHERE old IS NULL OR position > 1 ORDER BY row"
        );
        if transaction.prepare(&find)?.query_row([], |_| Ok(())).optional()?.is_none() {
            return Ok(());
        }
        // Each new name is looked up, which takes quadratic time without an index.
        transaction.execute_batch(&format!("CREATE INDEX mm_names ON {table} ({column})"))?;
        let taken = format!("SELECT 1 FROM {table} WHERE {column} = ?1 AND {within} IS ?2 AND {condition}");
        let mut taken = transaction.prepare(&taken)?;
        let mut rename =
            transaction.prepare(&format!("UPDATE {table} SET {column} = ?1 WHERE rowid = ?2"))?;
        let rows: Vec<(i64, Value, Value, Value, i64)> = transaction
            .prepare(&find)?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))?
            .collect::<Result<_>>()?;
        for (row, old, instead, group, position) in rows {
            let old = name_in(&old);
            let base = old.clone().or_else(|| name_in(&instead)).unwrap_or_else(|| UNNAMED.to_owned());
            let mut new = base.clone();
            // Counting from the position keeps this linear if many rows share a name.
            let mut number = position.max(2);
            let mut is_taken = old.is_some() || taken.exists(params![new, group])?;
            while is_taken {
                new = format!("{base} ({number})");
                number += 1;
                is_taken = taken.exists(params![new, group])?;
            }
            rename.execute(params![new, row])?;
            done(old.as_deref(), &new);
        }
        drop((taken, rename));
        transaction.execute_batch("DROP INDEX mm_names")
    }
}

fn name_in(value: &Value) -> Option<String> {
    Some(text_of(value.into())).filter(|name| !name.is_empty())
}

/// Returns a stored value as text. Replaces bytes that are not UTF-8.
pub(super) fn text_of(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => String::new(),
        ValueRef::Integer(value) => value.to_string(),
        ValueRef::Real(value) => value.to_string(),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

fn is_required(connection: &Connection) -> Result<bool> {
    let sql = "SELECT \"notnull\" FROM pragma_table_info('partmodel') WHERE name = 'part_name'";
    Ok(connection.query_row(sql, [], |row| row.get(0)).optional()?.unwrap_or(false))
}

/// Returns whether a table has a unique index of this name.
pub(super) fn has_index(connection: &Connection, table: &str, index: &str) -> Result<bool> {
    connection
        .prepare("SELECT 1 FROM pragma_index_list(?1) WHERE name = ?2 AND \"unique\"")?
        .exists([table, index])
}
