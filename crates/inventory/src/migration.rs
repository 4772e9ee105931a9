//! Brings a database up to date: an empty file, one of the original of whatever age, or one of an earlier version.
//!
//! All pending migrations are applied in one transaction, so a database is never between two versions. What has been
//! applied is recorded in `mm_migrations`. The original ignores that table and every other `mm_…`.

mod defaults;
mod m0001_original_schema;
mod m0002_category_tree;
mod m0003_restore_marker;
mod m0004_passwords;

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use sea_orm::sea_query::IntoIden;
use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, DbErr, DynIden, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use snapshot::sql::{self, Connection};
use snapshot::{explain, open_live_reader};

use durable::printable;

use crate::Error;
use crate::sqlite::redact_live;

/// The statements of the original's schema: 39 tables and their indexes.
pub const ORIGINAL_SCHEMA: &str = include_str!("schema.sql");

/// From here on no passwords of backups are in the database.
pub(crate) const PASSWORDS: &str = "m0004_passwords";

const TABLE: &str = "mm_migrations";
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Where a database stands among the migrations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaState {
    /// All migrations have been applied.
    Current,
    /// These have not, in the order in which they have to be.
    Behind(Vec<String>),
    /// These have been applied but are not known: a newer version wrote the database.
    Newer(Vec<String>),
}

/// The migrations, oldest first.
pub fn names() -> Vec<&'static str> {
    vec!["m0001_original_schema", "m0002_category_tree", "m0003_restore_marker", PASSWORDS]
}

/// Applies what is pending to the database in `path`, which must exist but may be empty, and says what that was. Either
/// everything is applied or nothing. The journal mode of the file stays as it is.
///
/// Blocks; may be called from inside and from outside of an async runtime.
///
/// # Errors
/// [`Error::Newer`] when the database is of a newer version, [`Error::NotADatabase`], [`Error::Io`] when there is no such
/// file, [`Error::Database`] when a statement fails.
pub fn migrate(path: &Path) -> Result<Vec<String>, Error> {
    if matches!(pending(path)?, SchemaState::Behind(names) if names.iter().any(|name| name == PASSWORDS)) {
        redact_live(path)?;
    }
    migrate_redacted(path)
}

/// The same for a database from which passwords have been taken out already.
pub(crate) fn migrate_redacted(path: &Path) -> Result<Vec<String>, Error> {
    on_a_thread(path, || apply(path))
}

/// Runs `work` to its end on a thread of its own: from inside an async runtime, too, where blocking
/// on another one is not allowed.
pub(crate) fn on_a_thread<T, F>(path: &Path, work: impl FnOnce() -> F + Send) -> Result<T, Error>
where
    T: Send,
    F: Future<Output = Result<T, Error>>,
{
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.map_err(|error| Error::io(path, error))?.block_on(work())
    };
    thread::scope(|scope| scope.spawn(run).join()).unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// As [`migrate`], for async callers.
pub(crate) async fn apply(path: &Path) -> Result<Vec<String>, Error> {
    let pending = match pending(path)? {
        SchemaState::Current => return Ok(Vec::new()),
        SchemaState::Behind(pending) => pending,
        SchemaState::Newer(found) => return Err(Error::Newer { found }),
    };
    let connection = connect(path).await?;
    let applied = apply_all(&connection).await;
    connection.close().await?;
    applied?;
    Ok(pending)
}

async fn connect(path: &Path) -> Result<DatabaseConnection, DbErr> {
    let file = path.to_owned();
    let mut options = ConnectOptions::new("sqlite:");
    options.max_connections(1).sqlx_logging(false).map_sqlx_sqlite_opts(move |sqlite| {
        sqlite
            .filename(&file)
            .create_if_missing(false)
            .busy_timeout(BUSY_TIMEOUT)
            .pragma("synchronous", "FULL")
            // What a migration takes away, passwords for one, must not stay in pages that are free.
            .pragma("secure_delete", "ON")
    });
    Database::connect(options).await
}

async fn apply_all(connection: &DatabaseConnection) -> Result<(), DbErr> {
    let sqlite_transaction_mode = Some(SqliteTransactionMode::Immediate);
    let options = TransactionOptions { sqlite_transaction_mode, ..TransactionOptions::default() };
    let transaction: DatabaseTransaction = connection.begin_with_options(options).await?;
    Migrator::up(&transaction, None).await?;
    transaction.commit().await
}

/// Where the database in `path` stands. Reads only, and leaves no `-wal` behind. A database without a record of
/// migrations, such as one of the original, has all of them pending. That it is one of MakerMatrix is not checked.
///
/// # Errors
/// [`Error::Io`] when there is no such file, [`Error::NotADatabase`], [`Error::Busy`], [`Error::Sqlite`].
pub fn pending(path: &Path) -> Result<SchemaState, Error> {
    fs::metadata(path).map_err(|error| Error::io(path, error))?;
    // Through SQLite alone: to open and close the file otherwise would drop this process's locks on it, see
    // <https://sqlite.org/howtocorrupt.html>.
    let connection = open_live_reader(path)?;
    Ok(state(&connection).map_err(|error| explain(path, error))?)
}

/// As [`pending`], for a database that is open.
pub(crate) fn state(connection: &Connection) -> sql::Result<SchemaState> {
    let recorded = recorded(connection)?;
    let known = names();
    let newer: Vec<String> =
        recorded.iter().filter(|name| !known.contains(&name.as_str())).map(|name| printable(name)).collect();
    if !newer.is_empty() {
        return Ok(SchemaState::Newer(newer));
    }
    let behind: Vec<String> = known
        .iter()
        .filter(|name| !recorded.iter().any(|have| have == *name))
        .map(|&name| name.to_owned())
        .collect();
    Ok(if behind.is_empty() { SchemaState::Current } else { SchemaState::Behind(behind) })
}

/// The migrations on record.
fn recorded(connection: &Connection) -> sql::Result<Vec<String>> {
    // Among more than these some are unknown, and that is all there is to know.
    const SHOWN: usize = 5;
    let most = names().len() + SHOWN;
    let sql = format!("SELECT substr(version, 1, 100) FROM mm_migrations ORDER BY version LIMIT {most}");
    if !connection.table_exists(None, TABLE)? {
        return Ok(Vec::new());
    }
    connection.prepare(&sql)?.query_map([], |row| row.get(0))?.collect()
}

/// The migrations whose tables, columns or indexes are not all there, whatever the record says.
pub(crate) fn incomplete(connection: &Connection) -> sql::Result<Vec<&'static str>> {
    let mut incomplete = Vec::new();
    if m0001_original_schema::is_incomplete(connection)? {
        incomplete.push("m0001_original_schema");
    }
    for (name, table) in
        [("m0002_category_tree", "mm_category_parent"), ("m0003_restore_marker", "mm_restore")]
    {
        if !connection.table_exists(None, table)? {
            incomplete.push(name);
        }
    }
    Ok(incomplete)
}

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_original_schema::Migration),
            Box::new(m0002_category_tree::Migration),
            Box::new(m0003_restore_marker::Migration),
            Box::new(m0004_passwords::Migration),
        ]
    }

    fn migration_table_name() -> DynIden {
        TABLE.into_iden()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_migrations() {
        let migrations = Migrator::migrations();
        assert_eq!(migrations.iter().map(|migration| migration.name()).collect::<Vec<_>>(), names());
    }
}
