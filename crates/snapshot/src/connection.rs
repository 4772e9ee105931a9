//! Opens databases: the live database, and untrusted copies.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use durable::{folder_of, printable, regular_file};

use crate::{Error, digest};

/// The time to wait for a transaction of another program.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// Older versions can corrupt a database in WAL mode (the "WAL-reset" defect, fixed in 3.51.3).
const MIN_SQLITE_VERSION: i32 = 3_051_003;

/// Returns the version of the bundled SQLite.
pub fn version() -> &'static str {
    rusqlite::version()
}

/// Opens a database in use for reading. Opens the file for writing, so that SQLite can roll back a
/// transaction that a crash interrupted. If that is not permitted, opens the file for reading only.
pub fn open_live_reader(path: &Path) -> Result<Connection, Error> {
    refuse_special(path)?;
    let connection = match open(path, OpenFlags::SQLITE_OPEN_READ_WRITE) {
        Ok(connection) => connection,
        Err(_) => open(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(|error| sqlite_error(path, error))?,
    };
    connection.pragma_update(None, "query_only", true).map_err(|error| sqlite_error(path, error))?;
    Ok(connection)
}

/// Refuses named pipes, sockets and devices: opening one can block forever.
fn refuse_special(path: &Path) -> Result<(), Error> {
    match path.metadata() {
        Ok(found) => regular_file::check(found.file_type()).map_err(|source| Error::io(path, source)),
        // SQLite reports the error.
        Err(_) => Ok(()),
    }
}

/// Opens a database in use to replace its content.
pub(crate) fn open_live_writer(path: &Path) -> Result<Connection, Error> {
    refuse_special(path)?;
    open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
        .and_then(|connection| {
            // EXTRA also syncs the folder after a rollback journal has been deleted from it.
            connection.pragma_update(None, "synchronous", "EXTRA")?;
            Ok(connection)
        })
        .map_err(|error| sqlite_error(path, error))
}

/// The largest size of a value in a copy, in bytes. A value is held in memory as a whole, possibly more than once.
pub(crate) const MAX_VALUE: i32 = 128 << 20;

/// The page cache for a copy. SQLite reads a negative number as KiB.
const CACHE_SIZE: i32 = -(4 << 10);

/// Opens a private copy whose content may be hostile. SQLite does not trust its schema, does not allow
/// writes to the schema tables, and does not evaluate CHECK constraints.
pub fn open_copy(path: &Path) -> Result<Connection, Error> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
        .and_then(|connection| {
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
            connection.pragma_update(None, "cell_size_check", true)?;
            // Only one connection uses the copy, so it needs neither locks nor shared memory.
            connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
            connection.pragma_update(None, "temp_store", "FILE")?;
            // Whoever needs the copy after a crash syncs it as a whole.
            connection.pragma_update(None, "synchronous", "OFF")?;
            connection.pragma_update(None, "ignore_check_constraints", true)?;
            connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, MAX_VALUE)?;
            // The header of the file may request a cache of any size.
            connection.pragma_update(None, "cache_size", CACHE_SIZE)?;
            Ok(connection)
        })
        .map_err(|error| sqlite_error(path, error))?;
    let damaged =
        |finding: &str| Error::Damaged { path: path.to_owned(), findings: vec![finding.to_owned()] };
    let page_size: u64 = connection
        .pragma_query_value(None, "page_size", |row| row.get::<_, u32>(0))
        .map_err(|error| sqlite_error(path, error))?
        .into();
    // SQLite would read the missing part of the last page as zeros.
    let length = std::fs::metadata(path).map_err(|source| Error::io(path, source))?.len();
    if !length.is_multiple_of(page_size) {
        return Err(damaged("its last page is incomplete"));
    }
    // This process owns the file, so only the header can make it read-only.
    if connection.is_readonly(rusqlite::MAIN_DB).map_err(|error| sqlite_error(path, error))? {
        drop(connection);
        if requires_newer_sqlite(path)? {
            return Err(damaged("its header requires a newer SQLite for writing"));
        }
        return Err(Error::io(path, std::io::Error::other("it could not be opened for writing")));
    }
    Ok(connection)
}

/// Returns whether the header of a closed copy requires a newer SQLite for writing, see
/// <https://sqlite.org/fileformat2.html#file_format_version_numbers>.
fn requires_newer_sqlite(path: &Path) -> Result<bool, Error> {
    const WRITE_VERSION: usize = 18;
    const WAL: u8 = 2;
    let mut header = [0; WRITE_VERSION + 1];
    let read = regular_file::open(path).and_then(|mut file| file.read_exact(&mut header));
    read.map_err(|source| Error::io(path, source))?;
    Ok(header[WRITE_VERSION] > WAL)
}

/// Creates the empty database that a copy is written into.
pub(crate) fn create_copy(path: &Path) -> Result<Connection, Error> {
    open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)
        .and_then(|connection| {
            // An incomplete copy is discarded, and a complete one is synced as a whole.
            connection.pragma_update(None, "journal_mode", "OFF")?;
            connection.pragma_update(None, "synchronous", "OFF")?;
            Ok(connection)
        })
        .map_err(|error| sqlite_error(path, error))
}

fn open(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    assert!(
        rusqlite::version_number() >= MIN_SQLITE_VERSION,
        "SQLite {} has the WAL-reset defect; build with 3.51.3 or later",
        version()
    );
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(connection)
}

