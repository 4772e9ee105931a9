//! Removes executable definitions from a copy, and data that they derive. The schema of MakerMatrix has only one, an index.
//! All others were added by users, or by an attacker.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, Result};

use crate::Error;
use crate::allowlist::column_definition;
use crate::connection::{open_copy, sqlite_error};
use crate::copy::make_self_contained;
use crate::digest::quote_identifier;
use crate::objects::{ObjectKind, SchemaObject, computed_indexes, generated_columns, named_objects};
use crate::rebuild::drop_generated_columns;

/// Removes the triggers, views, virtual tables, generated columns, expression indexes and partial indexes of a copy. Keeps
/// an index if `keep` accepts its statement. Returns the removed objects. The data of a virtual table stays in the ordinary
/// tables of its module.
///
/// Afterwards no expression in the copy runs when rows are read, checked or written (except defaults and constraints, see
/// [`open_copy`]). So an untrusted copy must be stripped before any check: a few bytes of schema can keep a processor busy
/// for years.
pub fn strip(copy: &Path, keep: &dyn Fn(&str) -> bool) -> std::result::Result<Vec<SchemaObject>, Error> {
    // An untrusted copy may be in WAL mode, in which the page size cannot change.
    make_self_contained(copy)?;
    let connection = open_copy(copy)?;
    strip_programs(&connection, keep).map_err(|error| sqlite_error(copy, error))
}

fn strip_programs(connection: &Connection, keep: &dyn Fn(&str) -> bool) -> Result<Vec<SchemaObject>> {
    // Rebuilding a table must not delete rows that refer to it. The setting cannot change within a transaction.
    connection.pragma_update(None, "foreign_keys", false)?;
    connection.pragma_update(None, "legacy_alter_table", true)?;
    let mut stripped = Vec::new();
    let transaction = connection.unchecked_transaction()?;
    for object in named_objects(&transaction)? {
        match object.kind {
            // DROP TABLE would make the module drop its data as well.
            ObjectKind::VirtualTable => remove_from_schema(&transaction, &object.name)?,
            kind => {
                let what = if kind == ObjectKind::View { "VIEW" } else { "TRIGGER" };
                transaction
                    .execute_batch(&format!("DROP {what} IF EXISTS {}", quote_identifier(&object.name)))?;
            }
        }
        stripped.push(object);
    }
    for object in computed_indexes(&transaction, keep)? {
        transaction.execute_batch(&format!("DROP INDEX IF EXISTS {}", quote_identifier(&object.name)))?;
        stripped.push(object);
    }
    let columns = generated_columns(&transaction)?;
    for of_table in columns.chunk_by(|one, other| one.table == other.table) {
        stripped.extend(strip_generated(&transaction, of_table)?);
    }
    transaction.commit()?;
    connection.pragma_update(None, "legacy_alter_table", false)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(stripped)
}

/// Removes the generated columns of one table. Rebuilds the table if one of them is stored, or part of a key or a
/// constraint.
fn strip_generated(connection: &Connection, columns: &[SchemaObject]) -> Result<Vec<SchemaObject>> {
    let table = &columns[0].table;
    let name_of = |object: &SchemaObject| object.name[table.len() + 1..].to_owned();
    connection.execute_batch("SAVEPOINT generated")?;
    let mut definitions = Vec::new();
    let dropped = columns.iter().try_for_each(|object| {
        let column = name_of(object);
        let stored = "SELECT hidden = 3 FROM pragma_table_xinfo(?1) WHERE name = ?2";
        let stored: bool = connection.query_row(stored, [table, &column], |row| row.get(0))?;
        let sql = column_definition(&object.sql, &column).unwrap_or_default();
        definitions.push(SchemaObject { sql, ..object.clone() });
        if stored {
            return Err(rusqlite::Error::QueryReturnedNoRows);
        }
        connection.execute_batch(&format!(
            "ALTER TABLE {} DROP COLUMN {}",
            quote_identifier(table),
            quote_identifier(&column)
        ))
    });
    if dropped.is_ok() {
        connection.execute_batch("RELEASE generated")?;
        definitions.reverse();
        return Ok(definitions);
    }
    connection.execute_batch("ROLLBACK TO generated; RELEASE generated")?;
    drop_generated_columns(connection, table)?;
    let (name, sql) = (table.clone(), columns[0].sql.clone());
    Ok(vec![SchemaObject { kind: ObjectKind::Table, name, table: table.clone(), sql }])
}

/// Removes a virtual table from the schema without calling its module.
fn remove_from_schema(connection: &Connection, name: &str) -> Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false)?;
    connection.pragma_update(None, "writable_schema", true)?;
    connection.execute("DELETE FROM sqlite_schema WHERE type = 'table' AND name = ?1", [name])?;
    connection.execute_batch("PRAGMA writable_schema = RESET")?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    Ok(())
}
