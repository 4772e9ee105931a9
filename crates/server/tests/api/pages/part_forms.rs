//! Creating, changing, duplicating and deleting parts by forms, one or many.

use axum::http::StatusCode;
use inventory::Permission;
use serde_json::json;

use super::parts::{server, stocked};
use crate::support::{Client, TestServer};

async fn id_of(server: &TestServer, client: &Client, name: &str) -> String {
    let list = server.get(client, "/api/v1/parts?page_size=1000").await;
    let items = list.body["items"].as_array().unwrap().clone();
    let part =
        items.iter().find(|part| part["name"] == name).unwrap_or_else(|| panic!("no {name} in {items:?}"));
    part["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_part_is_created_with_stock_tags_and_properties() {
    let (server, client) = server().await;
    server.post(&client, "/api/v1/locations", json!({"name": "A3"})).await;
    let fields = [
        ("name", "R 10k"),
        ("quantity", "1 200"),
        ("location", "a3"),
        ("tags", "smd, 0603"),
        ("low_stock_limit", "50"),
        ("property_name", "Tolerance"),
        ("property_value", "1 %"),
        ("property_name", ""),
        ("property_value", ""),
    ];
    let page = server.form_and_follow(&client, "/parts/new", &fields).await;
    assert!(
        page.shows("Created R 10k") && page.shows("Tolerance") && page.shows("keep at least 50"),
        "{}",
        page.html
    );
    assert!(page.html.contains("value=\"1\u{202f}200\""), "{}", page.html);
    let list = server.page(&client, "/parts").await;
    assert!(list.shows("smd") && list.shows("A3"), "{}", list.html);
}

#[tokio::test]
async fn a_wrong_form_is_shown_again_with_all_its_mistakes_and_what_was_typed() {
    let (server, client) = server().await;
    let fields = [("name", ""), ("number", "N-1"), ("quantity", "many"), ("location", "nowhere")];
    let page = server.form(&client, "/parts/new", &fields).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        page.shows("This must be a whole number.") && page.shows("There is no place “nowhere”."),
        "{}",
        page.html
    );
    assert!(page.shows("This is required.") && page.html.contains("value=\"N-1\""), "{}", page.html);
    let page = server.form(&client, "/parts/new", &[("name", " ")]).await;
    assert!(page.shows("This is required."), "{}", page.html);
    stocked(&server, &client, "Taken", 1).await;
    let taken = server.form(&client, "/parts/new", &[("name", "Taken")]).await;
    assert_eq!(taken.status, StatusCode::CONFLICT);
    assert!(taken.shows("already exists"), "{}", taken.html);
}

