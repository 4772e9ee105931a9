//! The interface of a use case. The type of a use case is its request: a [`Query`] reads, and a [`Command`] also writes. A
//! use case declares who may run it, validates its fields, and runs in a unit of work, which provides the actor, the time,
//! new ids, and a transaction. [`Inventory::run`](crate::Inventory::run) and
//! [`Inventory::query`](crate::Inventory::query) run use cases.
//!
//! Use cases compose: [`Work::call`] runs another use case in the same transaction, and checks its access and fields as
//! well.

use std::future::Future;
use std::ops::Deref;

use sea_orm::sea_query::{Alias, Expr, ExprTrait, Query as SqlQuery};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel,
    Iterable, ModelTrait, PrimaryKeyToColumn, QueryFilter,
};
use tokio::sync::OnceCell;

use crate::activity::{self, Changes, LinkChange};
use crate::db::record::{ColumnOf, Record, file_of, version_of};
use crate::db::{Database, Transaction};
use crate::error::DatabaseFault;
use crate::fields::Fields;
use crate::password::Rounds;
use crate::static_files::FileRef;
use crate::{Access, Actor, Ambient, Error, Timestamp};

/// A use case that reads.
pub trait Query: Listed + Sync {
    /// Who may run the use case.
    const ACCESS: Access;
    /// The result of the query.
    type Output: Send;

    /// Records every field that breaks a rule. Runs before anything is read.
    fn validate(&self, _fields: &mut Fields) {}

    /// Runs the query in a transaction on a consistent snapshot.
    fn run(&self, read: &Read) -> impl Future<Output = Result<Self::Output, Error>> + Send;
}

/// A use case that writes. A command may run more than once, so it must make all its changes through [`Work`].
pub trait Command: Listed + Sync {
    /// Who may run the use case.
    const ACCESS: Access;
    /// The result of the command.
    type Output: Send;

    /// Records every field that breaks a rule. Runs before anything is read or written.
    fn validate(&self, _fields: &mut Fields) {}

    /// Checks the fields without running the command.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every field that breaks a rule.
    fn check_fields(&self) -> Result<(), Error> {
        let mut fields = Fields::default();
        self.validate(&mut fields);
        Error::check(fields)
    }

    /// Runs the command in a transaction, which is rolled back on an error.
    fn run(&self, work: &mut Work) -> impl Future<Output = Result<Self::Output, Error>> + Send;
}

/// A type in the table of use cases. Only the table, `use_cases.rs`, implements this trait, so a use case that is missing
/// there does not compile.
pub trait Listed {
    /// The name of the type.
    const NAME: &'static str;
}

/// The environment of a unit of work.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub(crate) database: Database,
    pub(crate) ambient: Ambient,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
    pub(crate) rounds: Rounds,
}

/// A unit of work that reads. The transaction begins with the first access to the database, so that slow work before it,
/// such as hashing a password, holds no lock.
#[derive(Debug)]
pub struct Read {
    context: Context,
    writes: bool,
    transaction: OnceCell<Transaction>,
}

impl Read {
    pub(crate) fn new(context: Context) -> Self {
        Self { context, writes: false, transaction: OnceCell::new() }
    }

    /// Returns the actor.
    pub fn actor(&self) -> &Actor {
        &self.context.actor
    }

    /// Returns the time of the unit of work, which does not change while it runs.
    pub fn now(&self) -> Timestamp {
        self.context.now
    }

    /// Returns a new id.
    pub(crate) fn new_id(&self) -> String {
        self.context.ambient.uuid().to_string()
    }

    pub(crate) fn ambient(&self) -> &Ambient {
        &self.context.ambient
    }

    pub(crate) fn rounds(&self) -> Rounds {
        self.context.rounds
    }

    /// Returns the transaction for reading. Writes must go through [`Work`], which a lint enforces.
    pub(crate) async fn db(&self) -> Result<&DatabaseTransaction, Error> {
        let begin = || async {
            let database = &self.context.database;
            if self.writes { database.begin_write().await } else { database.begin_read().await }
        };
        Ok(self.transaction.get_or_try_init(begin).await?)
    }

    /// Returns a unit of work that reads in a transaction of its own, so that what a command does before its own transaction holds
    /// no lock.
    pub(crate) fn separate(&self) -> Self {
        Self::new(self.context.clone())
    }

    /// Returns the number of rows of a table that refer to a thing.
    pub(crate) async fn count_referring(
        &self,
        table: &'static str,
        column: &'static str,
        id: &str,
    ) -> Result<u64, Error> {
        let mut count = SqlQuery::select();
        count.expr(Expr::cust("CAST(COUNT(*) AS BIGINT)")).from(Alias::new(table));
        count.and_where(Expr::col(Alias::new(column)).eq(id));
        let row = self.db().await?.query_one(&count).await?;
        let count: i64 = row.map_or(Ok(0), |row| row.try_get_by_index(0))?;
        Ok(count.cast_unsigned())
    }

