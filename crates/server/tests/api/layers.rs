//! What happens to every request around its handler.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use inventory::api_keys::CreateApiKey;
use inventory::{Actor, Permission};
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{Answer, Client, PASSWORD, TestServer};

async fn with_admin() -> (TestServer, Client) {
    let server = TestServer::new().await;
    server.user("admin", [Permission::All].into()).await;
    let client = server.client("admin").await;
    (server, client)
}

/// Sends a body of any kind to the route that creates parts.
async fn post_raw(server: &TestServer, client: &Client, media_type: &str, body: impl Into<Body>) -> Answer {
    let client = client.clone().with("content-type", media_type);
    Answer::of(server.send_body(&client, Method::POST, "/api/v1/parts", body.into()).await).await
}

#[tokio::test]
async fn every_response_has_the_security_headers() {
    let (server, client) = with_admin().await;
    let invalid = server.post(&client, "/api/v1/parts", json!({"name": ""})).await;
    let other_site = Client::default().with("sec-fetch-site", "cross-site");
    let answers = [
        (200, server.get(&client, "/api/v1/parts").await),
        (200, server.get(&client, "/api/docs").await),
        (200, server.get(&client, "/healthz").await),
        (401, server.get(&Client::default(), "/api/v1/parts").await),
        (403, server.post(&other_site, "/api/v1/session", json!({})).await),
        (404, server.get(&client, "/nowhere").await),
        (405, server.delete(&client, "/healthz").await),
        (422, invalid),
    ];
    for (status, answer) in answers {
        assert_eq!(answer.status.as_u16(), status, "{answer:?}");
        let policy = answer.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"),
            "{policy}"
        );
        for unsafe_word in ["unsafe", "*", "http", "data:", "blob:"] {
            assert!(!policy.contains(unsafe_word), "{policy}");
        }
        assert_eq!(answer.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(answer.headers[header::X_FRAME_OPTIONS], "DENY");
        assert_eq!(answer.headers[header::REFERRER_POLICY], "same-origin");
        assert_eq!(answer.headers["cross-origin-opener-policy"], "same-origin");
        assert_eq!(answer.headers["cross-origin-resource-policy"], "same-origin");
        assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
        assert!(!answer.headers["x-request-id"].is_empty());
    }
}

#[tokio::test]
async fn a_change_from_another_site_is_refused() {
    let (server, client) = with_admin().await;
    let part = |name: &str| json!({"name": name});
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ] {
        let refused = server.post(&client.clone().with(name, value), "/api/v1/parts", part("x")).await;
        assert_eq!(refused.problem(), (403, "forbidden"), "{name}: {value}");
    }
    let total = server.get(&client.clone().with("sec-fetch-site", "cross-site"), "/api/v1/parts").await;
    assert_eq!(total.body["total"], 0, "reading is allowed, and nothing was created: {total:?}");
    for (name, value) in [
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-site", "none"),
        ("origin", "http://parts.example"),
        ("accept", "*/*"),
    ] {
        let created = server.post(&client.clone().with(name, value), "/api/v1/parts", part(value)).await;
        assert_eq!(created.status, StatusCode::CREATED, "{name}: {value}: {created:?}");
    }
}

#[tokio::test]
async fn an_unknown_address_and_a_wrong_method_are_problems() {
    let (server, client) = with_admin().await;
    for path in ["/nothing", "/api/v1", "/api/v1/nothing", "/api/v1/parts/x/y/z"] {
        let missing = server.get(&client, path).await;
        assert_eq!(missing.problem(), (404, "not-found"), "{path}");
        assert_eq!(missing.headers[header::CONTENT_TYPE], "application/problem+json");
    }
    let wrong = server.put(&client, "/api/v1/parts", json!({})).await;
    assert_eq!(wrong.problem(), (405, "method-not-allowed"));
    let allowed: Vec<&str> = wrong.headers[header::ALLOW].to_str().unwrap().split(',').collect();
    assert!(
        allowed.contains(&"GET") && allowed.contains(&"POST") && !allowed.contains(&"PUT"),
        "{allowed:?}"
    );
}

