//! Tests API keys: creating, changing, revoking, and counting their uses.

use axum::http::{Method, StatusCode};
use inventory::api_keys::GetApiKey;
use inventory::{Actor, Permission};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Client, TestServer};

const KEYS: &str = "/api/v1/api-keys";

#[tokio::test]
async fn a_key_is_shown_once_and_can_be_changed_and_revoked() {
    let server = TestServer::new().await;
    let admin = server.user("admin", [Permission::All].into()).await;
    let client = server.client("admin").await;
    let new = json!({"name": "label printer", "permissions": ["parts:read"]});
    let with_idempotency_key = client.clone().with("idempotency-key", "1");
    let created = server.post(&with_idempotency_key, KEYS, new.clone()).await;
    assert_eq!(created.status, StatusCode::CREATED, "{created:?}");
    let key = created.body["key"].as_str().unwrap();
    assert_eq!(created.body["user_id"], json!(admin.id));
    let repeated = server.post(&with_idempotency_key, KEYS, new).await;
    assert_eq!(repeated.headers["idempotency-replayed"], "true");
    assert_eq!((&repeated.body["id"], &repeated.body["key"]), (&created.body["id"], &Value::Null));
    for extension in ["db", "db-wal"] {
        let stored = std::fs::read(server.engine.places().database.with_extension(extension)).unwrap();
        assert!(!stored.windows(key.len()).any(|bytes| bytes == key.as_bytes()), "{extension}");
    }
    let path = format!("{KEYS}/{}", created.body["id"].as_str().unwrap());
    let shown = server.get(&client, &path).await;
    assert!(shown.body.get("key").is_none());
    assert_eq!(server.get(&client, KEYS).await.body["items"][0], shown.body);

    let script = &Client::with_key(key);
    assert_eq!(server.get(script, "/api/v1/parts").await.status, StatusCode::OK);
    for header in ["ApiKey", "Bearer"] {
        let client = Client::default().with("authorization", &format!("{header} {key}"));
        assert_eq!(server.get(&client, "/api/v1/parts").await.status, StatusCode::OK, "{header}");
    }
    assert_eq!(server.get(script, "/api/v1/account").await.body["username"], "admin");
    let tag = shown.headers["etag"].to_str().unwrap().to_owned();
    let patch = json!({"expires_at": "2020-01-01T00:00:00+01:00"});
    let changed = server.patch(&client.clone().with("if-match", &tag), &path, patch.clone()).await;
    assert_eq!(changed.body["expires_at"], "2019-12-31T23:00:00.000000Z", "{changed:?}");
    let expired = server.get(script, "/api/v1/parts").await;
    assert_eq!(expired.problem(), (401, "not-signed-in"));
    let late = server.patch(&client.clone().with("if-match", &tag), &path, patch).await;
    assert_eq!(late.status, StatusCode::PRECONDITION_FAILED);
    let revoke = json!({"expires_at": null, "is_active": false});
    assert_eq!(server.patch(&client, &path, revoke).await.body["is_active"], false);
    assert_eq!(server.get(script, "/api/v1/parts").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(server.delete(&client, &path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(server.get(&client, &path).await.status, StatusCode::NOT_FOUND);
    let bad = json!({"name": "x", "expires_at": "soon"});
    assert_eq!(server.post(&client, KEYS, bad).await.body["errors"][0]["field"], "expires_at");
}

#[tokio::test]
async fn a_key_works_only_from_its_addresses() {
    let server = TestServer::new().await;
    server.user("admin", [Permission::All].into()).await;
    let client = server.client("admin").await;
    let new = json!({"name": "k", "permissions": ["parts:read"], "allowed_ips": ["10.0.0.1"]});
    let created = server.post(&client, KEYS, new).await;
    let key = created.body["key"].as_str().unwrap();
    for (address, status) in [
        ("10.0.0.1", StatusCode::OK),
        ("::ffff:10.0.0.1", StatusCode::OK),
        ("10.0.0.2", StatusCode::UNAUTHORIZED),
    ] {
        let from = Client::from_address(address).with("x-api-key", key);
        assert_eq!(server.get(&from, "/api/v1/parts").await.status, status, "{address}");
    }
    // A header that anybody can send is not believed.
    let forged = Client::with_key(key).with("x-forwarded-for", "10.0.0.1");
    assert_eq!(server.get(&forged, "/api/v1/parts").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_key_reaches_neither_the_sessions_nor_the_users_of_its_user() {
    let server = TestServer::new().await;
    server.user("admin", [Permission::All].into()).await;
    let client = server.client("admin").await;
    let created = server.post(&client, KEYS, json!({"name": "k", "permissions": ["all"]})).await;
    let key = &Client::with_key(created.body["key"].as_str().unwrap());
    for (method, path) in [
        (Method::GET, "/api/v1/session"),
        (Method::DELETE, "/api/v1/session"),
        (Method::GET, "/api/v1/account/sessions"),
        (Method::DELETE, "/api/v1/account/sessions"),
        (Method::DELETE, "/api/v1/account/sessions/x"),
    ] {
        let refused = server.send(key, method.clone(), path, None).await;
        assert_eq!(refused.problem(), (403, "forbidden"), "{method} {path}");
    }
}

/// Sends a request with a key to a server, and returns the status line.
async fn request(address: std::net::SocketAddr, key: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request =
        format!("GET /api/v1/parts HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    response.lines().next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn the_uses_of_a_key_are_recorded_when_the_server_stops() {
    let server = TestServer::new().await;
    server.user("admin", [Permission::All].into()).await;
    let client = server.client("admin").await;
    let created = server.post(&client, KEYS, json!({"name": "k", "permissions": ["parts:read"]})).await;
    let (id, key) = (created.body["id"].as_str().unwrap(), created.body["key"].as_str().unwrap());
    let listener = server::listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(server::serve(server.app.clone(), listener, None, async {
        let _ = stopped.await;
    }));
    for _ in 0..3 {
        assert_eq!(request(address, key).await, "HTTP/1.1 200 OK");
    }
    stop.send(()).unwrap();
    serving.await.unwrap();
    let inventory = server.inventory.reopen().await.unwrap();
    let used = inventory.query(&Actor::System, GetApiKey(id.to_owned())).await.unwrap();
    assert_eq!((used.usage_count, used.last_used_at.is_some()), (3, true));
}
