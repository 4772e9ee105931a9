//! Finds and lists categories.

use sea_orm::sea_query::{Expr, Query as SqlQuery};
use sea_orm::{ColumnTrait, Condition, EntityTrait, IntoSimpleExpr, QueryFilter, Value};

use super::{Category, describe, describe_one, find};
use crate::db::entity::categorymodel::{Column, Entity, Model};
use crate::db::entity::partcategorylink;
use crate::fields::Fields;
use crate::list::{self, ListQuery, MAX_SEARCH, Page, SortKey};
use crate::{Access, Error, Permission, Query, Read};

/// Finds the category with an id.
#[derive(Clone, Debug)]
pub struct GetCategory(pub String);

/// Lists categories.
#[derive(Clone, Debug, Default)]
pub struct ListCategories(pub ListQuery<CategoryFilter, CategorySort>);

/// The filter for categories. Fields that are not set do not filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CategoryFilter {
    /// A text that the name or the description contains.
    pub text: Option<String>,
    /// The id of a part in the categories.
    pub part_id: Option<String>,
}

/// The sort order of categories.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CategorySort {
    /// The name.
    #[default]
    Name,
}

impl Query for GetCategory {
    const ACCESS: Access = Access::Permission(Permission::CategoriesRead);
    type Output = Category;

    async fn run(&self, read: &Read) -> Result<Category, Error> {
        describe_one(read, find(read, &self.0).await?).await
    }
}

impl Query for ListCategories {
    const ACCESS: Access = Access::Permission(Permission::CategoriesRead);
    type Output = Page<Category>;

    fn validate(&self, fields: &mut Fields) {
        self.0.validate(fields);
        fields.text("text", self.0.filter.text.as_deref(), MAX_SEARCH);
    }

    async fn run(&self, read: &Read) -> Result<Page<Category>, Error> {
        let CategoryFilter { text, part_id } = &self.0.filter;
        let mut condition = Condition::all();
        if let Some(text) = text {
            let any = [Column::Name, Column::Description].map(|column| list::contains(column, text));
            condition = condition.add(any.into_iter().fold(Condition::any(), Condition::add));
        }
        condition = condition.add_option(part_id.as_ref().map(|id| {
            let (part, category) = (partcategorylink::Column::PartId, partcategorylink::Column::CategoryId);
            let mut linked = SqlQuery::select();
            linked.column(category).from(partcategorylink::Entity).and_where(part.eq(id));
            Column::Id.in_subquery(linked)
        }));
        let page = self.0.fetch(read, Entity::find().filter(condition), Column::Id).await?;
        let Page { items, total, next } = page;
        Ok(Page { items: describe(read, items).await?, total, next })
    }
}

impl SortKey for CategorySort {
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
