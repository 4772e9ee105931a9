//! Finds and lists roles.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, IntoSimpleExpr, QueryFilter, Value};

use super::Role;
use crate::db::entity::rolemodel::{Column, Entity, Model};
use crate::fields::Fields;
use crate::list::{self, ListQuery, MAX_SEARCH, Page, SortKey};
use crate::{Access, Error, Permission, Query, Read};

/// Finds the role with an id.
#[derive(Clone, Debug)]
pub struct GetRole(pub String);

/// Finds the role with a name.
#[derive(Clone, Debug)]
pub struct FindRoleByName(pub String);

/// Lists roles.
#[derive(Clone, Debug, Default)]
pub struct ListRoles(pub ListQuery<RoleFilter, RoleSort>);

/// The filter for roles. Fields that are not set do not filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleFilter {
    /// A text that the name contains.
    pub text: Option<String>,
}

/// The sort order of roles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RoleSort {
    /// The name.
    #[default]
    Name,
}

impl Query for GetRole {
    const ACCESS: Access = Access::Permission(Permission::UsersRead);
    type Output = Role;

    async fn run(&self, read: &Read) -> Result<Role, Error> {
        find(read, &self.0).await.map(Role::from)
    }
}

impl Query for FindRoleByName {
    const ACCESS: Access = Access::Permission(Permission::UsersRead);
    type Output = Role;

    async fn run(&self, read: &Read) -> Result<Role, Error> {
        find_by_name(read, &self.0).await
    }
}

impl Query for ListRoles {
    const ACCESS: Access = Access::Permission(Permission::UsersRead);
    type Output = Page<Role>;

    fn validate(&self, fields: &mut Fields) {
        self.0.validate(fields);
        fields.text("text", self.0.filter.text.as_deref(), MAX_SEARCH);
    }

    async fn run(&self, read: &Read) -> Result<Page<Role>, Error> {
        let text = self.0.filter.text.as_ref();
        let condition = Condition::all().add_option(text.map(|text| list::contains(Column::Name, text)));
        let page = self.0.fetch(read, Entity::find().filter(condition), Column::Id).await?;
        Ok(page.map(Role::from))
    }
}

/// Finds the row of the role with an id.
pub(super) async fn find(read: &Read, id: &str) -> Result<Model, Error> {
    let row = Entity::find_by_id(id).one(read.db().await?).await?;
    row.ok_or_else(|| Error::not_found("role", id))
}

pub(crate) async fn find_by_name(read: &Read, name: &str) -> Result<Role, Error> {
    find_row_by_name(read, name).await.map(Role::from)
}

pub(crate) async fn find_row_by_name(read: &Read, name: &str) -> Result<Model, Error> {
    let row = Entity::find().filter(Column::Name.eq(name)).one(read.db().await?).await?;
    row.ok_or_else(|| Error::not_found("role", name))
}

impl SortKey for RoleSort {
    type Row = Model;

    fn name(self) -> &'static str {
        "name"
    }

    fn expression(self) -> Expr {
        Column::Name.into_simple_expr()
    }

    fn value(self, row: &Model) -> Value {
        row.name.clone().into()
    }

    fn id(row: &Model) -> &str {
        &row.id
    }
}
