//! Tests what lists show of parts, and the creation of a part with stock, on both engines.
use crate::support::{SYSTEM, location, part, problems, stock};
use inventory::bulk::ChangeParts;
use inventory::locations::GetLocationNames;
use inventory::parts::{
    CreatePart, GetListedParts, GetSearchableParts, InventoryTotals, PartPlace, SetLowStockLimit,
    SumInventory, UpdatePart, UpdateTaggedPart,
};
use inventory::sizes::{CountThings, Sizes};
use inventory::stock::CreateStockedPart;
use inventory::tags::{CreateTag, ListTagNames, ListTags};
use inventory::{Actor, Change, Permission, Problem};
use rstest::rstest;
use testkit::{DbEngine, TestInventory};

#[rstest]
#[tokio::test]
async fn a_listed_part_has_its_places_tags_and_limit(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let cabinet = location(inventory, "cabinet", None).await;
    let drawer = location(inventory, "drawer", Some(&cabinet)).await;
    let tag = CreateTag { name: "smd".to_owned(), ..CreateTag::default() };
    let tag = inventory.run(SYSTEM, tag).await.unwrap();
    let new = CreatePart { name: "R".to_owned(), tag_ids: vec![tag.id], ..CreatePart::default() };
    let resistor = inventory.run(SYSTEM, new).await.unwrap();
    let none = part(inventory, "none").await;
    for (place, quantity) in [(&drawer, 7), (&cabinet, 5)] {
        inventory.run(SYSTEM, stock(&resistor, place, quantity)).await.unwrap();
    }
    let limit = SetLowStockLimit { part_id: resistor.id.clone(), quantity: Some(20) };
    inventory.run(SYSTEM, limit).await.unwrap();

    let ids = vec![none.id.clone(), "unknown".to_owned(), resistor.id.clone()];
    let listed = inventory.query(SYSTEM, GetListedParts(ids)).await.unwrap();
    assert_eq!(listed.len(), 2);
    assert_eq!((&listed[0].part.id, listed[0].quantity, &listed[0].places), (&none.id, 0, &vec![]));
    let listed = &listed[1];
    assert_eq!(
        (listed.quantity, listed.low_stock_limit, &*listed.tags),
        (12, Some(20), &["smd".to_owned()][..])
    );
    let place = |path: &[&str], id: &str, quantity| PartPlace {
        location_id: id.to_owned(),
        path: path.iter().map(|&name| name.to_owned()).collect(),
        quantity,
    };
    let expected = [place(&["cabinet", "drawer"], &drawer.id, 7), place(&["cabinet"], &cabinet.id, 5)];
    assert_eq!(listed.places, expected);
    let names =
        inventory.query(SYSTEM, GetLocationNames(vec![drawer.id.clone(), "unknown".to_owned()])).await;
    let names = names.unwrap();
    assert_eq!((names.len(), &names[&drawer.id]), (1, &vec!["cabinet".to_owned(), "drawer".to_owned()]));
}

#[rstest]
#[tokio::test]
async fn a_part_is_created_with_its_stock_or_not_at_all(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let shelf = location(inventory, "shelf", None).await;
    let new = |name: &str, quantity| CreateStockedPart {
        part: CreatePart { name: name.to_owned(), low_stock_limit: Some(3), ..CreatePart::default() },
        tags: Vec::new(),
        stock: Some((shelf.id.clone(), quantity)),
    };
    let part = inventory.run(SYSTEM, new("screw", 10)).await.unwrap();
    let listed = inventory.query(SYSTEM, GetListedParts(vec![part.id])).await.unwrap();
    assert_eq!((listed[0].quantity, listed[0].low_stock_limit), (10, Some(3)));
    let refused = problems(inventory.run(SYSTEM, new("nut", 0)).await);
    assert_eq!(refused, [("quantity", Problem::TooSmall { min: 1 })]);
    let total = inventory.query(SYSTEM, inventory::parts::ListParts::default()).await.unwrap().total;
    assert_eq!(total, Some(1));
}

#[rstest]
#[tokio::test]
async fn a_part_that_is_refused_leaves_no_tag_behind(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let screw = part(inventory, "screw").await;
    part(inventory, "nut").await;
    let tags = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let new = |name: &str, names: &[&str]| CreateStockedPart {
        part: CreatePart { name: name.to_owned(), ..CreatePart::default() },
        tags: tags(names),
        stock: None,
    };
    let change = |name: &str, names: &[&str]| UpdateTaggedPart {
        part: UpdatePart {
            id: screw.id.clone(),
            name: Change::Set(name.to_owned()),
            ..UpdatePart::default()
        },
        tags: Some(tags(names)),
    };
    let many =
        ChangeParts { ids: vec!["nothing".into()], add_tag_names: tags(&["new"]), ..ChangeParts::default() };
    assert!(inventory.run(SYSTEM, new("screw", &["new"])).await.is_err());
    assert!(inventory.run(SYSTEM, change("nut", &["new"])).await.is_err());
    assert!(inventory.run(SYSTEM, many).await.is_err());
    let names = async || {
        let tags = inventory.query(SYSTEM, ListTags::default()).await.unwrap().items;
        tags.into_iter().map(|tag| (tag.name, tag.part_count)).collect::<Vec<_>>()
    };
    assert_eq!(names().await, []);

    inventory.run(SYSTEM, new("bolt", &["M3", "#m3", "zinc plated"])).await.unwrap();
    inventory.run(SYSTEM, change("screw", &["m3"])).await.unwrap();
    assert_eq!(names().await, [("M3".to_owned(), 2), ("zinc-plated".to_owned(), 1)]);
    let refused = problems(inventory.run(SYSTEM, change("screw", &["#", &"x".repeat(51)])).await);
    assert_eq!(refused, [("tags", Problem::Missing), ("tags", Problem::TooLong { max: 50 })]);
}

