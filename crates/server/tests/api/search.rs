//! Search through the API: what is found, and that changes are found by the next request.

use axum::http::{Method, StatusCode};
use inventory::Permission;
use serde_json::{Value, json};

use crate::support::{Client, TestServer};

/// Returns the names of the found parts, and what the search has to say. Waits until the index has caught up.
async fn find(server: &TestServer, client: &Client, query: &str) -> (Vec<String>, Value) {
    loop {
        let answer = server.get(client, &format!("/api/v1/parts?{query}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        if answer.body["search"]["is_catching_up"] == true {
            tokio::task::yield_now().await;
            continue;
        }
        let names = answer.body["items"].as_array().unwrap().iter();
        let names = names.map(|part| part["name"].as_str().unwrap().to_owned()).collect();
        return (names, answer.body["search"].clone());
    }
}

async fn names(server: &TestServer, client: &Client, query: &str) -> Vec<String> {
    find(server, client, query).await.0
}

#[tokio::test]
async fn changes_are_found_by_the_next_request() {
    let server = TestServer::new().await;
    server.user("admin", [Permission::All].into()).await;
    let client = server.client("admin").await;
    assert_eq!(names(&server, &client, "q=x").await, [""; 0]);
    let new =
        json!({"name": "Widerstand 10 kΩ", "number": "RC0603FR-0710KL", "properties": {"power": "0.1W"}});
    let part = server.post(&client, "/api/v1/parts", new).await.body;
    let shelf = server.post(&client, "/api/v1/locations", json!({"name": "Regal Süd"})).await.body;
    let box_ = json!({"name": "Kiste", "parent_id": shelf["id"]});
    let box_ = server.post(&client, "/api/v1/locations", box_).await.body;
    let at = json!({"location_id": box_["id"], "quantity": 7});
    let add = format!("/api/v1/parts/{}/stock/add", part["id"].as_str().unwrap());
    assert_eq!(server.post(&client, &add, at).await.status, StatusCode::OK);
    let in_shelf = format!("location_id={}", shelf["id"].as_str().unwrap());
    for query in [
        "q=10kohm+wider",
        "q=0603fr",
        "q=power%3D0.1W",
        "q=location:kiste",
        "q=stock%3C10",
        "q=-kondensator+wider",
        &in_shelf,
    ] {
        assert_eq!(names(&server, &client, query).await, ["Widerstand 10 kΩ"], "{query}");
    }
    assert_eq!(names(&server, &client, "q=-10k+wider").await, [""; 0]);

    let path = format!("/api/v1/parts/{}", part["id"].as_str().unwrap());
    let patch = json!({"name": "抵抗器"});
    assert_eq!(server.send(&client, Method::PATCH, &path, Some(&patch)).await.status, StatusCode::OK);
    assert_eq!(names(&server, &client, "q=抵抗").await, ["抵抗器"]);
    assert_eq!(names(&server, &client, "q=widerstand").await, [""; 0]);
    // A new name of a location changes what is found, too.
    let path_of_box = format!("/api/v1/locations/{}", box_["id"].as_str().unwrap());
    let renamed =
        server.send(&client, Method::PATCH, &path_of_box, Some(&json!({"name": "Schublade"}))).await;
    assert_eq!(renamed.status, StatusCode::OK, "{renamed:?}");
    assert_eq!(names(&server, &client, "q=location:schublade").await, ["抵抗器"]);
    // Another program.
    server.sql("UPDATE partmodel SET part_name = 'Ohmmeter'");
    assert_eq!(names(&server, &client, "q=ohmmeter").await, ["Ohmmeter"]);
    assert_eq!(server.send(&client, Method::DELETE, &path, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(names(&server, &client, "q=ohmmeter").await, [""; 0]);
}

#[tokio::test]
async fn a_restore_and_a_restart_are_followed_and_the_index_may_be_deleted() {
    let server = TestServer::new().await;
    server.user("admin", [Permission::All].into()).await;
    let client = server.client("admin").await;
    server.post(&client, "/api/v1/parts", json!({"name": "Transistor"})).await;
    let begun = server.post(&client, "/api/v1/backups", json!({"name": "one"})).await;
    assert_eq!(server.finished(&client, &begun).await["status"], "succeeded");
    server.post(&client, "/api/v1/parts", json!({"name": "Thyristor"})).await;
    assert_eq!(names(&server, &client, "q=thyr").await, ["Thyristor"]);
    let begun = server.post(&client, "/api/v1/backups/one.zip/restore", json!({})).await;
    assert_eq!(server.finished(&client, &begun).await["status"], "succeeded");
    assert_eq!(names(&server, &client, "q=thyr").await, [""; 0]);
    assert_eq!(names(&server, &client, "q=transis").await, ["Transistor"]);

    server.app.close_search().await;
    let folder = server.engine.places().database.with_extension("search-index");
    assert!(folder.is_dir());
    std::fs::remove_dir_all(&folder).unwrap();
    // While there is no index, the database is searched.
    let answer = server.get(&client, "/api/v1/parts?q=transis").await.body;
    assert_eq!((&answer["search"]["is_catching_up"], &answer["total"]), (&json!(true), &json!(1)));
    let server = server.restarted().await;
    assert_eq!(names(&server, &client, "q=transis").await, ["Transistor"]);
}

#[tokio::test]
async fn a_mistyped_word_is_corrected_and_an_unknown_field_explained() {
    let server = TestServer::new().await;
    server.user("admin", [Permission::All].into()).await;
    let client = server.client("admin").await;
    server.post(&client, "/api/v1/parts", json!({"name": "Resistor"})).await;
    let (found, search) = find(&server, &client, "q=resitsor").await;
    assert_eq!((found.len(), &search["suggestions"][0]["instead"][0]), (0, &json!("resistor")));
    let (_, search) = find(&server, &client, "q=colour:red").await;
    assert!(search["notes"][0].as_str().unwrap().contains("colour"), "{search}");
    let (found, search) = find(&server, &client, "sort=-created_at").await;
    assert_eq!((found, search), (vec!["Resistor".to_owned()], Value::Null));
}

/// Lists by cursor come from the database, those by page from the index.
#[tokio::test]
async fn lists_from_the_index_and_from_the_database_have_the_same_order_and_total() {
    let server = TestServer::new().await;
    server.user("admin", [Permission::All].into()).await;
    let client = server.client("admin").await;
    let tag = server.post(&client, "/api/v1/tags", json!({"name": "smd"})).await.body["id"].clone();
    let tagged = format!("tag_id={}", tag.as_str().unwrap());
    for (at, name) in
        ["b", "B", "Ärmel", "a", "bb", "z 10 kΩ", "ab", "é", "抵抗", "a-"].into_iter().enumerate()
    {
        let tags = if at % 3 == 2 { json!([tag]) } else { json!([]) };
        let number = if at % 2 == 0 { json!(format!("N{}", at % 4)) } else { Value::Null };
        let supplier = if at % 2 == 0 { "x" } else { "X" };
        let part = json!({"name": name, "number": number, "supplier": supplier, "tag_ids": tags});
        let created = server.post(&client, "/api/v1/parts", part).await;
        assert_eq!(created.status, StatusCode::CREATED, "{created:?}");
    }
    // What only the index finds.
    assert_eq!(names(&server, &client, &format!("q=10kohm&{tagged}")).await, ["z 10 kΩ"]);
    for filter in [tagged.as_str(), "supplier=x", "max_quantity=0", ""] {
        for sort in ["name", "number", "quantity", "created_at"] {
            for direction in ["", "-"] {
                let path = format!("/api/v1/parts?sort={direction}{sort}&{filter}&page_size=100");
                let indexed = server.get(&client, &path).await.body;
                let listed = server.get(&client, &format!("{path}&cursor=")).await.body;
                assert_eq!(indexed["items"], listed["items"], "{path}");
                assert_eq!(indexed["total"], listed["items"].as_array().unwrap().len(), "{path}");
            }
        }
    }
    let few = server.get(&client, &format!("/api/v1/parts?{tagged}")).await.body;
    assert_eq!(few["total"], 3);
}

/// Whether a part is low is part of the index.
#[tokio::test]
async fn low_parts_follow_their_stock_and_their_limits() {
    let server = TestServer::new().await;
    server.user("admin", [Permission::All].into()).await;
    let client = server.client("admin").await;
    let part = server.post(&client, "/api/v1/parts", json!({"name": "Screw"})).await.body;
    let shelf = server.post(&client, "/api/v1/locations", json!({"name": "Shelf"})).await.body;
    assert_eq!(names(&server, &client, "q=screw").await, ["Screw"]);
    let path = format!("/api/v1/parts/{}", part["id"].as_str().unwrap());
    let low = async || names(&server, &client, "q=screw&low_stock=true").await;
    assert_eq!(low().await, [""; 0]);
    server.put(&client, &format!("{path}/low-stock-limit"), json!({"quantity": 5})).await;
    assert_eq!(low().await, ["Screw"]);
    let at = json!({"location_id": shelf["id"], "quantity": 5});
    server.post(&client, &format!("{path}/stock/add"), at).await;
    assert_eq!(low().await, [""; 0]);
    server.put(&client, &format!("{path}/low-stock-limit"), json!({"quantity": 6})).await;
    assert_eq!(low().await, ["Screw"]);
    assert_eq!(names(&server, &client, "low_stock=true&sort=-quantity").await, ["Screw"]);
}
