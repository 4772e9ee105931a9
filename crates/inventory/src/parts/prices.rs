//! The prices of a part, which the original has collected from suppliers.

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

impl Query for ListPrices {
    const ACCESS: Access = Access::Permission(Permission::PartsRead);
    type Output = Vec<Price>;

    async fn run(&self, read: &Read) -> Result<Vec<Price>, Error> {
        let part = find(read, &self.part_id).await?;
        // SQLite stores whole prices as integers.
        let sql = "SELECT id, supplier, CAST(unit_price AS DOUBLE PRECISION) AS unit_price, currency, stock_quantity, \
                   pricing_tiers, source, is_current, valid_from, valid_until \
                   FROM partpricinghistory WHERE part_id = $1 ORDER BY valid_from DESC, id LIMIT 1000";
        let db = read.db().await?;
        let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [part.id.into()]);
        let rows = db.query_all_raw(statement).await?;
        Ok(rows.iter().map(|row| Price::from_query_result(row, "")).collect::<Result<_, _>>()?)
    }
}
