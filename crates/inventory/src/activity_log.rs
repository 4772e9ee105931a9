//! Lists the activity log. [`activity`](crate::activity) writes it.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, IntoSimpleExpr, QueryFilter, QueryOrder, QuerySelect, Value,
};

use crate::db::entity::activitylogmodel::{Column, Entity, Model};
use crate::list::{ListQuery, MAX_PAGE_SIZE, MAX_SEARCH, Page, SortKey};
use crate::{Access, Actor, Error, Fields, Json, Permission, Query, Read, Timestamp};

/// The types of things about which only those may read who may read users.
const CONFIDENTIAL: [&str; 3] = ["user", "role", "api_key"];

/// Lists the activity log. Omits entries about users, roles and API keys for those who may not read users.
#[derive(Clone, Debug, Default)]
pub struct ListActivity(pub ListQuery<ActivityFilter, ActivitySort>);

/// Lists the latest entries of the activity log, at most so many, the latest first. Those of the same time are in no particular order,
/// so an index of the time is enough, however many entries an import has written at once. Omits what [`ListActivity`] omits.
#[derive(Clone, Copy, Debug)]
pub struct ListLatestActivity(pub u64);

/// The filter for the activity log. Fields that are not set do not filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActivityFilter {
    /// The type of the thing, such as `part`.
    pub entity_type: Option<String>,
    /// The id of the thing.
    pub entity_id: Option<String>,
    /// The action: `created`, `updated` or `deleted`.
    pub action: Option<String>,
    /// The name of the user.
    pub username: Option<String>,
    /// The earliest time.
    pub from: Option<Timestamp>,
    /// The latest time.
    pub to: Option<Timestamp>,
}

/// The sort order of the activity log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ActivitySort {
    /// The time.
    #[default]
    Time,
}

/// An entry of the activity log.
#[derive(Clone, Debug, PartialEq)]
pub struct Activity {
    /// Unique.
    pub id: String,
    /// The action, such as `created`, `updated` or `deleted`.
    pub action: String,
    /// The type of the thing, such as `part`.
    pub entity_type: String,
    /// The id of the thing.
    pub entity_id: Option<String>,
    /// The name that the thing had.
    pub entity_name: Option<String>,
    /// The name of the user.
    pub username: Option<String>,
    /// When it happened.
    pub timestamp: Timestamp,
    /// The old and the new values.
    pub details: Json,
}

impl From<Model> for Activity {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            action: row.action,
            entity_type: row.entity_type,
            entity_id: row.entity_id,
            entity_name: row.entity_name,
            username: row.username,
            timestamp: row.timestamp,
            details: row.details,
        }
    }
}

impl Query for ListActivity {
    const ACCESS: Access = Access::Permission(Permission::PartsRead);
    type Output = Page<Activity>;

    fn validate(&self, fields: &mut Fields) {
        let ActivityFilter { entity_type, entity_id, action, username, .. } = &self.0.filter;
        self.0.validate(fields);
        fields.text("entity_type", entity_type.as_deref(), MAX_SEARCH);
        fields.text("entity_id", entity_id.as_deref(), MAX_SEARCH);
        fields.text("action", action.as_deref(), MAX_SEARCH);
        fields.text("username", username.as_deref(), MAX_SEARCH);
    }

    async fn run(&self, read: &Read) -> Result<Page<Activity>, Error> {
        let ActivityFilter { entity_type, entity_id, action, username, from, to } = &self.0.filter;
        let condition = visible_to(read.actor())
            .add_option(entity_type.as_ref().map(|kind| Column::EntityType.eq(kind)))
            .add_option(entity_id.as_ref().map(|id| Column::EntityId.eq(id)))
            .add_option(action.as_ref().map(|action| Column::Action.eq(action)))
            .add_option(username.as_ref().map(|name| Column::Username.eq(name)))
            .add_option(from.map(|from| Column::Timestamp.gte(from)))
            .add_option(to.map(|to| Column::Timestamp.lte(to)));
        let page = self.0.fetch(read, Entity::find().filter(condition), Column::Id).await?;
        Ok(page.map(Activity::from))
    }
}

impl Query for ListLatestActivity {
    const ACCESS: Access = Access::Permission(Permission::PartsRead);
    type Output = Vec<Activity>;

    async fn run(&self, read: &Read) -> Result<Vec<Activity>, Error> {
        let select = Entity::find().filter(visible_to(read.actor())).order_by_desc(Column::Timestamp);
        let rows = select.limit(self.0.min(MAX_PAGE_SIZE)).all(read.db().await?).await?;
        Ok(rows.into_iter().map(Activity::from).collect())
    }
}

/// Returns the condition for what an actor may read.
fn visible_to(actor: &Actor) -> Condition {
    let may_read_all = actor.may(Permission::UsersRead);
    Condition::all().add_option((!may_read_all).then(|| Column::EntityType.is_not_in(CONFIDENTIAL)))
}

impl SortKey for ActivitySort {
    type Row = Model;

    fn name(self) -> &'static str {
        "time"
    }

    fn expression(self) -> Expr {
        Column::Timestamp.into_simple_expr()
    }

    fn value(self, row: &Model) -> Value {
        row.timestamp.to_string().into()
    }

    fn id(row: &Model) -> &str {
        &row.id
    }
}
