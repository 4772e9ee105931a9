//! Taking out of a copy what computes: code, and data derived by it. MakerMatrix has none but one index; what is there,
//! people made themselves, or somebody put in to do harm.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, Result};

use crate::Error;
use crate::connection::{explain, open_copy};
use crate::copy::make_self_contained;
use crate::digest::quoted;
use crate::flatten::flatten;
use crate::harmless::column_definition;
use crate::objects::{ObjectKind, SchemaObject, computing_indexes, generated_columns, named_objects};

/// Takes out of a copy its triggers, views, virtual tables, generated columns, and the indexes that
/// compute, unless `keep` says of the statement of an index that it may stay. Returns what was taken out. What a virtual
/// table stores stays, as the ordinary tables that its module made.
///
/// Afterwards nothing in the copy computes anything when rows are read, checked or written (but for
/// defaults and constraints, see [`open_copy`]). So it must come before any check of a copy from
/// outside: a few bytes of schema can keep a processor busy for years.
pub fn strip(copy: &Path, keep: &dyn Fn(&str) -> bool) -> std::result::Result<Vec<SchemaObject>, Error> {
    // Copies from outside may be in WAL mode, in which the page size, for one, cannot change.
    make_self_contained(copy)?;
    let connection = open_copy(copy)?;
    strip_programs(&connection, keep).map_err(|error| explain(copy, error))
}

fn strip_programs(connection: &Connection, keep: &dyn Fn(&str) -> bool) -> Result<Vec<SchemaObject>> {
    // Tables may be made anew, which must not delete what refers to them. It cannot be changed within a transaction.
    connection.pragma_update(None, "foreign_keys", false)?;
    connection.pragma_update(None, "legacy_alter_table", true)?;
    let mut stripped = Vec::new();
    let transaction = connection.unchecked_transaction()?;
    for object in named_objects(&transaction)? {
        match object.kind {
            // Its module is not asked: to drop the table would drop what it stores.
            ObjectKind::VirtualTable => forget_table(&transaction, &object.name)?,
            kind => {
                let what = if kind == ObjectKind::View { "VIEW" } else { "TRIGGER" };
                transaction.execute_batch(&format!("DROP {what} IF EXISTS {}", quoted(&object.name)))?;
            }
        }
        stripped.push(object);
    }
    for object in computing_indexes(&transaction, keep)? {
        transaction.execute_batch(&format!("DROP INDEX IF EXISTS {}", quoted(&object.name)))?;
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

/// Takes the generated columns out of one table. Where one is part of a key or a constraint, or is stored, the table is
/// made anew without it.
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
        connection.execute_batch(&format!("ALTER TABLE {} DROP COLUMN {}", quoted(table), quoted(&column)))
    });
    if dropped.is_ok() {
        connection.execute_batch("RELEASE generated")?;
        definitions.reverse();
        return Ok(definitions);
    }
    connection.execute_batch("ROLLBACK TO generated; RELEASE generated")?;
    flatten(connection, table)?;
    let (name, sql) = (table.clone(), columns[0].sql.clone());
    Ok(vec![SchemaObject { kind: ObjectKind::Table, name, table: table.clone(), sql }])
}

/// Takes a table out of the schema without asking the module it belongs to.
fn forget_table(connection: &Connection, name: &str) -> Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false)?;
    connection.pragma_update(None, "writable_schema", true)?;
    connection.execute("DELETE FROM sqlite_schema WHERE type = 'table' AND name = ?1", [name])?;
    connection.execute_batch("PRAGMA writable_schema = RESET")?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    Ok(())
}
