//! The tables, columns and indexes of the original, wherever they are missing. Those that are there stay as they are.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};
use snapshot::sql::{self, Connection};

use super::ORIGINAL_SCHEMA;
use super::defaults::DEFAULTS;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0001_original_schema"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let schema = Schema::of_the_original().map_err(|error| DbErr::Migration(error.to_string()))?;
        let database = manager.get_connection();
        let mut existing = BTreeSet::new();
        for row in database.query_all_raw(sql("SELECT name FROM sqlite_schema")).await? {
            existing.insert(row.try_get_by_index::<String>(0)?);
        }
        for table in &schema.tables {
            if existing.contains(&table.name) {
                add_missing_columns(database, table).await?;
            } else {
                database.execute_unprepared(&table.statement).await?;
            }
        }
        for (name, statement) in &schema.indexes {
            if !existing.contains(name) {
                database.execute_unprepared(statement).await?;
            }
        }
        Ok(())
    }
}

/// Whether a table, column or index of the original is missing.
pub(super) fn is_incomplete(connection: &Connection) -> sql::Result<bool> {
    let schema = Schema::of_the_original()?;
    for table in &schema.tables {
        for (column, _) in &table.columns {
            if !connection.column_exists(None, table.name.as_str(), column.as_str())? {
                return Ok(true);
            }
        }
    }
    let mut index = connection.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = ?1")?;
    for (name, _) in &schema.indexes {
        if !index.exists([name])? {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn add_missing_columns(database: &impl ConnectionTrait, table: &Table) -> Result<(), DbErr> {
    let mut existing = BTreeSet::new();
    for row in database.query_all_raw(sql(&format!("PRAGMA table_info(\"{}\")", table.name))).await? {
        existing.insert(row.try_get::<String>("", "name")?);
    }
    for (column, definition) in &table.columns {
        if existing.contains(column) {
            continue;
        }
        let Some(definition) = definition else {
            let (table, count) = (&table.name, existing.len());
            return Err(DbErr::Migration(format!(
                "table {table} has {count} columns but no column {column}, and nothing can stand in for its values; \
                 this is not a database of MakerMatrix"
            )));
        };
        database
            .execute_unprepared(&format!("ALTER TABLE \"{}\" ADD COLUMN {definition}", table.name))
            .await?;
    }
    Ok(())
}

fn sql(text: &str) -> sea_orm::Statement {
    sea_orm::Statement::from_string(sea_orm::DbBackend::Sqlite, text)
}

struct Schema {
    tables: Vec<Table>,
    /// Name and statement.
    indexes: Vec<(String, String)>,
}

struct Table {
    name: String,
    statement: String,
    /// Name, and what to add it with; nothing where it cannot be added to a table that has rows.
    columns: Vec<(String, Option<String>)>,
}

impl Schema {
    fn of_the_original() -> sql::Result<Self> {
        let model = Connection::open_in_memory()?;
        model.execute_batch(ORIGINAL_SCHEMA)?;
        let named = |kind: &str| -> sql::Result<Vec<(String, String)>> {
            let mut statement = model.prepare(
                "SELECT name, sql FROM sqlite_schema WHERE type = ?1 AND sql IS NOT NULL ORDER BY rowid",
            )?;
            statement.query_map([kind], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        };
        let mut tables = Vec::new();
        for (name, statement) in named("table")? {
            tables.push(Table { columns: columns(&model, &name)?, name, statement });
        }
        Ok(Self { tables, indexes: named("index")? })
    }
}

fn columns(model: &Connection, table: &str) -> sql::Result<Vec<(String, Option<String>)>> {
    let mut keys =
        model.prepare("SELECT \"from\", \"table\", \"to\", on_delete FROM pragma_foreign_key_list(?1)")?;
    let references: BTreeMap<String, String> = keys
        .query_map([table], |row| {
            let (to, column, on_delete): (String, String, String) = (row.get(1)?, row.get(2)?, row.get(3)?);
            Ok((row.get(0)?, format!(" REFERENCES {to} ({column}) ON DELETE {on_delete}")))
        })?
        .collect::<sql::Result<_>>()?;
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
        let schema = Schema::of_the_original().unwrap();
        assert_eq!(schema.tables.len(), 39);
        for (of, column, _) in DEFAULTS {
            let table = schema.tables.iter().find(|table| table.name == *of).unwrap();
            let definition = table.columns.iter().find(|(name, _)| name == column).unwrap();
            assert!(definition.1.as_ref().unwrap().ends_with("NOT NULL"), "{of}.{column}");
        }
    }
}
