//! Finds, lists and sums up allocations.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, IntoSimpleExpr,
    QueryFilter, QueryResult, QuerySelect, Statement, Value,
};

use super::Allocation;
use crate::db::entity::part_location_allocations::{Column, Entity, Model};
use crate::fields::Fields;
use crate::list::{ListQuery, Page, SortKey};
use crate::{Access, Error, Permission, Query, Read, parts};

/// Finds the allocation with an id.
#[derive(Clone, Debug)]
pub struct GetAllocation(pub String);

/// Returns the total quantity of a part at all locations.
#[derive(Clone, Debug)]
pub struct GetTotalQuantity {
    /// The part.
    pub part_id: String,
}

/// Lists allocations.
#[derive(Clone, Debug, Default)]
pub struct ListAllocations(pub ListQuery<AllocationFilter, AllocationSort>);

/// The filter for allocations. Fields that are not set do not filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllocationFilter {
    /// The id of the part.
    pub part_id: Option<String>,
    /// The id of the location.
    pub location_id: Option<String>,
    /// Whether to list only primary storage.
    pub only_primary: bool,
}

/// The sort order of allocations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AllocationSort {
    /// Primary storage first, then by age, oldest first.
    #[default]
    PrimaryFirst,
    /// The age, oldest first.
    Age,
    /// The quantity.
    Quantity,
    /// The name of the part.
    PartName,
    /// The name of the location.
    LocationName,
}

/// An allocation with the names of its part and location.
#[derive(Clone, Debug, PartialEq)]
pub struct PlacedAllocation {
    /// The allocation.
    pub allocation: Allocation,
    /// The name of the part.
    pub part_name: String,
    /// The name of the location.
    pub location_name: String,
}

impl Query for GetAllocation {
    const ACCESS: Access = Access::Permission(Permission::PartsRead);
    type Output = Allocation;

    async fn run(&self, read: &Read) -> Result<Allocation, Error> {
        let row = Entity::find_by_id(&self.0).one(read.db().await?).await?;
        row.ok_or_else(|| Error::not_found("allocation", &self.0))?.try_into()
    }
}

impl Query for GetTotalQuantity {
    const ACCESS: Access = Access::Permission(Permission::PartsRead);
    type Output = i64;

    async fn run(&self, read: &Read) -> Result<i64, Error> {
        let part = parts::find(read, &self.part_id).await?;
        let sql = "SELECT CAST(COALESCE(SUM(quantity_at_location), 0) AS BIGINT) \
                   FROM part_location_allocations WHERE part_id = $1";
        let db = read.db().await?;
        let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [part.id.into()]);
        let row = db.query_one_raw(statement).await?;
        Ok(row.map_or(Ok(0), |row| row.try_get_by_index(0))?)
    }
}

impl Query for ListAllocations {
    const ACCESS: Access = Access::Permission(Permission::PartsRead);
    type Output = Page<PlacedAllocation>;

    fn validate(&self, fields: &mut Fields) {
        self.0.validate(fields);
    }

    async fn run(&self, read: &Read) -> Result<Page<PlacedAllocation>, Error> {
        let AllocationFilter { part_id, location_id, only_primary } = &self.0.filter;
        // Omits rows without a part or a location, which only another program can have written.
        let condition = Condition::all()
            .add(Column::PartId.is_not_null())
            .add(Column::LocationId.is_not_null())
            .add_option(part_id.as_ref().map(|id| Column::PartId.eq(id)))
            .add_option(location_id.as_ref().map(|id| Column::LocationId.eq(id)))
            .add_option(only_primary.then(|| Column::IsPrimaryStorage.eq(true)));
        let select = Entity::find()
            .expr_as(part_name(), PART_NAME)
            .expr_as(location_name(), LOCATION_NAME)
            .filter(condition);
        let page = self.0.fetch(read, select, Column::Id).await?;
        page.try_map(|PlacedRow { row, part_name, location_name }| {
            Ok(PlacedAllocation { allocation: row.try_into()?, part_name, location_name })
        })
    }
}

const PART_NAME: &str = "name_of_part";
const LOCATION_NAME: &str = "name_of_location";

fn part_name() -> Expr {
    Expr::cust(
        "COALESCE((SELECT part.part_name FROM partmodel part WHERE part.id = part_location_allocations.part_id), '')",
    )
}

fn location_name() -> Expr {
    Expr::cust(
        "COALESCE((SELECT place.name FROM locationmodel place WHERE place.id = part_location_allocations.location_id), '')",
    )
}

/// A row of the list.
pub(crate) struct PlacedRow {
    row: Model,
    part_name: String,
    location_name: String,
}

impl FromQueryResult for PlacedRow {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        Ok(Self {
            row: Model::from_query_result(row, prefix)?,
            part_name: row.try_get(prefix, PART_NAME)?,
            location_name: row.try_get(prefix, LOCATION_NAME)?,
        })
    }
}

impl SortKey for AllocationSort {
    type Row = PlacedRow;

    fn name(self) -> &'static str {
        match self {
            Self::PrimaryFirst => "primary_first",
            Self::Age => "age",
            Self::Quantity => "quantity",
            Self::PartName => "part_name",
            Self::LocationName => "location_name",
        }
    }

    fn expression(self) -> Expr {
        match self {
            Self::PrimaryFirst => {
                Expr::cust("CASE WHEN is_primary_storage THEN '0' ELSE '1' END || allocated_at")
            }
            Self::Age => Column::AllocatedAt.into_simple_expr(),
            Self::Quantity => Column::QuantityAtLocation.into_simple_expr(),
            Self::PartName => part_name(),
            Self::LocationName => location_name(),
        }
    }

    fn value(self, row: &PlacedRow) -> Value {
        match self {
            Self::PrimaryFirst => {
                format!("{}{}", if row.row.is_primary_storage { '0' } else { '1' }, row.row.allocated_at)
                    .into()
            }
            Self::Age => row.row.allocated_at.to_string().into(),
            Self::Quantity => row.row.quantity_at_location.into(),
            Self::PartName => row.part_name.clone().into(),
            Self::LocationName => row.location_name.clone().into(),
        }
    }

    fn id(row: &PlacedRow) -> &str {
        &row.row.id
    }
}
