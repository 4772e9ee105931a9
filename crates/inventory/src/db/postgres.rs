//! Connections to a PostgreSQL database (15 or later), and its tables.
//!
//! Tables and columns have the same names as in SQLite. Migrations have the same names as well, and are recorded in
//! the same table, `mm_migrations`.
#![expect(clippy::disallowed_methods, reason = "creates tables and changes no data")]

use std::time::Duration;

use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr,
    IsolationLevel, Statement, TransactionOptions, TransactionTrait,
};

use super::PostgresUrl;
use crate::{Error, migration};

const CONNECTIONS: u32 = 8;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The time that a use case waits for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(60);

pub(super) const WRITE: TransactionOptions = TransactionOptions {
    isolation_level: Some(IsolationLevel::Serializable),
    access_mode: None,
    sqlite_transaction_mode: None,
};
pub(super) const READ: TransactionOptions = TransactionOptions {
    isolation_level: Some(IsolationLevel::RepeatableRead),
    access_mode: Some(AccessMode::ReadOnly),
    sqlite_transaction_mode: None,
};

/// Serializes write transactions without blocking readers. A table lock is the only lock that a transaction can wait for
/// before it takes its snapshot. Without the lock, PostgreSQL runs write transactions concurrently and then fails all but
/// one: it reads small tables as a whole, which conflicts with every write to them. (16 tasks that made 160 transfers took
/// 30 times as long as with SQLite without the lock, and 1.3 times as long with it.)
pub(super) const LOCK: &str = "LOCK TABLE mm_migrations IN SHARE ROW EXCLUSIVE MODE";
/// The time to wait for [`LOCK`], the same as for the write connection of SQLite.
const LOCK_TIMEOUT: &str = "60s";

/// The statements of each migration, in the order of [`migration::names`].
const MIGRATIONS: &[(&str, &str)] = &[
    ("m0001_original_schema", include_str!("postgres/m0001_original_schema.sql")),
    ("m0002_category_tree", include_str!("postgres/m0002_category_tree.sql")),
    ("m0003_restore_marker", include_str!("postgres/m0003_restore_marker.sql")),
    ("m0004_passwords", include_str!("postgres/m0004_passwords.sql")),
    ("m0005_stock_by_location", include_str!("postgres/m0005_stock_by_location.sql")),
    ("m0006_stock_movements", include_str!("postgres/m0006_stock_movements.sql")),
    ("m0007_idempotency", include_str!("postgres/m0007_idempotency.sql")),
    ("m0009_low_stock_limits", include_str!("postgres/m0009_low_stock_limits.sql")),
    ("m0010_saved_views", include_str!("postgres/m0010_saved_views.sql")),
];

const RECORD: &str = "\
CREATE TABLE IF NOT EXISTS mm_migrations (
    version TEXT COLLATE \"C\" NOT NULL PRIMARY KEY,
    applied_at BIGINT NOT NULL
)";

pub(super) async fn create(url: &PostgresUrl) -> Result<(), Error> {
    let connection = connect(url, 1).await?;
    let made = create_tables(&connection, url).await;
    connection.close().await?;
    made
}

async fn create_tables(connection: &DatabaseConnection, url: &PostgresUrl) -> Result<(), Error> {
    let transaction = connection.begin().await?;
    let tables = "SELECT CAST(COUNT(*) AS BIGINT) FROM information_schema.tables WHERE table_schema = current_schema()";
    let found = transaction.query_one_raw(Statement::from_string(DbBackend::Postgres, tables)).await?;
    let count: i64 = found.map_or(Ok(0), |row| row.try_get_by_index(0))?;
    if count > 0 {
        return Err(Error::already_exists("database", &url.to_string()));
    }
    transaction.execute_unprepared(RECORD).await?;
    for (name, statements) in MIGRATIONS {
        transaction.execute_unprepared(statements).await?;
        let sql = "INSERT INTO mm_migrations (version, applied_at) VALUES ($1, CAST(EXTRACT(EPOCH FROM now()) AS BIGINT))";
        let record = Statement::from_sql_and_values(DbBackend::Postgres, sql, [(*name).into()]);
        transaction.execute_raw(record).await?;
    }
    Ok(transaction.commit().await?)
}

/// Opens a single connection pool for reading and writing.
pub(super) async fn open(url: &PostgresUrl) -> Result<(DatabaseConnection, DatabaseConnection), Error> {
    let connection = connect(url, CONNECTIONS).await?;
    let recorded = recorded(&connection).await?;
    let known = migration::names();
    let newer: Vec<String> =
        recorded.iter().filter(|name| !known.contains(&name.as_str())).cloned().collect();
    if !newer.is_empty() {
        return Err(Error::Newer { found: newer });
    }
    let pending: Vec<String> = known
        .iter()
        .filter(|name| !recorded.iter().any(|have| have == *name))
        .map(|&name| name.to_owned())
        .collect();
    if !pending.is_empty() {
        return Err(Error::NeedsMigration { pending });
    }
    Ok((connection.clone(), connection))
}

/// Returns the recorded migrations. Returns none if there is no record.
async fn recorded(connection: &DatabaseConnection) -> Result<Vec<String>, DbErr> {
    let exists = "SELECT to_regclass('mm_migrations') IS NOT NULL";
    let exists = connection.query_one_raw(Statement::from_string(DbBackend::Postgres, exists)).await?;
    if !exists.map_or(Ok(false), |row| row.try_get_by_index(0))? {
        return Ok(Vec::new());
    }
    let sql = "SELECT substr(version, 1, 100) FROM mm_migrations ORDER BY version LIMIT 1000";
    let rows = connection.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}

async fn connect(url: &PostgresUrl, connections: u32) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(url.as_str());
    options
        .max_connections(connections)
        .min_connections(1)
        .connect_timeout(CONNECT_TIMEOUT)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .sqlx_logging(false)
        .map_sqlx_postgres_opts(|postgres| {
            postgres.application_name("makermatrix").options([("lock_timeout", LOCK_TIMEOUT)])
        });
    Database::connect(options).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_engines_have_the_same_migrations() {
        assert_eq!(MIGRATIONS.iter().map(|(name, _)| *name).collect::<Vec<_>>(), migration::names());
    }
}
