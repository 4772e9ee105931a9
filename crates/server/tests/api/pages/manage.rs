//! Users, roles, tags, projects, settings, and what browsers need to install the pages.

use axum::http::{StatusCode, header};
use inventory::{Permission, Permissions};
use serde_json::json;

use crate::support::{Client, PASSWORD, TestServer};

async fn server() -> (TestServer, Client) {
    let server = TestServer::new().await;
    server.user("admin", [Permission::All].into()).await;
    let client = server.client("admin").await;
    (server, client)
}

/// Returns the address of the page of a thing, from the link with its name in a list.
async fn link_of(server: &TestServer, client: &Client, list: &str, name: &str) -> String {
    let page = server.page(client, list).await;
    let before = page.html.split(&format!("{name}</a>")).next().unwrap();
    assert_ne!(before.len(), page.html.len(), "{name} is not in {}", page.html);
    before.rsplit("href=\"").next().unwrap().split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_user_is_created_changed_and_deleted() {
    let (server, client) = server().await;
    let weak = [("username", "admin"), ("email", "ada@example.org"), ("password", PASSWORD)];
    let refused = server.form(&client, "/users/new", &weak).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.html.contains("id=\"username-error\""), "{}", refused.html);
    assert!(refused.html.contains("value=\"ada@example.org\"") && !refused.html.contains(PASSWORD));
    let fields =
        [("username", "ada"), ("email", "ada@example.org"), ("password", PASSWORD), ("role", "admins")];
    let page = server.form_and_follow(&client, "/users/new", &fields).await;
    assert!(page.shows("Created ada") && page.shows("never signed in"), "{}", page.html);

    let path = link_of(&server, &client, "/users", "ada").await;
    let page = server.page(&client, &path).await;
    let version = page.between("name=\"version\" value=\"", "\"").to_owned();
    let change = [("version", &*version), ("email", "countess@example.org"), ("active", "yes")];
    let page = server.form_and_follow(&client, &path, &change).await;
    assert!(page.shows("Saved ada") && page.html.contains("value=\"countess@example.org\""), "{}", page.html);
    assert!(!page.html.contains("value=\"admins\" checked"), "the role was not taken");
    let stale = server.form(&client, &path, &change).await;
    assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED);
    assert!(stale.shows("this was changed by admin"), "{}", stale.html);

    let asked = server.page(&client, &format!("{path}/delete")).await;
    assert!(asked.shows("Delete the user ada"), "{}", asked.html);
    let kept = server.form(&client, &format!("{path}/delete"), &[("word", "no")]).await;
    assert_eq!(kept.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = server.form_and_follow(&client, &format!("{path}/delete"), &[("word", "Delete")]).await;
    assert!(page.shows("Deleted the user ada") && !page.shows("countess@example.org"), "{}", page.html);
}

