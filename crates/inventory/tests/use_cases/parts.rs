//! Tags, projects, low-stock limits, duplicates, and bulk changes of parts.

use inventory::bulk::{ChangeParts, DeleteParts, StockTarget};
use inventory::categories::CreateCategory;
use inventory::list::ListQuery;
use inventory::parts::{
    CreatePart, DeletePart, DuplicatePart, GetPartDetails, ListParts, ListPrices, Part, PartFilter,
    PreviewPartDeletion, SetLowStockLimit, UpdatePart,
};
use inventory::projects::{CreateProject, DeleteProject, GetProject};
use inventory::stock::CheckStock;
use inventory::tags::{CreateTag, DeleteTag, GetTag, UpdateTag};
use inventory::{Change, Error, Inventory, Problem};
use rstest::rstest;
use testkit::{DbEngine, TestInventory};

use crate::support::{SYSTEM, location, part, places_of, problems, stock};

async fn names(inventory: &Inventory, filter: PartFilter) -> Vec<String> {
    let list = ListParts(ListQuery { filter, ..ListQuery::default() });
    let parts = inventory.query(SYSTEM, list).await.unwrap().items;
    parts.into_iter().map(|found| found.part.name).collect()
}

#[rstest]
#[tokio::test]
async fn tags_have_the_form_of_the_original_and_unique_names(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let new = |name: &str| CreateTag { name: name.to_owned(), ..CreateTag::default() };
    let color = Some("ff5733".to_owned());
    let tag = inventory.run(SYSTEM, CreateTag { color, ..new(" #to do ☃") }).await.unwrap();
    assert_eq!((tag.name.as_str(), tag.color.as_deref()), ("to-do-☃", Some("#FF5733")));
    let twin = inventory.run(SYSTEM, new("TO-DO ☃")).await;
    assert!(matches!(twin, Err(Error::AlreadyExists { what: "tag", .. })), "{twin:?}");
    let bad = CreateTag { color: Some("red".into()), ..new(" # ") };
    assert_eq!(
        problems(inventory.run(SYSTEM, bad).await),
        [("name", Problem::Missing), ("color", Problem::NotAColor)]
    );
    let change = UpdateTag {
        id: tag.id.clone(),
        version: Some(tag.version),
        name: Change::Set("done".into()),
        color: Change::Set(None),
        ..UpdateTag::default()
    };
    let changed = inventory.run(SYSTEM, change.clone()).await.unwrap();
    assert_eq!((changed.name.as_str(), changed.color), ("done", None));
    assert!(matches!(inventory.run(SYSTEM, change).await, Err(Error::Changed { .. })));
}

#[rstest]
#[tokio::test]
async fn a_part_shows_everything_that_belongs_to_it(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let tag = CreateTag { name: "todo".into(), ..CreateTag::default() };
    let tag = inventory.run(SYSTEM, tag).await.unwrap();
    let project = CreateProject { name: "Robot 🤖".into(), ..CreateProject::default() };
    let project = inventory.run(SYSTEM, project).await.unwrap();
    assert_eq!((project.slug.as_str(), project.status.as_str()), ("robot-", "planning"));
    let category = CreateCategory { name: "smd".into(), ..CreateCategory::default() };
    let category = inventory.run(SYSTEM, category).await.unwrap();
    let new = CreatePart {
        name: "R".into(),
        category_ids: vec![category.id.clone()],
        tag_ids: vec![tag.id.clone(), tag.id.clone()],
        ..CreatePart::default()
    };
    let part = inventory.run(SYSTEM, new).await.unwrap();
    let to_project = UpdatePart {
        id: part.id.clone(),
        project_ids: Change::Set(vec![project.id.clone()]),
        ..UpdatePart::default()
    };
    let changed = inventory.run(SYSTEM, to_project).await.unwrap();
    assert_ne!(changed.version, part.version, "a link is a change of the part");
    let details = inventory.query(SYSTEM, GetPartDetails(part.id.clone())).await.unwrap();
    let shown = [&details.categories[0], &details.tags[0], &details.projects[0]];
    assert_eq!(shown.map(|named| named.name.as_str()), ["smd", "todo", "Robot 🤖"]);
    assert_eq!(details.tags.len(), 1);
    assert_eq!(inventory.query(SYSTEM, GetTag(tag.id.clone())).await.unwrap().part_count, 1);
    let in_project = inventory.query(SYSTEM, GetProject(project.id.clone())).await.unwrap();
    assert_eq!((in_project.part_count, &in_project.version), (1, &project.version));
    let tagged = PartFilter { tag_id: Some(tag.id.clone()), ..PartFilter::default() };
    assert_eq!(names(inventory, tagged.clone()).await, ["R"]);
    let used = PartFilter { project_id: Some(project.id.clone()), ..PartFilter::default() };
    assert_eq!(names(inventory, used).await, ["R"]);

    let unknown = UpdatePart {
        id: part.id.clone(),
        tag_ids: Change::Set(vec!["nothing".into()]),
        ..UpdatePart::default()
    };
    let refused = inventory.run(SYSTEM, unknown).await;
    assert!(matches!(refused, Err(Error::NotFound { what: "tag", .. })), "{refused:?}");
    assert_eq!(names(inventory, tagged.clone()).await, ["R"], "a refused change changes nothing");

    let gone = DeleteTag { id: tag.id, version: None };
    inventory.run(SYSTEM, gone).await.unwrap();
    inventory.run(SYSTEM, DeleteProject { id: project.id, version: None }).await.unwrap();
    let details = inventory.query(SYSTEM, GetPartDetails(part.id)).await.unwrap();
    assert_eq!((details.tags, details.projects), (vec![], vec![]));
}