/// Maps an error of SQLite for the file at `path` to an [`Error`].
pub fn sqlite_error(path: &Path, error: rusqlite::Error) -> Error {
    let path = path.to_owned();
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => Error::NotADatabase { path },
        // SQLite also calls a database malformed when a read of it has failed.
        Some(ErrorCode::DatabaseCorrupt) if error.to_string() == MALFORMED && is_intact(&path) => {
            let text = format!("a read failed, but the database is intact ({error})");
            Error::Io { path, source: std::io::Error::other(text) }
        }
        Some(ErrorCode::DatabaseCorrupt) => {
            Error::Damaged { path, findings: vec![printable(&error.to_string())] }
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::Busy { path },
        Some(ErrorCode::TooBig) => Error::ValueTooLarge { path, limit: MAX_VALUE },
        Some(ErrorCode::OutOfMemory) => {
            Error::Io { path, source: std::io::Error::new(ErrorKind::OutOfMemory, error.to_string()) }
        }
        Some(ErrorCode::DiskFull) => {
            Error::Io { path, source: std::io::Error::new(ErrorKind::StorageFull, error.to_string()) }
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            Error::Io { path, source: std::io::Error::new(ErrorKind::PermissionDenied, error.to_string()) }
        }
        Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen) => {
            // SQLite reports the same codes when there is no space for the shared memory file.
            let kind = if is_full(&path) { ErrorKind::StorageFull } else { ErrorKind::Other };
            Error::Io { path, source: std::io::Error::new(kind, error.to_string()) }
        }
        _ => Error::Sqlite(escape_text(error)),
    }
}

/// The text of SQLite for damage that it does not describe.
const MALFORMED: &str = "database disk image is malformed";

/// Returns whether a second look, with a new connection that does not trust the database, finds nothing wrong with it.
fn is_intact(path: &Path) -> bool {
    let check = |connection: Connection| {
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        connection.pragma_update(None, "cell_size_check", true)?;
        connection.pragma_update(None, "ignore_check_constraints", true)?;
        connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, MAX_VALUE)?;
        connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get::<_, String>(0))
    };
    open(path, OpenFlags::SQLITE_OPEN_READ_ONLY).and_then(check).is_ok_and(|found| found == "ok")
}

/// Returns whether the free space beside a file is too small for the shared memory of SQLite.
fn is_full(path: &Path) -> bool {
    const SHARED_MEMORY: u64 = 64 << 10;
    let free =
        rustix::fs::statvfs(folder_of(path)).map(|found| found.f_bavail.saturating_mul(found.f_frsize));
    free.is_ok_and(|free| free < SHARED_MEMORY)
}

/// Escapes the text of an error: SQLite quotes the schema, which may be hostile.
fn escape_text(error: rusqlite::Error) -> rusqlite::Error {
    match error {
        rusqlite::Error::SqliteFailure(code, Some(text)) => {
            rusqlite::Error::SqliteFailure(code, Some(printable(&text)))
        }
        rusqlite::Error::SqlInputError { error, msg, sql, offset } => {
            rusqlite::Error::SqlInputError { error, msg: printable(&msg), sql: printable(&sql), offset }
        }
        other => other,
    }
}

/// The state of the file at the path of the live database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseState {
    /// There is no file.
    Missing,
    /// A database without tables, such as an empty file.
    Empty {
        /// Bytes per page.
        page_size: u32,
    },
    /// A database that SQLite can open. Its content has not been checked.
    Usable {
        /// Bytes per page.
        page_size: u32,
    },
    /// A file that SQLite cannot open, and the reason.
    Unusable(String),
}

/// Returns the state of the live database.
///
/// # Errors
/// [`Error::Busy`] when another program has locked the database, and [`Error::Io`] when it cannot be read.
pub fn probe_database(path: &Path) -> Result<DatabaseState, Error> {
    match path.symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(DatabaseState::Missing),
        Err(source) => return Err(Error::io(path, source)),
        Ok(found) if found.is_dir() => {
            let why = std::io::Error::other("there is a folder in place of the database; move it away");
            return Err(Error::io(path, why));
        }
        Ok(_) => {}
    }
    let connection = match open_live_reader(path) {
        Ok(connection) => connection,
        Err(Error::NotADatabase { .. }) => {
            return Ok(DatabaseState::Unusable("it is not a SQLite database".to_owned()));
        }
        Err(Error::Damaged { findings, .. }) => return Ok(DatabaseState::Unusable(findings.join("; "))),
        Err(error) => return Err(error),
    };
    let probe = || {
        let tables: u32 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        let page_size = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
        Ok(if tables == 0 { DatabaseState::Empty { page_size } } else { DatabaseState::Usable { page_size } })
    };
    match probe().map_err(|error| sqlite_error(path, error)) {
        Err(Error::NotADatabase { .. }) => {
            Ok(DatabaseState::Unusable("it is not a SQLite database".to_owned()))
        }
        Err(Error::Damaged { findings, .. }) => Ok(DatabaseState::Unusable(findings.join("; "))),
        other => other,
    }
}

/// Returns the current number of rows in each table of the live database.
pub fn row_counts(path: &Path) -> Result<BTreeMap<String, u64>, Error> {
    let connection = open_live_reader(path)?;
    let count = || {
        let transaction = connection.unchecked_transaction()?;
        let mut counts = BTreeMap::new();
        for table in digest::tables(&transaction)? {
            let sql = format!("SELECT count(*) FROM {}", digest::quote_identifier(&table));
            let rows: i64 = transaction.query_row(&sql, [], |row| row.get(0))?;
            counts.insert(table, rows.unsigned_abs());
        }
        Ok(counts)
    };
    count().map_err(|error| sqlite_error(path, error))
}

/// Returns the names of the tables that hold data. Omits the internal tables of SQLite and virtual tables.
pub fn tables(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    digest::tables(connection)
}
