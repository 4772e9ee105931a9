//! The first run: creating the administrator, restoring a backup, and the demo workshop.

use archive::EncryptionMethod;
use axum::body::Body;
use axum::http::{HeaderValue, Method, StatusCode, header};
use backup::{BackupOptions, EncryptionChoice};
use inventory::users::ListUsers;
use inventory::{Actor, Permission};

use super::Page;
use crate::support::{Client, PASSWORD, TestServer};

const SYSTEM: &Actor = &Actor::System;

fn quiet(_: backup::Event) {}

async fn token(server: &TestServer) -> String {
    let link = server.app.setup_link("http://127.0.0.1:8080/").await.unwrap().unwrap();
    link.strip_prefix("http://127.0.0.1:8080/setup#token=").unwrap().to_owned()
}

async fn users(server: &TestServer) -> Vec<String> {
    let users = server.inventory.query(SYSTEM, ListUsers::default()).await.unwrap();
    users.items.into_iter().map(|user| user.username).collect()
}

/// Returns a client with the cookie of the session that an answer sets.
fn signed_in(answer: &Page) -> Client {
    let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap();
    Client::default().with(header::COOKIE.as_str(), cookie)
}

/// Puts a backup of an inventory with the user `admin` and the part `Lost screw` into the folder of another server.
async fn archive_for(server: &TestServer, encrypt: EncryptionChoice) -> String {
    let other = TestServer::new().await;
    other.user("admin", [Permission::All].into()).await;
    let client = other.client("admin").await;
    other.post(&client, "/api/v1/parts", serde_json::json!({"name": "Lost screw"})).await;
    let options = BackupOptions { name: Some("old".to_owned()), encrypt, ..BackupOptions::default() };
    let engine = other.engine.clone();
    let made = tokio::task::spawn_blocking(move || engine.backup(SYSTEM, &options, &mut quiet)).await;
    let path = made.unwrap().unwrap().path;
    let name = path.file_name().unwrap().to_str().unwrap().to_owned();
    let folder = &server.engine.places().backups;
    std::fs::create_dir_all(folder).unwrap();
    std::fs::copy(&path, folder.join(&name)).unwrap();
    name
}