#[tokio::test]
async fn who_saves_second_is_told_who_was_faster() {
    let (server, client) = server().await;
    let (part, _) = stocked(&server, &client, "Screw", 1).await;
    let edit = format!("/parts/{part}/edit");
    let form = server.page(&client, &edit).await;
    let version =
        form.html.split("name=\"version\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let first = [("name", "Screw M3"), ("version", &*version)];
    let page = server.form_and_follow(&client, &edit, &first).await;
    assert!(page.shows("Saved Screw M3"), "{}", page.html);
    let second = server.form(&client, &edit, &[("name", "Screw M4"), ("version", &*version)]).await;
    assert_eq!(second.status, StatusCode::PRECONDITION_FAILED);
    assert!(
        second.shows("admin was faster") && second.html.contains("value=\"Screw M4\""),
        "{}",
        second.html
    );
    assert!(second.shows("Name: saved is Screw M3, below stands Screw M4"), "{}", second.html);
    // Whoever has seen both decides.
    let seen =
        second.html.split("name=\"version\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let again = server.form_and_follow(&client, &edit, &[("name", "Screw M4"), ("version", &*seen)]).await;
    assert!(again.shows("Saved Screw M4"), "{}", again.html);
}

#[tokio::test]
async fn the_last_quantity_in_the_chart_lasts_until_now() {
    let (server, client) = server().await;
    let (part, place) = stocked(&server, &client, "Screw", 10).await;
    let taken = json!({"location_id": place, "quantity": 5});
    server.post(&client, &format!("/api/v1/parts/{part}/stock/take"), taken).await;
    let page = server.page(&client, &format!("/parts/{part}?tab=stock")).await;
    assert!(page.html.contains("M0 100.0H200.0V4.0H400.0V52.0H600\""), "{}", page.html);
}

#[tokio::test]
async fn a_limit_that_breaks_a_rule_is_told_beside_its_field_and_saves_nothing() {
    let (server, client) = server().await;
    let (part, _) = stocked(&server, &client, "Screw", 1).await;
    for (path, name) in [("/parts/new", "Nut"), (&*format!("/parts/{part}/edit"), "Bolt")] {
        let page = server.form(&client, path, &[("name", name), ("low_stock_limit", "0")]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        assert!(page.html.contains("id=\"low_stock_limit-error\""), "{}", page.html);
    }
    let list = server.page(&client, "/parts").await;
    assert!(list.shows("Screw") && !list.shows("Bolt") && !list.shows("Nut"), "{}", list.html);
}

#[tokio::test]
async fn what_is_wrong_with_stock_to_add_stands_beside_its_field() {
    let (server, client) = server().await;
    let (part, _) = stocked(&server, &client, "Screw", 10).await;
    let path = format!("/parts/{part}?tab=stock");
    let fields = [("quantity", "many"), ("location", "Shelf 9"), ("reason", "bought")];
    let page = server.form(&client, &path, &fields).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    let beside = |field: &str| page.html.contains(&format!("id=\"{field}-error\""));
    assert!(beside("quantity") && beside("location"), "{}", page.html);
    assert!(page.shows("This must be a whole number.") && page.shows("There is no place “Shelf 9”."));
    for (_, typed) in fields {
        assert!(page.html.contains(&format!("value=\"{typed}\"")), "{typed}: {}", page.html);
    }
    let empty = server.form(&client, &path, &[]).await;
    assert_eq!(empty.html.matches("This is required.").count(), 2, "{}", empty.html);
    let none = server.form(&client, &path, &[("quantity", "0"), ("location", "drawer of screw")]).await;
    assert!(
        none.html.contains("id=\"quantity-error\"") && none.html.contains("value=\"0\""),
        "{}",
        none.html
    );
    let fields = [("quantity", "5"), ("location", "drawer of screw"), ("reason", "bought")];
    let page = server.form_and_follow(&client, &path, &fields).await;
    assert!(page.shows("Added 5 × Screw, 15 left there") && page.shows("bought"), "{}", page.html);
    assert!(!page.html.contains("value=\"bought\""), "the form is empty again: {}", page.html);
}

#[tokio::test]
async fn a_wrong_number_in_a_row_is_told_on_the_list() {
    let (server, client) = server().await;
    let (part, place) = stocked(&server, &client, "Screw", 10).await;
    let path = format!("/parts/{part}/stock");
    for (change, quantity, told) in [
        ("count", "ten", "Nothing was changed. The quantity must be a whole number."),
        ("take", "11", "Nothing was changed. Only 10 available, but 11 requested."),
    ] {
        let fields = [
            ("change", change),
            ("location_id", &*place),
            ("quantity", quantity),
            ("back", "/parts?q=screw"),
        ];
        let page = server.form_and_follow(&client, &path, &fields).await;
        assert!(page.shows(told) && page.html.contains("value=\"10\""), "{}", page.html);
    }
}

#[tokio::test]
async fn a_part_that_cannot_be_saved_leaves_no_tag_behind() {
    let (server, client) = server().await;
    let (part, _) = stocked(&server, &client, "Screw", 1).await;
    stocked(&server, &client, "Nut", 1).await;
    let fields = [("name", "Nut"), ("tags", "left over")];
    for path in ["/parts/new", &*format!("/parts/{part}/edit")] {
        let page = server.form(&client, path, &fields).await;
        assert_eq!(page.status, StatusCode::CONFLICT, "{path}");
        assert!(page.html.contains("value=\"left over\""), "{}", page.html);
    }
    let tags = server.get(&client, "/api/v1/tags").await.body;
    assert_eq!(tags["items"], json!([]));
    let long = "x".repeat(51);
    let page = server.form(&client, "/parts/new", &[("name", "Bolt"), ("tags", &*long)]).await;
    assert!(page.html.contains("id=\"tags-error\""), "{}", page.html);
}

#[tokio::test]
async fn categories_and_tags_that_the_form_cannot_show_stay() {
    let (server, client) = server().await;
    let category = server.post(&client, "/api/v1/categories", json!({"name": "Fasteners"})).await;
    let tag = server.post(&client, "/api/v1/tags", json!({"name": "m3"})).await;
    let new = json!({"name": "Screw", "category_ids": [category.body["id"]], "tag_ids": [tag.body["id"]]});
    let id = server.post(&client, "/api/v1/parts", new).await.body["id"].as_str().unwrap().to_owned();
    server.user("editor", [Permission::PartsRead, Permission::PartsUpdate].into()).await;
    let editor = server.client("editor").await;
    let edit = format!("/parts/{id}/edit");
    let page = server.form_and_follow(&editor, &edit, &[("name", "Screw M3")]).await;
    assert!(page.shows("Saved Screw M3"), "{}", page.html);
    let saved = server.get(&client, &format!("/api/v1/parts/{id}")).await.body;
    let names = (&saved["categories"][0]["name"], &saved["tags"][0]["name"]);
    assert_eq!(names, (&json!("Fasteners"), &json!("m3")));
    // Whoever sees them can take them away.
    server.form_and_follow(&client, &edit, &[("name", "Screw M3")]).await;
    let saved = server.get(&client, &format!("/api/v1/parts/{id}")).await.body;
    assert_eq!((&saved["categories"], &saved["tags"]), (&json!([]), &json!([])));
}

#[tokio::test]
async fn a_nested_property_survives_a_form() {
    let (server, client) = server().await;
    let part = json!({"name": "IC", "properties": {"pins": {"1": "VCC"}, "colour": "black"}});
    let id = server.post(&client, "/api/v1/parts", part).await.body["id"].as_str().unwrap().to_owned();
    let fields = [
        ("name", "IC"),
        ("property_name", "pins"),
        ("property_value", "{\"1\":\"VCC\"}"),
        ("property_name", "colour"),
        ("property_value", "red"),
    ];
    server.form_and_follow(&client, &format!("/parts/{id}/edit"), &fields).await;
    let saved = server.get(&client, &format!("/api/v1/parts/{id}")).await;
    assert_eq!(saved.body["properties"], json!({"pins": {"1": "VCC"}, "colour": "red"}));
}

#[tokio::test]
async fn a_part_is_duplicated_and_deleted_by_its_word() {
    let (server, client) = server().await;
    let (part, _) = stocked(&server, &client, "Nut", 7).await;
    let copy =
        server.form_and_follow(&client, &format!("/parts/{part}/duplicate"), &[("form_key", "k")]).await;
    assert!(copy.shows("Created Nut (copy)"), "{}", copy.html);
    let delete = format!("/parts/{part}/delete");
    let page = server.page(&client, &delete).await;
    assert!(page.shows("Its stock is lost: 7 in 1 place."), "{}", page.html);
    let wrong = server.form(&client, &delete, &[("word", "yes")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let list = server.form_and_follow(&client, &delete, &[("word", "delete")]).await;
    assert!(list.shows("Deleted the part Nut") && list.shows("Nut (copy)"), "{}", list.html);
    assert_eq!(server.page(&client, &format!("/parts/{part}")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn many_parts_are_moved_tagged_and_deleted_at_once() {
    let (server, client) = server().await;
    let (one, _) = stocked(&server, &client, "One", 1).await;
    let (two, _) = stocked(&server, &client, "Two", 2).await;
    server.post(&client, "/api/v1/locations", json!({"name": "Box"})).await;
    let ids = [("id", &*one), ("id", &*two)];
    let with = |more: &[(&'static str, &'static str)]| [&ids[..], more].concat();
    let bulk = "/parts/bulk";
    let page = server.form_and_follow(&client, bulk, &with(&[("action", "move"), ("location", "box")])).await;
    assert!(page.shows("Moved 2 parts") && page.html.matches(">Box<").count() == 2, "{}", page.html);
    let span =
        ["first", "last"].map(|name| page.between(&format!("name=\"{name}\" value=\""), "\"").to_owned());
    let span = [("first", &*span[0]), ("last", &*span[1]), ("back", "/parts")];
    let page = server.form_and_follow(&client, "/parts/bulk/undo", &span).await;
    assert!(page.shows("Moved 2 parts back") && page.shows("Drawer of One"), "{}", page.html);
    let page = server.form_and_follow(&client, "/parts/bulk/undo", &span).await;
    assert!(page.shows("no longer be undone, and nothing was moved"), "{}", page.html);
    assert!(page.shows("has moved since."), "{}", page.html);
    let long = "x".repeat(51);
    let page = server
        .form_and_follow(&client, bulk, &[&ids[..], &[("action", "tag"), ("tag", &*long)]].concat())
        .await;
    assert!(page.shows("Nothing was changed. The tag must have at most 50 characters."), "{}", page.html);
    let page = server.form_and_follow(&client, bulk, &with(&[("action", "tag"), ("tag", "#new")])).await;
    assert!(page.shows("Changed 2 parts") && page.html.matches(">new</span>").count() == 2, "{}", page.html);
    let nowhere =
        server.form_and_follow(&client, bulk, &with(&[("action", "move"), ("location", "x")])).await;
    assert!(nowhere.shows("Nothing was changed: there is no place “x”"), "{}", nowhere.html);
    let page = server.form(&client, bulk, &with(&[("action", "delete")])).await;
    assert!(page.shows("Delete 2 parts?") && page.shows("One") && page.shows("2 in stock"), "{}", page.html);
    let page = server.form_and_follow(&client, "/parts/bulk/delete", &with(&[("word", "delete")])).await;
    assert!(page.shows("Deleted 2 parts") && page.shows("No parts yet"), "{}", page.html);
}

#[tokio::test]
async fn forms_need_their_permissions() {
    let (server, client) = server().await;
    let (part, place) = stocked(&server, &client, "Bolt", 5).await;
    server.user("reader", [Permission::PartsRead].into()).await;
    let reader = server.client("reader").await;
    let list = server.page(&reader, "/parts").await;
    assert!(list.shows("Bolt") && !list.html.contains("class=\"stepper"), "{}", list.html);
    for path in
        ["/parts/new", &format!("/parts/{part}/edit"), &format!("/parts/{part}/delete"), "/parts/import"]
    {
        let page = server.page(&reader, path).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{path}");
        assert!(page.shows("You may not do this"), "{path}");
    }
    let fields = [("change", "less"), ("location_id", &*place)];
    assert_eq!(
        server.form(&reader, &format!("/parts/{part}/stock"), &fields).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(id_of(&server, &client, "Bolt").await, part);
}

#[tokio::test]
async fn a_picture_and_a_datasheet_are_uploaded_by_forms() {
    let (server, client) = server().await;
    let (part, _) = stocked(&server, &client, "LED", 5).await;
    let page = format!("/parts/{part}");
    let pdf = b"%PDF-1.4\n%%EOF";
    let added = server.file_form(&client, &format!("{page}/datasheets"), "LED red.pdf", pdf).await;
    assert_eq!(added.location(), format!("{page}?tab=datasheets"), "{added:?}");
    let shown = server.page(&client, added.location()).await;
    assert!(shown.shows("LED red") && shown.html.contains("<iframe"), "{}", shown.html);
    let html = server.file_form(&client, &format!("{page}/datasheets"), "x.pdf", b"<script>").await;
    assert_eq!(html.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert!(html.shows("This did not work"), "{}", html.html);
    let none = server.file_form(&client, &format!("{page}/image"), "", b"").await;
    assert_eq!(none.location(), page);
    let id = server.get(&client, &format!("/api/v1{page}")).await.body["datasheets"][0]["id"].clone();
    let fields = [("datasheet_id", id.as_str().unwrap())];
    let gone = server.form_and_follow(&client, &format!("{page}/datasheets/delete"), &fields).await;
    assert!(gone.shows("Deleted the datasheet") && gone.shows("No datasheet yet"), "{}", gone.html);
}
