//! Sums up the inventory.

use sea_orm::{ConnectionTrait, Statement};

use super::prices::CURRENT_PRICES;
use crate::{Access, Error, Permission, Query, Read};

/// Sums up the parts, their stock and its value.
#[derive(Clone, Copy, Debug)]
pub struct SumInventory;

/// The sums of an inventory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InventoryTotals {
    /// The number of parts.
    pub parts: i64,
    /// The number of pieces of all parts.
    pub units: i64,
    /// The number of parts without stock.
    pub out: i64,
    /// The number of parts below their low-stock limit.
    pub low: i64,
    /// The number of parts that no location holds.
    pub without_place: i64,
    /// The number of parts with stock and a known price.
    pub priced: i64,
    /// The value of the stock by currency, at the newest current price of each part, the largest first.
    pub values: Vec<(String, f64)>,
}

const STOCK: &str = "SELECT part_id, SUM(quantity_at_location) AS quantity FROM part_location_allocations \
     WHERE part_id IS NOT NULL GROUP BY part_id";

impl Query for SumInventory {
    const ACCESS: Access = Access::Permission(Permission::PartsRead);
    type Output = InventoryTotals;

    async fn run(&self, read: &Read) -> Result<InventoryTotals, Error> {
        let db = read.db().await?;
        let statement = |sql: String| Statement::from_string(db.get_database_backend(), sql);
        let sums = format!(
            "SELECT (SELECT CAST(COUNT(*) AS BIGINT) FROM partmodel), CAST(COALESCE(SUM(quantity), 0) AS BIGINT), \
             CAST(COUNT(*) AS BIGINT), CAST(COALESCE(SUM(CASE WHEN quantity > 0 THEN 1 ELSE 0 END), 0) AS BIGINT), \
             (SELECT CAST(COUNT(*) AS BIGINT) FROM mm_low_stock_limit low LEFT JOIN ({STOCK}) held ON held.part_id = low.part_id \
              WHERE COALESCE(held.quantity, 0) < low.quantity) FROM ({STOCK}) stock"
        );
        let row = db.query_one_raw(statement(sums)).await?.ok_or_else(|| Error::not_found("sum", "stock"))?;
        let number = |index: usize| row.try_get_by_index::<i64>(index);
        let (parts, held, filled) = (number(0)?, number(2)?, number(3)?);
        let values = format!(
            "SELECT currency, CAST(SUM(quantity * unit_price) AS DOUBLE PRECISION), CAST(COUNT(*) AS BIGINT) \
             FROM {CURRENT_PRICES} price JOIN ({STOCK}) stock ON stock.part_id = price.part_id \
             WHERE quantity > 0 GROUP BY currency ORDER BY 2 DESC, 1"
        );
        let mut totals = InventoryTotals {
            parts,
            units: number(1)?,
            out: parts - filled,
            low: number(4)?,
            without_place: parts - held,
            ..InventoryTotals::default()
        };
        for row in db.query_all_raw(statement(values)).await? {
            totals.values.push((row.try_get_by_index(0)?, row.try_get_by_index(1)?));
            totals.priced += row.try_get_by_index::<i64>(2)?;
        }
        Ok(totals)
    }
}
