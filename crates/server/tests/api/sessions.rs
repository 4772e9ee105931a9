//! Tests that sessions are listed, revoked, and ended by changes of the user.

use axum::http::StatusCode;
use inventory::roles::{FindRoleByName, UpdateRole};
use inventory::users::{DeleteUser, SetPassword, UpdateUser, User};
use inventory::{Actor, Ambient, Change, Inventory, Permission};
use serde_json::json;

use crate::support::{Client, PASSWORD, TestServer};

const SESSION: &str = "/api/v1/session";
const SESSIONS: &str = "/api/v1/account/sessions";

async fn is_signed_in(server: &TestServer, client: &Client) -> bool {
    server.get(client, SESSION).await.status == StatusCode::OK
}

/// Opens the database like another process.
async fn other_process(server: &TestServer) -> Inventory {
    let inventory = Inventory::open(&server.engine.places().database, Ambient::system()).await.unwrap();
    inventory.with_password_rounds(testkit::few_rounds())
}

fn change(user: &User) -> UpdateUser {
    UpdateUser { id: user.id.clone(), ..UpdateUser::default() }
}

#[tokio::test]
async fn sessions_are_listed_and_revoked_by_their_user_only() {
    let server = TestServer::new().await;
    server.user("maker", [].into()).await;
    server.user("other", [].into()).await;
    let here = server.client("maker").await.with("user-agent", "here");
    let phone = Client::from_address("10.0.0.7").with("user-agent", "phone");
    let phone = server.sign_in(&phone, "maker", PASSWORD).await.client();
    let tablet = server.client("maker").await;
    let other = server.client("other").await;
    let list = server.get(&here, SESSIONS).await;
    assert_eq!(list.body["total"], 3, "{list:?}");
    let items = list.body["items"].as_array().unwrap();
    let current: Vec<bool> = items.iter().map(|item| item["is_current"].as_bool().unwrap()).collect();
    assert_eq!(current.iter().filter(|is| **is).count(), 1);
    let of_phone = items.iter().find(|item| item["address"] == "10.0.0.7").unwrap();
    assert_eq!(of_phone["user_agent"], "phone");
    let path = format!("{SESSIONS}/{}", of_phone["id"].as_str().unwrap());
    assert_eq!(server.delete(&other, &path).await.status, StatusCode::NOT_FOUND);
    assert!(is_signed_in(&server, &phone).await);
    assert_eq!(server.delete(&here, &path).await.status, StatusCode::NO_CONTENT);
    assert!(!is_signed_in(&server, &phone).await);
    assert_eq!(server.delete(&here, &path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(server.delete(&here, SESSIONS).await.status, StatusCode::NO_CONTENT);
    assert!(!is_signed_in(&server, &tablet).await);
    assert!(is_signed_in(&server, &here).await && is_signed_in(&server, &other).await);
}

#[tokio::test]
async fn whoever_changes_the_own_password_goes_on_and_all_other_sessions_end() {
    let server = TestServer::new().await;
    let maker = server.user("maker", [].into()).await;
    let (here, there) = (server.client("maker").await, server.client("maker").await);
    let body = json!({"current_password": PASSWORD, "new_password": "N3w-password"});
    let changed = server.put(&here, "/api/v1/account/password", body).await;
    assert_eq!(changed.status, StatusCode::NO_CONTENT, "{changed:?}");
    assert!(is_signed_in(&server, &changed.client()).await);
    assert!(!is_signed_in(&server, &here).await, "the token is a new one");
    assert!(!is_signed_in(&server, &there).await);
    let list = server.get(&changed.client(), SESSIONS).await;
    assert_eq!(list.body["total"], 1);
    let path = format!("/api/v1/users/{}/password", maker.id);
    let body = json!({"current_password": "N3w-password", "new_password": "Th1rd-password"});
    let again = server.put(&changed.client(), &path, body).await;
    assert!(is_signed_in(&server, &again.client()).await);
}

#[tokio::test]
async fn sessions_end_when_another_process_changes_the_user() {
    let server = TestServer::new().await;
    server.user("admin", [Permission::All].into()).await;
    let other = &other_process(&server).await;
    let system = &Actor::System;
    let maker = server.user("maker", [Permission::PartsRead].into()).await;

    let client = server.client("maker").await;
    assert_eq!(server.get(&client, "/api/v1/parts").await.status, StatusCode::OK);
    let set = SetPassword {
        user_id: maker.id.clone(),
        new_password: "N3w-password".to_owned(),
        ..SetPassword::default()
    };
    other.run(system, set).await.unwrap();
    assert_eq!(server.get(&client, "/api/v1/parts").await.status, StatusCode::UNAUTHORIZED);
    let sign_in = async || server.sign_in(&Client::default(), "maker", "N3w-password").await.client();

    let client = sign_in().await;
    let role = other.query(system, FindRoleByName("makers".to_owned())).await.unwrap();
    let permissions = Change::Set([Permission::TagsRead].into());
    other.run(system, UpdateRole { id: role.id, permissions, ..UpdateRole::default() }).await.unwrap();
    assert!(!is_signed_in(&server, &client).await, "a permission of a role");

    let client = sign_in().await;
    let roles = UpdateUser { roles: Change::Set(vec![]), ..change(&maker) };
    other.run(system, roles).await.unwrap();
    assert!(!is_signed_in(&server, &client).await, "the roles");

    let client = sign_in().await;
    let email = UpdateUser { email: Change::Set("new@example.org".to_owned()), ..change(&maker) };
    other.run(system, email).await.unwrap();
    assert!(is_signed_in(&server, &client).await, "an email address gives no rights");
    let inactive = UpdateUser { is_active: Change::Set(false), ..change(&maker) };
    other.run(system, inactive).await.unwrap();
    assert!(!is_signed_in(&server, &client).await, "deactivated");
    let active = UpdateUser { is_active: Change::Set(true), ..change(&maker) };
    other.run(system, active).await.unwrap();
    assert!(!is_signed_in(&server, &client).await, "an ended session does not come back");

    let client = sign_in().await;
    other.run(system, DeleteUser { id: maker.id.clone(), version: None }).await.unwrap();
    assert!(!is_signed_in(&server, &client).await, "deleted");
}

#[tokio::test]
async fn a_session_ends_after_a_week_without_use_and_after_a_month() {
    const DAY: i64 = 24 * 3600;
    let (server, clock) = TestServer::with_clock().await;
    server.user("maker", [].into()).await;
    let (used, unused) = (server.client("maker").await, server.client("maker").await);
    for _ in 0..5 {
        // A little less than 30 days in all, however slow the machine is.
        clock.forward(6 * DAY - 600);
        assert!(is_signed_in(&server, &used).await);
    }
    assert!(!is_signed_in(&server, &unused).await);
    clock.forward(DAY);
    assert!(!is_signed_in(&server, &used).await);
}

#[tokio::test]
async fn a_session_survives_a_restart_and_ends_at_sign_out() {
    let server = TestServer::new().await;
    server.user("maker", [].into()).await;
    let client = server.client("maker").await;
    let server = server.restarted().await;
    assert!(is_signed_in(&server, &client).await);
    let signed_out = server.delete(&client, SESSION).await;
    assert_eq!(signed_out.status, StatusCode::NO_CONTENT);
    assert!(signed_out.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    assert!(!is_signed_in(&server, &client).await);
}
