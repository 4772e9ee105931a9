//! Defects of the original in signing in and permissions, numbered as in the list of its defects. Where a defect cannot exist here,
//! the test shows what holds instead.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use inventory::users::{CreateUser, ListUsers, UpdateUser};
use inventory::{Actor, Change, Permission};
use serde_json::json;
use testkit::state::files_of;

use crate::sign_in::set_default_password;
use crate::support::{Client, PASSWORD, TestServer};

const SESSION: &str = "/api/v1/session";

/// Returns the server with an administrator, and a client of that administrator.
async fn with_admin() -> (TestServer, Client) {
    let server = TestServer::new().await;
    server.user("admin", [Permission::All].into()).await;
    let client = server.client("admin").await;
    (server, client)
}

#[tokio::test]
async fn a1_no_user_with_a_default_password_is_ever_created() {
    let server = TestServer::new().await;
    let server = server.restarted().await;
    let users = server.inventory.query(&Actor::System, ListUsers::default()).await.unwrap();
    assert_eq!(users.total, Some(0), "neither a new inventory nor a start creates a user");
    let anyone = &Client::default();
    assert_eq!(server.sign_in(anyone, "admin", "Admin123!").await.problem(), (401, "not-signed-in"));
    let new = CreateUser { username: "admin".into(), email: "a@b".into(), ..CreateUser::default() };
    let new = CreateUser { password: "Admin123!".into(), ..new };
    assert!(server.inventory.run(&Actor::System, new).await.is_err(), "nobody chooses it");
}

#[tokio::test]
async fn a1_a_required_change_of_the_password_is_enforced_and_then_cleared() {
    let (server, _) = with_admin().await;
    set_default_password(&server, "admin").await;
    let client = server.sign_in(&Client::default(), "admin", "Admin123!").await.client();
    let refused = (403, "password-change-required");
    for path in ["/api/v1/parts", "/api/v1/users", "/api/v1/backups"] {
        assert_eq!(server.get(&client, path).await.problem(), refused, "{path}");
    }
    let change = json!({"current_password": "Admin123!", "new_password": "N3w-password"});
    let client = server.put(&client, "/api/v1/account/password", change).await.client();
    assert_eq!(server.get(&client, "/api/v1/users").await.status, StatusCode::OK);
    let server = server.restarted().await;
    let again = server.sign_in(&Client::default(), "admin", "N3w-password").await;
    assert_eq!(again.body["password_change_required"], false);
}

#[tokio::test]
async fn a2_a_change_of_a_password_changes_the_database_and_nothing_else() {
    let (server, client) = with_admin().await;
    let others = || {
        let mut files = files_of(server.folder.path());
        files.retain(|name, _| !name.contains(".db"));
        files
    };
    std::fs::write(server.folder.path().join("setup_admin.py"), "DEFAULT = 'Admin123!'").unwrap();
    let before = others();
    let change = json!({"current_password": PASSWORD, "new_password": "N3w-password"});
    let changed = server.put(&client, "/api/v1/account/password", change).await;
    assert_eq!(changed.status, StatusCode::NO_CONTENT);
    assert_eq!(others(), before);
}

#[tokio::test]
async fn a3_a_key_does_only_what_it_was_made_for() {
    let (server, client) = with_admin().await;
    let new = json!({"name": "display", "permissions": ["parts:read"]});
    let key = server.post(&client, "/api/v1/api-keys", new).await;
    let key = &Client::with_key(key.body["key"].as_str().unwrap());
    assert_eq!(server.get(key, "/api/v1/parts").await.status, StatusCode::OK);
    let forbidden = (403, "forbidden");
    assert_eq!(server.post(key, "/api/v1/backups", json!({})).await.problem(), forbidden);
    for path in ["/api/v1/users", "/api/v1/roles", "/api/v1/api-keys", "/api/v1/backups"] {
        assert_eq!(server.get(key, path).await.problem(), forbidden, "{path}");
    }
}