/// Follows a restore to its end.
async fn followed(server: &TestServer, begun: &Page) -> Page {
    assert_eq!(begun.status, StatusCode::SEE_OTHER, "{begun:?}");
    loop {
        let page = server.page(&Client::default(), begun.location()).await;
        if !page.shows("Restoring") {
            return page;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_first_administrator_is_created_and_signed_in() {
    let server = TestServer::new().await;
    let anyone = Client::default();
    let token = token(&server).await;
    let page = server.page(&anyone, "/setup").await;
    assert!(page.shows("Create the administrator") && !page.html.contains(&token), "{}", page.html);
    assert!(server.page(&anyone, "/sign-in").await.shows("Nobody can sign in yet."));

    let wrong = [("token", "x"), ("username", "ada"), ("email", ""), ("password", PASSWORD)];
    let refused = server.form(&anyone, "/setup", &wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.html.contains("id=\"token-error\"") && refused.html.contains("value=\"ada\""));
    let weak = [("token", &*token), ("username", "a<b"), ("password", "weak")];
    let refused = server.form(&anyone, "/setup", &weak).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.html.contains("id=\"username-error\"") && refused.html.contains("id=\"password-error\""));
    assert!(!refused.html.contains("a<b"), "the name is not escaped");

    let right = [("token", &*token), ("username", "ada"), ("email", ""), ("password", PASSWORD)];
    let created = server.form(&anyone, "/setup", &right).await;
    assert_eq!((created.status, created.location()), (StatusCode::SEE_OTHER, "/"));
    assert_eq!(server.page(&signed_in(&created), "/account").await.status, StatusCode::OK);
    assert_eq!(server.page(&anyone, "/setup").await.location(), "/sign-in");
    assert_eq!(server.form(&anyone, "/setup", &right).await.status, StatusCode::CONFLICT);
    assert_eq!(users(&server).await, ["ada"]);
}

#[tokio::test]
async fn the_demo_workshop_is_for_an_empty_inventory_and_shows_its_password_once() {
    let server = TestServer::new().await;
    let anyone = Client::default();
    let token = token(&server).await;
    let refused = server.form(&anyone, "/setup/demo", &[("token", "x")]).await;
    assert_eq!((refused.status, users(&server).await.len()), (StatusCode::UNPROCESSABLE_ENTITY, 0));
    let filled = server.form(&anyone, "/setup/demo", &[("token", &*token)]).await;
    assert_eq!(filled.status, StatusCode::OK, "{filled:?}");
    let client = signed_in(&filled);
    assert!(server.page(&client, "/parts").await.shows("Timer NE555"));
    let password = filled.html.split("data-text=\"").nth(2).unwrap().split('"').next().unwrap();
    let fields = [("username", "test_admin"), ("password", password)];
    assert_eq!(server.form(&anyone, "/sign-in", &fields).await.status, StatusCode::SEE_OTHER);
    let again = server.form(&anyone, "/setup/demo", &[("token", &*token)]).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "there is an administrator");
}

#[tokio::test]
async fn sample_data_is_not_mixed_with_what_is_there() {
    let server = TestServer::new().await;
    let token = token(&server).await;
    let part = inventory::parts::CreatePart { name: "Kept".to_owned(), ..Default::default() };
    server.inventory.run(SYSTEM, part).await.unwrap();
    let refused = server.form(&Client::default(), "/setup/demo", &[("token", &*token)]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.shows("The inventory is not empty"), "{}", refused.html);
    assert_eq!(users(&server).await.len(), 0);
}

#[tokio::test]
async fn a_backup_of_the_folder_is_restored_in_the_first_run() {
    let server = TestServer::new().await;
    let name = archive_for(&server, EncryptionChoice::Not).await;
    let anyone = Client::default();
    let token = token(&server).await;
    for path in ["/setup/restore", "/setup/restore/archive", "/setup/restore/begin"] {
        let refused = server.form(&anyone, path, &[("token", "x"), ("archive", &*name)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        assert!(!refused.html.contains(&name), "{path} names archives");
    }
    let choice = server.form(&anyone, "/setup/restore", &[("token", &*token)]).await;
    assert!(choice.shows(&name), "{}", choice.html);
    let fields = [("token", &*token), ("archive", &*name)];
    let inside = server.form(&anyone, "/setup/restore/archive", &fields).await;
    assert!(inside.shows("Parts 1") && inside.shows("People 1"), "{}", inside.html);
    let begun = server.form(&anyone, "/setup/restore/begin", &fields).await;
    let done = followed(&server, &begun).await;
    assert!(done.shows("Sign in with an account of the time of the backup"), "{}", done.html);
    let client = server.client("admin").await;
    assert!(server.page(&client, "/parts").await.shows("Lost screw"));
    assert_eq!(
        server.form(&anyone, "/setup/restore", &[("token", &*token)]).await.status,
        StatusCode::CONFLICT
    );
}

#[tokio::test]
async fn a_backup_that_is_sent_can_be_looked_at_and_one_that_is_none_is_refused() {
    let server = TestServer::new().await;
    let name = archive_for(&server, EncryptionChoice::Not).await;
    let path = server.engine.places().backups.join(&name);
    let content = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let token = token(&server).await;
    let refused = upload(&server, "x", &name, &content).await;
    assert_eq!((refused.status, path.exists()), (StatusCode::UNPROCESSABLE_ENTITY, false));
    let refused = upload(&server, &token, "broken.zip", b"no archive").await;
    assert!(refused.status.is_client_error() && refused.shows("Or send one from this device"), "{refused:?}");
    let nothing = upload(&server, &token, "", b"").await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY);
    let inside = upload(&server, &token, &name, &content).await;
    assert!(inside.shows("Parts 1") && path.exists(), "{inside:?}");
}

async fn upload(server: &TestServer, token: &str, name: &str, content: &[u8]) -> Page {
    let mut body =
        format!("--b\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\n{token}\r\n").into_bytes();
    let head = format!("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n");
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(content);
    body.extend_from_slice(b"\r\n--b--\r\n");
    let mut client = Client::default();
    let multipart = HeaderValue::from_static("multipart/form-data; boundary=b");
    client.headers.insert(header::CONTENT_TYPE, multipart);
    client.headers.insert(header::ACCEPT, HeaderValue::from_static("text/html"));
    let path = "/setup/restore/upload";
    Page::of(server.send_body(&client, Method::POST, path, Body::from(body)).await).await
}

#[tokio::test]
async fn an_encrypted_backup_asks_for_its_key() {
    let server = TestServer::new().await;
    let phrase = "correct horse battery staple";
    let name =
        archive_for(&server, EncryptionChoice::With(EncryptionMethod::Passphrase(phrase.to_owned().into())))
            .await;
    let anyone = Client::default();
    let token = token(&server).await;
    let fields = [("token", &*token), ("archive", &*name)];
    let inside = server.form(&anyone, "/setup/restore/archive", &fields).await;
    assert!(inside.html.contains("name=\"passphrase\"") && inside.html.contains("name=\"identity\""));
    let wrong = [fields[0], fields[1], ("passphrase", "wrong")];
    let begun = server.form(&anyone, "/setup/restore/begin", &wrong).await;
    let failed = followed(&server, &begun).await;
    assert!(failed.shows("The restore did not succeed") && failed.shows("Nothing was changed"), "{failed:?}");
    let right = [fields[0], fields[1], ("passphrase", phrase)];
    let begun = server.form(&anyone, "/setup/restore/begin", &right).await;
    let done = followed(&server, &begun).await;
    assert!(done.shows("Restored"), "{}", done.html);
    let foreign = server.page(&anyone, "/setup/restore/no-such-task").await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
}
