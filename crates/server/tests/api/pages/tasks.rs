//! The pages of tasks: the list, a running task, stopping it, and its result.

use std::fs::File;

use axum::http::StatusCode;
use inventory::Permission;
use serde_json::json;

use super::backups::ended;
use crate::backups::with_backup;
use crate::support::{Client, TestServer};

/// Begins a restore that waits, since somebody writes. Returns its page, and what ends the write when it is dropped.
async fn waiting_restore(server: &TestServer, client: &Client) -> (String, File) {
    let lock = durable::with_suffix(&server.engine.places().database, ".writers.lock");
    let writer = File::open(lock).unwrap();
    writer.lock_shared().unwrap();
    let fields = [("word", "restore"), ("safety_backup", "on")];
    let begun = server.form(client, "/backups/first.zip/restore", &fields).await;
    assert_eq!(begun.status, StatusCode::SEE_OTHER, "{begun:?}");
    (begun.location().to_owned(), writer)
}

#[tokio::test]
async fn a_running_task_is_followed_on_every_page_that_concerns_it_and_can_be_stopped() {
    let (server, client) = with_backup().await;
    let (path, writer) = waiting_restore(&server, &client).await;
    for page in [&*path, "/tasks", "/backups", "/backups/first.zip"] {
        let page = server.page(&client, page).await;
        assert!(page.html.contains("<live-task") && page.shows("Restoring"), "{}", page.html);
        assert!(page.html.contains("href=\"/tasks\"") && page.html.contains("class=\"count\">1<"));
        assert!(page.shows("Back up what is here") && page.shows("Refresh"), "{}", page.html);
    }
    let backups = server.page(&client, "/backups").await;
    assert!(backups.shows("A task is running"), "{}", backups.html);
    let other = server.form_and_follow(&client, "/backups", &[]).await;
    assert!(other.shows("Another task is running."), "{}", other.html);
    let deleted = server.form_and_follow(&client, "/backups/first.zip/delete", &[("word", "delete")]).await;
    assert!(deleted.shows("Another task is running."), "{}", deleted.html);
    let stop = format!("{path}/stop");
    let stopped = server.form(&client, &stop, &[("back", "/backups")]).await;
    assert_eq!((stopped.status, stopped.location()), (StatusCode::SEE_OTHER, "/backups"));
    assert_eq!(ended(&server, &client).await["status"], "cancelled");
    drop(writer);
    let page = server.page(&client, &path).await;
    assert!(page.shows("Restore: stopped") && page.shows("Nothing was changed."), "{}", page.html);
    assert!(!page.html.contains("<live-task"), "{}", page.html);
    let late = server.form_and_follow(&client, &stop, &[]).await;
    assert!(late.shows("Too late to stop"), "{}", late.html);
}

#[tokio::test]
async fn tasks_are_listed_for_those_who_may_see_them() {
    let (server, client) = with_backup().await;
    server.user("maker", [Permission::BackupCreate].into()).await;
    let maker = server.client("maker").await;
    let empty = server.page(&maker, "/tasks").await;
    assert!(empty.status == StatusCode::OK && empty.shows("No tasks yet"), "{}", empty.html);
    let all = server.page(&client, "/tasks").await;
    assert!(all.shows("Backup") && all.shows("Done") && all.shows("admin"), "{}", all.html);
    assert!(all.shows("The backup was made and read back."), "{}", all.html);
    let id = server.get(&client, "/api/v1/tasks").await.body["items"][0]["id"].as_str().unwrap().to_owned();
    let page = server.page(&client, &format!("/tasks/{id}")).await;
    assert!(page.shows("Backup: done") && page.html.contains("/backups/first.zip"), "{}", page.html);
    for path in [format!("/tasks/{id}"), "/tasks/none".to_owned()] {
        let hidden = server.page(&maker, &path).await;
        assert!(hidden.status == StatusCode::NOT_FOUND && hidden.shows("Nothing is here"), "{path}");
    }
    let (_, writer) = waiting_restore(&server, &client).await;
    let others = server.page(&maker, "/tasks").await;
    assert!(!others.html.contains("<live-task") && !others.html.contains("class=\"count\">1<"));
    drop(writer);
    ended(&server, &client).await;
}

#[tokio::test]
async fn a_failed_task_says_why_and_its_text_is_escaped() {
    let (server, client) = with_backup().await;
    let backups = &server.engine.places().backups;
    std::fs::write(backups.join("<i>.zip"), "no archive").unwrap();
    server.form(&client, "/backups/%3Ci%3E.zip/verify", &[]).await;
    let task = ended(&server, &client).await;
    assert_eq!(task["status"], json!("failed"), "{task}");
    let page = server.page(&client, &format!("/tasks/{}", task["id"].as_str().unwrap())).await;
    assert!(page.shows("Verification: failed") && !page.html.contains("<i>.zip"), "{}", page.html);
    let list = server.page(&client, "/backups").await;
    assert!(list.shows("Verification failed") && !list.html.contains("<i>.zip"), "{}", list.html);
}