#[tokio::test]
async fn the_counts_that_the_original_shows_follow_the_links() {
    let test = TestInventory::new(DbEngine::Sqlite).await;
    let inventory = &test.inventory;
    let tag = CreateTag { name: "todo".into(), ..CreateTag::default() };
    let tag_ids = vec![inventory.run(SYSTEM, tag).await.unwrap().id];
    let new =
        |name: &str| CreatePart { name: name.to_owned(), tag_ids: tag_ids.clone(), ..CreatePart::default() };
    let first = inventory.run(SYSTEM, new("a")).await.unwrap();
    inventory.run(SYSTEM, new("b")).await.unwrap();
    let other = rusqlite::Connection::open(test.scratch.path()).unwrap();
    let counts = || -> (i64, i64) {
        let sql = "SELECT parts_count, usage_count FROM tagmodel";
        other.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
    };
    assert_eq!(counts(), (2, 2));
    inventory.run(SYSTEM, DeletePart { id: first.id, version: None }).await.unwrap();
    assert_eq!(counts(), (1, 1));
}

#[rstest]
#[tokio::test]
async fn stock_below_its_limit_is_low(#[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let shelf = location(inventory, "shelf", None).await;
    let limit = |part: &Part, quantity: Option<i64>| SetLowStockLimit { part_id: part.id.clone(), quantity };
    for (name, quantity) in [("few", 9), ("enough", 10), ("no limit", 1)] {
        let part = part(inventory, name).await;
        inventory.run(SYSTEM, stock(&part, &shelf, quantity)).await.unwrap();
        if name != "no limit" {
            inventory.run(SYSTEM, limit(&part, Some(3))).await.unwrap();
            inventory.run(SYSTEM, limit(&part, Some(10))).await.unwrap();
        }
    }
    let none = part(inventory, "none").await;
    inventory.run(SYSTEM, limit(&none, Some(1))).await.unwrap();
    let low = PartFilter { only_low_stock: true, ..PartFilter::default() };
    assert_eq!(names(inventory, low.clone()).await, ["few", "none"]);
    inventory.run(SYSTEM, limit(&none, None)).await.unwrap();
    assert_eq!(names(inventory, low).await, ["few"]);
    let zero = inventory.run(SYSTEM, limit(&none, Some(0))).await;
    assert_eq!(problems(zero), [("quantity", Problem::TooSmall { min: 1 })]);
}

