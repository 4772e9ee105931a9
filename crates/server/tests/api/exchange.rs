//! Imports and exports over HTTP.

use axum::http::{Method, StatusCode};
use inventory::Permission;
use inventory::exchange::{MAX_BYTES, MAX_ROWS};
use serde_json::{Value, json};

use crate::support::{Answer, Client, TestServer};

const IMPORT: &str = "/api/v1/parts/import";
const EXPORT: &str = "/api/v1/parts/export.csv";
const PARTS: &str = "\
name,number,category,tags,location,quantity
Resistor 10k,R-10K,Passive > Resistors,smd,Shelf > A,100
Resistor 10k,,,,Shelf > B,5
Capacitor 1u,'=C,Passive > Capacitors,,Shelf > A,7
";

async fn server() -> (TestServer, Client) {
    let server = TestServer::new().await;
    server.user("ada", [Permission::All].into()).await;
    let client = server.client("ada").await;
    (server, client)
}

async fn import(server: &TestServer, client: &Client, query: &str, csv: &str) -> Answer {
    let client = client.clone().with("content-type", "text/csv");
    server.upload(&client, Method::POST, &format!("{IMPORT}{query}"), csv.as_bytes()).await
}

/// Returns the names of the parts that a search finds.
async fn search(server: &TestServer, client: &Client, text: &str) -> Vec<String> {
    let found = server.get(client, &format!("/api/v1/parts?q={text}")).await;
    assert_eq!(found.body["search"]["is_catching_up"], false, "{found:?}");
    names(&found.body["items"])
}

