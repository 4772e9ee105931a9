//! One path through everything: sign in, list parts, take stock, back up, and restore while serving.

use axum::http::{Method, StatusCode, header};
use inventory::Permission;
use serde_json::json;

use crate::support::{Client, TestServer};

#[tokio::test]
async fn a_restore_while_serving_brings_back_the_stock() {
    let server = TestServer::new().await;
    server.user("admin", [Permission::All].into()).await;
    let refused = server.get(&Client::default(), "/api/v1/parts").await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{refused:?}");
    assert_eq!(refused.headers[header::CONTENT_TYPE], "application/problem+json");
    let client = server.client("admin").await;

    let shelf = server.post(&client, "/api/v1/locations", json!({"name": "Shelf"})).await;
    assert_eq!(shelf.status, StatusCode::CREATED, "{shelf:?}");
    let part = server.post(&client, "/api/v1/parts", json!({"name": "R 10k", "number": "R-10K"})).await;
    assert_eq!(part.status, StatusCode::CREATED, "{part:?}");
    let stock = format!("/api/v1/parts/{}/stock", part.body["id"].as_str().unwrap());
    let at_shelf = |quantity: i64| json!({"location_id": shelf.body["id"], "quantity": quantity});
    let added = server.post(&client, &format!("{stock}/add"), at_shelf(100)).await;
    assert_eq!(added.status, StatusCode::OK, "{added:?}");
    let too_many = server.post(&client, &format!("{stock}/take"), at_shelf(101)).await;
    assert_eq!(too_many.status, StatusCode::CONFLICT);
    assert_eq!(too_many.body["type"], "urn:makermatrix:insufficient-stock");

    let begun = server.post(&client, "/api/v1/backups", json!({"name": "first"})).await;
    let backup = server.finished(&client, &begun).await;
    assert_eq!(backup["status"], "succeeded", "{backup}");
    for time in ["created_at", "finished_at"] {
        let text = backup[time].as_str().unwrap();
        assert!(text.ends_with('Z') && chrono::DateTime::parse_from_rfc3339(text).is_ok(), "{time}: {text}");
    }
    let listed = server.get(&client, "/api/v1/backups").await.body;
    assert_eq!((&listed["total"], &listed["items"][0]["name"]), (&json!(1), &json!("first.zip")));
    assert!(listed["items"][0]["verified_at"].is_string() && listed["items"][0]["proven_at"].is_null());

    let taken = server.post(&client, &format!("{stock}/take"), at_shelf(30)).await;
    assert_eq!(taken.body["allocations"][0]["quantity"], 70, "{taken:?}");
    assert_eq!(taken.body["allocations"][0]["location_name"], shelf.body["name"], "{taken:?}");
    let begun = server.post(&client, "/api/v1/backups/first.zip/restore", json!({})).await;
    let restore = server.finished(&client, &begun).await;
    assert_eq!(restore["status"], "succeeded", "{restore}");
    let list = server.get(&client, "/api/v1/parts?q=10k&sort=-quantity&page=1&page_size=10").await;
    assert_eq!(list.body["items"][0]["quantity"], 100, "{list:?}");
    let total = (&list.body["total"], &list.body["page"], &list.body["page_size"]);
    assert_eq!(total, (&json!(1), &json!(1), &json!(10)));
    assert!(restore["result"]["safety_backup"].is_string(), "{restore}");

    let signed_out = server.send(&client, Method::DELETE, "/api/v1/session", None).await;
    assert_eq!(signed_out.status, StatusCode::NO_CONTENT);
    assert_eq!(server.get(&client, "/api/v1/parts").await.status, StatusCode::UNAUTHORIZED);
}
