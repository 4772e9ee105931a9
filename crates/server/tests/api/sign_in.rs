//! Tests the rules of signing in: equal answers, limits, the default password, required changes, and the cookie.

use axum::http::{StatusCode, header};
use inventory::users::{CreateUser, UpdateUser};
use inventory::{Actor, Ambient, Change, Permission};
use serde_json::json;
use server::Options;

use crate::support::{Client, PASSWORD, TestServer};

const SESSION: &str = "/api/v1/session";
const OWN_PASSWORD: &str = "/api/v1/account/password";

/// Gives a user a password that no use case would accept.
pub(crate) async fn set_default_password(server: &TestServer, name: &str) {
    let hash = inventory::password::hash("Admin123!", testkit::few_rounds(), server.inventory.ambient());
    let sql = format!("UPDATE usermodel SET hashed_password = '{hash}' WHERE username = '{name}'");
    server.sql(&sql);
}

#[tokio::test]
async fn an_unknown_user_a_wrong_password_and_an_inactive_user_get_the_same_answer() {
    let server = TestServer::new().await;
    server.user("maker", [].into()).await;
    let left = server.user("left", [].into()).await;
    let inactive = UpdateUser { id: left.id, is_active: Change::Set(false), ..UpdateUser::default() };
    server.inventory.run(&Actor::System, inactive).await.unwrap();
    let anyone = &Client::default();
    let wrong = server.sign_in(anyone, "maker", "Wrong-password1").await;
    assert_eq!(wrong.problem(), (401, "not-signed-in"));
    for (name, password) in [("nobody", PASSWORD), ("left", PASSWORD), ("maker", ""), ("", "")] {
        let answer = server.sign_in(anyone, name, password).await;
        assert_eq!((answer.status, &answer.body), (wrong.status, &wrong.body), "{name} {password}");
        assert!(!answer.headers.contains_key(header::SET_COOKIE));
    }
}

