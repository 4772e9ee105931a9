//! The open inventory, which runs the use cases.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::change_feed::Changed;
use crate::db::{Database, DatabaseUrl};
use crate::password::Rounds;
use crate::static_files::FileRef;
use crate::work::{Attempt, Command, Context, Query, Read, Work};
use crate::{Actor, Ambient, Error, IdempotencyKey, Once, Timestamp, once};

/// The largest number of attempts of a command that conflicts with others.
const MAX_ATTEMPTS: u32 = 20;
/// The longest time between two attempts, in milliseconds.
const MAX_WAIT: u64 = 100;

/// The inventory in one database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Inventory {
    database: Database,
    ambient: Arc<Ambient>,
    rounds: Rounds,
}

impl Inventory {
    /// Creates the tables in a new database, and opens it. A SQLite file must be empty or missing. A PostgreSQL
    /// database must exist and have no tables.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] when the database is not empty, [`Error::Io`], [`Error::Database`].
    pub async fn create(database: impl Into<DatabaseUrl>, ambient: Ambient) -> Result<Self, Error> {
        Ok(Self::over(Database::create(database.into()).await?, ambient))
    }

    /// Opens an existing, up-to-date database.
    ///
    /// # Errors
    /// [`Error::RestorePending`] when the journal of an interrupted restore (`<name>.restore-<id>.json`) exists beside it,
    /// [`Error::NeedsMigration`], [`Error::Newer`], [`Error::NotADatabase`], [`Error::Io`], [`Error::Database`].
    pub async fn open(database: impl Into<DatabaseUrl>, ambient: Ambient) -> Result<Self, Error> {
        Ok(Self::over(Database::open(database.into()).await?, ambient))
    }

    /// Opens and closes a database, to check that a program could start with it. Blocks. May be called inside and
    /// outside of an async runtime.
    ///
    /// # Errors
    /// The errors of [`Inventory::open`].
    pub fn try_open(path: &Path, ambient: &Ambient) -> Result<(), Error> {
        let ambient = ambient.clone();
        let run = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(|error| Error::io(path, error))?;
            runtime.block_on(async { Self::open(path, ambient).await?.close().await })
        };
        // Uses a separate thread, since blocking on another runtime is not allowed inside an async runtime.
        let opened = std::thread::scope(|scope| scope.spawn(run).join());
        opened.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    fn over(database: Database, ambient: Ambient) -> Self {
        Self { database, ambient: Arc::new(ambient), rounds: Rounds::DEFAULT }
    }

    /// Sets the number of rounds for password hashes, instead of [`Rounds::DEFAULT`].
    #[must_use]
    pub fn with_password_rounds(mut self, rounds: Rounds) -> Self {
        self.rounds = rounds;
        self
    }

    /// Opens the same database again, after its file was replaced.
    ///
    /// # Errors
    /// The errors of [`Inventory::open`].
    pub async fn reopen(&self) -> Result<Self, Error> {
        let database = Database::open(self.url().clone()).await?;
        database.feed().add(Changed::Anything);
        Ok(Self { database, ..self.clone() })
    }

