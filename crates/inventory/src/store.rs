//! The open database, and the only way to it: [`Inventory`]. The use cases are its methods, one file per resource.
//!
//! One connection writes; several read, and cannot write. Each use case that writes is one transaction, which takes the
//! write lock when it begins, so what it checks still holds when it writes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io};

use durable::{Disk, Readers, RealDisk};
use sea_orm::{
    ActiveModelTrait, ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, EntityTrait,
    IntoActiveModel, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

use crate::migration::{self, SchemaState};
use crate::timestamp::Timestamp;
use crate::{Ambient, Error, restore_names};

const READERS: u32 = 4;
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a use case waits for its turn to write.
const WRITER_TIMEOUT: Duration = Duration::from_secs(60);

/// Where the tables are. Each engine says how its connections are made, in [`Inventory::connect`].
#[derive(Clone, Debug)]
enum Engine {
    Sqlite(PathBuf),
}

/// The inventory in one database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Inventory {
    engine: Engine,
    writer: DatabaseConnection,
    readers: DatabaseConnection,
    ambient: Arc<Ambient>,
}

impl Inventory {
    /// Makes a new database in `path`, which must not exist or be empty, and opens it. Only its owner may
    /// read it.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] when there is a file with something in it, [`Error::Io`], [`Error::Database`].
    pub async fn create(path: &Path, ambient: Ambient) -> Result<Self, Error> {
        refuse_pending_restore(path)?;
        match fs::metadata(path) {
            Ok(file) if file.len() > 0 => {
                return Err(Error::already_exists("database", &path.display().to_string()));
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                RealDisk.create(path, Readers::Owner).map_err(|error| Error::io(path, error))?;
            }
            Err(error) => return Err(Error::io(path, error)),
        }
        migration::migrate(path)?;
        // Only a database that is made here. The original copies the file of one that it uses without the log beside it,
        // so one that is found keeps its mode.
        snapshot::use_wal(path)?;
        Self::open(path, ambient).await
    }

    /// Opens the database in `path`, which must exist and be up to date.
    ///
    /// # Errors
    /// [`Error::RestorePending`] when the journal of an interrupted restore (`<name>.restore-<id>.json`) lies beside it,
    /// [`Error::NeedsMigration`], [`Error::Newer`], [`Error::NotADatabase`], [`Error::Io`], [`Error::Database`].
    pub async fn open(path: &Path, ambient: Ambient) -> Result<Self, Error> {
        refuse_pending_restore(path)?;
        match migration::pending(path)? {
            SchemaState::Current => {}
            SchemaState::Behind(pending) => return Err(Error::NeedsMigration { pending }),
            SchemaState::Newer(found) => return Err(Error::Newer { found }),
        }
        Self::connect(Engine::Sqlite(path.to_owned()), ambient).await.map_err(|error| error.about(path))
    }

    /// Opens the database in `path` as a program does at its start, and closes it again. Blocks; may be
    /// called from inside and from outside of an async runtime.
    ///
    /// # Errors
    /// As [`Inventory::open`].
    pub fn try_open(path: &Path, ambient: &Ambient) -> Result<(), Error> {
        let ambient = ambient.clone();
        let run = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(|error| Error::io(path, error))?;
            runtime.block_on(async { Self::open(path, ambient).await?.close().await })
        };
        // On a thread of its own: inside an async runtime, blocking on another one is not allowed.
        let opened = std::thread::scope(|scope| scope.spawn(run).join());
        opened.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    async fn connect(engine: Engine, ambient: Ambient) -> Result<Self, Error> {
        let (writer, readers) = match &engine {
            Engine::Sqlite(path) => {
                let writer = Database::connect(sqlite(path, 1, false)).await?;
                (writer, Database::connect(sqlite(path, READERS, true)).await?)
            }
        };
        Ok(Self { engine, writer, readers, ambient: Arc::new(ambient) })
    }

    /// Closes all connections. Clones of this inventory fail from here on.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn close(&self) -> Result<(), Error> {
        self.readers.close_by_ref().await?;
        Ok(self.writer.close_by_ref().await?)
    }

    /// The file of the database.
    pub fn path(&self) -> &Path {
        match &self.engine {
            Engine::Sqlite(path) => path,
        }
    }

    /// The clock and the randomness the inventory works with.
    pub fn ambient(&self) -> &Ambient {
        &self.ambient
    }

    /// A transaction that holds the write lock from its beginning.
    pub(crate) async fn write(&self) -> Result<DatabaseTransaction, Error> {
        let sqlite_transaction_mode = Some(SqliteTransactionMode::Immediate);
        let options = TransactionOptions { sqlite_transaction_mode, ..TransactionOptions::default() };
        Ok(self.writer.begin_with_options(options).await?)
    }

    /// A transaction that sees one moment and writes nothing.
    pub(crate) async fn read(&self) -> Result<DatabaseTransaction, Error> {
        Ok(self.readers.begin().await?)
    }

    pub(crate) fn new_id(&self) -> String {
        self.ambient.uuid().to_string()
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp(self.ambient.utc())
    }
}

/// Inserts `row` as it is and gives it back.
pub(crate) async fn insert<A, M>(transaction: &DatabaseTransaction, row: M) -> Result<M, Error>
where
    M: IntoActiveModel<A> + Clone,
    A: ActiveModelTrait,
{
    <A::Entity as EntityTrait>::insert(row.clone().into_active_model())
        .exec_without_returning(transaction)
        .await?;
    Ok(row)
}

fn sqlite(path: &Path, connections: u32, query_only: bool) -> ConnectOptions {
    let path = path.to_owned();
    let mut options = ConnectOptions::new("sqlite:");
    options
        .max_connections(connections)
        .acquire_timeout(WRITER_TIMEOUT)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |sqlite| {
            let sqlite = sqlite
                .filename(&path)
                .create_if_missing(false)
                .busy_timeout(BUSY_TIMEOUT)
                .foreign_keys(true)
                .pragma("synchronous", "FULL");
            if query_only { sqlite.pragma("query_only", "ON") } else { sqlite }
        });
    options
}

fn refuse_pending_restore(path: &Path) -> Result<(), Error> {
    let beside = restore_names::beside(path).map_err(|error| Error::io(path, error))?;
    match beside.into_iter().find(|(_, name)| name.ends_with(".json")) {
        Some((journal, _)) => Err(Error::RestorePending { journal }),
        None => Ok(()),
    }
}
