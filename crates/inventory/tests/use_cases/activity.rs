//! Tests that the activity log holds every change, in the format of the original, and nothing else.
use crate::support::{SYSTEM, location, part, stock};
use inventory::activity_log::{Activity, ActivityFilter, ListActivity, ListLatestActivity};
use inventory::categories::CreateCategory;
use inventory::list::ListQuery;
use inventory::parts::{CreatePart, DeletePart, ListParts, SetLowStockLimit, SetPartImage};
use inventory::roles::CreateRole;
use inventory::stock::TransferStock;
use inventory::users::CreateUser;
use inventory::{Actor, Error, Permission};
use rstest::rstest;
use sea_orm::{ConnectionTrait, Database, Statement};
use serde_json::{Value, json};
use testkit::{DbEngine, TestInventory};

/// Returns the log entries in chronological order: action, type and name of the thing, username, details.
async fn log(test: &TestInventory) -> Vec<(String, String, Option<String>, Option<String>, Value)> {
    let url = match &test.postgres {
        Some(postgres) => postgres.url(),
        None => format!("sqlite://{}", test.scratch.path().display()),
    };
    let connection = Database::connect(url).await.unwrap();
    let sql = "SELECT action, entity_type, entity_name, username, details, user_id, entity_id FROM activitylogmodel \
               ORDER BY timestamp, entity_type";
    let rows = connection.query_all_raw(Statement::from_string(connection.get_database_backend(), sql)).await;
    let rows = rows.unwrap();
    connection.close().await.unwrap();
    rows.iter()
        .map(|row| {
            let details: String = row.try_get_by_index(4).unwrap();
            assert!(
                row.try_get_by_index::<Option<String>>(6).unwrap().is_some(),
                "each entry has the id of the thing"
            );
            (
                row.try_get_by_index(0).unwrap(),
                row.try_get_by_index(1).unwrap(),
                row.try_get_by_index(2).unwrap(),
                row.try_get_by_index(3).unwrap(),
                serde_json::from_str(&details).unwrap(),
            )
        })
        .collect()
}

#[rstest]
#[tokio::test]
async fn each_change_is_logged_once(#[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let category = CreateCategory { name: "smd".into(), ..CreateCategory::default() };
    let category = inventory.run(SYSTEM, category).await.unwrap();
    let new = CreatePart { name: "R".into(), category_ids: vec![category.id], ..CreatePart::default() };
    let part = inventory.run(SYSTEM, new).await.unwrap();
    for image_url in [Some("/x".to_owned()), Some("/x".to_owned()), None] {
        inventory.run(SYSTEM, SetPartImage { part_id: part.id.clone(), image_url }).await.unwrap();
    }
    // Queries and failed commands are not logged.
    inventory.query(SYSTEM, ListParts::default()).await.unwrap();
    inventory.run(SYSTEM, CreatePart { name: "R".into(), ..CreatePart::default() }).await.unwrap_err();

    let system = Some("system".to_owned());
    let entry = |action: &str, kind: &str, name: &str, details: Value| {
        (action.to_owned(), kind.to_owned(), Some(name.to_owned()), system.clone(), details)
    };
    assert_eq!(
        log(&test).await,
        [
            entry("created", "category", "smd", json!({})),
            entry("created", "part", "R", json!({"categories": {"added": ["smd"]}})),
            entry("updated", "part", "R", json!({"image_url": {"old": null, "new": "/x"}})),
            entry("updated", "part", "R", json!({"image_url": {"old": "/x", "new": null}})),
        ]
    );
}

#[rstest]
#[tokio::test]
async fn a_transfer_is_logged_at_both_ends(#[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let (part, a, b) = (
        part(inventory, "R").await,
        location(inventory, "A", None).await,
        location(inventory, "B", None).await,
    );
    inventory.run(SYSTEM, stock(&part, &a, 5)).await.unwrap();
    for quantity in [2, 3] {
        let transfer = TransferStock {
            part_id: part.id.clone(),
            from_location_id: a.id.clone(),
            to_location_id: b.id.clone(),
            quantity,
            ..TransferStock::default()
        };
        inventory.run(SYSTEM, transfer).await.unwrap();
    }
    let log = log(&test).await;
    let mut entries: Vec<(&str, Value)> = log[4..]
        .iter()
        .map(|(action, kind, name, _, details)| {
            assert_eq!(
                (kind.as_str(), name.as_deref()),
                ("allocation", Some("R")),
                "stock is named after its part"
            );
            (action.as_str(), details["quantity_at_location"].clone())
        })
        .collect();
    entries[..2].sort_by_key(|(action, _)| *action);
    entries[2..].sort_by_key(|(action, _)| *action);
    assert_eq!(
        entries,
        [
            ("created", Value::Null),
            ("updated", json!({"old": 5, "new": 3})),
            ("deleted", json!({"old": 3})),
            ("updated", json!({"old": 2, "new": 5})),
        ]
    );
}

