//! The prices of a part, which the original has collected from suppliers.

use std::collections::HashMap;

use sea_orm::{ConnectionTrait, FromQueryResult, Statement};

use super::find;
use crate::{Access, Error, Json, Permission, Query, Read, Timestamp};

/// Lists the prices of a part, the newest first, at most 1000.
#[derive(Clone, Debug)]
pub struct ListPrices {
    /// The part.
    pub part_id: String,
}

/// A price of a part at a supplier.
#[derive(Clone, Debug, PartialEq, FromQueryResult)]
pub struct Price {
    /// Unique.
    pub id: String,
    /// The supplier.
    pub supplier: String,
    /// The price of one piece.
    pub unit_price: Option<f64>,
    /// The currency, such as `EUR`.
    pub currency: String,
    /// The quantity that the supplier had.
    pub stock_quantity: Option<i64>,
    /// The prices by quantity, as the supplier states them.
    pub pricing_tiers: Json,
    /// Where the price comes from.
    pub source: String,
    /// Whether the price is current.
    pub is_current: bool,
    /// From when the price is valid.
    pub valid_from: Timestamp,
    /// Until when the price is valid.
    pub valid_until: Option<Timestamp>,
}

// SQLite stores whole prices as integers.
const SELECT: &str = "SELECT id, part_id, supplier, CAST(unit_price AS DOUBLE PRECISION) AS unit_price, currency, \
    stock_quantity, pricing_tiers, source, is_current, valid_from, valid_until FROM partpricinghistory";

/// The price at which the stock of a part is valued, by `part_id`: the newest current one with an amount and a currency.
pub(super) const CURRENT_PRICES: &str = "(SELECT part_id, currency, CAST(unit_price AS DOUBLE PRECISION) AS unit_price FROM ( \
       SELECT part_id, currency, unit_price, \
       ROW_NUMBER() OVER (PARTITION BY part_id ORDER BY valid_from DESC, id) AS place \
       FROM partpricinghistory WHERE is_current AND unit_price IS NOT NULL AND currency <> '') ranked WHERE place = 1)";

/// Returns the prices of parts by the ids of the parts, the newest first.
pub(crate) async fn prices_of_all(
    read: &Read,
    part_ids: &[&str],
) -> Result<HashMap<String, Vec<Price>>, Error> {
    let mut prices: HashMap<String, Vec<Price>> = HashMap::new();
    if part_ids.is_empty() {
        return Ok(prices);
    }
    let places = placeholders(part_ids.len());
    let sql = format!("{SELECT} WHERE part_id IN ({places}) ORDER BY valid_from DESC, id");
    let db = read.db().await?;
    let ids = part_ids.iter().map(|&id| id.into());
    let rows = db.query_all_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, ids)).await?;
    for row in &rows {
        let part_id: String = row.try_get("", "part_id")?;
        prices.entry(part_id).or_default().push(Price::from_query_result(row, "")?);
    }
    Ok(prices)
}

/// Returns the currency and the amount of [`CURRENT_PRICES`] of parts, by the id of the part.
pub(super) async fn current_prices(
    read: &Read,
    part_ids: &[String],
) -> Result<HashMap<String, (String, f64)>, Error> {
    let mut prices = HashMap::new();
    if part_ids.is_empty() {
        return Ok(prices);
    }
    let sql = format!(
        "SELECT part_id, currency, unit_price FROM {CURRENT_PRICES} price WHERE part_id IN ({})",
        placeholders(part_ids.len())
    );
    let db = read.db().await?;
    let ids = part_ids.iter().map(Into::into);
    for row in db.query_all_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, ids)).await? {
        let price = (row.try_get_by_index(1)?, row.try_get_by_index(2)?);
        prices.insert(row.try_get_by_index(0)?, price);
    }
    Ok(prices)
}

/// Returns the placeholders of this many arguments.
fn placeholders(count: usize) -> String {
    (1..=count).map(|number| format!("${number}")).collect::<Vec<_>>().join(", ")
}

impl Query for ListPrices {
    const ACCESS: Access = Access::Permission(Permission::PartsRead);
    type Output = Vec<Price>;

    async fn run(&self, read: &Read) -> Result<Vec<Price>, Error> {
        let part = find(read, &self.part_id).await?;
        let sql = format!("{SELECT} WHERE part_id = $1 ORDER BY valid_from DESC, id LIMIT 1000");
        let db = read.db().await?;
        let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [part.id.into()]);
        let rows = db.query_all_raw(statement).await?;
        Ok(rows.iter().map(|row| Price::from_query_result(row, "")).collect::<Result<_, _>>()?)
    }
}
