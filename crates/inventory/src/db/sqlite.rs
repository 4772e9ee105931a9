//! Connections to a SQLite file.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io};

use durable::{Disk, FileMode};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    RuntimeErr, SqliteTransactionMode, Statement, TransactionOptions, sqlx,
};

use crate::migration::{self, SchemaState};
use crate::{Error, restore_names};

const READERS: u32 = 4;
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// The time that a use case waits for the write connection.
const WRITER_TIMEOUT: Duration = Duration::from_secs(60);

/// Takes the write lock at the beginning, so that whatever a use case checks still holds when it writes.
pub(super) const WRITE: TransactionOptions = TransactionOptions {
    isolation_level: None,
    access_mode: None,
    sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
};
pub(super) const READ: TransactionOptions =
    TransactionOptions { isolation_level: None, access_mode: None, sqlite_transaction_mode: None };

/// Creates the file, which only its owner may read, and its tables.
pub(super) fn create(path: &Path) -> Result<(), Error> {
    refuse_pending_restore(path)?;
    match fs::metadata(path) {
        Ok(file) if file.len() > 0 => {
            return Err(Error::already_exists("database", &path.display().to_string()));
        }
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Disk::real().create(path, FileMode::Private)?;
        }
        Err(error) => return Err(Error::io(path, error)),
    }
    migration::migrate(path)?;
    // Only for new databases. The original copies a database file without its WAL, so an existing database keeps its
    // mode.
    snapshot::use_wal(path)?;
    Ok(())
}

/// Opens the write connection and the read connections.
pub(super) async fn open(path: &Path) -> Result<(DatabaseConnection, DatabaseConnection), Error> {
    refuse_pending_restore(path)?;
    match migration::pending(path)? {
        SchemaState::Current => {}
        SchemaState::Behind(pending) => return Err(Error::NeedsMigration { pending }),
        SchemaState::Newer(found) => return Err(Error::Newer { found }),
    }
    let writer = connect(path, 1, false).await?;
    Ok((writer, connect(path, READERS, true).await?))
}

async fn connect(path: &Path, connections: u32, query_only: bool) -> Result<DatabaseConnection, Error> {
    let file = path.to_owned();
    let mut options = ConnectOptions::new("sqlite:");
    options
        .max_connections(connections)
        .acquire_timeout(WRITER_TIMEOUT)
        // A new connection could not tell whether another program has written since the last one.
        .idle_timeout(None)
        .max_lifetime(None)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |sqlite| {
            let sqlite = sqlite
                .filename(&file)
                .create_if_missing(false)
                .busy_timeout(BUSY_TIMEOUT)
                .foreign_keys(true)
                .pragma("synchronous", "FULL");
            if query_only { sqlite.pragma("query_only", "ON") } else { sqlite }
        });
    Database::connect(options).await.map_err(|error| with_path(error.into(), path))
}

const DATA_VERSION: &str = "PRAGMA data_version";

/// Returns a number that changes when another connection commits, <https://sqlite.org/pragma.html#pragma_data_version>.
pub(super) async fn data_version(transaction: &DatabaseTransaction) -> Result<i64, Error> {
    let statement = Statement::from_string(DbBackend::Sqlite, DATA_VERSION);
    let row = transaction.query_one_raw(statement).await?;
    Ok(row.map_or(Ok(0), |row| row.try_get_by_index(0))?)
}

/// Returns the number of [`data_version`], or `None` if the only connection of `writer` is in use.
pub(super) async fn data_version_if_idle(writer: &DatabaseConnection) -> Result<Option<i64>, Error> {
    let Some(mut connection) = writer.get_sqlite_connection_pool().try_acquire() else { return Ok(None) };
    let version = sqlx::query_scalar(DATA_VERSION).fetch_one(&mut *connection).await;
    let failed = |error| DbErr::Query(RuntimeErr::SqlxError(Arc::new(error)));
    Ok(Some(version.map_err(failed)?))
}

fn refuse_pending_restore(path: &Path) -> Result<(), Error> {
    let beside = restore_names::beside(path).map_err(|error| Error::io(path, error))?;
    match beside.into_iter().find(|(_, name)| name.ends_with(".json")) {
        Some((journal, _)) => Err(Error::RestorePending { journal }),
        None => Ok(()),
    }
}

/// Adds the path of the database to a driver error, if the error holds a SQLite code or an error of the operating
/// system.
fn with_path(error: Error, path: &Path) -> Error {
    use sea_orm::sqlx::Error as Sqlx;
    let Error::Database {
        source:
            DbErr::Conn(RuntimeErr::SqlxError(source))
            | DbErr::Exec(RuntimeErr::SqlxError(source))
            | DbErr::Query(RuntimeErr::SqlxError(source)),
        ..
    } = &error
    else {
        return error;
    };
    match &**source {
        Sqlx::Io(source) => Error::io(path, io::Error::new(source.kind(), source.to_string())),
        Sqlx::Database(source) => match source.code().and_then(|code| code.parse().ok()) {
            Some(code) => {
                let code = snapshot::sql::ffi::Error::new(code);
                let text = Some(source.message().to_owned());
                match snapshot::sqlite_error(path, snapshot::sql::Error::SqliteFailure(code, text)) {
                    snapshot::Error::Sqlite(_) => error,
                    known => known.into(),
                }
            }
            None => error,
        },
        _ => error,
    }
}
