//! Places: the tree, what is in them, and the forms.

use axum::http::StatusCode;
use inventory::Permission;
use serde_json::{Value, json};

use super::Page;
use crate::support::{Client, TestServer};

const HOSTILE: &str = "<script>alert(1)</script>";

async fn server() -> (TestServer, Client) {
    let server = TestServer::new().await;
    server.user("admin", [Permission::All].into()).await;
    let client = server.client("admin").await;
    (server, client)
}

async fn made(server: &TestServer, client: &Client, path: &str, body: Value) -> String {
    let answer = server.post(client, path, body).await;
    assert!(answer.status.is_success(), "{answer:?}");
    answer.body["id"].as_str().unwrap().to_owned()
}

async fn place(server: &TestServer, client: &Client, name: &str, parent: Option<&str>) -> String {
    made(server, client, "/api/v1/locations", json!({"name": name, "parent_id": parent})).await
}

/// Creates a part with stock at a place.
async fn part(server: &TestServer, client: &Client, name: &str, place: &str, quantity: i64) -> String {
    let id = made(server, client, "/api/v1/parts", json!({"name": name})).await;
    let stock = json!({"location_id": place, "quantity": quantity});
    let added = server.post(client, &format!("/api/v1/parts/{id}/stock/add"), stock).await;
    assert_eq!(added.status, StatusCode::OK, "{added:?}");
    id
}

/// Returns the value of the first attribute that begins with `name="`, after a text.
fn after<'a>(page: &'a Page, text: &str, attribute: &str) -> &'a str {
    let rest = page.html.split_once(text).unwrap_or_else(|| panic!("no {text}: {}", page.html)).1;
    rest.split_once(&format!("{attribute}=\"")).unwrap().1.split('"').next().unwrap()
}

/// Sends the undo that a page offers.
async fn undo(server: &TestServer, client: &Client, page: &Page) -> Page {
    let toast = page.html.split("id=\"toasts\"").nth(1).unwrap();
    let field =
        |name: &str| toast.split_once(&format!("{name}=\"")).unwrap().1.split('"').next().unwrap().to_owned();
    let (action, name, value) = (field("action"), field("name"), field("value"));
    server.form_and_follow(client, &action, &[(&name, &value), ("back", "/places")]).await
}

#[tokio::test]
async fn the_tree_shows_open_branches_with_counts_and_no_slots() {
    let (server, client) = server().await;
    let empty = server.page(&client, "/places").await;
    assert!(empty.shows("No places yet") && empty.shows("Make the first place"), "{}", empty.html);

    let workshop = place(&server, &client, "Workshop", None).await;
    let cabinet = place(&server, &client, HOSTILE, Some(&workshop)).await;
    let cellar = place(&server, &client, "Cellar", None).await;
    let shelf = place(&server, &client, "Shelf", Some(&cellar)).await;
    let container = json!({"name": "Box", "parent_id": cabinet, "slot_count": 3});
    made(&server, &client, "/api/v1/locations", container).await;
    part(&server, &client, "Screw", &cabinet, 5).await;
    part(&server, &client, "Nut", &workshop, 5).await;

    let page = server.page(&client, "/places").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.shows("Workshop2 parts") && !page.shows("Slot 1"), "{}", page.html);
    let page = server.page(&client, &format!("/places/{cabinet}")).await;
    assert!(page.shows("&#60;script&#62;alert(1)&#60;/script&#62; 1 part"), "{}", page.html);
    assert!(!page.html.contains(HOSTILE), "the name is not escaped");
    assert!(page.shows("Box") && !page.shows("Slot 1") && !page.shows("Shelf"), "{}", page.html);
    // Another branch opens beside the one that leads here, and this one closes.
    let open = after(&page, &format!("href=\"/places/{cabinet}?open="), "id").to_owned();
    assert_eq!(open, format!("toggle-{cellar}"));
    let page = server.page(&client, &format!("/places/{cabinet}?open={cellar}&shut={cabinet}")).await;
    assert!(page.html.contains(&format!("id=\"branch-{shelf}\"")), "{}", page.html);
    assert!(page.html.contains(&format!("href=\"/places/{shelf}?open={cellar}\"")), "{}", page.html);
    let closed = server.page(&client, &format!("/places/{workshop}?shut={workshop}")).await;
    assert!(!closed.html.contains(&format!("id=\"branch-{cabinet}\"")), "{}", closed.html);
    let missing = server.page(&client, "/places/none").await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_large_tree_shows_a_part_of_each_level_and_where_one_is() {
    let (server, client) = server().await;
    let mut last = String::new();
    for number in 0..205 {
        last = place(&server, &client, &format!("Box {number}"), None).await;
    }
    let page = server.page(&client, &format!("/places/{last}")).await;
    assert_eq!(page.html.matches("class=\"branch\"").count(), 101);
    assert!(
        page.shows("and 104 more") && page.html.contains(&format!("id=\"branch-{last}\"")),
        "{}",
        page.html
    );
    let page = server.page(&client, "/places?below=2").await;
    assert_eq!(page.html.matches("id=\"child-").count(), 5);
    assert!(page.shows("Previous places") && !page.shows("More places"), "{}", page.html);
}