#[rstest]
#[tokio::test]
async fn the_totals_count_parts_stock_and_value(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let empty = inventory.query(SYSTEM, SumInventory).await.unwrap();
    assert_eq!(empty, InventoryTotals::default());
    let (shelf, bench) = (location(inventory, "shelf", None).await, location(inventory, "bench", None).await);
    let (screw, nut) = (part(inventory, "screw").await, part(inventory, "nut").await);
    part(inventory, "nowhere").await;
    inventory.run(SYSTEM, stock(&screw, &shelf, 10)).await.unwrap();
    inventory.run(SYSTEM, stock(&screw, &bench, 5)).await.unwrap();
    inventory.run(SYSTEM, stock(&nut, &shelf, 0)).await.unwrap();
    let limit =
        |part: &inventory::parts::Part| SetLowStockLimit { part_id: part.id.clone(), quantity: Some(12) };
    inventory.run(SYSTEM, limit(&screw)).await.unwrap();
    inventory.run(SYSTEM, limit(&nut)).await.unwrap();
    let totals = inventory.query(SYSTEM, SumInventory).await.unwrap();
    let counts = (totals.parts, totals.units, totals.out, totals.low, totals.without_place, totals.priced);
    assert_eq!(counts, (3, 15, 2, 1, 1, 0));
}

#[rstest]
#[tokio::test]
async fn a_part_to_search_has_its_limit_and_all_its_stock(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let shelf = location(inventory, "shelf", None).await;
    let (screw, nut) = (part(inventory, "screw").await, part(inventory, "nut").await);
    inventory.run(SYSTEM, stock(&screw, &shelf, 10)).await.unwrap();
    let limit = SetLowStockLimit { part_id: screw.id.clone(), quantity: Some(12) };
    inventory.run(SYSTEM, limit).await.unwrap();
    let ids = GetSearchableParts(vec![screw.id.clone(), nut.id.clone()]);
    let mut found = inventory.query(SYSTEM, ids).await.unwrap();
    found.sort_by(|left, right| right.part.name.cmp(&left.part.name));
    let found: Vec<_> =
        found.into_iter().map(|part| (part.quantity, part.low_stock_limit, part.price)).collect();
    assert_eq!(found, [(10, Some(12), None), (0, None, None)]);
}

#[rstest]
#[tokio::test]
async fn things_are_counted_as_far_as_the_actor_may_read_them(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    location(inventory, "shelf", None).await;
    for name in ["screw", "nut"] {
        part(inventory, name).await;
    }
    let sizes = |parts, locations, categories| Sizes { parts, locations, categories };
    let all = inventory.query(SYSTEM, CountThings::default()).await.unwrap();
    assert_eq!(all, sizes(Some(2), Some(1), Some(0)));
    let rest = inventory.query(SYSTEM, CountThings { without_parts: true }).await.unwrap();
    assert_eq!(rest, sizes(None, Some(1), Some(0)));
    let actor = Actor::User {
        id: "u".to_owned(),
        username: "u".to_owned(),
        permissions: [Permission::PartsRead].into_iter().collect(),
    };
    let own = inventory.query(&actor, CountThings::default()).await.unwrap();
    assert_eq!(own, sizes(Some(2), None, None));
    assert!(inventory.query(&Actor::Anonymous, CountThings::default()).await.is_err());
}

#[rstest]
#[tokio::test]
async fn the_names_of_tags_are_listed_regardless_of_case(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    for name in ["b", "A", "C"] {
        let tag = CreateTag { name: name.to_owned(), ..CreateTag::default() };
        test.inventory.run(SYSTEM, tag).await.unwrap();
    }
    let names = test.inventory.query(SYSTEM, ListTagNames).await.unwrap();
    assert_eq!(names.into_iter().map(|(_, name)| name).collect::<Vec<_>>(), ["A", "b", "C"]);
}

/// Prices come from the original only.
#[tokio::test]
async fn the_value_of_the_stock_is_at_the_newest_current_price() {
    let test = TestInventory::new(DbEngine::Sqlite).await;
    let inventory = &test.inventory;
    let shelf = location(inventory, "shelf", None).await;
    let screw = part(inventory, "screw").await;
    inventory.run(SYSTEM, stock(&screw, &shelf, 15)).await.unwrap();
    let other = rusqlite::Connection::open(test.scratch.path()).unwrap();
    for (price, valid_from, is_current) in
        [(9.0, "2024-01-01", true), (0.25, "2025-01-01", true), (7.0, "2026-01-01", false)]
    {
        let sql = "INSERT INTO partpricinghistory (id, part_id, supplier, unit_price, currency, source, valid_from, \
                   is_current, created_at) VALUES (?2, ?1, 'LCSC', ?3, 'EUR', 'api', ?2, ?4, ?2)";
        other.execute(sql, rusqlite::params![screw.id, valid_from, price, is_current]).unwrap();
    }
    let totals = inventory.query(SYSTEM, SumInventory).await.unwrap();
    assert_eq!((totals.priced, totals.values), (1, vec![("EUR".to_owned(), 3.75)]));
    let found = inventory.query(SYSTEM, GetSearchableParts(vec![screw.id])).await.unwrap();
    assert_eq!(found[0].price, Some(("EUR".to_owned(), 0.25)));
}
