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

use std::ops::Deref;
use std::path::Path;

use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, TransactionTrait};

pub use url::{DatabaseUrl, DatabaseUrlProblem, PostgresUrl};

use crate::Error;
use crate::change_feed::ChangeFeed;
use crate::released_files::ReleasedFiles;
use crate::write_gate::{WriteGate, WritePermit};

/// The connections to a database. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    url: DatabaseUrl,
    writer: DatabaseConnection,
    readers: DatabaseConnection,
    /// `None` for PostgreSQL.
    file: Option<OpenFile>,
    feed: ChangeFeed,
    released: ReleasedFiles,
}

/// The SQLite file that is open.
#[derive(Clone, Debug)]
struct OpenFile {
    gate: WriteGate,
    id: Option<FileId>,
}

/// The device and the inode of a file.
type FileId = (u64, u64);

/// A transaction, with the permit of a write transaction on SQLite.
#[derive(Debug)]
pub(crate) struct Transaction {
    transaction: DatabaseTransaction,
    /// The last field, because fields are dropped in order and the permit must be released last.
    permit: Option<WritePermit>,
}

impl Transaction {
    pub(crate) async fn commit(self) -> Result<(), Error> {
        let Self { transaction, permit } = self;
        transaction.commit().await?;
        drop(permit);
        Ok(())
    }

    pub(crate) async fn rollback(self) -> Result<(), Error> {
        let Self { transaction, permit } = self;
        transaction.rollback().await?;
        drop(permit);
        Ok(())
    }
}

impl Deref for Transaction {
    type Target = DatabaseTransaction;

    fn deref(&self) -> &DatabaseTransaction {
        &self.transaction
    }
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
        // Read the identity first: if the file is replaced while it is opened, it counts as replaced.
        let file = match &url {
            DatabaseUrl::Sqlite(path) => Some(OpenFile { gate: WriteGate::new(path), id: file_id(path) }),
            DatabaseUrl::Postgres(_) => None,
        };
        let (writer, readers) = match &url {
            DatabaseUrl::Sqlite(path) => sqlite::open(path).await?,
            DatabaseUrl::Postgres(url) => postgres::open(url).await?,
        };
        Ok(Self {
            url,
            writer,
            readers,
            file,
            feed: ChangeFeed::default(),
            released: ReleasedFiles::default(),
        })
    }

    pub(crate) async fn close(&self) -> Result<(), Error> {
        self.readers.close_by_ref().await?;
        Ok(self.writer.close_by_ref().await?)
    }

    pub(crate) fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// Returns whether the file was replaced by another one since it was opened. A restore normally replaces the content of
    /// the file, and replaces the file itself only if SQLite cannot use it.
    pub(crate) fn is_replaced(&self) -> bool {
        match (&self.url, &self.file) {
            (DatabaseUrl::Sqlite(path), Some(open)) => file_id(path) != open.id,
            _ => false,
        }
    }

    #[cfg(test)]
    pub(crate) fn on_statement(&mut self, call: impl Fn() + Send + Sync + 'static) {
        self.writer.set_metric_callback(move |_| call());
    }

    /// Returns the feed of changes.
    pub(crate) fn feed(&self) -> &ChangeFeed {
        &self.feed
    }

    /// Returns the files that rows no longer refer to.
    pub(crate) fn released(&self) -> &ReleasedFiles {
        &self.released
    }

    /// Asks whether another program has written. If the write connection is in use, its transaction has asked.
    pub(crate) async fn look_for_foreign_changes(&self) -> Result<(), Error> {
        if let DatabaseUrl::Sqlite(_) = &self.url
            && let Some(version) = sqlite::data_version_if_idle(&self.writer).await?
        {
            self.feed.saw_data_version(version);
        }
        Ok(())
    }

    /// Begins a write transaction. On SQLite, waits while a restore has closed the gate for writers.
    #[expect(clippy::disallowed_methods, reason = "a lock changes no data")]
    pub(crate) async fn begin_write(&self) -> Result<Transaction, Error> {
        match &self.url {
            DatabaseUrl::Sqlite(path) => {
                let permit = match &self.file {
                    Some(open) => Some(open.gate.enter().await?),
                    None => None,
                };
                // The file cannot be replaced as long as there is a permit. What is written to a replaced file is lost.
                if self.is_replaced() {
                    return Err(Error::Replaced { path: path.clone() });
                }
                let transaction = self.writer.begin_with_options(sqlite::WRITE).await?;
                self.feed.saw_data_version(sqlite::data_version(&transaction).await?);
                Ok(Transaction { transaction, permit })
            }
            DatabaseUrl::Postgres(_) => {
                let transaction = self.writer.begin_with_options(postgres::WRITE).await?;
                transaction.execute_unprepared(postgres::LOCK).await?;
                Ok(Transaction { transaction, permit: None })
            }
        }
    }

    /// Begins a read-only transaction on a consistent snapshot.
    pub(crate) async fn begin_read(&self) -> Result<Transaction, Error> {
        let options = match &self.url {
            DatabaseUrl::Sqlite(_) => sqlite::READ,
            DatabaseUrl::Postgres(_) => postgres::READ,
        };
        let transaction = self.readers.begin_with_options(options).await?;
        Ok(Transaction { transaction, permit: None })
    }
}

#[cfg(unix)]
fn file_id(path: &Path) -> Option<FileId> {
    use std::os::unix::fs::MetadataExt;
    path.metadata().ok().map(|found| (found.dev(), found.ino()))
}

#[cfg(not(unix))]
fn file_id(_: &Path) -> Option<FileId> {
    None
}
