//! Tests the value of the stock by month, on both engines.
use chrono::{Datelike, Months, NaiveDate, NaiveDateTime};
use inventory::parts::{DeletePart, ListStockValues, StockValue, SumInventory};
use inventory::stock::TakeStock;
use inventory::{Ambient, Timestamp};
use rstest::rstest;
use testkit::{DbEngine, TestInventory};

use crate::access::sql;
use crate::support::{SYSTEM, location, part, stock};

/// Returns the first day of the month that was so many months ago.
fn month(ago: u32) -> NaiveDate {
    let today = Ambient::system().utc().date();
    today.with_day(1).unwrap().checked_sub_months(Months::new(ago)).unwrap()
}

/// Returns a time in the middle of a month.
fn middle(month: NaiveDate) -> Timestamp {
    let middle: NaiveDateTime = month.with_day(15).unwrap().and_hms_opt(12, 0, 0).unwrap();
    middle.into()
}

/// Adds a price like the original, from which all prices come.
async fn price(
    test: &TestInventory,
    part_id: &str,
    price: f64,
    currency: &str,
    valid_from: &str,
    is_current: bool,
) {
    let row = format!(
        "INSERT INTO partpricinghistory (id, part_id, supplier, unit_price, currency, source, valid_from, is_current, \
         created_at) VALUES ('{part_id} {valid_from}', '{part_id}', 'LCSC', {price}, '{currency}', 'api', '{valid_from}', \
         {is_current}, '{valid_from}')"
    );
    sql(test, &row).await;
}

async fn values(test: &TestInventory, currency: &str, months: u32) -> Vec<StockValue> {
    let list = ListStockValues { currency: currency.to_owned(), months };
    test.inventory.query(SYSTEM, list).await.unwrap()
}

#[rstest]
#[tokio::test]
async fn the_value_of_each_month_is_what_was_there_then_at_the_prices_of_today(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    assert_eq!(values(&test, "EUR", 12).await, []);
    let (shelf, bench) = (location(inventory, "shelf", None).await, location(inventory, "bench", None).await);
    let (screw, nut) = (part(inventory, "screw").await, part(inventory, "nut").await);
    // In the ledger: 10 screws four months ago, 5 more and 100 nuts two months ago, 3 screws taken this month.
    inventory.run(SYSTEM, stock(&screw, &shelf, 10)).await.unwrap();
    inventory.run(SYSTEM, stock(&screw, &bench, 5)).await.unwrap();
    inventory.run(SYSTEM, stock(&nut, &shelf, 100)).await.unwrap();
    let take = TakeStock {
        part_id: screw.id.clone(),
        location_id: shelf.id.clone(),
        quantity: 3,
        ..TakeStock::default()
    };
    inventory.run(SYSTEM, take).await.unwrap();
    for (number, ago) in [(1, 4), (2, 2), (3, 2)] {
        let at = middle(month(ago));
        sql(&test, &format!("UPDATE mm_stock_movement SET moved_at = '{at}' WHERE number = {number}")).await;
    }
    assert_eq!(values(&test, "EUR", 12).await, [], "no price is known");
    price(&test, &screw.id, 9.0, "EUR", "2024-01-01", true).await;
    price(&test, &screw.id, 0.5, "EUR", "2025-01-01", true).await;
    price(&test, &screw.id, 7.0, "EUR", "2026-01-01", false).await;
    // A price without a currency values nothing, and hides no other price.
    price(&test, &screw.id, 8.0, "", "2026-02-01", true).await;
    price(&test, &nut.id, 2.0, "EUR", "2024-01-01", true).await;
    price(&test, &nut.id, 0.25, "USD", "2025-01-01", true).await;

    let list = |newest_first: &[f64]| -> Vec<StockValue> {
        let months = (0..).zip(newest_first).map(|(ago, &value)| StockValue { month: month(ago), value });
        months.collect::<Vec<_>>().into_iter().rev().collect()
    };
    assert_eq!(values(&test, "EUR", 12).await, list(&[6.0, 7.5, 7.5, 5.0, 5.0]));
    assert_eq!(values(&test, "EUR", 2).await, list(&[6.0, 7.5]));
    assert_eq!(values(&test, "USD", 12).await, list(&[25.0, 25.0, 25.0, 0.0, 0.0]));
    assert_eq!(values(&test, "GBP", 12).await, []);
    let now = inventory.query(SYSTEM, SumInventory).await.unwrap();
    assert_eq!(now.values, [("USD".to_owned(), 25.0), ("EUR".to_owned(), 6.0)]);
    inventory.run(SYSTEM, DeletePart { id: nut.id.clone(), version: None }).await.unwrap();
    assert_eq!(values(&test, "USD", 12).await, [], "a part that is gone has no price");
}