    /// Returns what has changed since the last call, by this program or by another one, so that data derived from the database
    /// can follow. There should be one caller.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn take_changes(&self) -> Result<Changed, Error> {
        self.database.look_for_foreign_changes().await?;
        Ok(self.database.feed().take())
    }

    /// Gives back changes that the caller of [`Inventory::take_changes`] could not follow yet.
    pub fn give_back_changes(&self, changed: Changed) {
        self.database.feed().add(changed);
    }

    /// Returns the files to which changed and deleted rows have referred since the last call. Other rows may refer to them.
    pub(crate) fn take_released_files(&self) -> Vec<FileRef> {
        self.database.released().take()
    }

    /// Returns whether the file of the database was replaced by another one since it was opened. Then commands fail, and
    /// queries may see the former content, until the inventory is opened again.
    pub fn is_replaced(&self) -> bool {
        self.database.is_replaced()
    }

    /// Closes all connections. Afterwards all clones of this inventory fail.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn close(&self) -> Result<(), Error> {
        self.database.close().await
    }

    /// Calls a function for every statement.
    #[cfg(test)]
    pub(crate) fn on_statement(&mut self, call: impl Fn() + Send + Sync + 'static) {
        self.database.on_statement(call);
    }

    /// Returns the URL of the database.
    pub fn url(&self) -> &DatabaseUrl {
        self.database.url()
    }

    /// Returns the clock and the randomness of the inventory.
    pub fn ambient(&self) -> &Ambient {
        &self.ambient
    }

    pub(crate) fn rounds(&self) -> Rounds {
        self.rounds
    }

    /// Runs a query on behalf of `actor`. Checks access and fields, then reads from a consistent snapshot.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotSignedIn`], [`Error::Invalid`] with every field that breaks a rule, and the
    /// errors of the use case.
    pub async fn query<Q: Query>(&self, actor: &Actor, query: Q) -> Result<Q::Output, Error> {
        let read = Read::new(self.context(actor));
        let output = read.query(&query).await?;
        read.end().await?;
        Ok(output)
    }

    /// Runs a command on behalf of `actor`. Checks access and fields, runs the command in one transaction, writes
    /// the activity log, and commits. Retries a transaction that conflicts with another one.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotSignedIn`], [`Error::Invalid`] with every field that breaks a rule,
    /// [`Error::Contended`] when every attempt conflicts with another transaction, and the errors of the use case.
    pub async fn run<C: Command>(&self, actor: &Actor, command: C) -> Result<C::Output, Error> {
        self.attempt(actor, &Plain(command)).await
    }

    /// Runs a command like [`Inventory::run`], but only once for the same idempotency key, and records what `respond` returns
    /// as the response.
    ///
    /// # Errors
    /// [`Error::KeyReused`] when the key was used for another request, and the errors of [`Inventory::run`].
    pub async fn run_once<C: Command>(
        &self,
        actor: &Actor,
        command: C,
        key: &IdempotencyKey,
        respond: &(dyn Fn(&C::Output) -> String + Sync),
    ) -> Result<Once<C::Output>, Error> {
        self.attempt(actor, &once::WithKey { command, key, respond }).await
    }

    /// Makes one or several attempts to run a command and to commit.
    async fn attempt<A: Attempt>(&self, actor: &Actor, command: &A) -> Result<A::Output, Error> {
        let context = self.context(actor);
        for attempt in 1..=MAX_ATTEMPTS {
            let mut work = Work::new(context.clone());
            let result = match command.attempt(&mut work).await {
                Ok(output) => work.commit().await.map(|()| output),
                Err(error) => {
                    // The first error matters more than a failed rollback.
                    let _ = work.roll_back().await;
                    Err(error)
                }
            };
            match result {
                Err(error) if error.is_retryable() => self.wait(attempt).await,
                other => return other,
            }
        }
        Err(Error::Contended { attempts: MAX_ATTEMPTS })
    }

    fn context(&self, actor: &Actor) -> Context {
        Context {
            database: self.database.clone(),
            ambient: Ambient::clone(&self.ambient),
            actor: actor.clone(),
            now: Timestamp(self.ambient.utc()),
            rounds: self.rounds,
        }
    }

    /// Waits for a random time, with exponential backoff, so that conflicting transactions do not conflict again.
    async fn wait(&self, attempt: u32) {
        let longest = MAX_WAIT.min(1 << attempt.min(10));
        let random = u64::from(u16::from_le_bytes(self.ambient.bytes()));
        tokio::time::sleep(Duration::from_millis(random % longest)).await;
    }
}

/// Runs a command every time.
struct Plain<C>(C);

impl<C: Command> Attempt for Plain<C> {
    type Output = C::Output;

    async fn attempt(&self, work: &mut Work) -> Result<C::Output, Error> {
        work.call(&self.0).await
    }
}
