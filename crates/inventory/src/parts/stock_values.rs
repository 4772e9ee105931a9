//! Values the stock at the end of each month.

use chrono::{Datelike, Months, NaiveDate};
use sea_orm::{ConnectionTrait, DatabaseTransaction, Statement, Value};

use super::prices::CURRENT_PRICES;
use crate::{Access, Error, Permission, Query, Read, Timestamp};

/// Lists what the stock was worth at the end of each month, the oldest first. The last month is the current one, as it is now.
///
/// Each month is valued at the newest current prices, as [`SumInventory`](super::SumInventory) does, so that the values differ by
/// what came and went only. The list begins with the stock ledger. It is empty if no price in the currency is known.
#[derive(Clone, Debug)]
pub struct ListStockValues {
    /// The currency. Prices in other currencies are left out.
    pub currency: String,
    /// The largest number of months.
    pub months: u32,
}

/// What the stock was worth at the end of a month.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StockValue {
    /// The first day of the month.
    pub month: NaiveDate,
    /// The value.
    pub value: f64,
}

/// The value of the stock at the prices in `price` now, without a month, and by how much the value has changed in each month, from the month in `$2` on.
const CHANGES: &str = "SELECT NULL AS month, SUM(price.unit_price * stock.quantity_at_location) AS value \
     FROM price JOIN part_location_allocations stock ON stock.part_id = price.part_id \
     UNION ALL \
     SELECT SUBSTR(moved_at, 1, 7), \
     SUM(price.unit_price * (COALESCE(to_after - to_before, 0) - COALESCE(from_before - from_after, 0))) \
     FROM price JOIN mm_stock_movement movement ON movement.part_id = price.part_id \
     WHERE moved_at >= $2 GROUP BY SUBSTR(moved_at, 1, 7)";

impl Query for ListStockValues {
    const ACCESS: Access = Access::Permission(Permission::PartsRead);
    type Output = Vec<StockValue>;

    async fn run(&self, read: &Read) -> Result<Vec<StockValue>, Error> {
        let db = read.db().await?;
        let Some(began) = ledger_began(db).await? else { return Ok(Vec::new()) };
        let this_month = first_of_month(read.now());
        let back = |months: u32| this_month.checked_sub_months(Months::new(months));
        let is_known = |month: &NaiveDate| *month >= first_of_month(began);
        let months: Vec<NaiveDate> = (0..self.months).map_while(back).take_while(is_known).collect();
        let Some(first) = months.last() else { return Ok(Vec::new()) };
        let arguments: [Value; 2] = [self.currency.as_str().into(), first.to_string().into()];
        let sql =
            format!("WITH price AS (SELECT * FROM {CURRENT_PRICES} current WHERE currency = $1) {CHANGES}");
        let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, arguments);
        let mut changes: Vec<(Option<String>, f64)> = Vec::new();
        for row in db.query_all_raw(statement).await? {
            let Some(value) = row.try_get_by_index(1)? else { return Ok(Vec::new()) };
            changes.push((row.try_get_by_index(0)?, value));
        }
        let change = |month: Option<&str>| changes.iter().find(|(of, _)| of.as_deref() == month);
        let mut value = change(None).map_or(0.0, |(_, value)| *value);
        let mut values = Vec::new();
        for month in months {
            values.push(StockValue { month, value: value.max(0.0) });
            value -= change(Some(&month.format("%Y-%m").to_string())).map_or(0.0, |(_, value)| *value);
        }
        values.reverse();
        Ok(values)
    }
}

/// Returns the time of the first movement.
async fn ledger_began(db: &DatabaseTransaction) -> Result<Option<Timestamp>, Error> {
    let sql = "SELECT moved_at FROM mm_stock_movement ORDER BY number LIMIT 1";
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?)
}

fn first_of_month(time: Timestamp) -> NaiveDate {
    let date = time.0.date();
    date.with_day(1).unwrap_or(date)
}
