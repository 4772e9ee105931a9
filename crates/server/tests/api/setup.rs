//! Tests the first start: the first administrator is created with a token that the server prints.

use axum::http::StatusCode;
use inventory::roles::ListRoles;
use inventory::users::ListUsers;
use inventory::{Actor, Permission};
use serde_json::{Value, json};

use crate::support::{Answer, Client, TestServer};

const SETUP: &str = "/api/v1/setup";
const BASE: &str = "http://127.0.0.1:8080/";

async fn token(server: &TestServer) -> String {
    let link = server.app.setup_link(BASE).await.unwrap().unwrap();
    link.strip_prefix("http://127.0.0.1:8080/setup#token=").unwrap().to_owned()
}

fn first(token: &str, name: &str) -> Value {
    json!({"token": token, "username": name, "email": format!("{name}@example.org"), "password": "N3w-password"})
}

async fn set_up(server: &TestServer, token: &str, name: &str) -> Answer {
    server.post(&Client::default(), SETUP, first(token, name)).await
}

#[tokio::test]
async fn the_first_administrator_is_created_once_with_the_token() {
    let server = TestServer::new().await;
    let anyone = &Client::default();
    assert_eq!(server.get(anyone, SETUP).await.body, json!({"needed": true}));
    assert_eq!(set_up(&server, "", "thief").await.problem(), (403, "setup-token"), "no link was made yet");
    let old = token(&server).await;
    let new = token(&server).await;
    for wrong in ["", "wrong", &old] {
        assert_eq!(set_up(&server, wrong, "thief").await.problem(), (403, "setup-token"));
    }
    let weak = json!({"token": new, "username": "boss", "email": "boss@example.org", "password": "weak"});
    let refused = server.post(anyone, SETUP, weak).await;
    assert_eq!(refused.problem(), (422, "invalid"));
    let created = set_up(&server, &new, "boss").await;
    assert_eq!(created.status, StatusCode::CREATED, "{created:?}");
    let client = &created.client();
    let session = server.get(client, "/api/v1/session").await.body;
    assert_eq!((&session["username"], &session["permissions"][0]), (&json!("boss"), &json!("all")));
    assert_eq!(server.get(anyone, SETUP).await.body, json!({"needed": false}));
    assert_eq!(set_up(&server, &new, "thief").await.problem(), (409, "conflict"));
    assert_eq!(server.app.setup_link(BASE).await.unwrap(), None);
    let roles = server.inventory.query(&Actor::System, ListRoles::default()).await.unwrap();
    let names: Vec<&str> = roles.items.iter().map(|role| role.name.as_str()).collect();
    assert_eq!(names, ["admin", "manager", "user", "viewer"]);
}

#[tokio::test]
async fn a_token_ends_after_a_day_and_is_stored_as_a_hash() {
    let (server, clock) = TestServer::with_clock().await;
    let old = token(&server).await;
    let stored = server.engine.places().database.with_extension("server.db-wal");
    let stored = std::fs::read(stored).unwrap();
    assert!(!stored.windows(old.len()).any(|bytes| bytes == old.as_bytes()));
    clock.forward(24 * 3600);
    assert_eq!(set_up(&server, &old, "boss").await.problem(), (403, "setup-token"));
    let new = token(&server).await;
    clock.forward(24 * 3600 - 60);
    assert_eq!(set_up(&server, &new, "boss").await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_program_beside_the_server_renews_the_token() {
    let server = TestServer::new().await;
    let old = token(&server).await;
    let link = server::setup_link(&server.inventory, &server.engine, BASE).await.unwrap().unwrap();
    let (_, new) = link.split_once('=').unwrap();
    assert_eq!(set_up(&server, &old, "boss").await.problem(), (403, "setup-token"));
    assert_eq!(set_up(&server, new, "boss").await.status, StatusCode::CREATED);
    let link = server::setup_link(&server.inventory, &server.engine, BASE).await.unwrap();
    assert_eq!(link, None);
}

#[tokio::test]
async fn of_two_who_set_up_at_the_same_time_one_wins() {
    let server = TestServer::new().await;
    let token = token(&server).await;
    let (one, two) = tokio::join!(set_up(&server, &token, "one"), set_up(&server, &token, "two"));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409], "{one:?} {two:?}");
    let users = server.inventory.query(&Actor::System, ListUsers::default()).await.unwrap();
    assert_eq!(users.total, Some(1));
}

#[tokio::test]
async fn an_inventory_with_an_administrator_is_not_set_up() {
    let server = TestServer::new().await;
    server.user("admin", [Permission::All].into()).await;
    assert_eq!(server.app.setup_link(BASE).await.unwrap(), None);
    assert_eq!(set_up(&server, "", "thief").await.problem(), (409, "conflict"));
}
