//! Lists parts with their total quantities.

use std::collections::HashMap;

use sea_orm::sea_query::{Expr, ExprTrait, Query as SqlQuery};
use sea_orm::{
    ColumnTrait, Condition, DbErr, EntityTrait, FromQueryResult, IntoSimpleExpr, QueryFilter, QueryResult,
    QuerySelect, Value,
};

use super::Part;
use crate::db::entity::partmodel::{self, Column, Entity};
use crate::db::entity::{part_location_allocations, part_project_link, part_tag_links, partcategorylink};
use crate::fields::Fields;
use crate::list::{self, ListQuery, MAX_SEARCH, Page, SortKey};
use crate::{Access, Error, Permission, Query, Read, categories, locations};

/// Lists parts.
#[derive(Clone, Debug, Default)]
pub struct ListParts(pub ListQuery<PartFilter, PartSort>);

/// Finds the part with an id, and its total quantity.
#[derive(Clone, Debug)]
pub struct GetStockedPart(pub String);

/// Finds the parts with these ids, in this order, and their total quantities. Ids without a part are skipped.
#[derive(Clone, Debug)]
pub struct GetStockedParts(pub Vec<String>);

/// The filter for parts. Fields that are not set do not filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartFilter {
    /// A text that the name, the number, or the description contains.
    pub text: Option<String>,
    /// The supplier.
    pub supplier: Option<String>,
    /// The manufacturer.
    pub manufacturer: Option<String>,
    /// The id of a category: the part is in it, or in one below it.
    pub category_id: Option<String>,
    /// The id of a location: the part is there, or in one below it.
    pub location_id: Option<String>,
    /// The id of a tag of the part.
    pub tag_id: Option<String>,
    /// The id of a project that uses the part.
    pub project_id: Option<String>,
    /// The largest total quantity.
    pub max_quantity: Option<i64>,
    /// Whether to list only parts whose total quantity is below their low-stock limit.
    pub only_low_stock: bool,
}

/// The sort order of parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PartSort {
    /// The name.
    #[default]
    Name,
    /// The number. Parts without a number come first.
    Number,
    /// The total quantity.
    Quantity,
    /// The time of creation.
    CreatedAt,
}

/// A part and its total quantity.
#[derive(Clone, Debug, PartialEq)]
pub struct StockedPart {
    /// The part.
    pub part: Part,
    /// The total quantity at all locations.
    pub quantity: i64,
}

impl Query for GetStockedPart {
    const ACCESS: Access = Access::Permission(Permission::PartsRead);
    type Output = StockedPart;

    async fn run(&self, read: &Read) -> Result<StockedPart, Error> {
        let select = Entity::find_by_id(&self.0).expr_as(quantity(), QUANTITY);
        let row = select.into_model::<StockedRow>().one(read.db().await?).await?;
        let row = row.ok_or_else(|| Error::not_found("part", &self.0))?;
        Ok(StockedPart { part: row.part.into(), quantity: row.quantity })
    }
}

impl Query for GetStockedParts {
    const ACCESS: Access = Access::Permission(Permission::PartsRead);
    type Output = Vec<StockedPart>;

    fn validate(&self, fields: &mut Fields) {
        fields.items("ids", &self.0, usize::try_from(list::MAX_PAGE_SIZE).unwrap_or(usize::MAX));
    }

    async fn run(&self, read: &Read) -> Result<Vec<StockedPart>, Error> {
        let select = Entity::find().filter(Column::Id.is_in(&self.0)).expr_as(quantity(), QUANTITY);
        let rows = select.into_model::<StockedRow>().all(read.db().await?).await?;
        let mut found: HashMap<String, StockedRow> =
            rows.into_iter().map(|row| (row.part.id.clone(), row)).collect();
        let rows = self.0.iter().filter_map(|id| found.remove(id));
        Ok(rows.map(|row| StockedPart { part: row.part.into(), quantity: row.quantity }).collect())
    }
}

impl Query for ListParts {
    const ACCESS: Access = Access::Permission(Permission::PartsRead);
    type Output = Page<StockedPart>;

    fn validate(&self, fields: &mut Fields) {
        self.0.validate(fields);
        fields.text("text", self.0.filter.text.as_deref(), MAX_SEARCH);
        fields.text("supplier", self.0.filter.supplier.as_deref(), MAX_SEARCH);
        fields.text("manufacturer", self.0.filter.manufacturer.as_deref(), MAX_SEARCH);
    }

