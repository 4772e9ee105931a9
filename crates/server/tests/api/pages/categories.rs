//! Categories: the tree and the forms.

use axum::http::StatusCode;
use inventory::Permission;
use serde_json::{Value, json};

use crate::support::{Client, TestServer};

const HOSTILE: &str = "<script>alert(1)</script>";

async fn server() -> (TestServer, Client) {
    let server = TestServer::new().await;
    server.user("admin", [Permission::All].into()).await;
    let client = server.client("admin").await;
    (server, client)
}

async fn category(server: &TestServer, client: &Client, name: &str, parent: Option<&str>) -> String {
    let new = json!({"name": name, "parent_id": parent});
    let answer = server.post(client, "/api/v1/categories", new).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    answer.body["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_tree_counts_parts_and_leads_to_them() {
    let (server, client) = server().await;
    let empty = server.page(&client, "/categories").await;
    assert!(empty.shows("No categories yet"), "{}", empty.html);
    let passive = category(&server, &client, "Passive", None).await;
    let hostile = category(&server, &client, HOSTILE, Some(&passive)).await;
    server.post(&client, "/api/v1/parts", json!({"name": "R", "category_ids": [hostile]})).await;
    let page = server.page(&client, "/categories").await;
    assert!(page.shows("Passive1 part"), "{}", page.html);
    let page = server.page(&client, &format!("/categories/{hostile}")).await;
    assert!(page.html.contains(&format!("/parts?category_id={hostile}")), "{}", page.html);
    assert!(page.shows("Show the 1 part in it") && !page.html.contains(HOSTILE), "{}", page.html);
    let above = server.page(&client, &format!("/categories/{passive}")).await;
    assert!(above.shows("Passive 1 part, 0 of them right here"), "{}", above.html);
}

#[tokio::test]
async fn categories_are_created_renamed_and_moved() {
    let (server, client) = server().await;
    let passive = category(&server, &client, "Passive", None).await;
    let fields = [("name", "Resistors"), ("parent", "passive"), ("description", "All of them")];
    let page = server.form_and_follow(&client, "/categories/new", &fields).await;
    assert!(page.shows("Made the category Resistors") && page.shows("All of them"), "{}", page.html);
    let taken = server.form(&client, "/categories/new", &fields).await;
    assert_eq!(taken.status, StatusCode::CONFLICT);
    assert!(taken.html.contains("id=\"name-error\"") && taken.shows("already exists."), "{}", taken.html);

    let list = server.get(&client, "/api/v1/categories").await.body;
    let resistors = list["items"].as_array().unwrap().iter().find(|item| item["name"] == "Resistors");
    let id = resistors.unwrap()["id"].as_str().unwrap();
    let edit = format!("/categories/{id}/edit");
    let page = server.form(&client, &edit, &[("name", "R"), ("version", "old")]).await;
    assert!(page.shows("Somebody else was faster") && page.html.contains("value=\"R\""), "{}", page.html);
    let page = server.form_and_follow(&client, &edit, &[("name", "R"), ("parent", "Passive")]).await;
    assert!(page.shows("Saved"), "{}", page.html);

    let path = format!("/categories/{id}/move");
    let page = server.form_and_follow(&client, &path, &[("to", "")]).await;
    assert!(page.shows("Moved R to the top") && page.html.contains("id=\"undo\""), "{}", page.html);
    let shown = server.get(&client, &format!("/api/v1/categories/{id}")).await.body;
    assert_eq!(shown["parent_id"], Value::Null);
    // The undo sends the id of the former parent.
    let page = server.form_and_follow(&client, &path, &[("to", &*passive)]).await;
    assert!(page.shows("Moved R into Passive"), "{}", page.html);
    let cycle = server.form(&client, &format!("/categories/{passive}/move"), &[("to", "R")]).await;
    assert!(cycle.shows("cannot be placed inside itself"), "{}", cycle.html);
}

#[tokio::test]
async fn deleting_a_category_says_what_leaves_it_and_what_moves_up() {
    let (server, client) = server().await;
    let passive = category(&server, &client, "Passive", None).await;
    let resistors = category(&server, &client, "Resistors", Some(&passive)).await;
    category(&server, &client, "SMD", Some(&resistors)).await;
    server.post(&client, "/api/v1/parts", json!({"name": "R", "category_ids": [resistors]})).await;
    let path = format!("/categories/{resistors}/delete");
    let page = server.page(&client, &path).await;
    assert!(
        page.shows("1 part stay") && page.shows("1 category below it (SMD) move up into Passive"),
        "{}",
        page.html
    );
    let late = server.form(&client, &path, &[("version", "old")]).await;
    assert!(late.shows("Somebody else was faster"), "{}", late.html);
    let page = server.form_and_follow(&client, &path, &[]).await;
    assert!(page.shows("Deleted Resistors") && page.shows("SMD"), "{}", page.html);

    server.user("reader", [Permission::CategoriesRead].into()).await;
    let reader = server.client("reader").await;
    let page = server.page(&reader, &format!("/categories/{passive}")).await;
    assert!(page.status == StatusCode::OK && !page.html.contains("/edit"), "{}", page.html);
    for path in ["edit", "move", "delete"] {
        let page = server.page(&reader, &format!("/categories/{passive}/{path}")).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{path}");
    }
}
