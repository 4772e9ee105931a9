//! The shape of a use case. A use case is a type that *is* its request: a [`Query`], which reads, or a [`Command`],
//! which also writes. It states who may run it and which rules its fields obey, and runs over a unit of work, which
//! carries the actor, the time, ids, and one transaction. [`Inventory::run`](crate::Inventory::run) and
//! [`Inventory::query`](crate::Inventory::query) do the rest.
//!
//! Use cases compose: [`Work::call`] runs another one in the same transaction. Its permission and its fields are
//! checked as if it had been called from outside.

use std::future::Future;
use std::ops::Deref;

use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, Iterable, ModelTrait,
    PrimaryKeyToColumn, QueryFilter,
};
use tokio::sync::OnceCell;

use crate::activity::{Changes, LinkChange};
use crate::db::Database;
use crate::db::record::{ColumnOf, Record};
use crate::error::DatabaseFault;
use crate::fields::Fields;
use crate::password::Rounds;
use crate::{Access, Actor, Ambient, Error, Timestamp};

/// A use case that reads.
pub trait Query: Listed + Sync {
    /// Who may run it.
    const ACCESS: Access;
    /// What it finds.
    type Output: Send;

    /// Notes every field that breaks a rule. Nothing is read before.
    fn validate(&self, _fields: &mut Fields) {}

    /// Reads, in one transaction that sees one moment.
    fn run(&self, read: &Read) -> impl Future<Output = Result<Self::Output, Error>> + Send;
}

/// A use case that writes. It may run more than once, so it changes nothing but what it does through [`Work`].
pub trait Command: Listed + Sync {
    /// Who may run it.
    const ACCESS: Access;
    /// What it made or changed.
    type Output: Send;

    /// Notes every field that breaks a rule. Nothing is read or written before.
    fn validate(&self, _fields: &mut Fields) {}

    /// Reads and writes, in one transaction, which is rolled back when this fails.
    fn run(&self, work: &mut Work) -> impl Future<Output = Result<Self::Output, Error>> + Send;
}

/// Implemented for what stands in the table of use cases, `use_cases.rs`, and by that table only: a use case that is
/// missing there does not compile.
pub trait Listed {
    /// The name of the type.
    const NAME: &'static str;
}

/// What each unit of work has to do with the outside.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub(crate) database: Database,
    pub(crate) ambient: Ambient,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
    pub(crate) rounds: Rounds,
}

/// A unit of work that reads. The transaction begins with the first access to the database, so that what takes long
/// before it, such as hashing a password, holds no lock.
#[derive(Debug)]
pub struct Read {
    context: Context,
    writes: bool,
    transaction: OnceCell<DatabaseTransaction>,
}

impl Read {
    pub(crate) fn new(context: Context) -> Self {
        Self { context, writes: false, transaction: OnceCell::new() }
    }

    /// The actor on whose behalf this is done.
    pub fn actor(&self) -> &Actor {
        &self.context.actor
    }

    /// The one instant at which all of this unit of work happens.
    pub fn now(&self) -> Timestamp {
        self.context.now
    }

    /// A new id.
    pub(crate) fn new_id(&self) -> String {
        self.context.ambient.uuid().to_string()
    }

    pub(crate) fn ambient(&self) -> &Ambient {
        &self.context.ambient
    }

    pub(crate) fn rounds(&self) -> Rounds {
        self.context.rounds
    }

    /// The transaction, to read from. What is written goes through [`Work`]; a lint forbids the other ways.
    pub(crate) async fn db(&self) -> Result<&DatabaseTransaction, Error> {
        let begin = || async {
            let database = &self.context.database;
            if self.writes { database.begin_write().await } else { database.begin_read().await }
        };
        self.transaction.get_or_try_init(begin).await
    }

    /// Runs another use case that reads, in the same transaction.
    ///
    /// # Errors
    /// Those of the use case.
    pub async fn query<Q: Query>(&self, query: &Q) -> Result<Q::Output, Error> {
        Q::ACCESS.check(self.actor())?;
        let mut fields = Fields::default();
        query.validate(&mut fields);
        Error::check(fields)?;
        query.run(self).await
    }

    pub(crate) async fn end(self) -> Result<(), Error> {
        match self.transaction.into_inner() {
            Some(transaction) => Ok(transaction.rollback().await?),
            None => Ok(()),
        }
    }
}

/// A unit of work that writes. Whatever it writes is recorded, and written to the activity log when it commits.
#[derive(Debug)]
pub struct Work {
    read: Read,
    changes: Changes,
}

impl Deref for Work {
    type Target = Read;

    fn deref(&self) -> &Read {
        &self.read
    }
}

impl Work {
    pub(crate) fn new(context: Context) -> Self {
        let read = Read { context, writes: true, transaction: OnceCell::new() };
        Self { read, changes: Changes::default() }
    }

    /// Runs another use case, in the same transaction.
    ///
    /// # Errors
    /// Those of the use case.
    pub async fn call<C: Command>(&mut self, command: &C) -> Result<C::Output, Error> {
        C::ACCESS.check(self.actor())?;
        let mut fields = Fields::default();
        command.validate(&mut fields);
        Error::check(fields)?;
        command.run(self).await
    }

