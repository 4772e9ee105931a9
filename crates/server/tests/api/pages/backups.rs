//! The page of backups: the sentence of truth, the strip, the list, and what its forms do.

use axum::http::StatusCode;
use inventory::Permission;
use serde_json::{Value, json};

use crate::backups::with_backup;
use crate::support::{Client, TestServer};

/// Follows the newest task to its end, and returns it.
pub(super) async fn ended(server: &TestServer, client: &Client) -> Value {
    let tasks = server.get(client, "/api/v1/tasks").await;
    let path = format!("/api/v1/tasks/{}", tasks.body["items"][0]["id"].as_str().unwrap());
    // The stream ends with the task.
    server.get(client, &format!("{path}/events")).await;
    server.get(client, &path).await.body
}

#[tokio::test]
async fn without_a_backup_the_page_is_red_and_teaches() {
    let server = TestServer::new().await;
    server.user("admin", [Permission::All].into()).await;
    let client = server.client("admin").await;
    let page = server.page(&client, "/backups").await;
    assert!(page.shows("Nothing is backed up yet.") && page.html.contains("verdict bad"), "{}", page.html);
    assert!(page.shows("A backup is one file that holds everything") && page.shows("Back up now"));
    assert!(page.shows("No backup yet"), "the rail says the same: {}", page.html);
}

#[tokio::test]
async fn a_backup_is_verified_then_proven_and_the_page_says_so() {
    let server = TestServer::new().await;
    server.user("admin", [Permission::All].into()).await;
    let client = server.client("admin").await;
    let begun = server.form(&client, "/backups", &[("form_key", "k")]).await;
    assert_eq!((begun.status, begun.location()), (StatusCode::SEE_OTHER, "/backups"));
    let backup = ended(&server, &client).await;
    let page = server.page(&client, "/backups").await;
    assert!(page.html.contains("verdict warn") && page.shows("is backed up."), "{}", page.html);
    assert!(page.shows("Every byte was read back, but no restore of it has been tried."), "{}", page.html);
    assert!(page.shows("Backed up, not proven") && page.shows("Prove it now"), "{}", page.html);
    assert!(page.html.contains("0 proven, 1 verified, 0 failed, 0 days without a backup"), "{}", page.html);
    let name = backup["result"]["name"].as_str().unwrap();
    let drill = server.form(&client, &format!("/backups/{name}/drill"), &[("back", "/backups")]).await;
    assert_eq!(drill.location(), "/backups");
    ended(&server, &client).await;
    let page = server.page(&client, "/backups").await;
    assert!(page.html.contains("verdict good") && page.shows("can be brought back."), "{}", page.html);
    assert!(page.shows("Proven by a real restore, just now.") && page.shows("A restore takes"));
    assert!(page.shows("Last proven backup") && page.html.contains("1 proven, 0 verified"), "{}", page.html);
}

#[tokio::test]
async fn a_backup_folder_that_cannot_be_read_is_told_and_breaks_no_other_page() {
    let server = TestServer::new().await;
    server.user("admin", [Permission::All].into()).await;
    let client = server.client("admin").await;
    let folder = &server.engine.places().backups;
    if folder.exists() {
        std::fs::remove_dir_all(folder).unwrap();
    }
    std::fs::write(folder, "not a folder").unwrap();
    for path in ["/", "/parts", "/settings", "/backups"] {
        let page = server.page(&client, path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.html);
        assert!(page.shows("The backups cannot be read"), "{path}: {}", page.html);
    }
    let page = server.page(&client, "/backups").await;
    assert!(
        page.html.contains("verdict bad") && page.shows("Check that the backup folder is there"),
        "{}",
        page.html
    );
    assert!(!page.shows("Nothing is backed up yet."), "nobody knows: {}", page.html);
}

#[tokio::test]
async fn what_has_changed_since_the_newest_backup_is_counted() {
    let (server, client) = with_backup().await;
    let page = server.page(&client, "/backups").await;
    assert!(!page.shows("since"), "signing in is no change: {}", page.html);
    server.post(&client, "/api/v1/parts", json!({"name": "B"})).await;
    let page = server.page(&client, "/backups").await;
    assert!(page.shows("One change since is in no backup yet."), "{}", page.html);
    server.post(&client, "/api/v1/parts", json!({"name": "C"})).await;
    let page = server.page(&client, "/backups").await;
    assert!(page.shows("2 changes since are in no backup yet."), "{}", page.html);
}

#[tokio::test]
async fn an_old_backup_and_a_failed_one_are_not_called_good() {
    let (server, clock) = TestServer::with_clock().await;
    let client = crate::backups::fill(&server).await;
    clock.forward(3600);
    let taken = server.post(&client, "/api/v1/backups", json!({"name": "first"})).await;
    assert_eq!(server.finished(&client, &taken).await["status"], "failed");
    let page = server.page(&client, "/backups").await;
    assert!(page.shows("The last attempt failed, just now.") && page.html.contains("verdict warn"));
    assert!(page.shows("Backup failed") && page.shows("The last backup failed"), "{}", page.html);
    assert!(page.html.contains("1 verified, 1 failed"), "{}", page.html);
    clock.forward(8 * 86_400);
    let client = server.client("admin").await;
    let page = server.page(&client, "/backups").await;
    assert!(page.html.contains("verdict bad") && page.shows("Nothing since"), "{}", page.html);
    assert!(page.html.contains("7 days without a backup"), "{}", page.html);
    let begun = server.form(&client, "/backups", &[]).await;
    assert_eq!(begun.status, StatusCode::SEE_OTHER);
    ended(&server, &client).await;
    let page = server.page(&client, "/backups").await;
    assert!(page.html.contains("verdict warn") && !page.shows("failed, just now"), "{}", page.html);
}

