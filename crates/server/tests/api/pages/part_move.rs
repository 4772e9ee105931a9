//! Moving the stock of a part to another place.

use axum::http::StatusCode;
use inventory::Permission;
use serde_json::json;

use crate::support::{Client, TestServer};

async fn id_of(server: &TestServer, client: &Client, path: &str, name: &str) -> String {
    let answer = server.post(client, path, json!({"name": name})).await;
    answer.body["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn all_of_a_part_moves_to_a_typed_place_and_back() {
    let server = TestServer::new().await;
    server.user("admin", [Permission::All].into()).await;
    let client = server.client("admin").await;
    let shelf = id_of(&server, &client, "/api/v1/locations", "Shelf").await;
    let bench = id_of(&server, &client, "/api/v1/locations", "<b>Bench</b>").await;
    let part = id_of(&server, &client, "/api/v1/parts", "Screw").await;
    let add = format!("/api/v1/parts/{part}/stock/add");
    server.post(&client, &add, json!({"location_id": shelf, "quantity": 12})).await;

    let list = server.page(&client, "/parts").await;
    let link = format!("/parts/{part}/move?from={shelf}&amp;back=/parts");
    assert!(list.html.contains(&link), "{}", list.html);
    let page = server.page(&client, &link.replace("&amp;", "&")).await;
    assert!(page.shows("Move Screw") && page.shows("12 in Shelf"), "{}", page.html);
    assert!(page.html.contains("name=\"back\" value=\"/parts\""), "{}", page.html);

    let path = format!("/parts/{part}/move");
    let unknown = server.form(&client, &path, &[("from_location_id", &*shelf), ("to", "<i>")]).await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        unknown.shows("There is no place “&#60;i&#62;”.") && !unknown.html.contains("<i>"),
        "{}",
        unknown.html
    );
    let none = server.form(&client, &path, &[("from_location_id", &*shelf)]).await;
    assert!(none.shows("This is required."), "{}", none.html);
    let many = [("from_location_id", &*shelf), ("to", &*bench), ("quantity", "13")];
    let many = server.form(&client, &path, &many).await;
    assert!(many.shows("Only 12 available, but 13 requested."), "{}", many.html);

    let fields = [("from_location_id", &*shelf), ("to", "<B>bench</b>"), ("back", "/parts")];
    let page = server.form_and_follow(&client, &format!("/parts/{part}/stock/move"), &fields).await;
    assert!(page.shows("Moved 12 × Screw from Shelf to &#60;b&#62;Bench&#60;/b&#62;"), "{}", page.html);
    let stock = server.get(&client, &format!("/api/v1/parts/{part}/stock")).await.body;
    assert_eq!((&stock["items"][0]["location_id"], &stock["total"]), (&json!(bench), &json!(1)), "{stock}");
    let movement = page.html.split("name=\"movement_id\" value=\"").nth(1).unwrap();
    let movement = movement.split('"').next().unwrap();
    let undo = format!("/parts/{part}/stock/undo");
    server.form_and_follow(&client, &undo, &[("movement_id", movement), ("back", "/parts")]).await;
    let stock = server.get(&client, &format!("/api/v1/parts/{part}/stock")).await.body;
    assert_eq!(
        (&stock["items"][0]["location_id"], &stock["items"][0]["quantity"]),
        (&json!(shelf), &json!(12))
    );

    server.user("reader", [Permission::PartsRead, Permission::LocationsRead].into()).await;
    let reader = server.client("reader").await;
    assert_eq!(server.page(&reader, &path).await.status, StatusCode::FORBIDDEN);
    let fields = [("from_location_id", &*shelf), ("to", &*bench)];
    assert_eq!(server.form(&reader, &path, &fields).await.status, StatusCode::FORBIDDEN);
    assert!(!server.page(&reader, "/parts").await.html.contains("/move?"));
}