#[tokio::test]
async fn a4_a_token_is_good_for_its_session_only_and_ends_with_it() {
    let (server, client) = with_admin().await;
    let cookie = client.headers[header::COOKIE].to_str().unwrap();
    let token = cookie.split_once('=').unwrap().1;
    for (name, value) in [("authorization", format!("Bearer {token}")), ("x-api-key", token.to_owned())] {
        let with_token = Client::default().with(name, &value);
        assert_eq!(server.get(&with_token, "/api/v1/parts").await.status, StatusCode::UNAUTHORIZED, "{name}");
    }
    let other = server.client("admin").await;
    assert_eq!(server.delete(&client, SESSION).await.status, StatusCode::NO_CONTENT);
    assert_eq!(server.get(&client, "/api/v1/parts").await.status, StatusCode::UNAUTHORIZED, "signed out");
    let change = json!({"current_password": PASSWORD, "new_password": "N3w-password"});
    let third = server.client("admin").await;
    server.put(&third, "/api/v1/account/password", change).await;
    assert_eq!(server.get(&other, "/api/v1/parts").await.status, StatusCode::UNAUTHORIZED, "new password");
}

#[tokio::test]
async fn a5_guesses_are_slowed_down_whatever_headers_they_have() {
    let (server, _) = with_admin().await;
    let guesser = Client::default();
    let with_key = guesser.clone().with("x-api-key", "x");
    let mut statuses = Vec::new();
    for _ in 0..300 {
        statuses.push(server.sign_in(&guesser, "admin", "Wrong-password1").await.status);
        // The key is wrong, so the password is not looked at.
        assert_eq!(server.sign_in(&with_key, "admin", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    }
    let tried = statuses.iter().filter(|status| **status == StatusCode::UNAUTHORIZED).count();
    assert!(tried < 20, "{tried} of 300 guesses were tried");
    assert_eq!(statuses[299], StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a6_nobody_is_a_guest_and_nothing_is_written_without_signing_in() {
    let (server, _) = with_admin().await;
    let anyone = &Client::default();
    let guest = server.post(anyone, "/api/auth/guest-login", json!({})).await;
    assert_eq!(guest.status, StatusCode::NOT_FOUND);
    for operation in ["add", "take", "move", "count", "split"] {
        let path = format!("/api/v1/parts/x/stock/{operation}");
        let written = server.post(anyone, &path, json!({"location_id": "x", "quantity": 1})).await;
        assert_eq!(written.problem(), (401, "not-signed-in"), "{operation}");
    }
}

#[tokio::test]
async fn a7_a_deactivated_user_neither_signs_in_nor_stays_signed_in() {
    let (server, _) = with_admin().await;
    let left = server.user("left", [Permission::All].into()).await;
    let client = server.client("left").await;
    let deactivate = UpdateUser { id: left.id, is_active: Change::Set(false), ..UpdateUser::default() };
    server.inventory.run(&Actor::System, deactivate).await.unwrap();
    assert_eq!(server.get(&client, SESSION).await.status, StatusCode::UNAUTHORIZED);
    let signed_in = server.sign_in(&Client::default(), "left", PASSWORD).await;
    assert_eq!(signed_in.problem(), (401, "not-signed-in"));
}

#[tokio::test]
async fn a8_a_wrong_password_is_said_to_be_wrong() {
    let (server, _) = with_admin().await;
    let wrong = server.sign_in(&Client::default(), "admin", "Wrong-password1").await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert_eq!(wrong.body["detail"], "the username or the password is wrong");
    let form = Client::default().with("content-type", "application/x-www-form-urlencoded");
    let body = Body::from("username=admin&password=x");
    let answer = server.send_body(&form, Method::POST, SESSION, body).await;
    assert_eq!(
        answer.status(),
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "it is not mistaken for a wrong password"
    );
}

#[tokio::test]
async fn a9_tasks_and_their_events_are_only_for_those_who_have_signed_in() {
    let (server, client) = with_admin().await;
    let begun = server.post(&client, "/api/v1/backups", json!({"name": "secret"})).await;
    let id = begun.body["id"].as_str().unwrap().to_owned();
    server.finished(&client, &begun).await;
    server.user("other", [Permission::PartsRead].into()).await;
    let other = server.client("other").await;
    for path in [format!("/api/v1/tasks/{id}"), format!("/api/v1/tasks/{id}/events")] {
        let anyone = server.get(&Client::default(), &path).await;
        assert_eq!(anyone.status, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(server.get(&other, &path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(server.get(&other, "/api/v1/tasks").await.body["total"], 0);
}

#[tokio::test]
async fn a10_nothing_is_shown_to_everybody_but_whether_to_set_up() {
    let (server, _) = with_admin().await;
    let document = serde_json::to_value(server::openapi()).unwrap();
    let mut public = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        if methods.get("get").is_some() {
            let answer =
                server.get(&Client::default(), &path.replace("{id}", "*").replace("{name}", "*")).await;
            if answer.status != StatusCode::UNAUTHORIZED {
                public.push(path.as_str());
            }
        }
    }
    assert_eq!(public, ["/api/v1/setup"]);
    for path in ["/static/", "/debug/server-info", "/api/utility/get_image/*", "/.env"] {
        assert_eq!(server.get(&Client::default(), path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a11_no_token_can_be_made_with_a_published_secret_and_plain_http_works() {
    let (server, _) = with_admin().await;
    // A token of the original for admin, signed with the secret in its docker-compose.yml.
    let forged = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhZG1pbiIsInBhc3N3b3JkX2NoYW5nZV9yZXF1aXJlZCI6ZmFs\
                  c2UsImV4cCI6NDEwMjQ0NDgwMH0.QSGa4ePlnKkV_rA6CcpES7ZjIoRcP7Emx2CQTG49BeM";
    for (name, value) in [
        ("authorization", format!("Bearer {forged}")),
        ("cookie", format!("makermatrix_session={forged}")),
        ("cookie", format!("refresh_token={forged}")),
    ] {
        let client = Client::default().with(name, &value);
        assert_eq!(server.get(&client, "/api/v1/parts").await.status, StatusCode::UNAUTHORIZED, "{name}");
    }
    let signed_in = server.sign_in(&Client::default(), "admin", PASSWORD).await;
    assert!(!signed_in.headers[header::SET_COOKIE].to_str().unwrap().contains("Secure"));
    assert_eq!(server.get(&signed_in.client(), SESSION).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a12_pages_of_other_sites_cannot_read_responses() {
    let (server, client) = with_admin().await;
    let foreign = client.with("origin", "http://evil.example");
    let answers = [
        server.get(&foreign, "/api/v1/parts").await,
        server.send(&foreign, Method::OPTIONS, "/api/v1/parts", None).await,
        server
            .send(
                &foreign.clone().with("access-control-request-method", "DELETE"),
                Method::OPTIONS,
                SESSION,
                None,
            )
            .await,
    ];
    for answer in answers {
        let cors = answer.headers.keys().find(|name| name.as_str().starts_with("access-control-"));
        assert_eq!(cors, None, "{answer:?}");
    }
}

#[tokio::test]
async fn a13_no_response_shows_the_credentials_of_suppliers() {
    let (server, client) = with_admin().await;
    server.sql(
        "PRAGMA foreign_keys = OFF; INSERT INTO supplier_credentials (id, supplier_config_id, api_key, created_at, updated_at) \
         VALUES ('1', 'digikey', 's3cret-of-supplier', '2026-01-01 00:00:00', '2026-01-01 00:00:00')",
    );
    let document = serde_json::to_value(server::openapi()).unwrap();
    for (path, methods) in document["paths"].as_object().unwrap() {
        if methods.get("get").is_some() {
            for id in ["1", "digikey"] {
                let path = path.replace("{id}", id).replace("{name}", id);
                let answer = server.get(&client, &path).await;
                assert!(!answer.body.to_string().contains("s3cret-of-supplier"), "{path}");
            }
        }
    }
}
