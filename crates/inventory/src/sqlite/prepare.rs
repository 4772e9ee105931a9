//! Changes to a copy: what must not travel is taken out of a snapshot, and what comes out of an
//! archive is made fit to go live.

use std::path::Path;

use chrono::NaiveDateTime;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension, params};

use crate::Error;
use crate::migration;

use super::connection::{explain, open_copy, open_live_reader};
use super::copy::seal;
use super::digest::quoted;

/// How a copy has to be to go live.
#[derive(Debug, Clone)]
pub struct Preparation<'a> {
    /// The id of this restore, written into the copy as the mark of its success.
    pub restore_id: &'a str,
    /// The name of the archive it came from.
    pub archive: &'a str,
    /// Now, in UTC.
    pub now: NaiveDateTime,
    /// The page size of the live database, if there is one to match.
    pub page_size: Option<u32>,
}

/// What was done to a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// Migrations applied.
    pub migrations: Vec<String>,
    /// Tasks that were waiting or running and are now cancelled.
    pub cancelled_tasks: u64,
}

/// Takes out of a copy what has no place in an archive: triggers, views and virtual tables (code
/// and derived data: MakerMatrix has none, and in an archive from elsewhere they could do harm),
/// and the marks of earlier restores. Returns the names of what people may miss.
pub fn strip(copy: &Path) -> Result<Vec<String>, Error> {
    // Copies from outside may be in WAL mode, in which the page size, for one, cannot change.
    seal(copy)?;
    let connection = open_copy(copy)?;
    strip_programs(&connection).map_err(|error| explain(copy, error))
}

fn strip_programs(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut stripped = Vec::new();
    let transaction = connection.unchecked_transaction()?;
    let programs: Vec<(String, String)> = transaction
        .prepare(
            "SELECT type, name FROM sqlite_schema WHERE type IN ('trigger', 'view') UNION ALL \
             SELECT 'virtual table', name FROM pragma_table_list WHERE schema = 'main' AND type = 'virtual'",
        )?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (kind, name) in programs {
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
        stripped.push(format!("{kind} {name}"));
    }
    if transaction.table_exists(None, "mm_restore")? {
        transaction.execute("DELETE FROM mm_restore", [])?;
    }
    transaction.commit()?;
    Ok(stripped)
}

/// Takes a table out of the schema without asking the module it belongs to.
fn forget_table(connection: &Connection, name: &str) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false)?;
    connection.pragma_update(None, "writable_schema", true)?;
    connection.execute("DELETE FROM sqlite_schema WHERE type = 'table' AND name = ?1", [name])?;
    connection.execute_batch("PRAGMA writable_schema = RESET")?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    Ok(())
}

/// Makes a checked copy fit to go live: brings its schema up to date, cancels tasks that nobody
/// runs any more, marks it with the restore's id, and gives it the page size of the live database.
/// The caller makes the file durable.
pub fn prepare(copy: &Path, how: &Preparation<'_>) -> Result<Prepared, Error> {
    let migrations = migration::migrate(copy)?;
    let connection = open_copy(copy)?;
    let cancelled_tasks = finish(&connection, how).map_err(|error| explain(copy, error))?;
    Ok(Prepared { migrations, cancelled_tasks })
}

fn finish(connection: &Connection, how: &Preparation<'_>) -> rusqlite::Result<u64> {
    let now = how.now.format("%Y-%m-%d %H:%M:%S%.6f").to_string();
    let transaction = connection.unchecked_transaction()?;
    let cancelled = transaction.execute(
        "UPDATE tasks SET status = 'CANCELLED', completed_at = ?1, \
         error_message = 'Cancelled: it was not finished when this backup was made' \
         WHERE status IN ('PENDING', 'RUNNING', 'RETRY')",
        [&now],
    )?;
    transaction.execute(
        "INSERT INTO mm_restore (id, restored_at, archive) VALUES (?1, ?2, ?3)",
        params![how.restore_id, now, how.archive],
    )?;
    transaction.commit()?;
    let page_size: u32 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    if how.page_size.is_some_and(|wanted| wanted != page_size) {
        connection.pragma_update(None, "page_size", how.page_size)?;
        connection.execute_batch("VACUUM")?;
    }
    Ok(cancelled as u64)
}

/// Whether the live database is the one that the restore with this id put in place. False where
/// there is no database, or none that can be read.
///
/// # Errors
/// [`Error::Busy`] and [`Error::Io`]: then nobody knows, and nothing may be decided.
pub fn has_marker(live: &Path, restore_id: &str) -> Result<bool, Error> {
    if !live.exists() {
        return Ok(false);
    }
    let look = || -> Result<bool, Error> {
        let connection = open_live_reader(live)?;
        let sql = "SELECT 1 FROM mm_restore WHERE id = ?1";
        let found = connection.table_exists(None, "mm_restore").and_then(|exists| {
            if exists { connection.query_row(sql, [restore_id], |_| Ok(())).optional() } else { Ok(None) }
        });
        Ok(found.map_err(|error| explain(live, error))?.is_some())
    };
    match look() {
        Err(Error::NotADatabase { .. } | Error::Damaged { .. }) => Ok(false),
        other => other,
    }
}
