//! Parts over HTTP, with what belongs to them.

use axum::http::{Method, StatusCode};
use inventory::Permission;
use serde_json::json;

use crate::support::TestServer;

#[tokio::test]
async fn a_part_is_tagged_limited_and_duplicated() {
    let server = TestServer::new().await;
    server.user("admin", [Permission::All].into()).await;
    let client = server.client("admin").await;
    let tag = server.post(&client, "/api/v1/tags", json!({"name": "to do", "color": "ff0000"})).await;
    assert_eq!((tag.status, &tag.body["name"]), (StatusCode::CREATED, &json!("to-do")), "{tag:?}");
    let project = server.post(&client, "/api/v1/projects", json!({"name": "Robot"})).await.body;
    let new = json!({"name": "R", "tag_ids": [tag.body["id"]], "project_ids": [project["id"]]});
    let part = server.post(&client, "/api/v1/parts", new).await.body;
    let path = format!("/api/v1/parts/{}", part["id"].as_str().unwrap());
    let limit = json!({"quantity": 5});
    let limit = server.send(&client, Method::PUT, &format!("{path}/low-stock-limit"), Some(&limit)).await;
    assert_eq!(limit.status, StatusCode::OK, "{limit:?}");
    let shown = server.get(&client, &path).await.body;
    assert_eq!(
        (&shown["tags"][0]["name"], &shown["projects"][0]["name"]),
        (&json!("to-do"), &json!("Robot"))
    );
    assert_eq!((&shown["low_stock_limit"], &shown["quantity"]), (&json!(5), &json!(0)), "{shown}");
    let low = server.get(&client, "/api/v1/parts?low_stock=true").await.body;
    assert_eq!(low["total"], 1, "{low}");
    let copy = server.post(&client, &format!("{path}/duplicate"), json!({})).await;
    assert_eq!((copy.status, &copy.body["name"]), (StatusCode::CREATED, &json!("R (copy)")), "{copy:?}");
    let preview = server.get(&client, &format!("{path}/deletion")).await.body;
    assert_eq!((&preview["project_count"], &preview["part"]["name"]), (&json!(1), &json!("R")), "{preview}");
    let ids = json!([part["id"], copy.body["id"]]);
    let bulk = json!({"ids": ids, "set": {"supplier": "LCSC"}, "remove_tag_ids": [tag.body["id"]]});
    let changed = server.post(&client, "/api/v1/parts/bulk", bulk).await;
    assert_eq!((changed.status, &changed.body["count"]), (StatusCode::OK, &json!(2)), "{changed:?}");
    let shown = server.get(&client, &path).await.body;
    assert_eq!((&shown["supplier"], &shown["tags"]), (&json!("LCSC"), &json!([])), "{shown}");
    let gone = server.post(&client, "/api/v1/parts/bulk-delete", json!({"ids": ids})).await;
    assert_eq!(gone.status, StatusCode::OK, "{gone:?}");
    assert_eq!(server.get(&client, "/api/v1/parts").await.body["total"], 0);
}

#[tokio::test]
async fn a_move_of_many_parts_is_undone_at_once() {
    let server = TestServer::new().await;
    server.user("admin", [Permission::All].into()).await;
    let client = server.client("admin").await;
    let mut places = Vec::new();
    for name in ["here", "there"] {
        let place = server.post(&client, "/api/v1/locations", json!({"name": name})).await;
        places.push(place.body["id"].clone());
    }
    let mut ids = Vec::new();
    for name in ["R", "C"] {
        let part = server.post(&client, "/api/v1/parts", json!({"name": name})).await.body["id"].clone();
        let add = format!("/api/v1/parts/{}/stock/add", part.as_str().unwrap());
        server.post(&client, &add, json!({"location_id": places[0], "quantity": 5})).await;
        ids.push(part);
    }
    let described = json!({"ids": ids, "set": {"supplier": "LCSC"}});
    let described = server.post(&client, "/api/v1/parts/bulk", described).await;
    assert_eq!(described.body, json!({"count": 2, "movements": null}));
    let bulk = json!({"ids": ids, "move_stock": {"to_location_id": places[1]}});
    let moved = server.post(&client, "/api/v1/parts/bulk", bulk).await;
    assert_eq!((moved.status, &moved.body["count"]), (StatusCode::OK, &json!(2)), "{moved:?}");
    let undo = moved.body["movements"].clone();
    let undone = server.post(&client, "/api/v1/parts/bulk-undo", undo.clone()).await;
    assert_eq!((undone.status, undone.body), (StatusCode::OK, json!({"count": 2})));
    for id in &ids {
        let stock = server.get(&client, &format!("/api/v1/parts/{}/stock", id.as_str().unwrap())).await.body;
        let there: Vec<_> = stock["items"].as_array().unwrap().iter().map(|at| &at["location_id"]).collect();
        assert_eq!(there, [&places[0]], "{stock}");
    }
    let again = server.post(&client, "/api/v1/parts/bulk-undo", undo).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{again:?}");
    let unknown = json!({"first": "nothing", "last": "nothing"});
    let unknown = server.post(&client, "/api/v1/parts/bulk-undo", unknown).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND, "{unknown:?}");
}

#[tokio::test]
async fn the_activity_log_has_every_change_newest_first() {
    let server = TestServer::new().await;
    server.user("admin", [Permission::All].into()).await;
    let client = server.client("admin").await;
    for name in ["first", "second"] {
        server.post(&client, "/api/v1/parts", json!({"name": name})).await;
    }
    let log = server
        .get(&client, "/api/v1/activity?entity_type=part&username=admin&cursor=&page_size=1")
        .await
        .body;
    assert_eq!(
        (&log["items"][0]["entity_name"], log["items"].as_array().unwrap().len()),
        (&json!("second"), 1)
    );
    let next = log["next"].as_str().unwrap();
    let log = server
        .get(&client, &format!("/api/v1/activity?entity_type=part&page_size=1&cursor={next}"))
        .await
        .body;
    assert_eq!(
        (&log["items"][0]["entity_name"], &log["items"][0]["action"]),
        (&json!("first"), &json!("created"))
    );
    let none =
        server.get(&client, "/api/v1/activity?entity_type=part&to=2020-01-01T00:00:00%2B01:00").await.body;
    assert_eq!(none["total"], 0, "{none}");
    let bad = server.get(&client, "/api/v1/activity?from=yesterday").await;
    assert_eq!(
        (bad.status, &bad.body["errors"][0]["field"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("from"))
    );
}
