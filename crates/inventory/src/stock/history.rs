//! Lists the movements of the ledger, and compares them with the stock.

use sea_orm::ConnectionTrait;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, FromQueryResult, IntoSimpleExpr, QueryFilter, Statement, Value,
};

use super::ledger::{self, Movement};
use crate::db::entity::mm_stock_movement::{Column, Entity, Model};
use crate::fields::Fields;
use crate::list::{ListQuery, Page, SortKey};
use crate::{Access, Error, Permission, Query, Read};

/// Lists movements.
#[derive(Clone, Debug, Default)]
pub struct ListMovements(pub ListQuery<MovementFilter, MovementSort>);

/// The filter for movements. Fields that are not set do not filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MovementFilter {
    /// The id of the part.
    pub part_id: Option<String>,
    /// The id of a location at either end.
    pub location_id: Option<String>,
}

/// The sort order of movements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MovementSort {
    /// The position in the ledger, which is the order in time.
    #[default]
    Number,
}

impl Query for ListMovements {
    const ACCESS: Access = Access::Permission(Permission::PartsRead);
    type Output = Page<Movement>;

    fn validate(&self, fields: &mut Fields) {
        self.0.validate(fields);
    }

    async fn run(&self, read: &Read) -> Result<Page<Movement>, Error> {
        let MovementFilter { part_id, location_id } = &self.0.filter;
        let here = |id: &String| {
            Condition::any().add(Column::FromLocationId.eq(id)).add(Column::ToLocationId.eq(id))
        };
        let condition = Condition::all()
            .add_option(part_id.as_ref().map(|id| Column::PartId.eq(id)))
            .add_option(location_id.as_ref().map(here));
        let page = self.0.fetch(read, Entity::find().filter(condition), Column::Id).await?;
        Ok(page.map(Movement::from))
    }
}

impl SortKey for MovementSort {
    type Row = Model;

    fn name(self) -> &'static str {
        "number"
    }

    fn expression(self) -> Expr {
        Column::Number.into_simple_expr()
    }

    fn value(self, row: &Model) -> Value {
        row.number.into()
    }

    fn id(row: &Model) -> &str {
        &row.id
    }
}

/// Returns the number of the last movement, or 0 if there is none.
#[derive(Clone, Copy, Debug, Default)]
pub struct LastMovement;

impl Query for LastMovement {
    const ACCESS: Access = Access::Permission(Permission::PartsRead);
    type Output = i64;

    async fn run(&self, read: &Read) -> Result<i64, Error> {
        ledger::last_number(read).await
    }
}

/// Compares the ledger with the stock.
#[derive(Clone, Copy, Debug, Default)]
pub struct CheckStock;

/// The result of comparing the ledger with the stock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StockCheck {
    /// The number of differences.
    pub count: u64,
    /// The first differences, at most [`StockCheck::MAX_SHOWN`], by part and location.
    pub differences: Vec<StockDifference>,
}

/// A part and a location whose stock differs from the sum of the movements.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct StockDifference {
    /// The part.
    pub part_id: String,
    /// The location.
    pub location_id: String,
    /// The quantity of the allocation.
    pub stock: i64,
    /// The sum of the movements.
    pub ledger: i64,
}

impl StockCheck {
    /// The largest number of differences that are listed.
    pub const MAX_SHOWN: usize = 100;

    /// The statement that finds the differences, the same for both engines. Ignores movements of parts and locations that
    /// no longer exist.
    pub(crate) const SQL: &str = "\
        SELECT part_id, location_id, CAST(SUM(stock) AS BIGINT) AS stock, CAST(SUM(ledger) AS BIGINT) AS ledger FROM (\
            SELECT part_id, location_id, quantity_at_location AS stock, 0 AS ledger FROM part_location_allocations \
                WHERE part_id IS NOT NULL AND location_id IS NOT NULL \
            UNION ALL SELECT part_id, to_location_id, 0, to_after - to_before FROM mm_stock_movement \
                WHERE to_location_id IS NOT NULL \
            UNION ALL SELECT part_id, from_location_id, 0, from_after - from_before FROM mm_stock_movement \
                WHERE from_location_id IS NOT NULL\
        ) AS sums GROUP BY part_id, location_id HAVING SUM(stock) <> SUM(ledger) \
            AND part_id IN (SELECT id FROM partmodel) AND location_id IN (SELECT id FROM locationmodel) \
        ORDER BY part_id, location_id";
}

impl Query for CheckStock {
    const ACCESS: Access = Access::Permission(Permission::PartsRead);
    type Output = StockCheck;

    async fn run(&self, read: &Read) -> Result<StockCheck, Error> {
        let db = read.db().await?;
        let backend = db.get_database_backend();
        let first = format!("{} LIMIT {}", StockCheck::SQL, StockCheck::MAX_SHOWN);
        let rows = db.query_all_raw(Statement::from_string(backend, first)).await?;
        let differences: Vec<StockDifference> =
            rows.iter().map(|row| StockDifference::from_query_result(row, "")).collect::<Result<_, _>>()?;
        if differences.len() < StockCheck::MAX_SHOWN {
            return Ok(StockCheck { count: differences.len() as u64, differences });
        }
        let count = format!("SELECT CAST(COUNT(*) AS BIGINT) FROM ({}) AS differences", StockCheck::SQL);
        let row = db.query_one_raw(Statement::from_string(backend, count)).await?;
        let count: i64 = row.map_or(Ok(0), |row| row.try_get_by_index(0))?;
        Ok(StockCheck { count: count.cast_unsigned(), differences })
    }
}
