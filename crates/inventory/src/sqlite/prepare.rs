//! Making what comes out of an archive fit to go live.

use std::path::Path;

use chrono::NaiveDateTime;
use snapshot::sql::{self, Connection, OptionalExtension, params};
use snapshot::{
    RecreatedObjects, SchemaObject, open_copy, open_live_reader, recreate_objects, sqlite_error,
    stored_objects,
};

use crate::Error;
use crate::migration::{self, MigrationReport};

use super::redact::{keep_live_password, redact_archived};

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
    /// What was taken out of the copy and may be put back, besides what the copy itself carries.
    pub objects: &'a [SchemaObject],
    /// The live database that will be replaced, if there is one.
    pub live: Option<&'a Path>,
}

/// What was done to a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreparationReport {
    /// What migrating did; the totals in any case.
    pub migrated: MigrationReport,
    /// Tasks that were waiting or running and are now cancelled.
    pub cancelled_tasks: u64,
    /// Passwords taken out, as [`super::redact`] says it.
    pub redacted: Vec<String>,
    /// What people added to the schema: which of it is there again, and which is not.
    pub recreated: RecreatedObjects,
    /// Whether the backup settings keep the password that the live database has.
    pub kept_password: bool,
}

/// Makes a checked copy fit to go live: takes passwords out, brings its schema up to date, cancels tasks that nobody
/// runs any more, marks it with the restore's id, and gives it the page size of the live database.
/// The caller makes the file durable.
pub fn prepare(copy: &Path, how: &Preparation<'_>) -> Result<PreparationReport, Error> {
    let connection = open_copy(copy)?;
    forget_incomplete(&connection).map_err(|error| sqlite_error(copy, error))?;
    drop(connection);
    let redacted = redact_archived(copy)?;
    let mut connection = open_copy(copy)?;
    let migrated = migration::apply(&mut connection, copy)?;
    let recreated = stored_objects(&connection)
        .and_then(|stored| recreate_objects(&connection, [how.objects, &stored].concat()))
        .map_err(|error| sqlite_error(copy, error))?;
    let cancelled_tasks = finish(&connection, how).map_err(|error| sqlite_error(copy, error))?;
    let kept_password = match how.live {
        Some(live) => keep_live_password(&connection, live)?,
        None => false,
    };
    Ok(PreparationReport { migrated, cancelled_tasks, redacted, recreated, kept_password })
}

/// Takes those migrations off the record whose tables are not there, so that they are applied again:
/// a database that came from elsewhere may have lost some. What cannot be added to stays as it is.
fn forget_incomplete(connection: &Connection) -> sql::Result<()> {
    if connection.table_exists(None, "mm_migrations")? {
        for name in migration::incomplete(connection)? {
            connection.execute("DELETE FROM mm_migrations WHERE version = ?1", [name])?;
        }
    }
    Ok(())
}

fn finish(connection: &Connection, how: &Preparation<'_>) -> sql::Result<u64> {
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
    // The live database takes over the header, and with it how much memory it asks for.
    connection.execute_batch("PRAGMA default_cache_size = 0")?;
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
        Ok(found.map_err(|error| sqlite_error(live, error))?.is_some())
    };
    match look() {
        Err(Error::NotADatabase { .. } | Error::Damaged { .. }) => Ok(false),
        other => other,
    }
}