#[tokio::test]
async fn a_container_is_drawn_as_its_grid() {
    let (server, client) = server().await;
    let grid = json!({"name": "Drawer", "slot_layout_type": "grid", "grid_rows": 2, "grid_columns": 3});
    let drawer = made(&server, &client, "/api/v1/locations", grid).await;
    let slots = server.get(&client, &format!("/api/v1/locations?parent_id={drawer}")).await.body;
    let slot = |name: &str| {
        let slots = slots["items"].as_array().unwrap().iter();
        slots.clone().find(|slot| slot["name"] == name).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let (first, second) = (slot("R1-C1"), slot("R2-C3"));
    part(&server, &client, "ATmega328P", &first, 12).await;
    part(&server, &client, "NE555", &second, 3).await;
    part(&server, &client, "LM358", &second, 4).await;
    let page = server.page(&client, &format!("/places/{drawer}")).await;
    assert!(page.shows("3 parts in 6 slots, 4 free"), "{}", page.html);
    assert_eq!(page.html.matches("data-slot").count(), 6);
    assert!(page.shows("ATmega328P12R1-C1") && page.shows("2 parts7R2-C3"), "{}", page.html);
    assert!(!page.shows("emptier to fuller") && !page.html.contains("full-"), "{}", page.html);
    // Each part in a slot has a stepper of its own in the contents.
    assert!(page.html.contains("aria-label=\"Stock in R1-C1\""), "{}", page.html);
    let capacity = json!({"capacity": 24});
    server.patch(&client, &format!("/api/v1/locations/{first}"), capacity).await;
    let page = server.page(&client, &format!("/places/{drawer}")).await;
    assert!(page.shows("1250 % full, R1-C1") && page.html.contains("slot full-2"), "{}", page.html);
    assert!(page.shows("emptier to fuller"), "{}", page.html);

    let row = json!({"name": "Rail", "slot_count": 4});
    let rail = made(&server, &client, "/api/v1/locations", row).await;
    let page = server.page(&client, &format!("/places/{rail}")).await;
    assert!(page.html.contains("<ol class=\"slots line\">") && page.shows("Slot 4, free"), "{}", page.html);
}

#[tokio::test]
async fn places_are_created_also_as_containers() {
    let (server, client) = server().await;
    let workshop = place(&server, &client, "Workshop", None).await;
    let page = server.page(&client, &format!("/places/new?parent_id={workshop}")).await;
    assert!(page.html.contains("value=\"Workshop\""), "{}", page.html);
    let fields = [
        ("name", "Drawer A"),
        ("parent", "workshop"),
        ("is_mobile", "on"),
        ("slots", "grid"),
        ("grid_rows", "2"),
        ("grid_columns", "2"),
        ("slot_naming_pattern", "A{n}"),
    ];
    let page = server.form_and_follow(&client, "/places/new", &fields).await;
    assert!(page.shows("Made the place Drawer A") && page.shows("Cassette"), "{}", page.html);
    assert!(page.shows("0 parts in 4 slots, 4 free") && page.shows("A4, free"), "{}", page.html);
    let wrong = [
        ("name", ""),
        ("parent", "nowhere"),
        ("slots", "linear"),
        ("slot_count", "many"),
        ("description", HOSTILE),
    ];
    let page = server.form(&client, "/places/new", &wrong).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        page.shows("There is no place “nowhere”.") && page.shows("This must be a whole number."),
        "{}",
        page.html
    );
    assert!(page.html.contains("value=\"nowhere\"") && !page.html.contains(HOSTILE), "{}", page.html);
    let page = server.form(&client, "/places/new", &[("name", ""), ("capacity", "0")]).await;
    assert!(page.shows("This is required.") && page.shows("This must be at least 1."), "{}", page.html);
    let page = server.form(&client, "/places/new", &[("name", "Workshop")]).await;
    assert!(page.shows("already exists."), "{}", page.html);
}

