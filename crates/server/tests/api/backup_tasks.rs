//! Tasks of backups: plans, checks, undo, keys of encrypted archives, idempotency, and the end of the server.

use std::fs::File;

use archive::keys::ExposeSecret;
use archive::{EncryptionMethod, Identity};
use axum::http::{Method, StatusCode};
use backup::{BackupOptions, EncryptionChoice};
use inventory::Actor;
use serde_json::{Value, json};
use testkit::engine::quiet;

use crate::backups::with_backup;
use crate::support::{Answer, Client, TestServer};

async fn done(server: &TestServer, client: &Client, path: &str, body: Value) -> Value {
    let begun = server.post(client, path, body).await;
    let task = server.finished(client, &begun).await;
    assert_eq!(task["status"], "succeeded", "{task}");
    task["result"].clone()
}

async fn add_part(server: &TestServer, client: &Client, name: &str) {
    let part = server.post(client, "/api/v1/parts", json!({"name": name, "number": name})).await;
    assert_eq!(part.status, StatusCode::CREATED, "{part:?}");
}

async fn parts(server: &TestServer, client: &Client) -> Value {
    server.get(client, "/api/v1/parts").await.body["total"].clone()
}

#[tokio::test]
async fn a_plan_says_what_a_restore_would_change_and_changes_nothing() {
    let (server, client) = with_backup().await;
    add_part(&server, &client, "B").await;
    let shelf = json!({"name": "Shelf"});
    let shelf =
        server.post(&client.clone().with("idempotency-key", "k"), "/api/v1/locations", shelf).await.body;
    let part = server.get(&client, "/api/v1/parts?sort=-name").await.body["items"][0]["id"].clone();
    let add = format!("/api/v1/parts/{}/stock/add", part.as_str().unwrap());
    let at = json!({"location_id": shelf["id"], "quantity": 3});
    assert_eq!(server.post(&client, &add, at).await.status, StatusCode::OK);
    let image = server.engine.places().static_files.join("images/new.png");
    std::fs::create_dir_all(image.parent().unwrap()).unwrap();
    std::fs::write(&image, "png").unwrap();
    let plan = done(&server, &client, "/api/v1/backups/first.zip/plan", json!({})).await;
    assert_eq!((&plan["kind"], &plan["replaces_data"]), (&json!("plan"), &json!(true)));
    let parts_row = plan["rows"].as_array().unwrap().iter().find(|row| row["what"] == "parts").unwrap();
    let expected = json!({"what": "parts", "table": "partmodel", "now": 2, "after": 1, "added": 0, "removed": 1, "changed": 0});
    assert_eq!(*parts_row, expected);
    // The key of the request and the ledger of the stock are in tables that go without saying.
    let others = plan["rows"].as_array().unwrap().iter().filter(|row| row["what"].is_null());
    let others: Vec<&Value> = others.map(|row| &row["table"]).collect();
    assert_eq!(others, ["activitylogmodel"]);
    let images = plan["files"].as_array().unwrap().iter().find(|files| files["folder"] == "images").unwrap();
    assert_eq!((&images["removed"], &images["removed_names"]), (&json!(1), &json!(["new.png"])));
    assert_eq!(plan["totals"]["after"]["parts"], 1);
    assert_eq!(parts(&server, &client).await, 2);
    assert!(image.exists());
}

#[tokio::test]
async fn a_verification_and_a_drill_are_recorded() {
    let (server, client) = with_backup().await;
    let verified = done(&server, &client, "/api/v1/backups/first.zip/verify", json!({})).await;
    assert!(verified["verified_at"].is_string() && verified["rows"].as_u64() > Some(0), "{verified}");
    let proven = done(&server, &client, "/api/v1/backups/first.zip/drill", json!({})).await;
    assert_eq!((&proven["kind"], &proven["totals"]["after"]["parts"]), (&json!("drill"), &json!(1)));
    let shown = server.get(&client, "/api/v1/backups/first.zip").await;
    assert_eq!(shown.body["proven_at"], proven["proven_at"]);
    let missing = server.post(&client, "/api/v1/backups/none.zip/verify", json!({})).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND, "{missing:?}");
}

