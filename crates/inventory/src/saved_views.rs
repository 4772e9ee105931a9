//! Saved views: what a user often searches and filters the list of parts for, each under a name. A view belongs to its user, and
//! changes nothing that others see, so the activity log omits it.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::db::entity::mm_saved_view::{Column, Entity, Model};
use crate::{Access, Actor, Command, Error, Fields, Query, Read, Timestamp, Work};

/// The largest number of characters in the name of a view.
const MAX_NAME: usize = 100;
/// The largest number of characters in the query of a view.
const MAX_QUERY: usize = 2000;
/// The largest number of views of a user.
const MAX_VIEWS: usize = 100;

/// A view of the list of parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedView {
    /// Unique.
    pub id: String,
    /// Unique among the views of the user.
    pub name: String,
    /// The query of the address of the list, such as `q=resistor&sort=-quantity`.
    pub query: String,
    /// When the view was saved.
    pub created_at: Timestamp,
}

/// Lists the views of the actor by their names.
#[derive(Clone, Copy, Debug)]
pub struct ListSavedViews;

/// Saves a view of the actor. A view of the same name is replaced.
#[derive(Clone, Debug)]
pub struct CreateSavedView {
    /// The name.
    pub name: String,
    /// The query of the address of the list.
    pub query: String,
}

/// Deletes a view of the actor.
///
/// Fails with [`Error::NotFound`] also when the view belongs to another user.
#[derive(Clone, Debug)]
pub struct DeleteSavedView(pub String);

impl Query for ListSavedViews {
    const ACCESS: Access = Access::SignedIn;
    type Output = Vec<SavedView>;

    async fn run(&self, read: &Read) -> Result<Vec<SavedView>, Error> {
        let own = Entity::find().filter(Column::UserId.eq(user_of(read.actor())?));
        let rows = own.order_by_asc(Column::Name).all(read.db().await?).await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }
}

impl Command for CreateSavedView {
    const ACCESS: Access = Access::SignedIn;
    type Output = SavedView;

    fn validate(&self, fields: &mut Fields) {
        fields.name("name", &self.name, MAX_NAME);
        fields.text("query", Some(&self.query), MAX_QUERY);
    }

    async fn run(&self, work: &mut Work) -> Result<SavedView, Error> {
        let user_id = user_of(work.actor())?.to_owned();
        let name = self.name.trim().to_owned();
        work.forget::<Entity>(all_of(Column::UserId.eq(&user_id), Column::Name.eq(&name))).await?;
        let others = Entity::find().filter(Column::UserId.eq(&user_id)).all(work.db().await?).await?;
        let mut fields = Fields::default();
        fields.require("name", others.len() < MAX_VIEWS, crate::Problem::TooMany { max: MAX_VIEWS });
        Error::check(fields)?;
        let row =
            Model { id: work.new_id(), user_id, name, query: self.query.clone(), created_at: work.now() };
        Ok(work.append(row).await?.into())
    }
}

impl Command for DeleteSavedView {
    const ACCESS: Access = Access::SignedIn;
    type Output = SavedView;

    async fn run(&self, work: &mut Work) -> Result<SavedView, Error> {
        let own = all_of(Column::UserId.eq(user_of(work.actor())?), Column::Id.eq(&self.0));
        let row = Entity::find().filter(own.clone()).one(work.db().await?).await?;
        let row = row.ok_or_else(|| Error::not_found("saved view", &self.0))?;
        work.forget::<Entity>(own).await?;
        Ok(row.into())
    }
}

impl From<Model> for SavedView {
    fn from(row: Model) -> Self {
        Self { id: row.id, name: row.name, query: row.query, created_at: row.created_at }
    }
}

fn all_of(one: Expr, other: Expr) -> Expr {
    sea_orm::ExprTrait::and(one, other)
}

/// Returns the id of the user whose views these are. The program itself has none.
fn user_of(actor: &Actor) -> Result<&str, Error> {
    match actor {
        Actor::User { id, .. } => Ok(id),
        Actor::System | Actor::Anonymous => Err(Error::NotSignedIn),
    }
}
