//! Finds and lists users.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, IntoSimpleExpr, QueryFilter, Value};

use super::{User, find, with_roles};
use crate::db::entity::usermodel::{Column, Entity, Model};
use crate::fields::Fields;
use crate::list::{self, ListQuery, MAX_SEARCH, Page, SortKey};
use crate::{Access, Actor, Error, Permission, Query, Read};

/// Finds the user with an id.
#[derive(Clone, Debug)]
pub struct GetUser(pub String);

/// Finds the user with a name.
#[derive(Clone, Debug)]
pub struct FindUserByName(pub String);

/// Finds the user that the actor is, or acts for.
#[derive(Clone, Copy, Debug)]
pub struct GetAccount;

/// Lists users.
#[derive(Clone, Debug, Default)]
pub struct ListUsers(pub ListQuery<UserFilter, UserSort>);

/// The filter for users. Fields that are not set do not filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// A text that the username or the email address contains.
    pub text: Option<String>,
    /// Whether the users may sign in.
    pub is_active: Option<bool>,
}

/// The sort order of users.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UserSort {
    /// The username.
    #[default]
    Username,
    /// The time of creation.
    CreatedAt,
}

impl Query for GetUser {
    const ACCESS: Access = Access::Permission(Permission::UsersRead);
    type Output = User;

    async fn run(&self, read: &Read) -> Result<User, Error> {
        find(read, &self.0).await?.ok_or_else(|| Error::not_found("user", &self.0))
    }
}

impl Query for FindUserByName {
    const ACCESS: Access = Access::Permission(Permission::UsersRead);
    type Output = User;

    async fn run(&self, read: &Read) -> Result<User, Error> {
        let row = Entity::find().filter(Column::Username.eq(&self.0)).one(read.db().await?).await?;
        let user = with_roles(read, row.into_iter().collect()).await?.pop();
        user.ok_or_else(|| Error::not_found("user", &self.0))
    }
}

impl Query for GetAccount {
    const ACCESS: Access = Access::SignedIn;
    type Output = User;

    async fn run(&self, read: &Read) -> Result<User, Error> {
        let id = match read.actor() {
            Actor::User { id, .. } => id,
            Actor::System | Actor::Anonymous => "",
        };
        find(read, id).await?.ok_or_else(|| Error::not_found("user", id))
    }
}

impl Query for ListUsers {
    const ACCESS: Access = Access::Permission(Permission::UsersRead);
    type Output = Page<User>;

    fn validate(&self, fields: &mut Fields) {
        self.0.validate(fields);
        fields.text("text", self.0.filter.text.as_deref(), MAX_SEARCH);
    }

    async fn run(&self, read: &Read) -> Result<Page<User>, Error> {
        let UserFilter { text, is_active } = &self.0.filter;
        let mut condition = Condition::all();
        if let Some(text) = text {
            let any = [Column::Username, Column::Email].map(|column| list::contains(column, text));
            condition = condition.add(any.into_iter().fold(Condition::any(), Condition::add));
        }
        condition = condition.add_option(is_active.map(|active| Column::IsActive.eq(active)));
        let page = self.0.fetch(read, Entity::find().filter(condition), Column::Id).await?;
        let Page { items, total, next } = page;
        Ok(Page { items: with_roles(read, items).await?, total, next })
    }
}

impl SortKey for UserSort {
    type Row = Model;

    fn name(self) -> &'static str {
        match self {
            Self::Username => "username",
            Self::CreatedAt => "created_at",
        }
    }

    fn expression(self) -> Expr {
        match self {
            Self::Username => Column::Username.into_simple_expr(),
            Self::CreatedAt => Column::CreatedAt.into_simple_expr(),
        }
    }

    fn value(self, row: &Model) -> Value {
        match self {
            Self::Username => row.username.clone().into(),
            Self::CreatedAt => row.created_at.to_string().into(),
        }
    }

    fn id(row: &Model) -> &str {
        &row.id
    }
}
