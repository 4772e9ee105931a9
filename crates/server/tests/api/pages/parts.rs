//! The list of parts, and the changes of stock in it.

use axum::http::StatusCode;
use inventory::Permission;
use serde_json::json;

use crate::support::{Client, TestServer};

pub(super) async fn server() -> (TestServer, Client) {
    let server = TestServer::new().await;
    server.user("admin", [Permission::All].into()).await;
    let client = server.client("admin").await;
    (server, client)
}

/// Creates a part with stock in a new location, and returns the ids of both.
pub(super) async fn stocked(
    server: &TestServer,
    client: &Client,
    name: &str,
    quantity: i64,
) -> (String, String) {
    let id = |answer: &crate::support::Answer| answer.body["id"].as_str().unwrap().to_owned();
    let place = server.post(client, "/api/v1/locations", json!({"name": format!("Drawer of {name}")})).await;
    let part = server.post(client, "/api/v1/parts", json!({"name": name})).await;
    let stock = format!("/api/v1/parts/{}/stock/add", id(&part));
    let added =
        server.post(client, &stock, json!({"location_id": place.body["id"], "quantity": quantity})).await;
    assert_eq!(added.status, StatusCode::OK, "{added:?}");
    (id(&part), id(&place))
}

#[tokio::test]
async fn the_list_shows_name_stock_and_place() {
    let (server, client) = server().await;
    stocked(&server, &client, "R 10k <1 %>", 4850).await;
    let page = server.page(&client, "/parts").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.shows("R 10k &#60;1 %&#62;") && page.shows("Drawer of R 10k"), "{}", page.html);
    assert!(page.html.contains("value=\"4\u{202f}850\""), "{}", page.html);
    assert!(!page.html.contains("<1 %>"), "the name is not escaped");
}

#[tokio::test]
async fn stock_is_changed_in_the_row_and_can_be_undone() {
    let (server, client) = server().await;
    let (part, place) = stocked(&server, &client, "Screw", 10).await;
    let path = format!("/parts/{part}/stock");
    let fields =
        [("change", "less"), ("location_id", &*place), ("quantity", "10"), ("back", "/parts?q=screw")];
    let page = server.form_and_follow(&client, &path, &fields).await;
    assert!(page.shows("Took 1 × Screw, 9 left there") && page.html.contains("value=\"9\""), "{}", page.html);
    let movement =
        page.html.split("name=\"movement_id\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let undo = [("movement_id", movement), ("back", "/parts")];
    let page = server.form_and_follow(&client, &format!("{path}/undo"), &undo).await;
    assert!(page.shows("Undone") && page.html.contains("value=\"10\""), "{}", page.html);
    let again = server.form_and_follow(&client, &format!("{path}/undo"), &undo).await;
    assert!(again.shows("can no longer be undone"), "{}", again.html);
}

#[tokio::test]
async fn a_form_that_is_sent_twice_takes_effect_once() {
    let (server, client) = server().await;
    let (part, place) = stocked(&server, &client, "Nut", 10).await;
    let path = format!("/parts/{part}/stock");
    let fields = [("change", "take"), ("location_id", &*place), ("quantity", "4"), ("form_key", "k1")];
    for _ in 0..2 {
        let answer = server.form(&client, &path, &fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
    }
    let left = server.get(&client, &format!("/api/v1/parts/{part}/stock")).await;
    assert_eq!(left.body["items"][0]["quantity"], 6);
}

#[tokio::test]
async fn a_form_leads_to_pages_of_this_site_only() {
    let (server, client) = server().await;
    let (part, place) = stocked(&server, &client, "Bolt", 10).await;
    let fields = [("change", "more"), ("location_id", &*place), ("back", "//evil.example/")];
    let answer = server.form(&client, &format!("/parts/{part}/stock"), &fields).await;
    assert_eq!(answer.location(), format!("/parts/{part}"));
}

#[tokio::test]
async fn a_form_leads_back_to_the_page_that_it_was_sent_from() {
    let (server, client) = server().await;
    let (part, place) = stocked(&server, &client, "Bolt", 10).await;
    let fields = [("change", "more"), ("location_id", &*place)];
    let path = format!("/parts/{part}/stock");
    for (sender, expected) in [
        ("http://parts.example/parts?q=bolt&sort=-name", "/parts?q=bolt&sort=-name"),
        ("http://evil.example/parts?q=bolt", &*format!("/parts/{part}")),
        ("http://parts.example//evil.example", &*format!("/parts/{part}")),
    ] {
        let answer = server.form(&client.clone().with("referer", sender), &path, &fields).await;
        assert_eq!(answer.location(), expected, "{sender}");
    }
}

#[tokio::test]
async fn who_has_not_signed_in_comes_back_after_signing_in() {
    let (server, _) = server().await;
    let anonymous = Client::default();
    let answer = server.page(&anonymous, "/parts?q=10+k").await;
    assert_eq!(answer.location(), "/sign-in?next=%2Fparts%3Fq%3D10%2Bk");
    let fields = [("username", "admin"), ("password", "wrong"), ("next", "/parts?q=10+k")];
    let wrong = server.form(&anonymous, "/sign-in", &fields).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(wrong.shows("The username or the password is wrong."), "{}", wrong.html);
    let fields = [("username", "admin"), ("password", crate::support::PASSWORD), ("next", "/parts?q=10+k")];
    let page = server.form_and_follow(&anonymous, "/sign-in", &fields).await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
}

#[tokio::test]
async fn errors_are_pages_for_browsers_and_problems_for_programs() {
    let (server, client) = server().await;
    let page = server.page(&client, "/parts/no-such-part").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.shows("Nothing is here") && page.shows("Search for it, or go back."), "{}", page.html);
    let program = server.get(&client, "/api/v1/parts/no-such-part").await;
    assert_eq!(program.body["type"], "urn:makermatrix:not-found");
    let unknown = server.page(&client, "/nowhere").await;
    assert!(unknown.status == StatusCode::NOT_FOUND && unknown.html.starts_with("<!doctype html>"));
}
