//! Opening databases: ours in use, and copies that came from outside and are not to be trusted.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use durable::{folder_of, printable, regular_file};

use crate::{Error, digest};

/// How long to wait for another program's transaction to end.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// Older versions can corrupt a database in WAL mode (the "WAL-reset" defect, fixed in 3.51.3).
const OLDEST_SQLITE: i32 = 3_051_003;

/// The version of SQLite inside this program.
pub fn version() -> &'static str {
    rusqlite::version()
}

/// Opens a database in use for reading. Opened for writing at the file level, so that SQLite can
/// roll back what a crash left; where the folder forbids that, for reading only.
pub fn open_live_reader(path: &Path) -> Result<Connection, Error> {
    refuse_special(path)?;
    let connection = match open(path, OpenFlags::SQLITE_OPEN_READ_WRITE) {
        Ok(connection) => connection,
        Err(_) => open(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(|error| explain(path, error))?,
    };
    connection.pragma_update(None, "query_only", true).map_err(|error| explain(path, error))?;
    Ok(connection)
}

/// Refuses a named pipe, a socket or a device: opening one can wait for ever.
fn refuse_special(path: &Path) -> Result<(), Error> {
    match path.metadata() {
        Ok(found) => regular_file::check(found.file_type()).map_err(|source| Error::io(path, source)),
        // SQLite says what is wrong.
        Err(_) => Ok(()),
    }
}

/// Opens a database in use for replacing its content.
pub(crate) fn open_live_writer(path: &Path) -> Result<Connection, Error> {
    refuse_special(path)?;
    open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
        .and_then(|connection| {
            // EXTRA: also the folder, after a rollback journal has been unlinked in it.
            connection.pragma_update(None, "synchronous", "EXTRA")?;
            Ok(connection)
        })
        .map_err(|error| explain(path, error))
}

/// Bytes of one value in a copy, at most: it is held in memory as a whole, perhaps more than once.
pub(crate) const MAX_VALUE: i32 = 128 << 20;

/// Memory for pages of a copy; SQLite counts KiB below zero.
const CACHE_KIB: i32 = -(8 << 10);

/// Opens a copy that only this process knows, and whose content may be hostile: nothing stored in
/// its schema is trusted, and the schema cannot be tampered with. Constraints are not computed.
pub fn open_copy(path: &Path) -> Result<Connection, Error> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
        .and_then(|connection| {
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
            connection.pragma_update(None, "cell_size_check", true)?;
            // One process, one connection: no locks to negotiate, no shared memory.
            connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
            connection.pragma_update(None, "temp_store", "FILE")?;
            connection.pragma_update(None, "ignore_check_constraints", true)?;
            connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, MAX_VALUE)?;
            // The header may ask for a cache of any size.
            connection.pragma_update(None, "cache_size", CACHE_KIB)?;
            Ok(connection)
        })
        .map_err(|error| explain(path, error))?;
    let damaged =
        |finding: &str| Error::Damaged { path: path.to_owned(), findings: vec![finding.to_owned()] };
    let page_size: u64 = connection
        .pragma_query_value(None, "page_size", |row| row.get::<_, u32>(0))
        .map_err(|error| explain(path, error))?
        .into();
    // SQLite would take what is missing of the last page for zeros.
    let length = std::fs::metadata(path).map_err(|source| Error::io(path, source))?.len();
    if !length.is_multiple_of(page_size) {
        return Err(damaged("its last page is not whole"));
    }
    // The file is ours, so it is its own header that says so.
    if connection.is_readonly(rusqlite::MAIN_DB).map_err(|error| explain(path, error))? {
        drop(connection);
        if is_of_newer_sqlite(path)? {
            return Err(damaged("it is said to be of a version of SQLite that can only be read"));
        }
        return Err(Error::io(path, std::io::Error::other("it could not be opened for writing")));
    }
    Ok(connection)
}

/// Whether the header of a copy that nobody has open asks for a version that this one cannot write,
/// <https://sqlite.org/fileformat2.html#file_format_version_numbers>.
fn is_of_newer_sqlite(path: &Path) -> Result<bool, Error> {
    const WRITE_VERSION: usize = 18;
    const WAL: u8 = 2;
    let mut header = [0; WRITE_VERSION + 1];
    let read = regular_file::open(path).and_then(|mut file| file.read_exact(&mut header));
    read.map_err(|source| Error::io(path, source))?;
    Ok(header[WRITE_VERSION] > WAL)
}