#[tokio::test]
async fn the_last_administrator_stays_and_the_page_says_why() {
    let (server, client) = server().await;
    let path = link_of(&server, &client, "/users", "admin").await;
    let change = [("email", "admin@example.org"), ("role", "admins")];
    let refused = server.form(&client, &path, &change).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.shows("This is the last active administrator."), "{}", refused.html);
    let refused = server.form(&client, &format!("{path}/delete"), &[("word", "delete")]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.shows("This is the last active administrator."), "{}", refused.html);
    assert_eq!(server.page(&client, "/users").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_password_is_set_for_somebody_who_then_must_change_it() {
    let (server, client) = server().await;
    server.user("ada", Permissions::default()).await;
    let ada = server.client("ada").await;
    let path = link_of(&server, &client, "/users", "ada").await;
    let weak = server.form(&client, &format!("{path}/password"), &[("new_password", "weak")]).await;
    assert_eq!(weak.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(weak.html.contains("id=\"new_password-error\""), "{}", weak.html);
    let fields = [("new_password", "Another-horse8"), ("change_password", "yes")];
    let page = server.form_and_follow(&client, &format!("{path}/password"), &fields).await;
    assert!(page.shows("Set the password of ada"), "{}", page.html);
    assert_eq!(server.page(&ada, "/account").await.location(), "/sign-in?next=%2Faccount");
    let ada = server.sign_in(&Client::default(), "ada", "Another-horse8").await.client();
    assert!(server.page(&ada, "/account").await.location().starts_with("/account/password"));
}

#[tokio::test]
async fn nobody_changes_a_more_powerful_user_or_gives_away_more_than_they_have() {
    let (server, _) = server().await;
    let own = [Permission::UsersRead, Permission::UsersCreate, Permission::UsersUpdate];
    server.user("clerk", own.into_iter().collect()).await;
    let client = server.client("clerk").await;
    let path = link_of(&server, &client, "/users", "admin").await;
    let page = server.page(&client, &path).await;
    assert!(page.shows("Only somebody who may do everything") && !page.shows("Set the password"), "{page:?}");
    let page = server.page(&client, "/users/new").await;
    assert!(page.html.contains("value=\"admins\" disabled") && page.html.contains("value=\"clerks\">"));
    let forged =
        [("username", "mate"), ("email", "m@example.org"), ("password", PASSWORD), ("role", "admins")];
    assert_eq!(server.form(&client, "/users/new", &forged).await.status, StatusCode::FORBIDDEN);
    // A user with a role that the clerk must not give keeps it.
    server.user("clerk2", [Permission::UsersRead].into()).await;
    let path = link_of(&server, &client, "/users", "clerk2").await;
    let change = [("email", "c2@example.org"), ("role", "clerk2s"), ("active", "yes")];
    let page = server.form_and_follow(&client, &path, &change).await;
    assert!(page.html.contains("value=\"clerk2s\" checked"), "{}", page.html);
}

#[tokio::test]
async fn a_role_is_created_changed_and_deleted() {
    let (server, client) = server().await;
    let fields = [("name", "<script>"), ("permission", "parts:read"), ("permission", "tags:read")];
    let page = server.form_and_follow(&client, "/roles/new", &fields).await;
    assert!(page.shows("Created the role &#60;script&#62;") && page.shows("2 permissions"), "{}", page.html);
    assert!(!page.html.contains("<script>"), "the name is not escaped");
    let taken = server.form(&client, "/roles/new", &[("name", "admins")]).await;
    assert!(taken.status == StatusCode::CONFLICT && taken.html.contains("id=\"name-error\""), "{taken:?}");
    let path = link_of(&server, &client, "/roles", "&#60;script&#62;").await;
    let page = server.page(&client, &path).await;
    assert!(page.html.contains("value=\"parts:read\" checked") && page.html.contains("value=\"all\">"));
    let page = server.form_and_follow(&client, &path, &[("name", "readers"), ("permission", "all")]).await;
    assert!(page.shows("Saved the role readers") && page.shows("everything"), "{}", page.html);
    let used = link_of(&server, &client, "/roles", "admins").await;
    let refused = server.form(&client, &format!("{used}/delete"), &[("word", "delete")]).await;
    assert!(refused.status == StatusCode::CONFLICT && refused.shows("is held by 1 user"), "{refused:?}");
    let page = server.form_and_follow(&client, &format!("{path}/delete"), &[("word", "delete")]).await;
    assert!(page.shows("Deleted the role readers"), "{}", page.html);
}

#[tokio::test]
async fn tags_and_projects_are_created_renamed_and_deleted() {
    let (server, client) = server().await;
    for (list, field, value) in [("/tags", "color", "#FF5733"), ("/projects", "status", "active")] {
        let empty = server.page(&client, list).await;
        assert!(empty.shows("yet"), "{}", empty.html);
        let fields = [("name", "amp<b>"), (field, value), ("description", "loud")];
        let page = server.form_and_follow(&client, &format!("{list}/new"), &fields).await;
        assert!(page.shows("Created amp&#60;b&#62;") && page.shows("loud"), "{}", page.html);
        assert!(page.html.contains(value) && !page.html.contains("amp<b>"), "{}", page.html);
        let taken = server.form(&client, &format!("{list}/new"), &fields).await;
        assert!(taken.status == StatusCode::CONFLICT && taken.html.contains("-error\""), "{taken:?}");
        let path = link_of(&server, &client, list, "amp&#60;b&#62;").await;
        let renamed = [("name", "preamp"), (field, value)];
        let page = server.form_and_follow(&client, &path, &renamed).await;
        assert!(page.shows("Saved preamp") && !page.shows("loud"), "{}", page.html);
        let asked = server.page(&client, &format!("{path}/delete")).await;
        assert!(asked.shows("No part"), "{}", asked.html);
        let page = server.form_and_follow(&client, &format!("{path}/delete"), &[("word", "delete")]).await;
        let deleted = format!("Deleted the {} preamp", list.trim_matches(['/', 's']));
        assert!(page.shows(&deleted) && page.shows("yet"), "{}", page.html);
    }
    let wrong = server.form(&client, "/tags/new", &[("name", "a"), ("color", "red")]).await;
    assert!(
        wrong.html.contains("id=\"color-error\"") && wrong.html.contains("value=\"red\""),
        "{}",
        wrong.html
    );
}

#[tokio::test]
async fn a_tag_leads_to_its_parts() {
    let (server, client) = server().await;
    let tag = server.post(&client, "/api/v1/tags", json!({"name": "smd"})).await.body;
    let id = tag["id"].as_str().unwrap();
    server.post(&client, "/api/v1/parts", json!({"name": "R1", "tag_ids": [id]})).await;
    let page = server.page(&client, "/tags").await;
    assert!(page.html.contains(&format!("<a href=\"/parts?tag_id={id}\">1</a>")), "{}", page.html);
    let asked = server.page(&client, &format!("/tags/{id}/delete")).await;
    assert!(asked.shows("1 part will lose it. The parts themselves stay."), "{}", asked.html);
}

#[tokio::test]
async fn settings_show_paths_to_administrators_only() {
    let (server, client) = server().await;
    let folder = server.folder.path().display().to_string();
    let page = server.page(&client, "/settings").await;
    assert!(page.shows("SQLite") && page.shows(&folder) && page.shows("not encrypted"), "{}", page.html);
    assert!(page.shows(env!("CARGO_PKG_VERSION")) && page.shows("m0010_saved_views"), "{}", page.html);
    server.user("guest", [Permission::TagsRead].into()).await;
    let page = server.page(&server.client("guest").await, "/settings").await;
    assert!(!page.shows(&folder) && page.html.contains("href=\"/tags\""), "{}", page.html);
    assert!(!page.html.contains("href=\"/users\"") && !page.shows("Everything as JSON"), "{}", page.html);
}

#[tokio::test]
async fn the_pages_can_be_installed() {
    let (server, client) = server().await;
    let manifest = server.get(&Client::default(), "/manifest.webmanifest").await;
    assert_eq!(manifest.headers[header::CONTENT_TYPE], "application/manifest+json");
    assert_eq!((&manifest.body["start_url"], &manifest.body["display"]), (&json!("/"), &json!("standalone")));
    for icon in manifest.body["icons"].as_array().unwrap() {
        let answer = server.get(&Client::default(), icon["src"].as_str().unwrap()).await;
        assert_eq!(answer.status, StatusCode::OK, "{icon}");
        assert_eq!(answer.headers[header::CONTENT_TYPE], icon["type"].as_str().unwrap());
    }
    let page = server.page(&client, "/").await;
    assert!(page.html.contains("rel=\"apple-touch-icon\"") && page.html.contains("rel=\"manifest\""));
}