#[tokio::test]
async fn failures_delay_the_account_from_every_address() {
    let (server, clock) = TestServer::with_clock().await;
    server.user("maker", [].into()).await;
    for attempt in 0..5 {
        let client = Client::from_address(&format!("10.0.0.{attempt}"));
        assert_eq!(server.sign_in(&client, "maker", "wrong").await.status, StatusCode::UNAUTHORIZED);
    }
    let elsewhere = &Client::from_address("10.0.0.9");
    for name in ["maker", "MAKER"] {
        let refused = server.sign_in(elsewhere, name, PASSWORD).await;
        assert_eq!(refused.problem(), (429, "too-many-requests"));
        assert_eq!(refused.headers[header::RETRY_AFTER], "1");
    }
    clock.forward(1);
    assert_eq!(server.sign_in(elsewhere, "maker", "wrong").await.status, StatusCode::UNAUTHORIZED);
    let refused = server.sign_in(elsewhere, "maker", PASSWORD).await;
    assert_eq!(refused.headers[header::RETRY_AFTER], "2");
    clock.forward(2);
    assert_eq!(server.sign_in(elsewhere, "maker", PASSWORD).await.status, StatusCode::CREATED);
    assert_eq!(server.sign_in(elsewhere, "maker", "wrong").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn failures_delay_the_address_for_every_account() {
    let server = TestServer::new().await;
    server.user("maker", [].into()).await;
    let guesser = &Client::from_address("10.0.0.1");
    for attempt in 0..20 {
        let answer = server.sign_in(guesser, &format!("user{attempt}"), "wrong").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(server.sign_in(guesser, "maker", PASSWORD).await.status, StatusCode::TOO_MANY_REQUESTS);
    let other = &Client::from_address("10.0.0.2");
    assert_eq!(server.sign_in(other, "maker", PASSWORD).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn attempts_at_the_same_time_are_limited_as_well() {
    let server = TestServer::new().await;
    server.user("maker", [].into()).await;
    let client = Client::default();
    let attempt = async || server.sign_in(&client, "maker", "wrong").await.status;
    let statuses = tokio::join!(attempt(), attempt(), attempt(), attempt(), attempt(), attempt(), attempt());
    let statuses: [StatusCode; 7] = statuses.into();
    let tried = statuses.iter().filter(|status| **status == StatusCode::UNAUTHORIZED).count();
    assert_eq!(tried, 5, "{statuses:?}");
}

#[tokio::test]
async fn guesses_of_the_own_password_are_limited() {
    let server = TestServer::new().await;
    server.user("maker", [].into()).await;
    let client = &server.client("maker").await;
    let change = |current: &str, new: &str| json!({"current_password": current, "new_password": new});
    for _ in 0..10 {
        let weak = server.put(client, OWN_PASSWORD, change(PASSWORD, "short")).await;
        assert_eq!(weak.problem(), (422, "invalid"), "a weak new password is no guess");
    }
    for _ in 0..5 {
        let wrong = server.put(client, OWN_PASSWORD, change("wrong", "N3w-password")).await;
        assert_eq!(wrong.body["errors"][0]["field"], "current_password");
    }
    let refused = server.put(client, OWN_PASSWORD, change(PASSWORD, "N3w-password")).await;
    assert_eq!(refused.problem(), (429, "too-many-requests"));
}

#[tokio::test]
async fn the_default_password_signs_in_only_here_and_only_to_be_changed() {
    let server = TestServer::new().await;
    server.user("admin", [Permission::All].into()).await;
    set_default_password(&server, "admin").await;
    let proxied = Client::default().with("x-forwarded-for", "127.0.0.1");
    for elsewhere in [Client::from_address("10.0.0.1"), proxied] {
        for name in ["admin", "nobody"] {
            let refused = server.sign_in(&elsewhere, name, "Admin123!").await;
            assert_eq!(refused.problem(), (403, "default-password"), "{name}: nothing about the account");
        }
    }
    let here = server.sign_in(&Client::default(), "admin", "Admin123!").await;
    assert_eq!(here.status, StatusCode::CREATED);
    assert_eq!(here.body["password_change_required"], true);
    let client = &here.client();
    assert_eq!(server.get(client, "/api/v1/parts").await.problem(), (403, "password-change-required"));
    let change = json!({"current_password": "Admin123!", "new_password": "N3w-password"});
    let changed = server.put(client, OWN_PASSWORD, change).await;
    assert_eq!(changed.status, StatusCode::NO_CONTENT, "{changed:?}");
    assert_eq!(server.get(&changed.client(), "/api/v1/parts").await.status, StatusCode::OK);
    let elsewhere = Client::from_address("10.0.0.1");
    assert_eq!(server.sign_in(&elsewhere, "admin", "N3w-password").await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn who_must_change_the_password_can_do_nothing_else() {
    let server = TestServer::new().await;
    let new = CreateUser {
        username: "maker".to_owned(),
        email: "maker@example.org".to_owned(),
        password: PASSWORD.to_owned(),
        password_change_required: true,
        ..CreateUser::default()
    };
    server.inventory.run(&Actor::System, new).await.unwrap();
    let client = &server.client("maker").await;
    let refused = (403, "password-change-required");
    for path in ["/api/v1/account", "/api/v1/account/sessions", "/api/v1/permissions", "/api/v1/tasks"] {
        assert_eq!(server.get(client, path).await.problem(), refused, "{path}");
    }
    assert_eq!(server.delete(client, "/api/v1/account/sessions").await.problem(), refused);
    assert_eq!(server.get(client, SESSION).await.body["password_change_required"], true);
    let signed_out = &server.client("maker").await;
    assert_eq!(server.delete(signed_out, SESSION).await.status, StatusCode::NO_CONTENT);
    let change = json!({"current_password": PASSWORD, "new_password": "N3w-password"});
    let changed = server.put(client, OWN_PASSWORD, change).await;
    let session = server.get(&changed.client(), SESSION).await;
    assert_eq!(session.body["password_change_required"], false);
    assert_eq!(server.get(&changed.client(), "/api/v1/account").await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_cookie_is_http_only_same_site_and_secure_behind_a_proxy_with_https() {
    let trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    let server = TestServer::with(Ambient::system(), Options { trusted_proxies, ..Options::default() }).await;
    server.user("maker", [].into()).await;
    let cookie_of = async |client: &Client| {
        let answer = server.sign_in(client, "maker", PASSWORD).await;
        let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap().to_owned();
        let (pair, attributes) = cookie.split_once("; ").unwrap();
        let (name, token) = pair.split_once('=').unwrap();
        (name.to_owned(), token.to_owned(), attributes.to_owned())
    };
    let plain = Client::from_address("10.0.0.1").with("x-forwarded-proto", "https");
    let (name, plain_token, attributes) = cookie_of(&plain).await;
    assert_eq!(name, "makermatrix_session");
    assert_eq!(attributes, "Path=/; HttpOnly; SameSite=Lax; Max-Age=2592000");
    let proxied = Client::default().with("x-forwarded-for", "10.0.0.1").with("x-forwarded-proto", "https");
    let (name, token, attributes) = cookie_of(&proxied).await;
    assert_eq!(name, "__Host-makermatrix_session");
    assert_eq!(attributes, "Path=/; HttpOnly; SameSite=Lax; Max-Age=2592000; Secure");
    assert!(token.len() == 43 && token != plain_token);
    let with = |cookie: &str| proxied.clone().with("cookie", cookie);
    let secure = with(&format!("__Host-makermatrix_session={token}"));
    assert_eq!(server.get(&secure, SESSION).await.status, StatusCode::OK);
    // Anybody in the network can plant a cookie without the prefix.
    let planted = with(&format!("makermatrix_session={token}"));
    assert_eq!(server.get(&planted, SESSION).await.status, StatusCode::UNAUTHORIZED);
    let stored = std::fs::read(server.engine.places().database.with_extension("server.db")).unwrap();
    assert!(!stored.windows(token.len()).any(|bytes| bytes == token.as_bytes()), "only the hash is stored");
}

#[tokio::test]
async fn pages_of_other_sites_change_nothing() {
    let server = TestServer::new().await;
    server.user("maker", [].into()).await;
    let client = server.client("maker").await;
    for (name, value) in
        [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "http://evil.example")]
    {
        let foreign = client.clone().with(name, value);
        assert_eq!(server.delete(&foreign, SESSION).await.problem(), (403, "forbidden"), "{name}: {value}");
        let signed_in = server.sign_in(&Client::default().with(name, value), "maker", PASSWORD).await;
        assert_eq!(signed_in.status, StatusCode::FORBIDDEN);
    }
    let own = client.clone().with("origin", "http://parts.example");
    assert_eq!(server.delete(&own, SESSION).await.status, StatusCode::NO_CONTENT);
}