#[tokio::test]
async fn a_restore_can_be_undone() {
    let (server, client) = with_backup().await;
    let nothing = server.post(&client, "/api/v1/undo", json!({})).await;
    assert_eq!(nothing.status, StatusCode::NOT_FOUND, "{nothing:?}");
    add_part(&server, &client, "B").await;
    let restored = done(&server, &client, "/api/v1/backups/first.zip/restore", json!({})).await;
    assert_eq!(parts(&server, &client).await, 1);
    let begun = server.post(&client, "/api/v1/undo", json!({})).await;
    assert_eq!((&begun.body["kind"], &begun.body["archive"]), (&json!("undo"), &restored["safety_backup"]));
    assert_eq!(server.finished(&client, &begun).await["status"], "succeeded");
    assert_eq!(parts(&server, &client).await, 2);
}

#[tokio::test]
async fn the_key_of_an_encrypted_archive_opens_it_and_is_stored_nowhere() {
    let (server, client) = with_backup().await;
    let identity = Identity::generate();
    let method = EncryptionMethod::Recipients(vec![identity.recipient()]);
    let options = BackupOptions {
        name: Some("secret".to_owned()),
        encrypt: EncryptionChoice::With(method),
        ..BackupOptions::default()
    };
    server.engine.backup(&Actor::System, &options, &mut quiet).unwrap();
    add_part(&server, &client, "B").await;
    let path = "/api/v1/backups/secret.zip.age/restore";
    let begun = server.post(&client, path, json!({})).await;
    let locked = server.finished(&client, &begun).await;
    let failed = (&locked["status"], &locked["error_type"]);
    assert_eq!(failed, (&json!("failed"), &json!("urn:makermatrix:key")), "{locked}");
    let malformed = server.post(&client, path, json!({"key": {"identity": "AGE-SECRET-KEY-1X"}})).await;
    assert_eq!(malformed.status, StatusCode::UNPROCESSABLE_ENTITY, "{malformed:?}");
    assert_eq!(malformed.body["errors"][0]["field"], "key.identity", "{malformed:?}");

    let secret = identity.to_text().expose_secret().to_owned();
    let keyed = client.clone().with("idempotency-key", "one");
    let begun = server.post(&keyed, path, json!({"key": {"identity": secret}})).await;
    let task = server.finished(&client, &begun).await;
    assert_eq!(task["status"], "succeeded", "{task}");
    assert_eq!(parts(&server, &client).await, 1);
    assert!(
        task["result"]["safety_backup"].as_str().unwrap().ends_with(".zip.age"),
        "encrypted like the archive"
    );
    let folder = server.folder.path().read_dir().unwrap().map(|entry| entry.unwrap().path());
    for file in folder.filter(|path| path.is_file()) {
        let bytes = std::fs::read(&file).unwrap();
        let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "{} holds the key", file.display());
    }
}

#[tokio::test]
async fn a_repeated_request_gets_the_task_of_the_first_one_also_after_a_restart() {
    let (server, client) = with_backup().await;
    let keyed = client.clone().with("idempotency-key", "one");
    let first = server.post(&keyed, "/api/v1/backups", json!({"name": "second"})).await;
    server.finished(&client, &first).await;
    let repeated = server.post(&keyed, "/api/v1/backups", json!({"name": "second"})).await;
    assert_eq!(
        (repeated.status, &repeated.body["id"]),
        (StatusCode::ACCEPTED, &first.body["id"]),
        "{repeated:?}"
    );
    assert_eq!(repeated.headers["idempotency-replayed"], "true");
    let other = server.post(&keyed, "/api/v1/backups", json!({"name": "third"})).await;
    assert_eq!(
        (other.status, &other.body["type"]),
        (StatusCode::CONFLICT, &json!("urn:makermatrix:idempotency-key-reused"))
    );
    let server = server.restarted().await;
    let repeated = server.post(&keyed, "/api/v1/backups", json!({"name": "second"})).await;
    assert_eq!(
        (&repeated.body["id"], &repeated.body["status"]),
        (&first.body["id"], &json!("succeeded")),
        "{repeated:?}"
    );
}