    /// Runs another query in the same transaction.
    ///
    /// # Errors
    /// The errors of the query.
    pub async fn query<Q: Query>(&self, query: &Q) -> Result<Q::Output, Error> {
        Q::ACCESS.check(self.actor())?;
        let mut fields = Fields::default();
        query.validate(&mut fields);
        Error::check(fields)?;
        query.run(self).await
    }

    pub(crate) async fn end(self) -> Result<(), Error> {
        match self.transaction.into_inner() {
            Some(transaction) => transaction.rollback().await,
            None => Ok(()),
        }
    }
}

/// A unit of work that writes. Records all changes, and writes them to the activity log when it commits.
#[derive(Debug)]
pub struct Work {
    read: Read,
    changes: Changes,
    /// The files to which changed and deleted rows have referred.
    released: Vec<FileRef>,
    is_discarded: bool,
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
        Self { read, changes: Changes::default(), released: Vec::new(), is_discarded: false }
    }

    /// Runs another command in the same transaction.
    ///
    /// # Errors
    /// The errors of the command.
    pub async fn call<C: Command>(&mut self, command: &C) -> Result<C::Output, Error> {
        C::ACCESS.check(self.actor())?;
        command.check_fields()?;
        command.run(self).await
    }

    /// Takes everything back when the command ends, although it succeeds.
    pub(crate) fn discard(&mut self) {
        self.is_discarded = true;
    }

    /// Begins a part of the command that may fail without the rest; [`Work::settle`] ends it. The changes of a part that failed
    /// are taken back, but stay recorded, so the command must fail or be discarded in the end.
    #[expect(clippy::disallowed_methods, reason = "a savepoint changes no data")]
    pub(crate) async fn savepoint(&self) -> Result<(), Error> {
        self.db().await?.execute_unprepared("SAVEPOINT part_of_work").await?;
        Ok(())
    }

    /// Ends what [`Work::savepoint`] has begun. An error that the request has caused is returned inside, after the changes were
    /// taken back.
    #[expect(clippy::disallowed_methods, reason = "a savepoint changes no data")]
    pub(crate) async fn settle<T>(&self, result: Result<T, Error>) -> Result<Result<T, Error>, Error> {
        let statements: &[&str] = match &result {
            Ok(_) => &["RELEASE SAVEPOINT part_of_work"],
            Err(error) if error.is_refusal() => {
                &["ROLLBACK TO SAVEPOINT part_of_work", "RELEASE SAVEPOINT part_of_work"]
            }
            Err(_) => return result.map(Ok),
        };
        for statement in statements {
            self.db().await?.execute_unprepared(statement).await?;
        }
        Ok(result)
    }

    /// Inserts a row.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] when a value that must be unique already exists.
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

    /// Inserts a row that the activity log omits: a record of a change, or a setting of one user.
    pub(crate) async fn append<M>(&mut self, row: M) -> Result<M, Error>
    where
        M: ModelTrait + IntoActiveModel<<M::Entity as EntityTrait>::ActiveModel> + Sync,
        <M::Entity as EntityTrait>::ActiveModel: ActiveModelTrait<Entity = M::Entity> + Send,
    {
        insert_row(self.db().await?, row.clone()).await?;
        Ok(row)
    }

    /// Inserts many rows like [`Work::insert`]. The caller has checked that values which must be unique are.
    pub(crate) async fn insert_all<M>(&mut self, rows: Vec<M>) -> Result<(), Error>
    where
        M: Record + IntoActiveModel<<M::Entity as EntityTrait>::ActiveModel> + Sync,
        <M::Entity as EntityTrait>::ActiveModel: ActiveModelTrait<Entity = M::Entity> + Send,
    {
        rows.iter().for_each(|row| self.changes.created(row));
        self.append_all(rows).await
    }

    /// Inserts many rows like [`Work::append`].
    pub(crate) async fn append_all<M>(&mut self, rows: Vec<M>) -> Result<(), Error>
    where
        M: ModelTrait + IntoActiveModel<<M::Entity as EntityTrait>::ActiveModel> + Sync,
        <M::Entity as EntityTrait>::ActiveModel: ActiveModelTrait<Entity = M::Entity> + Send,
    {
        let rows = rows.into_iter().map(IntoActiveModel::into_active_model).collect();
        activity::insert_all::<<M::Entity as EntityTrait>::ActiveModel>(self.db().await?, rows).await
    }

    /// Inserts many rows like [`Work::link`], each with its owner and the name of the item that it links.
    pub(crate) async fn link_all<M, L>(
        &mut self,
        list: &'static str,
        links: Vec<(&M, &str, L)>,
    ) -> Result<(), Error>
    where
        M: Record + Sync,
        L: ModelTrait + IntoActiveModel<<L::Entity as EntityTrait>::ActiveModel> + Sync,
        <L::Entity as EntityTrait>::ActiveModel: ActiveModelTrait<Entity = L::Entity> + Send,
    {
        let mut rows = Vec::with_capacity(links.len());
        for (owner, to, row) in links {
            self.changes.linked(owner, list, LinkChange::Added, to);
            rows.push(row);
        }
        self.append_all(rows).await
    }

    /// Refuses a row that no longer has the expected version.
    ///
    /// # Errors
    /// [`Error::Changed`] with the user who changed it last.
    pub(crate) async fn check_version<M: Record + Sync>(
        &self,
        row: &M,
        expected: Option<&str>,
    ) -> Result<(), Error> {
        self.check_version_is(row, &version_of(row), expected).await
    }

    /// Refuses a row like [`Work::check_version`], with a version that does not depend on the row alone.
    pub(crate) async fn check_version_is<M: Record + Sync>(
        &self,
        row: &M,
        version: &str,
        expected: Option<&str>,
    ) -> Result<(), Error> {
        if expected.is_none_or(|expected| expected == version) {
            return Ok(());
        }
        let (by, at) = activity::last_change(self.db().await?, M::ENTITY_TYPE, row.id()).await?;
        Err(Error::Changed { what: M::ENTITY_TYPE, id: row.id().to_owned(), by, at })
    }

    /// Deletes the rows of a table that refer to a thing which is about to be deleted. The activity log records only the deletion
    /// of the thing.
    #[expect(clippy::disallowed_methods, reason = "the log records the deletion of the thing")]
    pub(crate) async fn delete_referring(
        &mut self,
        table: &'static str,
        column: &'static str,
        id: &str,
    ) -> Result<(), Error> {
        let db = self.db().await?;
        let mut delete = SqlQuery::delete();
        delete.from_table(Alias::new(table)).and_where(Expr::col(Alias::new(column)).eq(id));
        db.execute(&delete).await?;
        Ok(())
    }

    /// Clears a column that refers to a thing which is about to be deleted. The activity log records only the deletion of the thing.
    #[expect(clippy::disallowed_methods, reason = "the log records the deletion of the thing")]
    pub(crate) async fn clear_references(
        &mut self,
        table: &'static str,
        column: &'static str,
        id: &str,
    ) -> Result<(), Error> {
        let db = self.db().await?;
        let mut update = SqlQuery::update();
        let column = Alias::new(column);
        let nothing = Option::<String>::None;
        update.table(Alias::new(table)).value(column.clone(), nothing).and_where(Expr::col(column).eq(id));
        db.execute(&update).await?;
        Ok(())
    }

    /// Deletes rows that are no record of the inventory, so that the activity log omits them.
    #[expect(clippy::disallowed_methods, reason = "the rows are not part of the inventory")]
    pub(crate) async fn forget<E: EntityTrait>(&mut self, rows: Expr) -> Result<(), Error> {
        E::delete_many().filter(rows).exec(self.db().await?).await?;
        Ok(())
    }

    /// Updates the columns in which `after` differs from `before`. Both must have the same key.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] when a value that must be unique already exists.
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
            self.release(file_of(before).filter(|file| file_of(&after).as_ref() != Some(file)));
        }
        Ok(after)
    }

    /// Deletes a row.
    pub(crate) async fn delete<M: Record + Sync>(&mut self, row: M) -> Result<(), Error> {
        delete_row(self.db().await?, &row).await?;
        self.changes.deleted(&row);
        self.release(file_of(&row));
        Ok(())
    }

    /// Notes files that a row no longer refers to. They are deleted after the commit, unless another row refers to them.
    pub(crate) fn release(&mut self, files: impl IntoIterator<Item = FileRef>) {
        self.released.extend(files);
    }

    /// Inserts a row that links `owner` to the item named `to`. The log records it in the list `list`.
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

    /// Deletes a row that links `owner` to the item named `to`.
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
        let Self { read, changes, released, is_discarded } = self;
        let Read { context, transaction, .. } = read;
        let Some(transaction) = transaction.into_inner() else { return Ok(()) };
        if is_discarded {
            return transaction.rollback().await;
        }
        let changed = changes.changed();
        changes.write(&*transaction, &context.actor, context.now, &context.ambient).await?;
        transaction.commit().await?;
        context.database.feed().add(changed);
        context.database.released().add(released);
        Ok(())
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

/// Converts a violation of a unique index into [`Error::AlreadyExists`] with the name of the row.
fn taken<M: Record>(error: Error, row: &M) -> Error {
    match error {
        Error::Database { fault: DatabaseFault::Unique, .. } => {
            Error::already_exists(M::ENTITY_TYPE, row.name().unwrap_or(row.id()))
        }
        error => error,
    }
}

/// Runs a command in a unit of work, for callers that retry.
pub(crate) trait Attempt: Sync {
    /// The result of the command.
    type Output: Send;

    /// Runs the command once.
    fn attempt(&self, work: &mut Work) -> impl Future<Output = Result<Self::Output, Error>> + Send;
}
