//! Taking out of a copy what has no place in an archive: code, and data derived by it. MakerMatrix
//! has none but one index; what is there, people made themselves, or somebody put in to do harm.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, Result};

use durable::printable;

use crate::Error;
use crate::connection::{explain, open_copy};
use crate::copy::seal;
use crate::digest::quoted;

/// Takes out of a copy its triggers, views, virtual tables, generated columns, and the indexes that
/// compute, unless `keep` says of the statement of an index that it may stay. Returns the names of what
/// people may miss.
///
/// Afterwards nothing in the copy computes anything when rows are read, checked or written (but for
/// defaults and constraints, see [`open_copy`]). So it must come before any check of a copy from
/// outside: a few bytes of schema can keep a processor busy for years.
pub fn strip(copy: &Path, keep: &dyn Fn(&str) -> bool) -> std::result::Result<Vec<String>, Error> {
    // Copies from outside may be in WAL mode, in which the page size, for one, cannot change.
    seal(copy)?;
    let connection = open_copy(copy)?;
    strip_programs(&connection, keep).map_err(|error| explain(copy, error))
}

fn strip_programs(connection: &Connection, keep: &dyn Fn(&str) -> bool) -> Result<Vec<String>> {
    let mut stripped = Vec::new();
    let transaction = connection.unchecked_transaction()?;
    for (kind, name) in pairs(
        &transaction,
        "SELECT type, name FROM sqlite_schema WHERE type IN ('trigger', 'view') UNION ALL \
         SELECT 'virtual table', name FROM pragma_table_list WHERE schema = 'main' AND type = 'virtual'",
    )? {
        let what = if kind == "virtual table" { "TABLE" } else { kind.as_str() };
        let dropped = transaction.execute_batch(&format!("DROP {what} IF EXISTS {}", quoted(&name)));
        match dropped {
            // Of a module that this SQLite does not have. Its name goes; what it stored stays behind
            // as the ordinary tables it is.
            Err(error) if error.to_string().contains("no such module") => {
                forget_table(&transaction, &name)?;
            }
            other => other?,
        }
        stripped.push(format!("{kind} {}", printable(&name)));
    }
    for name in computing_indexes(&transaction, keep)? {
        transaction.execute_batch(&format!("DROP INDEX IF EXISTS {}", quoted(&name)))?;
        stripped.push(format!("index {}", printable(&name)));
    }
    // The last first: it may refer to those before it.
    for (table, column) in pairs(
        &transaction,
        "SELECT list.name, info.name FROM pragma_table_list AS list, pragma_table_xinfo(list.name) AS info \
         WHERE list.schema = 'main' AND list.type IN ('table', 'shadow') AND info.hidden IN (2, 3) \
         ORDER BY list.name, info.cid DESC",
    )? {
        let sql = format!("ALTER TABLE {} DROP COLUMN {}", quoted(&table), quoted(&column));
        transaction.execute_batch(&sql)?;
        stripped.push(format!("generated column {}.{}", printable(&table), printable(&column)));
    }
    transaction.commit()?;
    Ok(stripped)
}

/// Indexes of expressions, of generated columns, or of a part of the rows, but for those to keep.
fn computing_indexes(connection: &Connection, keep: &dyn Fn(&str) -> bool) -> Result<Vec<String>> {
    let found = pairs(
        connection,
        "SELECT list.name, made.sql \
         FROM pragma_table_list AS tables, pragma_index_list(tables.name) AS list, sqlite_schema AS made \
         WHERE tables.schema = 'main' AND tables.type IN ('table', 'shadow') \
           AND made.type = 'index' AND made.name = list.name AND made.sql IS NOT NULL \
           AND (list.partial \
                OR EXISTS (SELECT 1 FROM pragma_index_xinfo(list.name) WHERE cid = -2) \
                OR EXISTS (SELECT 1 FROM pragma_index_xinfo(list.name) AS part, \
                                         pragma_table_xinfo(tables.name) AS info \
                           WHERE part.cid = info.cid AND info.hidden IN (2, 3)))",
    )?;
    Ok(found.into_iter().filter(|(_, sql)| !keep(sql)).map(|(name, _)| name).collect())
}

fn pairs(connection: &Connection, sql: &str) -> Result<Vec<(String, String)>> {
    connection.prepare(sql)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
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