fn names(items: &Value) -> Vec<String> {
    items.as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

/// Waits until the search index is in step.
async fn search_is_ready(server: &TestServer, client: &Client) {
    while server.get(client, "/api/v1/parts?q=x").await.body["search"]["is_catching_up"] == true {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_next_search_finds_imported_parts() {
    let (server, client) = server().await;
    search_is_ready(&server, &client).await;
    let report = import(&server, &client, "?create_missing=true", PARTS).await;
    assert_eq!(report.status, StatusCode::OK, "{report:?}");
    assert_eq!(report.body["is_applied"], true);
    assert_eq!([&report.body["created"], &report.body["updated"], &report.body["failed"]], [2, 1, 0]);
    assert_eq!(report.body["rows"][0]["action"], "create");
    assert_eq!(search(&server, &client, "r-10k").await, ["Resistor 10k"]);
    assert_eq!(search(&server, &client, "tag:smd").await, ["Resistor 10k"]);
    let id = report.body["rows"][0]["part_id"].as_str().unwrap();
    let part = server.get(&client, &format!("/api/v1/parts/{id}")).await;
    assert_eq!(part.body["quantity"], 105);
}

#[tokio::test]
async fn a_dry_run_and_an_import_with_errors_change_nothing() {
    let (server, client) = server().await;
    let tried = import(&server, &client, "?create_missing=true&dry_run=true", PARTS).await;
    assert_eq!(tried.status, StatusCode::OK);
    assert_eq!((&tried.body["is_dry_run"], &tried.body["is_applied"]), (&json!(true), &json!(false)));
    assert_eq!(tried.body["created_locations"], json!(["Shelf", "Shelf > A", "Shelf > B"]));
    let refused = import(&server, &client, "", PARTS).await;
    assert_eq!(refused.problem(), (422, "invalid"));
    assert_eq!(refused.headers["content-type"], "application/problem+json");
    assert_eq!(
        refused.body["errors"][0],
        json!({"field": "line 2: categories", "detail": "there is no category \"Passive\""})
    );
    assert_eq!(refused.body["report"]["failed"], 3);
    assert_eq!(server.get(&client, "/api/v1/parts").await.body["total"], 0);
    assert_eq!(server.get(&client, "/api/v1/locations").await.body["total"], 0);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_refused() {
    let (server, client) = server().await;
    let wrong_type = client.clone().with("content-type", "text/plain");
    let wrong_type = server.upload(&wrong_type, Method::POST, IMPORT, PARTS.as_bytes()).await;
    assert_eq!(wrong_type.problem(), (415, "media-type"));
    let large = import(&server, &client, "", &"x".repeat(MAX_BYTES + 1)).await;
    assert_eq!(large.problem(), (413, "too-large"));
    for (query, csv, field) in [
        ("", String::new(), "file"),
        ("", format!("name\n{}", "x\n".repeat(MAX_ROWS + 1)), "file"),
        ("", "name,Part name\n".to_owned(), "file"),
        ("", "name,Colour\nR,red\n".to_owned(), "columns"),
        ("?mapping=x", PARTS.to_owned(), "mapping"),
        ("?mapping=%7B%22nothing%22:%22name%22%7D", PARTS.to_owned(), "mapping"),
    ] {
        let refused = import(&server, &client, query, &csv).await;
        assert_eq!(refused.problem(), (422, "invalid"), "{csv:.40}");
        assert_eq!(refused.body["errors"][0]["field"], field, "{refused:?}");
    }
    assert_eq!(
        import(&server, &client, "?mode=replace", PARTS).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}

#[tokio::test]
async fn a_mapping_says_what_columns_mean() {
    let (server, client) = server().await;
    let mapping = "%7B%22Mine%22:%22name%22,%22Foo%22:%22ignore%22%7D";
    let query = format!("?mode=create&unknown=properties&mapping={mapping}");
    let report = import(&server, &client, &query, "Mine;Foo;Colour\nR;x;red\n").await;
    assert_eq!(report.status, StatusCode::OK, "{report:?}");
    let targets: Vec<&Value> =
        report.body["columns"].as_array().unwrap().iter().map(|column| &column["target"]).collect();
    assert_eq!(targets, ["name", "ignore", "property:Colour"]);
    let again = import(&server, &client, &query, "Mine;Foo;Colour\nR;x;red\n").await;
    assert_eq!(again.body["report"]["rows"][0]["errors"][0]["detail"], "the part exists already");
}

#[tokio::test]
async fn an_export_takes_the_filters_of_the_list_and_is_imported_again() {
    let (server, client) = server().await;
    search_is_ready(&server, &client).await;
    import(&server, &client, "?create_missing=true", PARTS).await;
    let exported = server.get(&client, EXPORT).await;
    assert_eq!(exported.headers["content-type"], "text/csv; charset=utf-8");
    let disposition = exported.headers["content-disposition"].to_str().unwrap();
    assert!(disposition.starts_with("attachment; filename=\"makermatrix-parts-2"), "{disposition}");
    let csv = exported.body.as_str().unwrap();
    assert_eq!(csv.lines().count(), 4, "{csv}");
    assert!(csv.contains(",'=C,"), "{csv}");

    let lines = async |query: &str| {
        let answer = server.get(&client, &format!("{EXPORT}?{query}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.body.as_str().unwrap().lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(lines("q=r-10k").await.len(), 2);
    assert_eq!(lines("q=nothing-at-all").await.len(), 0);
    assert_eq!(lines("max_quantity=50").await.len(), 1);
    assert!(lines("sort=-name&raw=true").await[2].contains(",=C,"));
    assert_eq!(server.get(&client, &format!("{EXPORT}?sort=colour")).await.problem(), (422, "invalid"));

    let (other, client) = self::server().await;
    let report = import(&other, &client, "?create_missing=true", csv).await;
    assert_eq!(report.status, StatusCode::OK, "{report:?}");
    let again = other.get(&client, EXPORT).await;
    let without_ids =
        |csv: &str| csv.lines().map(|line| line.split_once(',').unwrap().1.to_owned()).collect::<Vec<_>>();
    assert_eq!(without_ids(again.body.as_str().unwrap()), without_ids(csv));
}

#[tokio::test]
async fn an_export_has_every_page_of_a_search() {
    let (server, client) = server().await;
    search_is_ready(&server, &client).await;
    let rows: String = (0..1201).map(|number| format!("Bolt {number},Shelf,1\n")).collect();
    import(&server, &client, "?create_missing=true", &format!("name,location,quantity\n{rows}")).await;
    for query in ["", "?q=bolt", "?q=bolt&sort=-quantity"] {
        let exported = server.get(&client, &format!("{EXPORT}{query}")).await;
        let mut lines: Vec<&str> = exported.body.as_str().unwrap().lines().skip(1).collect();
        lines.sort_unstable();
        lines.dedup();
        assert_eq!(lines.len(), 1201, "{query}");
    }
}

#[tokio::test]
async fn everything_is_one_document_with_a_dated_name() {
    let (server, client) = server().await;
    import(&server, &client, "?create_missing=true", PARTS).await;
    let exported = server.get(&client, "/api/v1/export.json").await;
    assert_eq!(exported.headers["content-type"], "application/json");
    let disposition = exported.headers["content-disposition"].to_str().unwrap();
    assert!(disposition.ends_with(".json\""), "{disposition}");
    assert_eq!(exported.body["format"], "makermatrix-export");
    assert_eq!(names(&exported.body["parts"]), ["Capacitor 1u", "Resistor 10k"]);
    assert_eq!(exported.body["users"][0]["username"], "ada");
    assert_eq!(exported.body["movements"].as_array().unwrap().len(), 3);
}
