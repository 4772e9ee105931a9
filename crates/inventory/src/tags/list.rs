//! Finds and lists tags.

use sea_orm::sea_query::Expr;
use sea_orm::{Condition, EntityTrait, IntoSimpleExpr, QueryFilter, QueryOrder, QuerySelect, Value};

use super::{Tag, describe, describe_one, find};
use crate::db::entity::tagmodel::{Column, Entity, Model};
use crate::list::{self, ListQuery, MAX_SEARCH, Page, SortKey};
use crate::{Access, Error, Fields, Permission, Query, Read};

/// Finds the tag with an id.
#[derive(Clone, Debug)]
pub struct GetTag(pub String);

/// Lists tags.
#[derive(Clone, Debug, Default)]
pub struct ListTags(pub ListQuery<TagFilter, TagSort>);

/// Lists the ids and the names of the tags by name, at most [`list::MAX_PAGE_SIZE`], without counting their parts.
#[derive(Clone, Copy, Debug, Default)]
pub struct ListTagNames;

/// The filter for tags. Fields that are not set do not filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagFilter {
    /// A text that the name or the description contains.
    pub text: Option<String>,
}

/// The sort order of tags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TagSort {
    /// The name, regardless of case.
    #[default]
    Name,
}

impl Query for GetTag {
    const ACCESS: Access = Access::Permission(Permission::TagsRead);
    type Output = Tag;

    async fn run(&self, read: &Read) -> Result<Tag, Error> {
        describe_one(read, find(read, &self.0).await?).await
    }
}

impl Query for ListTags {
    const ACCESS: Access = Access::Permission(Permission::TagsRead);
    type Output = Page<Tag>;

    fn validate(&self, fields: &mut Fields) {
        self.0.validate(fields);
        fields.text("text", self.0.filter.text.as_deref(), MAX_SEARCH);
    }

    async fn run(&self, read: &Read) -> Result<Page<Tag>, Error> {
        let mut condition = Condition::all();
        if let Some(text) = &self.0.filter.text {
            let any = [Column::Name, Column::Description].map(|column| list::contains(column, text));
            condition = condition.add(any.into_iter().fold(Condition::any(), Condition::add));
        }
        let page = self.0.fetch(read, Entity::find().filter(condition), Column::Id).await?;
        let Page { items, total, next } = page;
        Ok(Page { items: describe(read, items).await?, total, next })
    }
}

impl Query for ListTagNames {
    const ACCESS: Access = Access::Permission(Permission::TagsRead);
    type Output = Vec<(String, String)>;

    async fn run(&self, read: &Read) -> Result<Vec<(String, String)>, Error> {
        let select = Entity::find().select_only().columns([Column::Id, Column::Name]);
        let select = select.order_by_asc(Column::NameLower).order_by_asc(Column::Id);
        Ok(select.limit(list::MAX_PAGE_SIZE).into_tuple().all(read.db().await?).await?)
    }
}

impl SortKey for TagSort {
    type Row = Model;

    fn name(self) -> &'static str {
        "name"
    }

    fn expression(self) -> Expr {
        Column::NameLower.into_simple_expr()
    }

    fn value(self, row: &Model) -> Value {
        row.name_lower.clone().into()
    }

    fn id(row: &Model) -> &str {
        &row.id
    }
}