#[rstest]
#[tokio::test]
async fn a_duplicate_has_the_properties_but_not_the_stock(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let tag = CreateTag { name: "todo".into(), ..CreateTag::default() };
    let tag = inventory.run(SYSTEM, tag).await.unwrap();
    let properties = serde_json::from_str(r#"{"nested": {"value": [1, 2.5, null]}}"#).unwrap();
    let new = CreatePart {
        name: "é".repeat(255),
        supplier: Some("LCSC".into()),
        properties,
        tag_ids: vec![tag.id],
        ..CreatePart::default()
    };
    let original = inventory.run(SYSTEM, new).await.unwrap();
    let shelf = location(inventory, "shelf", None).await;
    inventory.run(SYSTEM, stock(&original, &shelf, 5)).await.unwrap();
    let limit = SetLowStockLimit { part_id: original.id.clone(), quantity: Some(7) };
    inventory.run(SYSTEM, limit).await.unwrap();
    let duplicate = DuplicatePart { id: original.id.clone(), name: None };
    let first = inventory.run(SYSTEM, duplicate.clone()).await.unwrap();
    let second = inventory.run(SYSTEM, duplicate).await.unwrap();
    assert!(first.name.ends_with("é (copy)") && second.name.ends_with("é (copy 2)"), "{second:?}");
    assert_eq!((&first.supplier, &first.properties), (&original.supplier, &original.properties));
    let details = inventory.query(SYSTEM, GetPartDetails(first.id)).await.unwrap();
    assert_eq!((details.quantity, details.low_stock_limit, details.tags.len()), (0, Some(7), 1));
}

#[rstest]
#[tokio::test]
async fn a_bulk_change_is_all_or_nothing(#[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let (shelf, drawer) =
        (location(inventory, "shelf", None).await, location(inventory, "drawer", None).await);
    let mut parts = Vec::new();
    for name in ["a", "b", "c"] {
        let part = part(inventory, name).await;
        inventory.run(SYSTEM, stock(&part, &shelf, 4)).await.unwrap();
        parts.push(part);
    }
    let category = CreateCategory { name: "smd".into(), ..CreateCategory::default() };
    let category = inventory.run(SYSTEM, category).await.unwrap().id;
    let ids: Vec<String> = parts.iter().map(|part| part.id.clone()).collect();
    let change = ChangeParts {
        ids: ids.clone(),
        supplier: Change::Set(Some("LCSC".into())),
        add_category_ids: vec![category.clone()],
        move_stock: Some(StockTarget {
            from_location_id: None,
            to_location_id: drawer.id.clone(),
            reason: Some("tidied up".into()),
        }),
        ..ChangeParts::default()
    };
    let with_unknown = ChangeParts { ids: [&ids[..], &["nothing".to_owned()]].concat(), ..change.clone() };
    let refused = inventory.run(SYSTEM, with_unknown).await;
    assert!(matches!(refused, Err(Error::NotFound { what: "part", .. })), "{refused:?}");
    let of_supplier = PartFilter { supplier: Some("LCSC".into()), ..PartFilter::default() };
    assert_eq!(names(inventory, of_supplier.clone()).await, [""; 0]);

    let twice = [&ids[..], &ids[..1]].concat();
    assert_eq!(inventory.run(SYSTEM, ChangeParts { ids: twice, ..change }).await.unwrap().count, 3);
    assert_eq!(names(inventory, of_supplier).await, ["a", "b", "c"]);
    let in_category = PartFilter { category_id: Some(category.clone()), ..PartFilter::default() };
    assert_eq!(names(inventory, in_category.clone()).await, ["a", "b", "c"]);
    let places = places_of(inventory, &parts[0]).await;
    assert_eq!(
        (places.len(), places[0].allocation.quantity, places[0].location_name.as_str()),
        (1, 4, "drawer")
    );
    let remove =
        ChangeParts { ids: ids[1..].to_vec(), remove_category_ids: vec![category], ..ChangeParts::default() };
    inventory.run(SYSTEM, remove).await.unwrap();
    assert_eq!(names(inventory, in_category).await, ["a"]);
    assert_eq!(inventory.query(SYSTEM, CheckStock).await.unwrap().count, 0);

    let some = DeleteParts { ids: vec![ids[0].clone(), "nothing".into()] };
    assert!(matches!(inventory.run(SYSTEM, some).await, Err(Error::NotFound { .. })));
    assert_eq!(names(inventory, PartFilter::default()).await, ["a", "b", "c"]);
    inventory.run(SYSTEM, DeleteParts { ids: ids[..2].to_vec() }).await.unwrap();
    assert_eq!(names(inventory, PartFilter::default()).await, ["c"]);
    let too_many = DeleteParts { ids: vec!["x".to_owned(); 1001] };
    assert_eq!(problems(inventory.run(SYSTEM, too_many).await), [("ids", Problem::TooMany { max: 1000 })]);
    let none = inventory.run(SYSTEM, DeleteParts::default()).await;
    assert_eq!(problems(none), [("ids", Problem::Missing)]);
}

/// Prices come from the original only. SQLite stores a whole price as an integer.
#[tokio::test]
async fn prices_are_read_and_counted_before_a_deletion() {
    let test = TestInventory::new(DbEngine::Sqlite).await;
    let inventory = &test.inventory;
    let part = part(inventory, "R").await;
    let shelf = location(inventory, "shelf", None).await;
    inventory.run(SYSTEM, stock(&part, &shelf, 5)).await.unwrap();
    let other = rusqlite::Connection::open(test.scratch.path()).unwrap();
    for (id, price) in [("1", 2.0), ("2", 0.0123)] {
        let sql = "INSERT INTO partpricinghistory (id, part_id, supplier, unit_price, currency, pricing_tiers, source, \
                   valid_from, is_current, created_at) \
                   VALUES (?1, ?2, 'LCSC', ?3, 'EUR', '[{\"quantity\": 1}]', 'api', '2026-01-0' || ?1, 1, '2026-01-02')";
        other.execute(sql, rusqlite::params![id, part.id, price]).unwrap();
    }
    let prices = inventory.query(SYSTEM, ListPrices { part_id: part.id.clone() }).await.unwrap();
    let found: Vec<_> = prices.iter().map(|price| price.unit_price).collect();
    assert_eq!(found, [Some(0.0123), Some(2.0)]);
    assert_eq!(prices[0].pricing_tiers.0[0]["quantity"], 1);
    let preview = inventory.query(SYSTEM, PreviewPartDeletion(part.id)).await.unwrap();
    assert_eq!((preview.part.quantity, preview.location_count, preview.price_count), (5, 1, 2));
}
