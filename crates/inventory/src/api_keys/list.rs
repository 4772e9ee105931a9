//! Finds and lists API keys.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, IntoSimpleExpr, QueryFilter, Value};

use super::{ApiKey, require_own};
use crate::db::entity::api_keys::{Column, Entity, Model};
use crate::fields::Fields;
use crate::list::{self, ListQuery, MAX_SEARCH, Page, SortKey};
use crate::{Access, Actor, Error, Permission, Query, Read};

/// Finds the key record with an id: a key of the actor or, with [`Permission::ApiKeysAdmin`], of any user.
#[derive(Clone, Debug)]
pub struct GetApiKey(pub String);

/// Lists the keys of the actor or, with [`Permission::ApiKeysAdmin`], all keys.
#[derive(Clone, Debug, Default)]
pub struct ListApiKeys(pub ListQuery<ApiKeyFilter, ApiKeySort>);

/// The filter for keys. Fields that are not set do not filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiKeyFilter {
    /// A text that the name or the description contains.
    pub text: Option<String>,
    /// The user whom the keys act for.
    pub user_id: Option<String>,
    /// Whether the keys are active.
    pub is_active: Option<bool>,
}

/// The sort order of keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ApiKeySort {
    /// The name.
    #[default]
    Name,
    /// The time of creation.
    CreatedAt,
}

impl Query for GetApiKey {
    const ACCESS: Access = Access::Permission(Permission::ApiKeysRead);
    type Output = ApiKey;

    async fn run(&self, read: &Read) -> Result<ApiKey, Error> {
        let row = find(read, &self.0).await?;
        require_own(read.actor(), &row.user_id)?;
        Ok(row.into())
    }
}

/// Finds the row of the key with an id.
pub(super) async fn find(read: &Read, id: &str) -> Result<Model, Error> {
    let row = Entity::find_by_id(id).one(read.db().await?).await?;
    row.ok_or_else(|| Error::not_found("API key", id))
}

impl Query for ListApiKeys {
    const ACCESS: Access = Access::Permission(Permission::ApiKeysRead);
    type Output = Page<ApiKey>;

    fn validate(&self, fields: &mut Fields) {
        self.0.validate(fields);
        fields.text("text", self.0.filter.text.as_deref(), MAX_SEARCH);
    }

    async fn run(&self, read: &Read) -> Result<Page<ApiKey>, Error> {
        let ApiKeyFilter { text, user_id, is_active } = &self.0.filter;
        let mut condition = Condition::all();
        if let Some(text) = text {
            let any = [Column::Name, Column::Description].map(|column| list::contains(column, text));
            condition = condition.add(any.into_iter().fold(Condition::any(), Condition::add));
        }
        condition = condition
            .add_option(user_id.as_ref().map(|id| Column::UserId.eq(id)))
            .add_option(is_active.map(|active| Column::IsActive.eq(active)));
        if let Actor::User { id, .. } = read.actor()
            && !read.actor().may(Permission::ApiKeysAdmin)
        {
            condition = condition.add(Column::UserId.eq(id));
        }
        let page = self.0.fetch(read, Entity::find().filter(condition), Column::Id).await?;
        Ok(page.map(ApiKey::from))
    }
}

impl SortKey for ApiKeySort {
    type Row = Model;

    fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::CreatedAt => "created_at",
        }
    }

    fn expression(self) -> Expr {
        match self {
            Self::Name => Column::Name.into_simple_expr(),
            Self::CreatedAt => Column::CreatedAt.into_simple_expr(),
        }
    }

    fn value(self, row: &Model) -> Value {
        match self {
            Self::Name => row.name.clone().into(),
            Self::CreatedAt => row.created_at.to_string().into(),
        }
    }

    fn id(row: &Model) -> &str {
        &row.id
    }
}