/// Begins a restore that waits, since somebody writes. Returns it, and what ends the write when it is dropped.
async fn waiting_restore(server: &TestServer, client: &Client) -> (Answer, File) {
    let lock = durable::with_suffix(&server.engine.places().database, ".writers.lock");
    let writer = File::open(lock).unwrap();
    writer.lock_shared().unwrap();
    let begun = server.post(client, "/api/v1/backups/first.zip/restore", json!({})).await;
    assert_eq!(begun.status, StatusCode::ACCEPTED, "{begun:?}");
    (begun, writer)
}

#[tokio::test]
async fn b17_one_task_runs_at_a_time_and_its_archive_cannot_be_deleted() {
    let (server, client) = with_backup().await;
    let (begun, writer) = waiting_restore(&server, &client).await;
    for (method, path) in [(Method::POST, "/api/v1/backups"), (Method::DELETE, "/api/v1/backups/first.zip")] {
        let refused = server.send(&client, method, path, None).await;
        assert_eq!(
            (refused.status, &refused.body["type"]),
            (StatusCode::CONFLICT, &json!("urn:makermatrix:task-running"))
        );
        let detail = refused.body["detail"].as_str().unwrap();
        assert!(detail.contains(begun.body["id"].as_str().unwrap()), "{detail}");
    }
    let cancelled = server
        .send(&client, Method::DELETE, &format!("/api/v1/tasks/{}", begun.body["id"].as_str().unwrap()), None)
        .await;
    assert_eq!(cancelled.status, StatusCode::OK, "{cancelled:?}");
    let task = server.finished(&client, &begun).await;
    assert_eq!((&task["status"], &task["can_cancel"]), (&json!("cancelled"), &json!(false)), "{task}");
    drop(writer);
    assert_eq!(testkit::state::leftovers(server.engine.places()), Vec::<String>::new());
    done(&server, &client, "/api/v1/backups/first.zip/restore", json!({})).await;
}

#[tokio::test]
async fn a_server_that_stops_cancels_the_running_task_and_begins_no_other() {
    let (server, client) = with_backup().await;
    let listener = server::listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let stopping = async move {
        let _ = stopped.await;
    };
    let serving = tokio::spawn(server::serve(server.app.clone(), listener, None, stopping));
    let (begun, _writer) = waiting_restore(&server, &client).await;
    stop.send(()).unwrap();
    serving.await.unwrap();
    let server = server.restarted().await;
    let task = server.get(&client, &format!("/api/v1/tasks/{}", begun.body["id"].as_str().unwrap())).await;
    assert_eq!(task.body["status"], "cancelled", "{task:?}");
}

#[tokio::test]
async fn a_task_that_a_kill_interrupted_is_marked_at_the_next_start() {
    let (server, client) = with_backup().await;
    let (begun, writer) = waiting_restore(&server, &client).await;
    let state = server.engine.places().database.with_extension("server.db");
    let stored: String = rusqlite::Connection::open(&state)
        .unwrap()
        .query_row("SELECT task FROM task WHERE is_finished = 0", [], |row| row.get(0))
        .unwrap();
    assert!(stored.contains("running"), "{stored}");
    let restarted = server.restarted().await;
    let task = restarted.get(&client, &format!("/api/v1/tasks/{}", begun.body["id"].as_str().unwrap())).await;
    let end = (&task.body["status"], &task.body["can_cancel"]);
    assert_eq!(end, (&json!("interrupted"), &json!(false)), "{task:?}");
    drop(writer);
}

#[tokio::test]
async fn the_events_of_a_task_tell_its_steps_and_its_end() {
    let (server, client) = with_backup().await;
    let begun = server.post(&client, "/api/v1/backups/first.zip/verify", json!({})).await;
    let path = format!("/api/v1/tasks/{}/events", begun.body["id"].as_str().unwrap());
    let events = server.get(&client, &path).await;
    assert_eq!(events.headers["content-type"], "text/event-stream");
    let text = events.body.as_str().unwrap();
    let last = text.lines().filter_map(|line| line.strip_prefix("data: ")).next_back().unwrap();
    let last: Value = serde_json::from_str(last).unwrap();
    assert_eq!((&last["status"], &last["result"]["kind"]), (&json!("succeeded"), &json!("verify")), "{text}");
    assert_eq!(last["step"]["name"], "CheckDatabase", "{text}");
}
