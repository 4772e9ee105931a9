//! Labels, scanning, and the import with its preview.

use axum::http::StatusCode;
use serde_json::json;

use super::parts::{server, stocked};

#[tokio::test]
async fn a_label_has_a_code_that_leads_to_the_part() {
    let (server, client) = server().await;
    let (part, place) = stocked(&server, &client, "Screw", 5).await;
    let page = server
        .page(
            &client,
            &format!("/labels?id={part}&place={place}&start=3&copies=2&sheet=a4-65&show=code&show=place"),
        )
        .await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(
        (page.html.matches("class=\"qr\"").count(), page.html.matches("class=\"sticker used\"").count()),
        (4, 2)
    );
    assert!(page.html.contains("class=\"paper a4-65\"") && page.shows("Drawer of Screw"), "{}", page.html);
    let number = u128::from_str_radix(&part.replace('-', ""), 16).unwrap();
    let mut digits = String::new();
    for shift in (0..26).rev() {
        digits
            .push(char::from_digit(((number >> (5 * shift)) & 31) as u32, 32).unwrap().to_ascii_uppercase());
    }
    let scanned = server.page(&client, &format!("/P/{digits}")).await;
    assert_eq!(scanned.location(), format!("/parts/{part}"));
    let found = server.page(&client, &format!("/scan?code=HTTP%3A%2F%2FPARTS.EXAMPLE%2FP%2F{digits}")).await;
    assert_eq!(found.location(), format!("/scan?part={part}"));
}

#[tokio::test]
async fn a_part_a_number_and_a_place_are_scanned() {
    let (server, client) = server().await;
    let (part, place) = stocked(&server, &client, "Nut", 10).await;
    let bench = server.post(&client, "/api/v1/locations", json!({"name": "Bench"})).await;
    let by_name = server.page(&client, "/scan?code=Nut").await;
    assert_eq!(by_name.location(), format!("/scan?part={part}"));
    let by_place = server.page(&client, "/scan?code=bench").await;
    assert_eq!(by_place.location(), format!("/places/{}", bench.body["id"].as_str().unwrap()));
    let unknown = server.page(&client, "/scan?code=%3Cb%3E").await;
    assert!(unknown.shows("Nothing here is called “&#60;b&#62;”"), "{}", unknown.html);
    let page = server.page(&client, by_name.location()).await;
    assert!(page.shows("10 left") && page.shows("Drawer of Nut (10)"), "{}", page.html);
    let fields = [("part", &*part), ("quantity", "4"), ("from", &*place), ("place", "Bench")];
    let page = server.form_and_follow(&client, "/scan/put", &fields).await;
    assert!(page.shows("Moved 4 × Nut to Bench") && page.html.contains("id=\"undo\""), "{}", page.html);
    let too_many = [("part", &*part), ("quantity", "400"), ("from", &*place), ("place", "Bench")];
    let page = server.form_and_follow(&client, "/scan/put", &too_many).await;
    assert!(page.shows("Nothing was changed:"), "{}", page.html);
    let stock = server.get(&client, &format!("/api/v1/parts/{part}/stock")).await;
    assert_eq!(stock.body["total"], 2, "{stock:?}");
}

#[tokio::test]
async fn an_import_is_shown_corrected_and_done() {
    let (server, client) = server().await;
    let text = "name,how many,location,quantity\nR 1k,5,Box,many\nR 2k,6,Box,20\n";
    let page = server.form(&client, "/parts/import", &[("text", text), ("create_missing", "true")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.shows("Say what these columns mean: how many") && page.shows("R 1k"), "{}", page.html);
    assert!(!page.html.contains("value=\"import\">Import<"), "{}", page.html);
    let text = text.replace("many\nR", "10\nR");
    let mapped = [
        ("text", &*text),
        ("create_missing", "true"),
        ("header", "how many"),
        ("target", "low_stock_limit"),
        ("action", "check"),
    ];
    let page = server.form(&client, "/parts/import", &mapped).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.html);
    assert!(page.shows("2 parts are created") && page.shows("New places: Box"), "{}", page.html);
    assert_eq!(server.get(&client, "/api/v1/parts").await.body["total"], 0);
    let import: Vec<_> =
        mapped.iter().map(|&(name, value)| (name, if name == "action" { "import" } else { value })).collect();
    let page = server.form_and_follow(&client, "/parts/import", &import).await;
    assert!(page.shows("Imported: 2 created") && page.shows("R 2k"), "{}", page.html);
}

#[tokio::test]
async fn the_overview_and_the_log_show_what_happened() {
    let (server, client) = server().await;
    let empty = server.page(&client, "/").await;
    assert!(empty.shows("No parts yet") && empty.shows("No backup yet"), "{}", empty.html);
    let (part, _) = stocked(&server, &client, "Low <one>", 2).await;
    server.put(&client, &format!("/api/v1/parts/{part}/low-stock-limit"), json!({"quantity": 5})).await;
    let page = server.page(&client, "/").await;
    assert!(page.shows("1 below their limit") && page.shows("2 pieces in all"), "{}", page.html);
    assert!(page.shows("Low &#60;one&#62;") && !page.html.contains("<one>"), "{}", page.html);
    assert!(!page.shows("signed in"), "{}", page.html);
    assert!(server.page(&client, "/activity").await.shows("admin signed in"));
    let log = server.page(&client, "/activity").await;
    assert!(log.shows("admin created stock of Low &#60;one&#62;"), "{}", log.html);
    assert!(log.shows("admin created low-stock limit of Low &#60;one&#62;"), "{}", log.html);
    let log = server.page(&client, "/activity?kind=part").await;
    assert!(
        log.shows("admin created part Low &#60;one&#62;") && log.html.contains(&format!("/parts/{part}")),
        "{}",
        log.html
    );
    let none = server.page(&client, "/activity?kind=part&user=nobody").await;
    assert!(none.shows("Nothing of this kind has happened."), "{}", none.html);
}
