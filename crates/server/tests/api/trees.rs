//! Categories and locations over HTTP.

use axum::http::{Method, StatusCode, header};
use inventory::Permission;
use serde_json::json;

use crate::support::TestServer;

#[tokio::test]
async fn a_container_is_created_moved_and_deleted_without_losing_its_stock() {
    let server = TestServer::new().await;
    server.user("admin", [Permission::All].into()).await;
    let client = server.client("admin").await;
    let bench = server.post(&client, "/api/v1/locations", json!({"name": "Bench"})).await.body;
    let grid = json!({"name": "Box", "slot_layout_type": "grid", "grid_rows": 2, "grid_columns": 2});
    let container = server.post(&client, "/api/v1/locations", grid.clone()).await;
    assert_eq!(container.status, StatusCode::CREATED, "{container:?}");
    assert_eq!(container.body["slot_count"], 4);
    let mut wrong = grid;
    wrong["slot_count"] = json!(5);
    let refused = server.post(&client, "/api/v1/locations", wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{refused:?}");
    assert_eq!(refused.body["errors"][0]["field"], "slot_count");

    let path = format!("/api/v1/locations/{}", container.body["id"].as_str().unwrap());
    let into_bench = json!({"parent_id": bench["id"]});
    let tag = container.headers[header::ETAG].to_str().unwrap().to_owned();
    let with_tag = client.clone().with(header::IF_MATCH.as_str(), &tag);
    let moved = server.send(&with_tag, Method::PATCH, &path, Some(&into_bench)).await;
    assert_eq!((moved.status, &moved.body["parent_id"]), (StatusCode::OK, &bench["id"]), "{moved:?}");
    let late = server.send(&with_tag, Method::PATCH, &path, Some(&into_bench)).await;
    assert_eq!(late.status, StatusCode::PRECONDITION_FAILED, "{late:?}");
    let tree = server.get(&client, "/api/v1/locations/tree?page_size=10").await.body;
    assert_eq!((&tree["total"], &tree["items"][1]["depth"]), (&json!(6), &json!(1)), "{tree}");

    let slot = &tree["items"][2];
    let part = server.post(&client, "/api/v1/parts", json!({"name": "R"})).await.body;
    let add = format!("/api/v1/parts/{}/stock/add", part["id"].as_str().unwrap());
    server.post(&client, &add, json!({"location_id": slot["id"], "quantity": 7})).await;
    let slot_path = format!("/api/v1/locations/{}", slot["id"].as_str().unwrap());
    let stock = server.get(&client, &format!("{slot_path}/stock")).await.body;
    assert_eq!((&stock["items"][0]["part_name"], &stock["items"][0]["quantity"]), (&json!("R"), &json!(7)));
    let above = server.get(&client, &format!("{slot_path}/path")).await.body;
    assert_eq!((&above[0]["name"], &above[2]["id"]), (&json!("Bench"), &slot["id"]));

    let preview = server.get(&client, &format!("{path}/deletion")).await.body;
    assert_eq!((&preview["below_count"], &preview["quantity"]), (&json!(4), &json!(7)), "{preview}");
    let refused = server.send(&client, Method::DELETE, &path, None).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{refused:?}");
    let to_bench = format!("{path}?move_stock_to={}", bench["id"].as_str().unwrap());
    let deleted = server.send(&client, Method::DELETE, &to_bench, None).await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT, "{deleted:?}");
    let bench_path = format!("/api/v1/locations/{}", bench["id"].as_str().unwrap());
    assert_eq!(server.get(&client, &bench_path).await.body["quantity"], 7);
    let movements = server.get(&client, &format!("{bench_path}/movements")).await.body;
    assert_eq!(movements["items"][0]["kind"], "move", "{movements}");
}

#[tokio::test]
async fn categories_are_a_tree_that_can_be_changed() {
    let server = TestServer::new().await;
    server.user("admin", [Permission::All].into()).await;
    let client = server.client("admin").await;
    let top = server.post(&client, "/api/v1/categories", json!({"name": "Passive"})).await;
    assert_eq!(top.status, StatusCode::CREATED, "{top:?}");
    let below = json!({"name": "Resistors", "parent_id": top.body["id"]});
    let below = server.post(&client, "/api/v1/categories", below).await.body;
    let new_part = json!({"name": "R 10k", "category_ids": [below["id"]]});
    server.post(&client, "/api/v1/parts", new_part).await;
    let tree = server.get(&client, "/api/v1/categories/tree").await.body;
    assert_eq!((&tree["items"][1]["depth"], &tree["items"][1]["part_count"]), (&json!(1), &json!(1)));
    let path = format!("/api/v1/categories/{}", top.body["id"].as_str().unwrap());
    let cycle = json!({"parent_id": below["id"]});
    let cycle = server.send(&client, Method::PATCH, &path, Some(&cycle)).await;
    assert_eq!(cycle.status, StatusCode::CONFLICT, "{cycle:?}");
    let preview = server.get(&client, &format!("{path}/deletion")).await.body;
    assert_eq!(preview["children"][0]["name"], "Resistors");
    let refused = server.send(&client, Method::DELETE, &path, None).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{refused:?}");
    let moving = format!("{path}?move_children=true");
    let deleted = server.send(&client, Method::DELETE, &moving, None).await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT, "{deleted:?}");
    let tree = server.get(&client, "/api/v1/categories/tree").await.body;
    assert_eq!((&tree["total"], &tree["items"][0]["depth"]), (&json!(1), &json!(0)), "{tree}");
}