#[tokio::test]
async fn a_place_is_changed_unless_somebody_else_was_faster() {
    let (server, client) = server().await;
    let shelf = place(&server, &client, "Shelf", None).await;
    let path = format!("/places/{shelf}/edit");
    let page = server.page(&client, &path).await;
    let version = after(&page, "name=\"version\"", "value").to_owned();
    server.patch(&client, &format!("/api/v1/locations/{shelf}"), json!({"name": "Rack"})).await;
    let fields = [("name", "Board"), ("version", &*version), ("capacity", "30"), ("is_single", "on")];
    // A form that breaks a rule says nothing of the other change yet, so it does not allow to replace it.
    let wrong = server.form(&client, &path, &[("name", ""), ("version", &*version)]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(after(&wrong, "name=\"version\"", "value"), version);
    let page = server.form(&client, &path, &fields).await;
    assert_eq!(page.status, StatusCode::PRECONDITION_FAILED);
    assert!(page.shows("Somebody else was faster: this was changed by admin at 2"), "{}", page.html);
    assert!(page.html.contains("value=\"Board\""), "{}", page.html);
    let version = after(&page, "name=\"version\"", "value").to_owned();
    let fields = [("name", "Board"), ("version", &*version), ("capacity", "30"), ("is_single", "on")];
    let page = server.form_and_follow(&client, &path, &fields).await;
    assert!(
        page.shows("Saved") && page.shows("One part only") && page.shows("0 of 30 pieces"),
        "{}",
        page.html
    );
}

#[tokio::test]
async fn a_place_moves_by_path_and_by_id_and_can_be_moved_back() {
    let (server, client) = server().await;
    let workshop = place(&server, &client, "Workshop", None).await;
    let shelf = place(&server, &client, "Shelf", None).await;
    let path = format!("/places/{shelf}/move");
    let similar = server.form(&client, &path, &[("to", "work")]).await;
    assert_eq!(similar.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(similar.shows("There is no place “work”, but “Workshop”."), "{}", similar.html);
    let itself = server.form(&client, &path, &[("to", "Shelf")]).await;
    assert!(itself.shows("cannot be placed inside itself"), "{}", itself.html);
    for to in ["workshop", &*workshop] {
        let page = server.form_and_follow(&client, &path, &[("to", to)]).await;
        assert!(page.shows("Moved Shelf into Workshop"), "{}", page.html);
        let shown = server.get(&client, &format!("/api/v1/locations/{shelf}")).await;
        assert_eq!(shown.body["parent_id"], *workshop);
        let page = undo(&server, &client, &page).await;
        assert!(page.shows("Moved Shelf to the top"), "{}", page.html);
        let shown = server.get(&client, &format!("/api/v1/locations/{shelf}")).await;
        assert_eq!(shown.body["parent_id"], Value::Null);
    }
}

#[tokio::test]
async fn a_place_is_deleted_once_it_is_said_where_its_stock_goes() {
    let (server, client) = server().await;
    let cabinet = place(&server, &client, "Cabinet", None).await;
    let drawer = place(&server, &client, "Drawer", Some(&cabinet)).await;
    let shelf = place(&server, &client, "Shelf", None).await;
    let screw = part(&server, &client, "Screw", &drawer, 40).await;
    let path = format!("/places/{cabinet}/delete");
    let page = server.page(&client, &path).await;
    assert!(page.shows("1 place in it") && page.shows("40 pieces of 1 part must go"), "{}", page.html);
    let page = server.form(&client, &path, &[("confirm", "delete")]).await;
    assert!(page.shows("Say where the stock goes."), "{}", page.html);
    let page = server.form(&client, &path, &[("to", "Drawer"), ("confirm", "delete")]).await;
    assert!(page.shows("This must not be what is deleted, or below it."), "{}", page.html);
    let page = server.form(&client, &path, &[("to", "Shelf")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.shows("Type the word delete."), "{}", page.html);
    let page = server.form_and_follow(&client, &path, &[("to", "Shelf"), ("confirm", "Delete")]).await;
    assert!(page.shows("Deleted Cabinet"), "{}", page.html);
    let stock = server.get(&client, &format!("/api/v1/parts/{screw}/stock")).await.body;
    assert_eq!(
        (&stock["items"][0]["location_id"], &stock["items"][0]["quantity"]),
        (&json!(shelf), &json!(40))
    );
    assert_eq!(server.page(&client, &format!("/places/{drawer}")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_field_for_places_suggests_paths_and_goes_there() {
    let (server, client) = server().await;
    let workshop = place(&server, &client, "Workshop", None).await;
    for cabinet in ["Cabinet 1", "Cabinet 2"] {
        let cabinet = place(&server, &client, cabinet, Some(&workshop)).await;
        place(&server, &client, "Drawer A", Some(&cabinet)).await;
    }
    let found = server.get(&client, "/places/suggest?q=draw%202%20wor").await.body;
    assert_eq!(found.as_array().map(Vec::len), Some(1), "{found}");
    assert_eq!(found[0]["path"], "Workshop › Cabinet 2 › Drawer A");
    let id = found[0]["id"].as_str().unwrap();
    let page = server.page(&client, "/places/go?to=cabinet+2%2Fdrawer+a").await;
    assert_eq!(page.location(), format!("/places/{id}"));
    let page = server.page(&client, "/places/go?to=drawer+a").await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        page.shows("“drawer a” may be “Workshop › Cabinet 1 › Drawer A”, “Workshop › Cabinet 2"),
        "{}",
        page.html
    );
    // The hidden id decides between equal paths, but not against another text.
    let chosen = format!("/places/go?to=Workshop&to_id={id}");
    assert_eq!(server.page(&client, &chosen).await.location(), format!("/places/{workshop}"));
}

#[tokio::test]
async fn pages_offer_what_the_visitor_may_do() {
    let (server, admin) = server().await;
    let shelf = place(&server, &admin, "Shelf", None).await;
    part(&server, &admin, "Screw", &shelf, 3).await;
    server.user("reader", [Permission::LocationsRead].into()).await;
    let reader = server.client("reader").await;
    let page = server.page(&reader, &format!("/places/{shelf}")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.shows("Which parts are here is for those who may see parts.") && !page.shows("Screw"),
        "{}",
        page.html
    );
    for offer in ["/edit", "/move", "/delete", "/places/new", "draggable=\"true\""] {
        assert!(!page.html.contains(offer), "{offer}: {}", page.html);
    }
    for path in ["edit", "move", "delete"] {
        let page = server.page(&reader, &format!("/places/{shelf}/{path}")).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{path}");
        let sent = server.form(&reader, &format!("/places/{shelf}/{path}"), &[("name", "x")]).await;
        assert_eq!(sent.status, StatusCode::FORBIDDEN, "{path}");
    }
    server.user("nobody", [Permission::TagsRead].into()).await;
    let nobody = server.client("nobody").await;
    for path in ["/places", "/places/suggest?q=s", "/categories"] {
        assert_eq!(server.page(&nobody, path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
}