#[rstest]
#[tokio::test]
async fn what_belongs_to_a_part_is_named_after_it_even_when_both_are_deleted(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let (part, shelf) = (part(inventory, "R").await, location(inventory, "A", None).await);
    inventory.run(SYSTEM, stock(&part, &shelf, 5)).await.unwrap();
    let limit = SetLowStockLimit { part_id: part.id.clone(), quantity: Some(3) };
    inventory.run(SYSTEM, limit).await.unwrap();
    inventory.run(SYSTEM, DeletePart { id: part.id, version: None }).await.unwrap();
    let log = log(&test).await;
    let of_part = log.iter().filter(|(_, kind, ..)| kind != "location");
    let mut named: Vec<_> =
        of_part.map(|(action, kind, name, ..)| (&**action, &**kind, name.as_deref())).collect();
    named.sort_unstable();
    assert!(named.contains(&("created", "allocation", Some("R"))), "{named:?}");
    assert!(named.contains(&("created", "low_stock_limit", Some("R"))), "{named:?}");
    assert!(named.iter().all(|(.., name)| *name == Some("R")), "{named:?}");
}

#[rstest]
#[tokio::test]
async fn the_log_names_the_user_and_no_secret(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let permissions = [Permission::PartsCreate].into();
    let role = CreateRole { name: "maker".into(), permissions, ..CreateRole::default() };
    inventory.run(SYSTEM, role).await.unwrap();
    let new = CreateUser {
        username: "ada".into(),
        email: "ada@example.org".into(),
        password: "Corr3ctHorse".into(),
        roles: vec!["maker".into()],
        ..CreateUser::default()
    };
    let ada = inventory.run(SYSTEM, new).await.unwrap();
    inventory.run(&ada.actor(), CreatePart { name: "R".into(), ..CreatePart::default() }).await.unwrap();
    let nobody = Actor::Anonymous;
    inventory.run(&nobody, CreatePart { name: "S".into(), ..CreatePart::default() }).await.unwrap_err();
    let log = log(&test).await;
    let who: Vec<_> =
        log.iter().map(|(_, kind, _, who, _)| (kind.as_str(), who.as_deref().unwrap())).collect();
    assert_eq!(who, [("role", "system"), ("user", "system"), ("part", "ada")]);
    assert_eq!(log[1].4, json!({"roles": {"added": ["maker"]}}));
    assert!(!format!("{log:?}").contains("pbkdf2"));
}

#[rstest]
#[tokio::test]
async fn the_log_is_filtered_and_users_are_confidential(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let role = CreateRole { name: "makers".into(), ..CreateRole::default() };
    inventory.run(SYSTEM, role).await.unwrap();
    let first = part(inventory, "first").await;
    part(inventory, "second").await;
    let list = async |actor: &Actor, filter: ActivityFilter| -> Vec<Activity> {
        let list = ListActivity(ListQuery { filter, ..ListQuery::default() });
        inventory.query(actor, list).await.unwrap().items
    };
    let all = list(SYSTEM, ActivityFilter::default()).await;
    let types: Vec<_> = all.iter().map(|entry| entry.entity_type.as_str()).collect();
    assert_eq!(types, ["role", "part", "part"]);
    let (id, username) = ("someone".to_owned(), "someone".to_owned());
    let someone = Actor::User { id, username, permissions: [Permission::PartsRead].into() };
    assert_eq!(list(&someone, ActivityFilter::default()).await, all[1..]);
    let roles = ActivityFilter { entity_type: Some("role".into()), ..ActivityFilter::default() };
    assert_eq!(list(&someone, roles).await, []);
    let of_first = ActivityFilter { entity_id: Some(first.id), ..ActivityFilter::default() };
    assert_eq!(list(SYSTEM, of_first).await, all[1..2]);
    let later = ActivityFilter { from: Some(all[2].timestamp), ..ActivityFilter::default() };
    assert_eq!(list(SYSTEM, later).await, all[2..]);
    let earlier = ActivityFilter { to: Some(all[0].timestamp), ..ActivityFilter::default() };
    assert_eq!(list(SYSTEM, earlier).await, all[..1]);
    let by_system = ActivityFilter { username: Some("system".into()), ..ActivityFilter::default() };
    assert_eq!(list(SYSTEM, by_system).await, all);
    let nobody = inventory.query(&Actor::Anonymous, ListActivity::default()).await;
    assert!(matches!(nobody, Err(Error::NotSignedIn)));
}

#[rstest]
#[tokio::test]
async fn the_latest_entries_are_those_of_the_log(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    for name in ["first", "second", "third"] {
        part(inventory, name).await;
    }
    let role = CreateRole { name: "guest".into(), description: None, permissions: [].into() };
    inventory.run(SYSTEM, role).await.unwrap();
    let names = async |actor: &Actor, count| {
        let latest = inventory.query(actor, ListLatestActivity(count)).await.unwrap();
        latest.into_iter().map(|entry| entry.entity_name.unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(names(SYSTEM, 3).await, ["guest", "third", "second"]);
    let permissions = [Permission::PartsRead].into();
    let reader = Actor::User { id: "u".to_owned(), username: "u".to_owned(), permissions };
    assert_eq!(names(&reader, 2).await, ["third", "second"], "roles are not for everybody");
}