/// Creates the empty file that a copy is written into.
pub(crate) fn create_copy(path: &Path) -> Result<Connection, Error> {
    open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)
        .and_then(|connection| {
            // Worthless until complete, and synced as a whole when it is.
            connection.pragma_update(None, "journal_mode", "OFF")?;
            connection.pragma_update(None, "synchronous", "OFF")?;
            Ok(connection)
        })
        .map_err(|error| explain(path, error))
}

fn open(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    assert!(
        rusqlite::version_number() >= OLDEST_SQLITE,
        "SQLite {} has the WAL-reset defect; build with 3.51.3 or later",
        version()
    );
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(connection)
}

/// Turns SQLite's codes into what they mean for the file.
pub fn explain(path: &Path, error: rusqlite::Error) -> Error {
    let path = path.to_owned();
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => Error::NotADatabase { path },
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
            // Without room for the shared memory beside a database, SQLite says no more than this.
            let kind = if is_full(&path) { ErrorKind::StorageFull } else { ErrorKind::Other };
            Error::Io { path, source: std::io::Error::new(kind, error.to_string()) }
        }
        _ => Error::Sqlite(clean(error)),
    }
}

/// Whether there is less room beside a file than SQLite needs to open it.
fn is_full(path: &Path) -> bool {
    const SHARED_MEMORY: u64 = 64 << 10;
    let free =
        rustix::fs::statvfs(folder_of(path)).map(|found| found.f_bavail.saturating_mul(found.f_frsize));
    free.is_ok_and(|free| free < SHARED_MEMORY)
}

/// The error with a text that may be shown: SQLite quotes what the schema says.
fn clean(error: rusqlite::Error) -> rusqlite::Error {
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

/// What lies where the live database should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseState {
    /// Nothing.
    Missing,
    /// A database without a single table, as an empty file is.
    Empty {
        /// Bytes per page.
        page_size: u32,
    },
    /// A database that SQLite can work with. Whether its content is sound is another question.
    Usable {
        /// Bytes per page.
        page_size: u32,
    },
    /// Something that SQLite cannot work with, and why.
    Unusable(String),
}

/// Looks at the live database.
///
/// # Errors
/// [`Error::Busy`] when another program holds it, and [`Error::Io`] when it cannot be looked at.
pub fn probe_database(path: &Path) -> Result<DatabaseState, Error> {
    match path.symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(DatabaseState::Missing),
        Err(source) => return Err(Error::io(path, source)),
        Ok(found) if found.is_dir() => {
            let why = std::io::Error::other("a folder lies where the database should be; move it away");
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
    let look = || {
        let tables: u32 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        let page_size = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
        Ok(if tables == 0 { DatabaseState::Empty { page_size } } else { DatabaseState::Usable { page_size } })
    };
    match look().map_err(|error| explain(path, error)) {
        Err(Error::NotADatabase { .. }) => {
            Ok(DatabaseState::Unusable("it is not a SQLite database".to_owned()))
        }
        Err(Error::Damaged { findings, .. }) => Ok(DatabaseState::Unusable(findings.join("; "))),
        other => other,
    }
}

/// The number of rows of each table of the live database, as it is now.
pub fn row_counts(path: &Path) -> Result<BTreeMap<String, u64>, Error> {
    let connection = open_live_reader(path)?;
    let count = || {
        let transaction = connection.unchecked_transaction()?;
        let mut counts = BTreeMap::new();
        for table in digest::tables(&transaction)? {
            let sql = format!("SELECT count(*) FROM {}", digest::quoted(&table));
            let rows: i64 = transaction.query_row(&sql, [], |row| row.get(0))?;
            counts.insert(table, rows.unsigned_abs());
        }
        Ok(counts)
    };
    count().map_err(|error| explain(path, error))
}

/// Returns the names of the tables that hold data: not those of SQLite itself, not virtual ones.
pub fn tables(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    digest::tables(connection)
}
