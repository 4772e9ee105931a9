//! Listing, showing and deleting backups, and how old they are.

use axum::http::{Method, StatusCode};
use inventory::Permission;
use serde_json::json;

use crate::support::{Client, TestServer};

/// Starts a server with one part and the backup `first.zip`, and signs in as an administrator.
pub(crate) async fn with_backup() -> (TestServer, Client) {
    let server = TestServer::new().await;
    let client = fill(&server).await;
    (server, client)
}

pub(crate) async fn fill(server: &TestServer) -> Client {
    server.user("admin", [Permission::All].into()).await;
    let client = server.client("admin").await;
    let part = server.post(&client, "/api/v1/parts", json!({"name": "A", "number": "A"})).await;
    assert_eq!(part.status, StatusCode::CREATED, "{part:?}");
    let begun = server.post(&client, "/api/v1/backups", json!({"name": "first"})).await;
    let backup = server.finished(&client, &begun).await;
    assert_eq!(backup["result"]["name"], "first.zip", "{backup}");
    client
}

#[tokio::test]
async fn the_time_of_a_backup_has_a_time_zone_like_all_times() {
    let (server, client) = with_backup().await;
    let details = server.get(&client, "/api/v1/backups/first.zip").await.body;
    let listed = server.get(&client, "/api/v1/backups").await.body;
    for time in [&details["contents"]["created_at"], &listed["items"][0]["created_at"]] {
        let text = time.as_str().unwrap_or_default();
        let time =
            chrono::DateTime::parse_from_rfc3339(text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        let age = server.inventory.ambient().utc().and_utc() - time.to_utc();
        assert!(text.ends_with('Z') && (0..600).contains(&age.num_seconds()), "{text}");
    }
}

#[tokio::test]
async fn a_backup_is_shown_with_what_it_states_about_itself() {
    let (server, client) = with_backup().await;
    let shown = server.get(&client, "/api/v1/backups/first.zip").await;
    assert_eq!(shown.status, StatusCode::OK, "{shown:?}");
    let contents = &shown.body["contents"];
    assert_eq!(
        (&contents["counts"]["parts"], &contents["counts"]["users"]),
        (&json!(1), &json!(1)),
        "{shown:?}"
    );
    assert!(shown.body["verified_at"].is_string() && shown.body["proven_at"].is_null(), "{shown:?}");
    for name in ["second.zip", "..%2Fmakers_matrix.db", "first.zip.status.json"] {
        let missing = server.get(&client, &format!("/api/v1/backups/{name}")).await;
        assert_eq!(missing.status, StatusCode::NOT_FOUND, "{missing:?}");
    }
}

#[tokio::test]
async fn problems_with_backups_do_not_tell_the_folders_of_the_server() {
    let (server, client) = with_backup().await;
    let folder = server.folder.path().display().to_string();
    std::fs::write(server.engine.places().backups.join("broken.zip"), "no archive").unwrap();
    let listed = server.get(&client, "/api/v1/backups").await.body;
    let broken =
        listed["items"].as_array().unwrap().iter().find(|item| item["name"] == "broken.zip").unwrap();
    let begun = server.post(&client, "/api/v1/backups/broken.zip/verify", json!({})).await;
    let failed = server.finished(&client, &begun).await;
    let again = server.post(&client, "/api/v1/backups", json!({"name": "first"})).await;
    let taken = server.finished(&client, &again).await;
    for (text, name) in
        [(&broken["error"], "broken.zip"), (&failed["error"], "broken.zip"), (&taken["error"], "first.zip")]
    {
        let text = text.as_str().unwrap();
        assert!(text.contains(name) && !text.contains(&folder), "{text}");
    }
}

#[tokio::test]
async fn a_deleted_backup_is_gone_with_its_status() {
    let (server, client) = with_backup().await;
    server.user("maker", [Permission::BackupCreate].into()).await;
    let maker = server.client("maker").await;
    let path = "/api/v1/backups/first.zip";
    let refused = server.send(&maker, Method::DELETE, path, None).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{refused:?}");
    let deleted = server.send(&client, Method::DELETE, path, None).await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT, "{deleted:?}");
    assert_eq!(std::fs::read_dir(&server.engine.places().backups).unwrap().count(), 0);
    let again = server.send(&client, Method::DELETE, path, None).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND, "{again:?}");
}

#[tokio::test]
async fn the_ages_of_the_newest_checked_backups_follow_every_task() {
    let server = TestServer::new().await;
    let none = server.app.backup_ages().await.unwrap();
    assert_eq!((none.verified, none.proven), (None, None));
    let client = fill(&server).await;
    let verified = server.app.backup_ages().await.unwrap();
    assert!((0..60).contains(&verified.verified.unwrap()) && verified.proven.is_none(), "{verified:?}");
    let begun = server.post(&client, "/api/v1/backups/first.zip/drill", json!({})).await;
    assert_eq!(server.finished(&client, &begun).await["status"], "succeeded");
    assert!(server.app.backup_ages().await.unwrap().proven.is_some());
    server.send(&client, Method::DELETE, "/api/v1/backups/first.zip", None).await;
    assert_eq!(server.app.backup_ages().await.unwrap(), none);
}
