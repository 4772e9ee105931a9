//! Adds missing tables, columns and indexes of the original. Existing ones are not changed.

use std::collections::{BTreeMap, BTreeSet};

use snapshot::sql::{Connection, Result, Transaction};

use super::adjustment::Adjustment;
use super::defaults::DEFAULTS;
use super::names;
use super::{MigrationError, ORIGINAL_SCHEMA};

/// Adds the tables, columns and indexes of the original that a database lacks. Makes names unique where a current index
/// requires it.
pub(crate) fn complete_schema(
    transaction: &Transaction<'_>,
    adjustments: &mut Vec<Adjustment>,
) -> std::result::Result<(), MigrationError> {
    let schema = Schema::original()?;
    let existing: BTreeSet<String> = transaction
        .prepare("SELECT name FROM sqlite_schema")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_>>()?;
    for table in &schema.tables {
        if existing.contains(&table.name) {
            add_missing_columns(transaction, table)?;
        } else {
            transaction.execute_batch(&table.statement)?;
        }
    }
    names::make_part_names_unique(transaction, adjustments)?;
    names::make_location_names_unique(transaction, adjustments)?;
    for index in &schema.indexes {
        if existing.contains(&index.name) && !index.is_less_strict_in(transaction)? {
            continue;
        }
        transaction.execute_batch(&format!("DROP INDEX IF EXISTS {}; {}", index.name, index.statement))?;
    }
    Ok(())
}

/// Returns whether a table, column or index of the original is missing.
pub(crate) fn is_schema_incomplete(connection: &Connection) -> Result<bool> {
    let schema = Schema::original()?;
    for table in &schema.tables {
        for (column, _) in &table.columns {
            if !connection.column_exists(None, table.name.as_str(), column.as_str())? {
                return Ok(true);
            }
        }
    }
    let mut exists = connection.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = ?1")?;
    for index in &schema.indexes {
        if !exists.exists([&index.name])? || index.is_less_strict_in(connection)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns the statement that creates a table of the schema.
pub(super) fn definition_in(schema: &str, table: &str) -> String {
    let begins = format!("CREATE TABLE {table} (");
    let statement = schema.split_once(&begins).and_then(|(_, rest)| rest.split_once("\n);"));
    let (body, _) = statement.expect("the schema is part of the program");
    format!("{begins}{body}\n)")
}

fn add_missing_columns(
    transaction: &Transaction<'_>,
    table: &Table,
) -> std::result::Result<(), MigrationError> {
    for (column, definition) in &table.columns {
        if transaction.column_exists(None, table.name.as_str(), column.as_str())? {
            continue;
        }
        let Some(definition) = definition else {
            return Err(MigrationError::MissingColumn { table: table.name.clone(), column: column.clone() });
        };
        transaction.execute_batch(&format!("ALTER TABLE \"{}\" ADD COLUMN {definition}", table.name))?;
    }
    Ok(())
}

struct Schema {
    tables: Vec<Table>,
    indexes: Vec<Index>,
}

struct Table {
    name: String,
    statement: String,
    /// Each column with its `ADD COLUMN` definition, or `None` if it cannot be added to a table with rows.
    columns: Vec<(String, Option<String>)>,
}

struct Index {
    name: String,
    table: String,
    statement: String,
}

impl Index {
    /// Returns whether the database has a less strict index of the same name.
    fn is_less_strict_in(&self, connection: &Connection) -> Result<bool> {
        Ok(self.statement.starts_with("CREATE UNIQUE")
            && !names::has_index(connection, &self.table, &self.name)?)
    }
}

impl Schema {
    fn original() -> Result<Self> {
        let model = Connection::open_in_memory()?;
        model.execute_batch(ORIGINAL_SCHEMA)?;
        let named = |kind: &str| -> Result<Vec<(String, String, String)>> {
            let sql = "SELECT name, tbl_name, sql FROM sqlite_schema WHERE type = ?1 AND sql IS NOT NULL ORDER BY rowid";
            let mut statement = model.prepare(sql)?;
            statement.query_map([kind], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect()
        };
        let mut tables = Vec::new();
        for (name, _, statement) in named("table")? {
            tables.push(Table { columns: columns(&model, &name)?, name, statement });
        }
        let indexes = named("index")?.into_iter();
        let indexes = indexes.map(|(name, table, statement)| Index { name, table, statement }).collect();
        Ok(Self { tables, indexes })
    }
}

fn columns(model: &Connection, table: &str) -> Result<Vec<(String, Option<String>)>> {
    let mut keys =
        model.prepare("SELECT \"from\", \"table\", \"to\", on_delete FROM pragma_foreign_key_list(?1)")?;
    let references: BTreeMap<String, String> = keys
        .query_map([table], |row| {
            let (to, column, on_delete): (String, String, String) = (row.get(1)?, row.get(2)?, row.get(3)?);
            Ok((row.get(0)?, format!(" REFERENCES {to} ({column}) ON DELETE {on_delete}")))
        })?
        .collect::<Result<_>>()?;
    let mut columns = model.prepare("SELECT name, type, \"notnull\", pk FROM pragma_table_info(?1)")?;
    columns
        .query_map([table], |row| {
            let (name, kind): (String, String) = (row.get(0)?, row.get(1)?);
            let (required, key): (bool, bool) = (row.get(2)?, row.get(3)?);
            let default = DEFAULTS.iter().find(|(of, column, _)| *of == table && *column == name);
            let definition = match (required, default) {
                _ if key => None,
                (false, _) => {
                    Some(format!("{name} {kind}{}", references.get(&name).map_or("", String::as_str)))
                }
                (true, Some((_, _, value))) => Some(format!("{name} {kind} DEFAULT {value} NOT NULL")),
                (true, None) => None,
            };
            Ok((name, definition))
        })?
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_default_belongs_to_a_required_column() {
        let schema = Schema::original().unwrap();
        assert_eq!(schema.tables.len(), 39);
        for (of, column, _) in DEFAULTS {
            let table = schema.tables.iter().find(|table| table.name == *of).unwrap();
            let definition = table.columns.iter().find(|(name, _)| name == column).unwrap();
            assert!(definition.1.as_ref().unwrap().ends_with("NOT NULL"), "{of}.{column}");
        }
    }
}