    async fn run(&self, read: &Read) -> Result<Page<StockedPart>, Error> {
        let PartFilter { text, supplier, manufacturer, category_id, location_id, max_quantity, .. } =
            &self.0.filter;
        let categories = match category_id {
            Some(id) => Some(categories::TREE.below(read, id).await?),
            None => None,
        };
        let locations = match location_id {
            Some(id) => Some(locations::TREE.below(read, id).await?),
            None => None,
        };
        let mut condition = Condition::all();
        if let Some(text) = text {
            let any = [Column::PartName, Column::PartNumber, Column::Description];
            let any = any.into_iter().map(|column| list::contains(column, text));
            condition = condition.add(any.fold(Condition::any(), Condition::add));
        }
        condition = condition
            .add_option(supplier.as_ref().map(|name| Column::Supplier.eq(name)))
            .add_option(manufacturer.as_ref().map(|name| Column::Manufacturer.eq(name)))
            .add_option(categories.map(|ids| {
                let (part, category) =
                    (partcategorylink::Column::PartId, partcategorylink::Column::CategoryId);
                let mut linked = SqlQuery::select();
                linked.column(part).from(partcategorylink::Entity).and_where(category.is_in(ids));
                Column::Id.in_subquery(linked)
            }))
            .add_option(locations.map(|ids| {
                use part_location_allocations::{Column as Stock, Entity};
                let mut stored = SqlQuery::select();
                stored.column(Stock::PartId).from(Entity).and_where(Stock::LocationId.is_in(ids));
                Column::Id.in_subquery(stored)
            }))
            .add_option(self.0.filter.tag_id.as_ref().map(|id| {
                use part_tag_links::{Column as Link, Entity};
                let mut linked = SqlQuery::select();
                linked.column(Link::PartId).from(Entity).and_where(Link::TagId.eq(id));
                Column::Id.in_subquery(linked)
            }))
            .add_option(self.0.filter.project_id.as_ref().map(|id| {
                use part_project_link::{Column as Link, Entity};
                let mut linked = SqlQuery::select();
                linked.column(Link::PartId).from(Entity).and_where(Link::ProjectId.eq(id));
                Column::Id.in_subquery(linked)
            }))
            .add_option(max_quantity.map(|most| quantity().lte(most)))
            .add_option(self.0.filter.only_low_stock.then(is_low));
        let select = Entity::find().expr_as(quantity(), QUANTITY).filter(condition);
        let page = self.0.fetch(read, select, Column::Id).await?;
        Ok(page.map(|row| StockedPart { part: row.part.into(), quantity: row.quantity }))
    }
}

const QUANTITY: &str = "total_quantity";

/// Returns an expression for the total quantity of the part in a row.
fn quantity() -> Expr {
    Expr::cust(
        "(SELECT CAST(COALESCE(SUM(stock.quantity_at_location), 0) AS BIGINT) \
         FROM part_location_allocations stock WHERE stock.part_id = partmodel.id)",
    )
}

/// Returns a condition: the total quantity of the part in a row is below its low-stock limit.
fn is_low() -> Expr {
    Expr::cust(
        "partmodel.id IN (SELECT low.part_id FROM mm_low_stock_limit low WHERE low.quantity > \
         (SELECT COALESCE(SUM(stock.quantity_at_location), 0) FROM part_location_allocations stock \
          WHERE stock.part_id = low.part_id))",
    )
}

/// A row of the list.
#[derive(Clone, Debug)]
pub(crate) struct StockedRow {
    part: partmodel::Model,
    quantity: i64,
}

impl FromQueryResult for StockedRow {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let part = partmodel::Model::from_query_result(row, prefix)?;
        Ok(Self { part, quantity: row.try_get(prefix, QUANTITY)? })
    }
}

impl SortKey for PartSort {
    type Row = StockedRow;

    fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Number => "number",
            Self::Quantity => "quantity",
            Self::CreatedAt => "created_at",
        }
    }

    fn expression(self) -> Expr {
        match self {
            Self::Name => Column::PartName.into_simple_expr(),
            Self::Number => list::or_empty(Column::PartNumber),
            Self::Quantity => quantity(),
            Self::CreatedAt => Column::CreatedAt.into_simple_expr(),
        }
    }

    fn value(self, row: &StockedRow) -> Value {
        match self {
            Self::Name => row.part.part_name.clone().into(),
            Self::Number => row.part.part_number.clone().unwrap_or_default().into(),
            Self::Quantity => row.quantity.into(),
            Self::CreatedAt => row.part.created_at.to_string().into(),
        }
    }

    fn id(row: &StockedRow) -> &str {
        &row.part.id
    }
}
