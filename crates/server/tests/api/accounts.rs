//! Tests the routes of users, roles, and the own account.

use axum::http::StatusCode;
use inventory::Permission;
use serde_json::{Value, json};

use crate::support::{Client, PASSWORD, TestServer};

const USERS: &str = "/api/v1/users";
const ROLES: &str = "/api/v1/roles";

async fn server() -> (TestServer, Client) {
    let server = TestServer::new().await;
    server.user("admin", [Permission::All].into()).await;
    let client = server.client("admin").await;
    (server, client)
}

fn path(collection: &str, thing: &Value) -> String {
    format!("{collection}/{}", thing["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_user_is_created_changed_and_deleted() {
    let (server, client) = server().await;
    let role = json!({"name": "makers", "permissions": ["parts:read"]});
    let role = server.post(&client, ROLES, role).await;
    assert_eq!(role.status, StatusCode::CREATED, "{role:?}");
    let new = json!({"username": "maker", "email": "maker@example.org", "password": PASSWORD, "roles": ["makers"],
        "password_change_required": true});
    let created = server.post(&client, USERS, new.clone()).await;
    assert_eq!(created.status, StatusCode::CREATED, "{created:?}");
    assert_eq!(created.body["permissions"], json!(["parts:read"]));
    assert_eq!(server.post(&client, USERS, new).await.problem(), (409, "conflict"));
    let user = path(USERS, &created.body);
    let shown = server.get(&client, &user).await;
    assert_eq!(shown.body, created.body);
    assert!(!shown.body.to_string().contains("pbkdf2"));
    let list = server.get(&client, "/api/v1/users?q=maker&is_active=true&sort=-username").await;
    assert_eq!((&list.body["total"], &list.body["items"][0]), (&json!(1), &shown.body));

    let tag = shown.headers["etag"].to_str().unwrap().to_owned();
    let matching = client.clone().with("if-match", &tag);
    let patch = json!({"email": "new@example.org", "roles": [], "is_active": false});
    let changed = server.patch(&matching, &user, patch.clone()).await;
    assert_eq!((changed.status, &changed.body["roles"]), (StatusCode::OK, &json!([])), "{changed:?}");
    let late = server.patch(&matching, &user, patch).await;
    assert_eq!(late.problem(), (412, "changed"));
    assert!(late.body["detail"].as_str().unwrap().contains("by admin"), "{late:?}");
    assert_eq!(server.delete(&matching, &user).await.problem(), (412, "changed"));
    assert_eq!(server.delete(&client, &user).await.status, StatusCode::NO_CONTENT);
    assert_eq!(server.get(&client, &user).await.problem(), (404, "not-found"));
}

#[tokio::test]
async fn an_administrator_sets_the_password_of_another_user() {
    let (server, client) = server().await;
    let maker = server.user("maker", [Permission::PartsRead].into()).await;
    let path = format!("{USERS}/{}/password", maker.id);
    let body = json!({"new_password": "N3w-password", "password_change_required": true});
    let set = server.put(&client, &path, body).await;
    assert_eq!(set.status, StatusCode::NO_CONTENT, "{set:?}");
    assert!(!set.headers.contains_key("set-cookie"), "the session of the administrator stays");
    assert_eq!(server.get(&client, "/api/v1/session").await.status, StatusCode::OK);
    let signed_in = server.sign_in(&Client::default(), "maker", "N3w-password").await;
    assert_eq!(signed_in.body["password_change_required"], true);
    let weak = server.put(&client, &path, json!({"new_password": "weak"})).await;
    assert_eq!(weak.body["errors"][0]["field"], "new_password");
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let (server, client) = server().await;
    let admin = server.get(&client, "/api/v1/account").await.body;
    let own = path(USERS, &admin);
    let kept = (409, "last-administrator");
    assert_eq!(server.patch(&client, &own, json!({"is_active": false})).await.problem(), kept);
    assert_eq!(server.patch(&client, &own, json!({"roles": []})).await.problem(), kept);
    assert_eq!(server.delete(&client, &own).await.problem(), kept);
    let roles = server.get(&client, ROLES).await.body;
    let role = path(ROLES, &roles["items"][0]);
    assert_eq!(server.patch(&client, &role, json!({"permissions": []})).await.problem(), kept);
    assert_eq!(server.delete(&client, &role).await.problem(), (409, "conflict"), "it is held");
    assert_eq!(server.get(&client, "/api/v1/session").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_role_is_created_changed_and_deleted() {
    let (server, client) = server().await;
    let all = server.get(&client, "/api/v1/permissions").await.body;
    assert_eq!(all["items"].as_array().unwrap().len(), Permission::EVERY.len());
    let new = json!({"name": "makers", "description": "They make", "permissions": ["parts:read"]});
    let created = server.post(&client, ROLES, new).await;
    let role = path(ROLES, &created.body);
    let shown = server.get(&client, &role).await;
    assert_eq!(shown.body, created.body);
    let tag = shown.headers["etag"].to_str().unwrap().to_owned();
    let matching = client.clone().with("if-match", &tag);
    let patch = json!({"description": null, "permissions": ["parts:read", "tags:read"]});
    let changed = server.patch(&matching, &role, patch.clone()).await;
    assert_eq!(changed.body["permissions"], json!(["parts:read", "tags:read"]), "{changed:?}");
    assert_eq!((&changed.body["description"], &changed.body["name"]), (&Value::Null, &json!("makers")));
    assert_eq!(server.patch(&matching, &role, patch).await.problem(), (412, "changed"));
    let unknown = server.patch(&client, &role, json!({"permissions": ["parts:fly"]})).await;
    assert_eq!(unknown.body["errors"][0]["field"], "permissions");
    assert_eq!(server.delete(&client, &role).await.status, StatusCode::NO_CONTENT);
    assert_eq!(server.get(&client, &role).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn no_response_of_a_request_with_a_password_is_recorded() {
    let (server, client) = server().await;
    let client = client.with("idempotency-key", "1");
    let new = json!({"username": "maker", "email": "maker@example.org", "password": PASSWORD});
    assert_eq!(server.post(&client, USERS, new.clone()).await.status, StatusCode::CREATED);
    assert_eq!(server.post(&client, USERS, new).await.status, StatusCode::CONFLICT);
    let recorded = server.number("SELECT count(*) FROM mm_idempotency");
    assert_eq!(recorded, 0, "a digest of the request would help to guess the password");
}