    /// Inserts a row.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] when a value that has to be unique is there already.
    pub(crate) async fn insert<M>(&mut self, row: M) -> Result<M, Error>
    where
        M: Record + IntoActiveModel<<M::Entity as EntityTrait>::ActiveModel> + Sync,
        <M::Entity as EntityTrait>::ActiveModel: ActiveModelTrait<Entity = M::Entity> + Send,
    {
        let inserted = insert_row(self.db().await?, row.clone()).await;
        inserted.map_err(|error| taken(error, &row))?;
        self.changes.created(&row);
        Ok(row)
    }

    /// Writes the columns in which `after` differs from `before`, which has the same key.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] when a value that has to be unique is there already.
    pub(crate) async fn update<M>(&mut self, before: &M, after: M) -> Result<M, Error>
    where
        M: Record + IntoActiveModel<<M::Entity as EntityTrait>::ActiveModel> + Sync,
        <M::Entity as EntityTrait>::ActiveModel: ActiveModelTrait<Entity = M::Entity> + Send,
    {
        let mut change = after.clone().into_active_model();
        let mut changed = false;
        for column in ColumnOf::<M>::iter() {
            if before.get(column) == after.get(column) {
                change.not_set(column);
            } else {
                change.reset(column);
                changed = true;
            }
        }
        if changed {
            let updated = update_row(self.db().await?, before, change).await;
            updated.map_err(|error| taken(error, &after))?;
            self.changes.updated(before, &after);
        }
        Ok(after)
    }

    /// Deletes a row.
    pub(crate) async fn delete<M: Record + Sync>(&mut self, row: M) -> Result<(), Error> {
        delete_row(self.db().await?, &row).await?;
        self.changes.deleted(&row);
        Ok(())
    }

    /// Inserts a row that only links `owner` to something called `to`, in the list called `list`.
    pub(crate) async fn link<M, L>(
        &mut self,
        owner: &M,
        list: &'static str,
        to: &str,
        row: L,
    ) -> Result<(), Error>
    where
        M: Record + Sync,
        L: ModelTrait + IntoActiveModel<<L::Entity as EntityTrait>::ActiveModel>,
        <L::Entity as EntityTrait>::ActiveModel: ActiveModelTrait<Entity = L::Entity> + Send,
    {
        insert_row(self.db().await?, row).await?;
        self.changes.linked(owner, list, LinkChange::Added, to);
        Ok(())
    }

    /// Deletes a row that only links `owner` to something called `to`.
    pub(crate) async fn unlink<M, L>(
        &mut self,
        owner: &M,
        list: &'static str,
        to: &str,
        row: L,
    ) -> Result<(), Error>
    where
        M: Record + Sync,
        L: ModelTrait + Sync,
    {
        delete_row(self.db().await?, &row).await?;
        self.changes.linked(owner, list, LinkChange::Removed, to);
        Ok(())
    }

    /// Writes the activity log and commits.
    pub(crate) async fn commit(self) -> Result<(), Error> {
        let Read { context, transaction, .. } = self.read;
        let Some(transaction) = transaction.into_inner() else { return Ok(()) };
        self.changes.write(&transaction, &context.actor, context.now, &context.ambient).await?;
        Ok(transaction.commit().await?)
    }

    pub(crate) async fn roll_back(self) -> Result<(), Error> {
        self.read.end().await
    }
}

#[expect(clippy::disallowed_methods, reason = "here, changes are recorded")]
async fn insert_row<M>(transaction: &DatabaseTransaction, row: M) -> Result<(), Error>
where
    M: ModelTrait + IntoActiveModel<<M::Entity as EntityTrait>::ActiveModel>,
    <M::Entity as EntityTrait>::ActiveModel: ActiveModelTrait<Entity = M::Entity>,
{
    M::Entity::insert(row.into_active_model()).exec_without_returning(transaction).await?;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "here, changes are recorded")]
async fn update_row<M>(
    transaction: &DatabaseTransaction,
    key: &M,
    change: <M::Entity as EntityTrait>::ActiveModel,
) -> Result<(), Error>
where
    M: ModelTrait + Sync,
{
    let mut update = M::Entity::update_many().set(change);
    for column in <M::Entity as EntityTrait>::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column) {
        update = update.filter(column.eq(key.get(column)));
    }
    update.exec(transaction).await?;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "here, changes are recorded")]
async fn delete_row<M: ModelTrait + Sync>(transaction: &DatabaseTransaction, key: &M) -> Result<(), Error> {
    let mut delete = M::Entity::delete_many();
    for column in <M::Entity as EntityTrait>::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column) {
        delete = delete.filter(column.eq(key.get(column)));
    }
    delete.exec(transaction).await?;
    Ok(())
}

/// Says by name which row broke a unique index.
fn taken<M: Record>(error: Error, row: &M) -> Error {
    match error {
        Error::Database { fault: DatabaseFault::Unique, .. } => {
            Error::already_exists(M::ENTITY_TYPE, row.name().unwrap_or(row.id()))
        }
        error => error,
    }
}
