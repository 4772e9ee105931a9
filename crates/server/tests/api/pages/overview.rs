//! The overview: what an empty inventory is told, and what the stock is worth.

use serde_json::json;

use super::parts::{server, stocked};

#[tokio::test]
async fn an_empty_inventory_is_told_how_to_begin() {
    let (server, client) = server().await;
    let page = server.page(&client, "/").await;
    assert!(page.shows("No parts yet") && page.html.contains("href=\"/parts/import\""), "{}", page.html);
    assert!(!page.shows("Value of the stock") && !page.shows("To buy"), "{}", page.html);
    server.post(&client, "/api/v1/parts", json!({"name": "nut"})).await;
    let page = server.page(&client, "/").await;
    assert!(!page.shows("No parts yet") && page.shows("1 part is out"), "{}", page.html);
    assert!(page.shows("1 without a place nobody knows where they are"), "{}", page.html);
}

/// Adds a price like the original, from which all prices come.
fn price(server: &crate::support::TestServer, part: &str, price: f64, currency: &str) {
    server.sql(&format!(
        "INSERT INTO partpricinghistory (id, part_id, supplier, unit_price, currency, source, valid_from, is_current, created_at) \
         VALUES ('of {part}', '{part}', 'LCSC', {price}, '{currency}', 'api', '2025-01-01', 1, '2025-01-01')"
    ));
}

#[tokio::test]
async fn the_overview_draws_the_value_of_the_stock_by_month_and_tells_it_as_a_table() {
    let (server, client) = server().await;
    let (screw, place) = stocked(&server, &client, "screw", 10).await;
    let (nut, _) = stocked(&server, &client, "nut", 1).await;
    let page = server.page(&client, "/").await;
    assert!(page.shows("No price is known."), "{}", page.html);
    price(&server, &screw, 0.5, "EUR");
    price(&server, &nut, 0.25, "USD");
    let page = server.page(&client, "/").await;
    assert!(page.shows("The history of the stock begins this month."), "{}", page.html);
    // Forty days ago was another month.
    server.sql("UPDATE mm_stock_movement SET moved_at = strftime('%Y-%m-%d %H:%M:%f000', 'now', '-40 days')");
    let take = json!({"location_id": place, "quantity": 4});
    server.post(&client, &format!("/api/v1/parts/{screw}/stock/take"), take).await;
    let page = server.page(&client, "/").await;
    assert!(page.shows("3.00 EUR + 0.25 USD value of the stock"), "{}", page.html);
    assert!(
        page.shows("in EUR, each month at the prices of today, without what is priced in USD"),
        "{}",
        page.html
    );
    let bars = page.html.matches("<rect").count();
    assert!((2..=3).contains(&bars), "{bars}: {}", page.html);
    assert!(
        page.html.contains("y=\"24.0\" width=\"5.833%\" height=\"88.0\""),
        "the highest bar: {}",
        page.html
    );
    assert!(page.html.contains("y=\"59.2\" width=\"5.833%\" height=\"52.8\""), "the last bar: {}", page.html);
    assert!(page.html.contains(", so far</td><td class=\"number\">3.00</td>"), "{}", page.html);
    assert_eq!(page.html.matches("<td class=\"number\">5.00</td>").count(), bars - 1, "{}", page.html);
    assert!(!page.html.contains("style="), "{}", page.html);
}
