//! Saved views of the list of parts.

use axum::http::StatusCode;
use inventory::Permission;

use crate::support::{Client, TestServer};

async fn server() -> (TestServer, Client) {
    let server = TestServer::new().await;
    server.user("admin", [Permission::All].into()).await;
    let client = server.client("admin").await;
    (server, client)
}

#[tokio::test]
async fn a_view_is_saved_opened_and_deleted() {
    let (server, client) = server().await;
    let page = server.page(&client, "/parts").await;
    assert!(page.shows("Filter or search the list, then save it here"), "{}", page.html);
    let fields = [("name", "<Low>"), ("back", "/parts?low_stock=true&page=2&sort=-name")];
    let page = server.form_and_follow(&client, "/parts/views", &fields).await;
    assert!(page.shows("Saved the view &#60;Low&#62;") && !page.html.contains("<Low>"), "{}", page.html);
    let page = server.page(&client, "/parts?low_stock=true&sort=-name").await;
    let link = "href=\"/parts?low_stock=true&#38;sort=-name\" dir=\"auto\" aria-current=\"true\"";
    assert!(page.html.contains(link), "{}", page.html);
    let id = page.between("action=\"/parts/views/", "/delete").to_owned();

    server.user("other", [Permission::All].into()).await;
    let other = server.client("other").await;
    assert!(!server.page(&other, "/parts").await.shows("&#60;Low&#62;"), "views are not shared");
    let path = format!("/parts/views/{id}/delete");
    assert_eq!(server.form(&other, &path, &[]).await.status, StatusCode::NOT_FOUND);
    let page = server.form_and_follow(&client, &path, &[("back", "/parts?q=led")]).await;
    assert!(
        page.shows("Deleted the view &#60;Low&#62;") && !page.html.contains("/parts/views/"),
        "{}",
        page.html
    );
}

#[tokio::test]
async fn a_view_without_a_name_is_not_saved() {
    let (server, client) = server().await;
    let fields = [("name", " "), ("back", "/parts?q=led")];
    let page = server.form_and_follow(&client, "/parts/views", &fields).await;
    assert!(page.shows("The view was not saved. Name is required"), "{}", page.html);
    assert_eq!(server.number("SELECT count(*) FROM mm_saved_view"), 0);
}

#[tokio::test]
async fn views_travel_in_backups() {
    let (server, client) = server().await;
    server.form(&client, "/parts/views", &[("name", "LEDs"), ("back", "/parts?q=led")]).await;
    let begun = server.post(&client, "/api/v1/backups", serde_json::json!({"name": "one"})).await;
    assert_eq!(server.finished(&client, &begun).await["status"], "succeeded");
    server.sql("DELETE FROM mm_saved_view");
    let begun = server.post(&client, "/api/v1/backups/one.zip/restore", serde_json::json!({})).await;
    assert_eq!(server.finished(&client, &begun).await["status"], "succeeded");
    assert!(server.page(&client, "/parts").await.shows("LEDs"));
}
