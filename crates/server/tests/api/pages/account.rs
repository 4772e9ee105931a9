//! The account: password, sessions, API keys and theme.

use axum::http::{StatusCode, header};
use inventory::users::SetPassword;
use inventory::{Actor, Permission, Permissions};

use crate::support::{Client, PASSWORD, TestServer};

const SYSTEM: &Actor = &Actor::System;
const NEW: &str = "Another-horse8";

async fn server() -> (TestServer, Client) {
    let server = TestServer::new().await;
    server.user("admin", [Permission::All].into()).await;
    let client = server.client("admin").await;
    (server, client)
}

#[tokio::test]
async fn the_account_shows_own_data_and_an_empty_list_of_keys() {
    let (server, client) = server().await;
    let page = server.page(&client, "/account").await;
    assert!(page.shows("admin@example.org") && page.shows("admins"), "{}", page.html);
    assert!(page.shows("With a key, a program acts for you"), "{}", page.html);
    server.user("guest", Permissions::default()).await;
    let page = server.page(&server.client("guest").await, "/account").await;
    assert!(page.status == StatusCode::OK && !page.shows("API keys"), "{}", page.html);
}

#[tokio::test]
async fn the_password_is_changed_with_the_current_one_and_ends_other_sessions() {
    let (server, client) = server().await;
    let other = server.client("admin").await;
    let wrong = [("current_password", "wrong"), ("new_password", NEW)];
    let refused = server.form(&client, "/account/password", &wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.html.contains("id=\"current_password-error\""), "{}", refused.html);
    assert!(!refused.html.contains(NEW), "the page repeats a password");
    let same = [("current_password", PASSWORD), ("new_password", PASSWORD)];
    let refused = server.form(&client, "/account/password", &same).await;
    assert!(refused.shows("This must differ from the current password."), "{}", refused.html);
    let right = [("current_password", PASSWORD), ("new_password", NEW)];
    let page = server.form_and_follow(&client, "/account/password", &right).await;
    assert!(page.shows("Changed the password"), "{}", page.html);
    assert_eq!(server.page(&other, "/account").await.location(), "/sign-in?next=%2Faccount");
}