#[tokio::test]
async fn a_body_that_cannot_be_used_is_refused_with_the_reason() {
    let (server, client) = with_admin().await;
    let large = format!("{{\"name\": \"{}\"}}", "x".repeat(2 << 20));
    let refused = post_raw(&server, &client, "application/json", large).await;
    assert_eq!(refused.problem(), (413, "too-large"));
    for media_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        let refused = post_raw(&server, &client, media_type, "{\"name\": \"x\"}").await;
        assert_eq!(refused.problem(), (415, "media-type"), "{media_type}");
    }
    let refused = post_raw(&server, &client, "application/json", "{\"name\": ").await;
    assert_eq!(refused.problem(), (400, "bad-request"));
    let refused = post_raw(&server, &client, "application/json", "{\"name\": \"x\", \"colour\": 1}").await;
    assert_eq!(refused.problem(), (422, "invalid"));
    assert!(refused.body["detail"].as_str().unwrap().contains("colour"), "{refused:?}");
    // Serde would take its items for the fields in their order.
    let refused = server.post(&client, "/api/v1/backups", json!(["by position"])).await;
    assert_eq!(refused.problem(), (422, "invalid"));
    let accepted = post_raw(&server, &client, "application/json; charset=utf-8", "{\"name\": \"x\"}").await;
    assert_eq!(accepted.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_request_keeps_the_id_that_its_client_gives_it() {
    let (server, client) = with_admin().await;
    let named = server.get(&client.clone().with("x-request-id", "job-17"), "/api/v1/parts").await;
    assert_eq!(named.headers["x-request-id"], "job-17");
    let first = server.get(&client, "/api/v1/parts").await;
    let second = server.get(&client, "/nowhere").await;
    assert_ne!(first.headers["x-request-id"], second.headers["x-request-id"]);
}

#[tokio::test]
async fn responses_are_compressed_for_those_who_ask() {
    let server = TestServer::new().await;
    let path = "/api/v1/openapi.json";
    let plain = server.get(&Client::default(), path).await;
    assert!(!plain.headers.contains_key(header::CONTENT_ENCODING));
    let compressed = server.get(&Client::default().with("accept-encoding", "gzip"), path).await;
    assert_eq!(compressed.headers[header::CONTENT_ENCODING], "gzip");
    assert!(compressed.headers[header::VARY].to_str().unwrap().contains("accept-encoding"));
    // What browsers send on a secure connection, and on this machine.
    let compressed = server.get(&Client::default().with("accept-encoding", "gzip, deflate, br"), path).await;
    assert_eq!(compressed.headers[header::CONTENT_ENCODING], "br");
}

/// Guards against a defect: behind a proxy on the same machine, everybody could read the metrics.
#[tokio::test]
async fn metrics_are_for_this_machine_and_for_those_who_may_see_the_dashboard() {
    let server = TestServer::new().await;
    server.user("admin", [Permission::DashboardView].into()).await;
    server.user("guest", [Permission::PartsRead].into()).await;
    let elsewhere = || Client::from_address("203.0.113.7");
    let at = |client: Client| Client { address: elsewhere().address, ..client };
    let status = async |client: Client| server.get(&client, "/metrics").await.status.as_u16();
    assert_eq!(status(Client::default()).await, 200);
    assert_eq!(status(elsewhere()).await, 401);
    assert_eq!(status(Client::default().with("x-forwarded-for", "203.0.113.7")).await, 401);
    assert_eq!(status(at(server.client("guest").await)).await, 403);
    assert_eq!(status(at(server.client("admin").await)).await, 200);
}

#[tokio::test]
async fn metrics_count_requests_movements_and_the_age_of_backups() {
    let (server, client) = with_admin().await;
    let text = async || server.get(&client, "/metrics").await.body.as_str().unwrap().to_owned();
    assert!(!text().await.contains("backup_age_seconds{"), "there is no backup");
    let begun = server.post(&client, "/api/v1/backups", json!({})).await;
    server.finished(&client, &begun).await;
    let part = server.post(&client, "/api/v1/parts", json!({"name": "R"})).await;
    let place = server.post(&client, "/api/v1/locations", json!({"name": "Shelf"})).await;
    let path = format!("/api/v1/parts/{}/stock/add", part.body["id"].as_str().unwrap());
    server.post(&client, &path, json!({"location_id": place.body["id"], "quantity": 5})).await;
    server.get(&client, "/made/up").await;
    let text = text().await;
    let value = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
            .unwrap_or_else(|| panic!("no {name}: {text}"))
    };
    let created = r#"makermatrix_http_requests_total{method="POST",route="/api/v1/parts",status="201"}"#;
    assert_eq!(value(created), 1.0);
    assert_eq!(value(r#"makermatrix_http_request_duration_seconds_count{route="/api/v1/parts"}"#), 1.0);
    assert_eq!(value("makermatrix_stock_movements "), 1.0);
    assert!(value(r#"makermatrix_newest_backup_age_seconds{check="verified"}"#) < 600.0);
    assert!(!text.contains(r#"check="proven""#), "no drill was made");
    assert!(!text.contains("made/up"), "paths of clients make no time series");
}

/// Collects what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn the_log_has_no_secrets() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).with_ansi(false).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let server = TestServer::new().await;
    let user = server.user("admin", [Permission::All].into()).await;
    let new = CreateApiKey {
        name: "script".to_owned(),
        user_id: user.id,
        permissions: [Permission::All].into(),
        ..CreateApiKey::default()
    };
    let key = server.inventory.run(&Actor::System, new).await.unwrap().key;
    let client = server.client("admin").await;
    let cookie = client.headers[header::COOKIE].to_str().unwrap().split_once('=').unwrap().1.to_owned();
    server.sign_in(&Client::default(), "admin", "Wrong-secret7").await;
    server.get(&Client::with_key(&key), "/api/v1/parts?q=hidden-words").await;
    let bearer = Client::default().with("authorization", &format!("Bearer {key}"));
    server.get(&bearer, "/api/v1/parts?q=hidden-words").await;
    server.get(&Client::with_key("mm_made-up-key"), "/api/v1/parts").await;
    server.send(&client, Method::GET, "/nowhere?token=hidden-token", None).await;

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let answered = log.lines().filter(|line| line.contains("answered")).count();
    assert_eq!(answered, 6, "{log}");
    assert!(log.contains("path=\"/api/v1/session\"") && log.contains("status=401"), "{log}");
    for secret in [PASSWORD, "Wrong-secret7", &key, &cookie, "hidden-words", "mm_made-up-key", "hidden-token"]
    {
        assert!(!log.contains(secret), "{secret} is in the log:\n{log}");
    }
}
