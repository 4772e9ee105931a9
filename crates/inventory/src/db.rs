//! The open database. Everything that differs between the database engines is in this folder: the connections, the
//! tables of PostgreSQL, and the meaning of driver errors.
//!
//! SQLite: one connection writes, and several read-only connections read. A write transaction takes the write lock
//! when it begins. PostgreSQL: write transactions are SERIALIZABLE and take a lock when they begin, so they also run
//! one after the other. Read transactions are REPEATABLE READ, READ ONLY. On both engines, whatever a transaction has
//! checked still holds when it commits. On PostgreSQL a transaction may have to run again if another program writes to
//! the same tables, see `Error::is_retryable`.

pub(crate) mod entity;
mod fault;
mod postgres;
pub(crate) mod record;
mod sqlite;
mod url;

use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, TransactionTrait};

pub use url::{DatabaseUrl, DatabaseUrlProblem, PostgresUrl};

use crate::Error;

/// The connections to a database. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    url: DatabaseUrl,
    writer: DatabaseConnection,
    readers: DatabaseConnection,
}

impl Database {
    /// Creates the tables in an empty database, and opens it.
    pub(crate) async fn create(url: DatabaseUrl) -> Result<Self, Error> {
        match &url {
            DatabaseUrl::Sqlite(path) => sqlite::create(path)?,
            DatabaseUrl::Postgres(url) => postgres::create(url).await?,
        }
        Self::open(url).await
    }

    /// Opens an up-to-date database.
    pub(crate) async fn open(url: DatabaseUrl) -> Result<Self, Error> {
        let (writer, readers) = match &url {
            DatabaseUrl::Sqlite(path) => sqlite::open(path).await?,
            DatabaseUrl::Postgres(url) => postgres::open(url).await?,
        };
        Ok(Self { url, writer, readers })
    }

    pub(crate) async fn close(&self) -> Result<(), Error> {
        self.readers.close_by_ref().await?;
        Ok(self.writer.close_by_ref().await?)
    }

    pub(crate) fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// Begins a write transaction.
    #[expect(clippy::disallowed_methods, reason = "a lock changes no data")]
    pub(crate) async fn begin_write(&self) -> Result<DatabaseTransaction, Error> {
        match &self.url {
            DatabaseUrl::Sqlite(_) => Ok(self.writer.begin_with_options(sqlite::WRITE).await?),
            DatabaseUrl::Postgres(_) => {
                let transaction = self.writer.begin_with_options(postgres::WRITE).await?;
                transaction.execute_unprepared(postgres::LOCK).await?;
                Ok(transaction)
            }
        }
    }

    /// Begins a read-only transaction on a consistent snapshot.
    pub(crate) async fn begin_read(&self) -> Result<DatabaseTransaction, Error> {
        let options = match &self.url {
            DatabaseUrl::Sqlite(_) => sqlite::READ,
            DatabaseUrl::Postgres(_) => postgres::READ,
        };
        Ok(self.readers.begin_with_options(options).await?)
    }
}