#[tokio::test]
async fn a_password_that_must_be_changed_comes_first_and_then_the_page_that_was_asked_for() {
    let server = TestServer::new().await;
    let user = server.user("ada", [Permission::PartsRead].into()).await;
    let command = SetPassword {
        user_id: user.id,
        current_password: None,
        new_password: PASSWORD.to_owned(),
        password_change_required: true,
    };
    server.inventory.run(SYSTEM, command).await.unwrap();
    let client = server.client("ada").await;
    let sent = server.page(&client, "/parts?q=10+k").await;
    assert_eq!(sent.location(), "/account/password?next=%2Fparts%3Fq%3D10%2Bk");
    let form = server.form(&client, "/parts/columns", &[]).await;
    assert_eq!(form.location(), "/account/password?next=%2F", "a form is not sent again");
    let page = server.page(&client, sent.location()).await;
    assert!(page.shows("Sign out") && page.shows("Choose your own"), "{}", page.html);
    let next = page.between("name=\"next\" value=\"", "\"").to_owned();
    let fields = [("current_password", PASSWORD), ("new_password", NEW), ("next", &*next)];
    let changed = server.form(&client, "/account/password", &fields).await;
    assert_eq!(changed.location(), "/parts?q=10+k");
    let foreign = [("current_password", NEW), ("new_password", PASSWORD), ("next", "//evil.example")];
    let client = server.sign_in(&Client::default(), "ada", NEW).await.client();
    assert_eq!(server.form(&client, "/account/password", &foreign).await.location(), "/account");
}

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let (server, client) = server().await;
    let agent = Client::default().with("user-agent", "<script>alert(1)</script>");
    let stranger = server.sign_in(&agent, "admin", PASSWORD).await.client();
    let page = server.page(&client, "/account").await;
    assert!(page.shows("Here") && !page.html.contains("<script>alert"), "{}", page.html);
    let id =
        page.html.split("/account/sessions/").filter_map(|rest| rest.split_once("/end\"")).map(|(id, _)| id);
    let id = id.last().unwrap().to_owned();
    let page = server.form_and_follow(&client, &format!("/account/sessions/{id}/end"), &[]).await;
    assert!(page.shows("Ended the session"), "{}", page.html);
    assert_eq!(server.page(&stranger, "/account").await.status, StatusCode::SEE_OTHER);
    let again = server.form(&client, &format!("/account/sessions/{id}/end"), &[]).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);

    let others = [server.client("admin").await, server.client("admin").await];
    server.form_and_follow(&client, "/account/sessions/end", &[]).await;
    for other in &others {
        assert_eq!(server.page(other, "/account").await.status, StatusCode::SEE_OTHER);
    }
    assert_eq!(server.page(&client, "/account").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_key_is_shown_once_and_can_be_revoked_and_deleted() {
    let (server, client) = server().await;
    let form = server.page(&client, "/account/keys/new").await;
    let form_key = form.between("name=\"form_key\" value=\"", "\"").to_owned();
    let fields = [
        ("form_key", &*form_key),
        ("name", "<script>"),
        ("permission", "parts:read"),
        ("permission", "tags:read"),
        ("expires_on", "2999-01-31"),
        ("addresses", "127.0.0.1, ::1"),
    ];
    let created = server.form(&client, "/account/keys/new", &fields).await;
    assert_eq!(created.status, StatusCode::OK, "{created:?}");
    assert!(!created.html.contains("<script>"), "the name is not escaped");
    let key = created.between("<code id=\"key\">", "<").to_owned();
    let parts = server.get(&Client::with_key(&key), "/api/v1/parts").await;
    assert_eq!(parts.status, StatusCode::OK, "{parts:?}");

    let again = server.form_and_follow(&client, "/account/keys/new", &fields).await;
    assert!(again.shows("shown only once") && !again.html.contains(&key), "{}", again.html);
    assert_eq!(again.html.matches("/revoke\"").count(), 1, "it was created twice");
    assert!(again.shows("2 permissions, never used, until 31 January 2999"), "{}", again.html);
    let id = again.between("action=\"/account/keys/", "/revoke").to_owned();
    let page = server.form_and_follow(&client, &format!("/account/keys/{id}/revoke"), &[]).await;
    assert!(page.shows("Revoked &#60;script&#62;"), "{}", page.html);
    let refused = server.get(&Client::with_key(&key), "/api/v1/parts").await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    let page = server.form_and_follow(&client, &format!("/account/keys/{id}/delete"), &[]).await;
    assert!(page.shows("Deleted the key") && page.shows("With a key, a program acts"), "{}", page.html);
}

#[tokio::test]
async fn what_is_wrong_with_a_new_key_stands_beside_its_field() {
    let server = TestServer::new().await;
    server.user("ada", [Permission::ApiKeysCreate, Permission::ApiKeysRead].into()).await;
    let client = server.client("ada").await;
    let fields = [("name", ""), ("addresses", "here"), ("expires_on", "2999-01-31")];
    let refused = server.form(&client, "/account/keys/new", &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.html.contains("id=\"name-error\"") && refused.html.contains("id=\"addresses-error\""));
    assert!(refused.html.contains("value=\"2999-01-31\""), "what was typed is lost");
    let day = server.form(&client, "/account/keys/new", &[("name", "a"), ("expires_on", "soon")]).await;
    assert!(day.html.contains("id=\"expires_on-error\""), "{}", day.html);
    // The box is disabled, so only a forged form sends it.
    let more = [("name", "a"), ("permission", "users:delete")];
    assert_eq!(server.form(&client, "/account/keys/new", &more).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_theme_stays_with_the_browser() {
    let (server, client) = server().await;
    assert!(!server.page(&client, "/account").await.html.contains("data-theme"));
    let chosen = server.form(&client, "/account/theme", &[("theme", "dark"), ("back", "/account")]).await;
    assert_eq!((chosen.status, chosen.location()), (StatusCode::SEE_OTHER, "/account"));
    let page = server.form_and_follow(&client, "/account/theme", &[("theme", "dark")]).await;
    assert!(page.html.contains("<html lang=\"en\" data-theme=\"dark\">"), "{}", page.html);
    let dark = Client::default().with(header::COOKIE.as_str(), "makermatrix_theme=dark");
    assert!(server.page(&dark, "/sign-in").await.html.contains("data-theme=\"dark\""));
    for choice in ["system", "\"><script>"] {
        let page = server.form_and_follow(&client, "/account/theme", &[("theme", choice)]).await;
        assert!(!page.html.contains("data-theme"), "{choice}");
    }
}

#[tokio::test]
async fn signing_out_ends_the_session() {
    let (server, client) = server().await;
    let answer = server.form(&client, "/sign-out", &[]).await;
    assert_eq!(answer.location(), "/sign-in");
    assert_eq!(server.page(&client, "/account").await.status, StatusCode::SEE_OTHER);
}
