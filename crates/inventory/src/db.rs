//! The open database, whatever the engine. Everything that differs between the engines is in this
//! folder: how connections are made, the tables of PostgreSQL, and what an error of the driver means.
//!
//! SQLite: one connection writes, several read and cannot write. A transaction that writes takes the
//! write lock when it begins. PostgreSQL: transactions that write are SERIALIZABLE and take a lock when they
//! begin, so they run one after the other, too; those that read are REPEATABLE READ, READ ONLY. On both
//! engines, what a transaction has checked still holds when it commits. On PostgreSQL it may have to run again
//! for that when another program writes to the same tables, see `Error::may_succeed_when_run_again`.

pub(crate) mod entity;
mod fault;
mod postgres;
pub(crate) mod record;
mod sqlite;
mod url;

use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, TransactionTrait};

pub use url::{DatabaseUrl, DatabaseUrlProblem, PostgresUrl};

use crate::Error;

/// The connections to one database. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    url: DatabaseUrl,
    writer: DatabaseConnection,
    readers: DatabaseConnection,
}

impl Database {
    /// Makes the tables in an empty database, and opens it.
    pub(crate) async fn create(url: DatabaseUrl) -> Result<Self, Error> {
        match &url {
            DatabaseUrl::Sqlite(path) => sqlite::create(path)?,
            DatabaseUrl::Postgres(url) => postgres::create(url).await?,
        }
        Self::open(url).await
    }

    /// Opens a database that is up to date.
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

    /// Begins a transaction that may write.
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

    /// Begins a transaction that sees one moment and cannot write.
    pub(crate) async fn begin_read(&self) -> Result<DatabaseTransaction, Error> {
        let options = match &self.url {
            DatabaseUrl::Sqlite(_) => sqlite::READ,
            DatabaseUrl::Postgres(_) => postgres::READ,
        };
        Ok(self.readers.begin_with_options(options).await?)
    }
}
