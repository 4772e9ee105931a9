//! Restoring in three steps, and undoing it, by forms only.

use archive::EncryptionMethod;
use axum::http::StatusCode;
use backup::{BackupOptions, EncryptionChoice};
use inventory::Actor;
use serde_json::json;
use testkit::engine::quiet;

use super::backups::ended;
use crate::backups::with_backup;
use crate::support::{Client, TestServer};

/// Plans a restore by its form, and returns the address of the plan.
async fn planned(server: &TestServer, client: &Client, name: &str, fields: &[(&str, &str)]) -> String {
    let begun = server.form(client, &format!("/backups/{name}/restore/plan"), fields).await;
    assert_eq!(begun.status, StatusCode::SEE_OTHER, "{begun:?}");
    ended(server, client).await;
    begun.location().to_owned()
}

#[tokio::test]
async fn backup_damage_restore_and_undo_by_forms_only() {
    let (server, client) = with_backup().await;
    server.form(&client, "/backups", &[]).await;
    let backup = ended(&server, &client).await;
    let name = backup["result"]["name"].as_str().unwrap();
    let part = server.get(&client, "/api/v1/parts").await.body["items"][0]["id"].clone();
    let part = format!("/api/v1/parts/{}", part.as_str().unwrap());
    // The damage.
    assert!(server.delete(&client, &part).await.status.is_success());
    server.post(&client, "/api/v1/parts", json!({"name": "Later <b>"})).await;

    let first = server.page(&client, &format!("/backups/{name}/restore")).await;
    assert!(first.shows("Nothing changes yet.") && first.shows("See what will change"), "{}", first.html);
    let plan = planned(&server, &client, name, &[]).await;
    let second = server.page(&client, &plan).await;
    assert!(second.shows("What has changed since then changes back."), "{}", second.html);
    assert!(second.shows("Parts 1 1 +1, −1"), "{}", second.html);
    assert!(second.shows("1 part goes Later &#60;b&#62; 0") && second.shows("1 part comes back A 0"));
    assert!(second.html.contains("name=\"safety_backup\" id=\"safety_backup\" checked"), "{}", second.html);
    assert!(second.shows("Your session ends if the archive does not know you"), "{}", second.html);

    let id = plan.split("plan=").nth(1).unwrap();
    let restore = format!("/backups/{name}/restore");
    let refused =
        server.form(&client, &restore, &[("plan", id), ("safety_backup", "on"), ("word", "restor")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.shows("Type the word restore. Nothing was changed."), "{}", refused.html);
    assert!(refused.html.contains("value=\"restor\"") && refused.shows("Parts 1 1 +1"), "{}", refused.html);

    let begun =
        server.form(&client, &restore, &[("plan", id), ("safety_backup", "on"), ("word", "restore")]).await;
    assert!(begun.location().starts_with("/tasks/"), "{begun:?}");
    ended(&server, &client).await;
    let result = server.page(&client, begun.location()).await;
    assert!(result.shows("Everything is as it was in the archive."), "{}", result.html);
    assert!(result.shows("Undo this restore") && result.shows("Restore: done"), "{}", result.html);
    assert_eq!(server.get(&client, &part).await.status, StatusCode::OK, "the part is back");
    let backups = server.page(&client, "/backups").await;
    assert!(backups.shows("Undo the last restore") && backups.shows("safety"), "{}", backups.html);

    let undone = server.form(&client, "/backups/undo", &[("form_key", "u")]).await;
    assert!(undone.location().starts_with("/tasks/"), "{undone:?}");
    ended(&server, &client).await;
    let result_of_undo = server.page(&client, undone.location()).await;
    assert!(result_of_undo.shows("Undo of a restore: done"), "{}", result_of_undo.html);
    assert_eq!(server.get(&client, &part).await.status, StatusCode::NOT_FOUND, "as before the restore");
    let parts = server.get(&client, "/api/v1/parts").await;
    assert_eq!(parts.body["items"][0]["name"], "Later <b>");
    let result = server.page(&client, begun.location()).await;
    assert!(!result.shows("Undo this restore"), "only the last restore can be undone: {}", result.html);
}

#[tokio::test]
async fn without_its_checkbox_a_restore_makes_no_safety_backup() {
    let (server, client) = with_backup().await;
    let begun = server.form(&client, "/backups/first.zip/restore", &[("word", "restore")]).await;
    let task = ended(&server, &client).await;
    assert_eq!((&task["status"], &task["result"]["safety_backup"]), (&json!("succeeded"), &json!(null)));
    let skipped = task["steps_done"].as_array().unwrap().iter().all(|step| *step != "SafetyBackup");
    assert!(skipped, "{task}");
    let result = server.page(&client, begun.location()).await;
    assert!(!result.shows("Undo this restore"), "{}", result.html);
    let nothing = server.form(&client, "/backups/undo", &[]).await;
    assert_eq!(nothing.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_plan_of_another_archive_is_not_shown() {
    let (server, client) = with_backup().await;
    let plan = planned(&server, &client, "first.zip", &[]).await;
    let backups = &server.engine.places().backups;
    std::fs::copy(backups.join("first.zip"), backups.join("other.zip")).unwrap();
    let page = server.page(&client, &plan.replace("first.zip", "other.zip")).await;
    assert!(page.shows("See what will change") && !page.html.contains("do-it"), "{}", page.html);
}

#[tokio::test]
async fn the_key_of_an_encrypted_archive_is_asked_for_and_never_shown() {
    let (server, client) = with_backup().await;
    let secret = "correct horse battery staple";
    let method = EncryptionMethod::Passphrase(secret.to_owned().into());
    let options = BackupOptions {
        name: Some("locked".to_owned()),
        encrypt: EncryptionChoice::With(method),
        ..BackupOptions::default()
    };
    server.engine.backup(&Actor::System, &options, &mut quiet).unwrap();
    let page = server.page(&client, "/backups/locked.zip.age/restore").await;
    assert!(page.html.contains("name=\"passphrase\""), "{}", page.html);
    assert!(page.shows("It takes the key to look inside."), "{}", page.html);
    let wrong = planned(&server, &client, "locked.zip.age", &[("passphrase", "wrong-secret")]).await;
    let page = server.page(&client, &wrong).await;
    assert!(page.shows("This archive cannot be restored like this."), "{}", page.html);
    assert!(!page.html.contains("wrong-secret") && page.html.contains("name=\"passphrase\""));
    let plan = planned(&server, &client, "locked.zip.age", &[("passphrase", secret)]).await;
    let page = server.page(&client, &plan).await;
    assert!(page.html.contains("do-it") && page.html.contains("name=\"passphrase\""), "{}", page.html);
    let restore = "/backups/locked.zip.age/restore";
    let refused = server.form(&client, restore, &[("passphrase", secret), ("word", "no")]).await;
    assert!(!refused.html.contains(secret), "{}", refused.html);
    let check = "/backups/locked.zip.age/verify";
    let refused = server.form(&client, check, &[("identity", "AGE-SECRET-KEY-1NOT")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!refused.html.contains("1NOT") && refused.html.contains("id=\"key-error\""), "{}", refused.html);
}