#[tokio::test]
async fn a_form_that_is_sent_twice_makes_one_backup() {
    let (server, client) = with_backup().await;
    for _ in 0..2 {
        let answer = server.form(&client, "/backups", &[("form_key", "once")]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
        ended(&server, &client).await;
    }
    assert_eq!(server.get(&client, "/api/v1/backups").await.body["total"], 2);
}

#[tokio::test]
async fn an_archive_is_uploaded_by_a_plain_form() {
    let (server, client) = with_backup().await;
    let archive = std::fs::read(server.engine.places().backups.join("first.zip")).unwrap();
    // Larger than other forms may be.
    assert!(archive.len() < 2 << 20);
    let sent = server.file_form(&client, "/backups/upload", "second.zip", &archive).await;
    assert_eq!((sent.status, sent.location()), (StatusCode::SEE_OTHER, "/backups/second.zip"));
    let page = server.page(&client, "/backups").await;
    assert!(page.shows("second.zip") && page.shows("Not checked"), "{}", page.html);
    let taken = server.file_form(&client, "/backups/upload", "second.zip", &archive).await;
    assert_eq!(taken.status, StatusCode::CONFLICT);
    assert!(taken.html.contains("id=\"upload-error\"") && taken.shows("Archives"), "{}", taken.html);
    let large = server.file_form(&client, "/backups/upload", "large.zip", &vec![0; 3 << 20]).await;
    assert!(large.status.is_client_error() && large.html.contains("id=\"upload-error\""), "{}", large.html);
    assert!(!large.shows("too large"), "only the engine limits the size: {}", large.html);
    let none = server.file_form(&client, "/backups/upload", "", b"").await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(none.shows("choose one"), "{}", none.html);
    let named = server.file_form(&client, "/backups/upload", "..\\evil.txt", &archive).await;
    assert!(named.status.is_client_error() && named.html.contains("upload-error"), "{}", named.html);
}

#[tokio::test]
async fn an_archive_shows_what_is_in_it_and_a_hostile_name_is_text() {
    let (server, client) = with_backup().await;
    let backups = server.engine.places().backups.clone();
    let name = "<script>alert(1)<script> ü 100%.zip";
    std::fs::copy(backups.join("first.zip"), backups.join(name)).unwrap();
    std::fs::write(backups.join("broken.zip"), "no archive").unwrap();
    let list = server.page(&client, "/backups").await;
    assert_eq!(list.status, StatusCode::OK);
    assert!(!list.html.contains("<script>alert") && list.shows("Unreadable"), "{}", list.html);
    let path = "/backups/%3Cscript%3Ealert%281%29%3Cscript%3E%20%C3%BC%20100%25.zip";
    assert!(list.html.contains(&format!("href=\"{path}\"")), "{}", list.html);
    let page = server.page(&client, path).await;
    assert!(page.status == StatusCode::OK && !page.html.contains("<script>alert"), "{}", page.html);
    assert!(page.shows("not yet, or changed since") && page.shows("What is in it"), "{}", page.html);
    let broken = server.page(&client, "/backups/broken.zip").await;
    assert_eq!(broken.status, StatusCode::OK);
    assert!(broken.shows("Delete this archive") && !broken.shows("Restore…"), "{}", broken.html);
    let missing = server.page(&client, "/backups/none.zip").await;
    assert!(missing.status == StatusCode::NOT_FOUND && missing.shows("Nothing is here"));
}

#[tokio::test]
async fn an_archive_is_deleted_only_if_the_word_was_typed() {
    let (server, client) = with_backup().await;
    let path = "/backups/first.zip/delete";
    let refused = server.form(&client, path, &[("word", "yes")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.shows("Type the word delete. Nothing was deleted."), "{}", refused.html);
    let gone = server.form_and_follow(&client, path, &[("word", " Delete ")]).await;
    assert!(gone.shows("Deleted first.zip") && gone.shows("Nothing is backed up yet."), "{}", gone.html);
}

#[tokio::test]
async fn a_page_offers_only_what_its_visitor_may_do() {
    let (server, _) = with_backup().await;
    server.user("maker", [Permission::BackupCreate].into()).await;
    server.user("reader", [Permission::PartsRead].into()).await;
    let maker = server.client("maker").await;
    let page = server.page(&maker, "/backups").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.shows("Back up now") && page.shows("Verify"), "{}", page.html);
    for hidden in ["Restore", "Prove it", "Upload", "Delete", "Download"] {
        assert!(!page.html.contains(hidden), "{hidden}: {}", page.html);
    }
    for path in ["/backups/first.zip/restore", "/api/v1/backups/first.zip/content"] {
        assert_eq!(server.page(&maker, path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    for path in ["/backups/first.zip/drill", "/backups/first.zip/delete", "/backups/undo"] {
        let refused = server.form(&maker, path, &[("word", "delete")]).await;
        assert!(refused.status == StatusCode::FORBIDDEN && refused.shows("You may not do this"), "{path}");
    }
    let sent = server.file_form(&maker, "/backups/upload", "mine.zip", b"PK").await;
    assert_eq!(sent.status, StatusCode::FORBIDDEN);
    let reader = server.client("reader").await;
    let refused = server.page(&reader, "/backups").await;
    assert!(refused.status == StatusCode::FORBIDDEN && refused.shows("You may not do this"));
    assert!(!server.page(&reader, "/tasks").await.html.contains("href=\"/backups\" aria"), "no way there");
}
