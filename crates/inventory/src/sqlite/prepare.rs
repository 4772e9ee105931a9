//! Prepares a database from an archive to replace the live database.

use std::path::Path;

use chrono::NaiveDateTime;
use snapshot::sql::{self, Connection, OptionalExtension, params};
use snapshot::{
    RecreatedObjects, SchemaObject, open_copy, open_live_reader, recreate_objects, sqlite_error,
    stored_objects,
};

use crate::Error;
use crate::migration::{self, MigrationReport};

use super::redact::{RedactedPasswords, keep_live_password, redact_archived};

/// The table with the marker of each restore. The markers do not travel in archives.
pub const MARKER_TABLE: &str = "mm_restore";

/// The tables whose rows are not part of the data: no archive holds them.
pub const TRANSIENT_TABLES: [&str; 2] = [MARKER_TABLE, "mm_idempotency"];

/// The table of background tasks. A restore cancels those that were not finished.
pub const TASK_TABLE: &str = "tasks";

/// The parameters for preparing a copy.
#[derive(Debug, Clone)]
pub struct Preparation<'a> {
    /// The id of this restore, written into the copy as the restore marker.
    pub restore_id: &'a str,
    /// The name of the archive.
    pub archive: &'a str,
    /// The current time in UTC.
    pub now: NaiveDateTime,
    /// The page size of the live database, if there is one.
    pub page_size: Option<u32>,
    /// Objects that were stripped from the copy and may be recreated, in addition to those stored in the copy.
    pub objects: &'a [SchemaObject],
    /// The live database that will be replaced, if there is one.
    pub live: Option<&'a Path>,
}

/// The changes made to a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreparationReport {
    /// The result of the migration, with the totals even if nothing was pending.
    pub migrated: MigrationReport,
    /// The number of waiting or running tasks that were cancelled.
    pub cancelled_tasks: u64,
    /// The redacted passwords, as returned by [`super::redact`].
    pub redacted: Vec<RedactedPasswords>,
    /// The objects that users added to the schema, recreated or skipped.
    pub recreated: RecreatedObjects,
    /// Whether the password in the backup settings of the live database was kept.
    pub kept_password: bool,
}

/// Prepares a checked copy to replace the live database: redacts passwords, migrates the schema, cancels unfinished tasks,
/// writes the restore marker, and sets the page size of the live database. The caller makes the file durable.
pub fn prepare(copy: &Path, how: &Preparation<'_>) -> Result<PreparationReport, Error> {
    let connection = open_copy(copy)?;
    remove_incomplete_records(&connection).map_err(|error| sqlite_error(copy, error))?;
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

/// Removes the records of migrations whose tables are missing, so that they are applied again: an untrusted database may
/// lack some tables.
fn remove_incomplete_records(connection: &Connection) -> sql::Result<()> {
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
    // The live database receives the header of the copy, which includes a requested cache size.
    connection.execute_batch("PRAGMA default_cache_size = 0")?;
    let page_size: u32 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    if how.page_size.is_some_and(|wanted| wanted != page_size) {
        connection.pragma_update(None, "page_size", how.page_size)?;
        connection.execute_batch("VACUUM")?;
    }
    Ok(cancelled as u64)
}

/// Returns whether the live database holds the marker of the restore with this id. Returns false if there is no
/// database, or none that can be read.
///
/// # Errors
/// [`Error::Busy`] and [`Error::Io`] when the answer is unknown.
pub(crate) fn has_marker(live: &Path, restore_id: &str) -> Result<bool, Error> {
    if !live.exists() {
        return Ok(false);
    }
    let probe = || -> Result<bool, Error> {
        let connection = open_live_reader(live)?;
        let sql = "SELECT 1 FROM mm_restore WHERE id = ?1";
        let found = connection.table_exists(None, "mm_restore").and_then(|exists| {
            if exists { connection.query_row(sql, [restore_id], |_| Ok(())).optional() } else { Ok(None) }
        });
        Ok(found.map_err(|error| sqlite_error(live, error))?.is_some())
    };
    match probe() {
        Err(Error::NotADatabase { .. } | Error::Damaged { .. }) => Ok(false),
        other => other,
    }
}
