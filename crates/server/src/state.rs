//! The state of the server that is no part of the inventory: sessions, tasks, and the token for setting up. It is in a SQLite file beside the database, so a
//! restore does not replace it, and no archive holds it. It can be deleted at any time: everybody has to sign in again.

mod sessions;
mod setup;
mod tasks;

use std::path::{Path, PathBuf};

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

pub(crate) use sessions::{NewSession, Session};
pub(crate) use tasks::TaskRow;

/// Reads a row by the names of its columns.
macro_rules! from_row {
    ($row:ident { $($column:ident),* }) => {
        impl sqlx::FromRow<'_, sqlx::sqlite::SqliteRow> for $row {
            fn from_row(row: &sqlx::sqlite::SqliteRow) -> Result<Self, sqlx::Error> {
                use sqlx::Row as _;
                Ok(Self { $($column: row.try_get(stringify!($column))?),* })
            }
        }
    };
}
use from_row;

const TABLES: &str = "\
CREATE TABLE IF NOT EXISTS session (
    id TEXT NOT NULL PRIMARY KEY,
    token_hash TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL,
    credentials TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    address TEXT NOT NULL,
    user_agent TEXT
);
CREATE INDEX IF NOT EXISTS session_user_id ON session (user_id);
CREATE TABLE IF NOT EXISTS setup (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    token_hash TEXT NOT NULL,
    expires_at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS task (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT,
    created_at INTEGER NOT NULL,
    is_finished INTEGER NOT NULL,
    task TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS task_created_at ON task (created_at);
CREATE TABLE IF NOT EXISTS task_key (
    user_id TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    task_id TEXT NOT NULL,
    request TEXT NOT NULL,
    PRIMARY KEY (user_id, idempotency_key)
);";

/// Returns the file of the state. It is beside the database, because a restore must not replace it.
pub(crate) fn file(database: &Path) -> PathBuf {
    database.with_extension("server.db")
}

/// The state of the server. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pool: SqlitePool,
}

impl State {
    pub(crate) async fn open(path: &Path) -> Result<Self, sqlx::Error> {
        let disk = durable::Disk::real();
        if !path.exists() {
            let created = disk.create(path, durable::FileMode::Private);
            created.map_err(|error| sqlx::Error::Io(error.source))?;
        }
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal);
        let pool = SqlitePoolOptions::new().max_connections(2).connect_with(options).await?;
        sqlx::raw_sql(TABLES).execute(&pool).await?;
        Ok(Self { pool })
    }

    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }
}
