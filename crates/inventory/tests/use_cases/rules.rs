//! Tests the rules of parts, stock and locations through the public interface, on both engines.
use crate::support::{SYSTEM, location, part, places_of, problems, stock};
use inventory::categories::{
    CategoryFilter, CreateCategory, GetCategoryPath, GetCategoryTree, ListCategories, MoveCategory,
};
use inventory::list::ListQuery;
use inventory::locations::{
    CreateLocation, GetLocationPath, GetLocationTree, ListLocations, MoveLocation, SINGLE_PART,
};
use inventory::parts::{
    AddDatasheet, CreatePart, FindPartByName, FindPartByNumber, GetPart, ListDatasheets, ListParts,
    SetPartImage,
};
use inventory::stock::{
    AllocationFilter, Cassette, CreateAllocation, GetTotalQuantity, ListAllocations, MAX_QUANTITY,
    SplitToCassette, TransferStock,
};
use inventory::{Actor, Error, Permission, Problem};
use rstest::rstest;
use testkit::{DbEngine, TestInventory};

fn transfer(part: &str, from: &str, to: &str, quantity: i64) -> TransferStock {
    let (part_id, from_location_id, to_location_id) = (part.to_owned(), from.to_owned(), to.to_owned());
    TransferStock { part_id, from_location_id, to_location_id, quantity, ..TransferStock::default() }
}

#[rstest]
#[tokio::test]
async fn quantities_are_never_negative(#[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let (part, a, b) = (
        part(inventory, "R").await,
        location(inventory, "A", None).await,
        location(inventory, "B", None).await,
    );
    let negative = inventory.run(SYSTEM, stock(&part, &a, -1)).await;
    assert_eq!(problems(negative), [("quantity", Problem::TooSmall { min: 0 })]);
    inventory.run(SYSTEM, stock(&part, &a, 5)).await.unwrap();
    for quantity in [0, -3] {
        let moved = inventory.run(SYSTEM, transfer(&part.id, &a.id, &b.id, quantity)).await;
        assert_eq!(problems(moved), [("quantity", Problem::TooSmall { min: 1 })]);
    }
    let moved = inventory.run(SYSTEM, transfer(&part.id, &a.id, &b.id, 6)).await;
    assert!(matches!(moved, Err(Error::InsufficientStock { available: 5, requested: 6 })));
    let moved = inventory.run(SYSTEM, transfer(&part.id, &b.id, &a.id, 1)).await;
    assert!(matches!(moved, Err(Error::NotFound { .. })));
    let moved = inventory.run(SYSTEM, transfer(&part.id, &a.id, &a.id, 1)).await;
    assert_eq!(problems(moved), [("to_location_id", Problem::SameAs { from: "the source" })]);
    let total = GetTotalQuantity { part_id: part.id.clone() };
    assert_eq!(inventory.query(SYSTEM, total).await.unwrap(), 5);
}

#[rstest]
#[tokio::test]
async fn quantities_have_a_limit_that_transfers_cannot_exceed(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let (part, a, b) = (
        part(inventory, "R").await,
        location(inventory, "A", None).await,
        location(inventory, "B", None).await,
    );
    let more = inventory.run(SYSTEM, stock(&part, &a, MAX_QUANTITY + 1)).await;
    assert_eq!(problems(more), [("quantity", Problem::TooLarge { max: MAX_QUANTITY })]);
    for place in [&a, &b] {
        inventory.run(SYSTEM, stock(&part, place, MAX_QUANTITY)).await.unwrap();
    }
    let more = inventory.run(SYSTEM, transfer(&part.id, &a.id, &b.id, 1)).await;
    assert_eq!(problems(more), [("quantity", Problem::TooLarge { max: MAX_QUANTITY })]);
    let total = GetTotalQuantity { part_id: part.id.clone() };
    assert_eq!(inventory.query(SYSTEM, total).await.unwrap(), 2 * MAX_QUANTITY);
}

#[rstest]
#[tokio::test]
async fn an_emptied_source_is_deleted_and_its_primary_flag_moves_to_the_target(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let (part, a, b) = (
        part(inventory, "R").await,
        location(inventory, "A", None).await,
        location(inventory, "B", None).await,
    );
    let first = CreateAllocation { is_primary: true, ..stock(&part, &a, 5) };
    inventory.run(SYSTEM, first).await.unwrap();
    let some = inventory.run(SYSTEM, transfer(&part.id, &a.id, &b.id, 2)).await.unwrap();
    assert_eq!(some.from.map(|from| (from.quantity, from.is_primary)), Some((3, true)));
    assert_eq!((some.to.quantity, some.to.is_primary), (2, false));
    let rest = inventory.run(SYSTEM, transfer(&part.id, &a.id, &b.id, 3)).await.unwrap();
    assert_eq!(rest.from, None);
    assert_eq!((rest.to.quantity, rest.to.is_primary), (5, true));
    let places = places_of(inventory, &part).await;
    assert_eq!((places.len(), &places[0].allocation), (1, &rest.to));
    assert_eq!((places[0].part_name.as_str(), places[0].location_name.as_str()), ("R", "B"));
    let filter = AllocationFilter { location_id: Some(a.id), ..AllocationFilter::default() };
    let at_a =
        inventory.query(SYSTEM, ListAllocations(ListQuery { filter, ..ListQuery::default() })).await.unwrap();
    assert_eq!((at_a.items, at_a.total), (vec![], Some(0)));
}

#[rstest]
#[tokio::test]
async fn a_part_has_one_primary_and_one_allocation_per_location(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let (part, a, b) = (
        part(inventory, "R").await,
        location(inventory, "A", None).await,
        location(inventory, "B", None).await,
    );
    inventory.run(SYSTEM, CreateAllocation { is_primary: true, ..stock(&part, &a, 1) }).await.unwrap();
    let again = inventory.run(SYSTEM, stock(&part, &a, 1)).await;
    assert!(matches!(again, Err(Error::AlreadyExists { name, .. }) if name == "A"));
    let second = CreateAllocation { is_primary: true, ..stock(&part, &b, 1) };
    let refused = inventory.run(SYSTEM, second.clone()).await;
    assert!(matches!(refused, Err(Error::PrimaryTaken { location }) if location == "A"));
    let second = CreateAllocation { replace_primary: true, ..second };
    inventory.run(SYSTEM, second).await.unwrap();
    let places = places_of(inventory, &part).await;
    let primary: Vec<_> =
        places.iter().map(|place| (place.location_name.as_str(), place.allocation.is_primary)).collect();
    assert_eq!(primary, [("B", true), ("A", false)]);
}

#[rstest]
#[tokio::test]
async fn a_single_part_location_refuses_a_second_part(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let (one, two) = (part(inventory, "one").await, part(inventory, "two").await);
    let other = location(inventory, "other", None).await;
    let new = CreateLocation {
        name: "slot".into(),
        location_type: SINGLE_PART.into(),
        ..CreateLocation::default()
    };
    let slot = inventory.run(SYSTEM, new).await.unwrap();
    inventory.run(SYSTEM, stock(&one, &slot, 0)).await.unwrap();
    inventory.run(SYSTEM, stock(&two, &other, 3)).await.unwrap();
    let refused = inventory.run(SYSTEM, stock(&two, &slot, 1)).await;
    assert!(matches!(refused, Err(Error::LocationTaken { location }) if location == "slot"));
    let refused = inventory.run(SYSTEM, transfer(&two.id, &other.id, &slot.id, 3)).await;
    assert!(matches!(refused, Err(Error::LocationTaken { .. })));
    // The transfer had already reduced the source: the whole transaction is rolled back.
    let total = GetTotalQuantity { part_id: two.id.clone() };
    assert_eq!(inventory.query(SYSTEM, total).await.unwrap(), 3);
}

#[rstest]
#[tokio::test]
async fn splitting_to_a_cassette_is_all_or_nothing(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let (part, shelf) = (part(inventory, "R 47k").await, location(inventory, "shelf", None).await);
    inventory.run(SYSTEM, stock(&part, &shelf, 100)).await.unwrap();
    let cassette = |name: &str| Cassette::New {
        name: Some(name.to_owned()),
        parent_id: Some(shelf.id.clone()),
        capacity: Some(500),
        emoji: None,
    };
    let split = |quantity, cassette| SplitToCassette {
        part_id: part.id.clone(),
        from_location_id: shelf.id.clone(),
        quantity,
        cassette,
        notes: Some("reel".to_owned()),
        reason: None,
    };
    let too_many = inventory.run(SYSTEM, split(101, cassette("C1"))).await;
    assert!(matches!(too_many, Err(Error::InsufficientStock { available: 100, requested: 101 })));
    let locations = inventory.query(SYSTEM, ListLocations::default()).await.unwrap();
    assert_eq!(locations.total, Some(1), "no empty cassette is left behind");
    // A called use case checks its permission as well.
    let permissions = [Permission::PartsUpdate, Permission::PartsRead, Permission::LocationsRead].into();
    let mover = Actor::User { id: "m".into(), username: "mover".into(), permissions };
    let refused = inventory.run(&mover, split(10, cassette("C1"))).await;
    assert!(matches!(refused, Err(Error::Forbidden { permission: Permission::LocationsCreate })));

    let first = inventory.run(SYSTEM, split(30, cassette("C1"))).await.unwrap();
    assert!(first.cassette_created && first.cassette.is_mobile);
    assert_eq!(
        (first.cassette.emoji.as_deref(), first.cassette.location_type.as_str()),
        (Some("📦"), "cassette")
    );
    assert_eq!((first.allocation.quantity, first.allocation.notes.as_deref()), (30, Some("reel")));
    let existing = Cassette::Existing { location_id: first.cassette.id.clone() };
    let second = inventory.run(SYSTEM, split(70, existing.clone())).await.unwrap();
    assert!(!second.cassette_created && second.cassette.id == first.cassette.id);
    let places = places_of(inventory, &part).await;
    assert_eq!(places.iter().map(|place| place.allocation.quantity).collect::<Vec<_>>(), [100]);
    let into_itself = inventory
        .run(SYSTEM, SplitToCassette { from_location_id: first.cassette.id.clone(), ..split(1, existing) });
    assert_eq!(problems(into_itself.await), [("cassette_id", Problem::SameAs { from: "the source" })]);
    let unnamed = Cassette::New { name: None, parent_id: None, capacity: None, emoji: None };
    let third = SplitToCassette { from_location_id: first.cassette.id, ..split(1, unnamed) };
    assert_eq!(inventory.run(SYSTEM, third).await.unwrap().cassette.name, "R 47k");
}

#[rstest]
#[tokio::test]
async fn location_names_are_unique_per_parent_and_locations_are_never_inside_themselves(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let a = location(inventory, "A", None).await;
    let b = location(inventory, "B", Some(&a)).await;
    let c = location(inventory, "C", Some(&b)).await;
    location(inventory, "A", Some(&a)).await;
    for parent_id in [None, Some(a.id.clone())] {
        let twin = CreateLocation { name: "A".into(), parent_id, ..CreateLocation::default() };
        assert!(matches!(inventory.run(SYSTEM, twin).await, Err(Error::AlreadyExists { .. })));
    }
    let orphan =
        CreateLocation { name: "X".into(), parent_id: Some("nowhere".into()), ..CreateLocation::default() };
    assert!(matches!(inventory.run(SYSTEM, orphan).await, Err(Error::NotFound { .. })));
    let to = |location_id: &str, parent_id: Option<&str>| MoveLocation {
        location_id: location_id.to_owned(),
        parent_id: parent_id.map(str::to_owned),
    };
    for inside in [&a, &b, &c] {
        let moved = inventory.run(SYSTEM, to(&a.id, Some(&inside.id))).await;
        assert!(matches!(moved, Err(Error::Cycle { what: "location", .. })));
    }
    let lost = inventory.run(SYSTEM, to("nothing", None)).await;
    assert!(matches!(lost, Err(Error::NotFound { what: "location", .. })));
    let path = inventory.query(SYSTEM, GetLocationPath { location_id: c.id.clone() }).await.unwrap();
    assert_eq!(path.into_iter().map(|one| one.name).collect::<Vec<_>>(), ["A", "B", "C"]);
    let moved = inventory.run(SYSTEM, to(&b.id, None)).await.unwrap();
    assert_eq!(moved.parent_id, None);
    let tree = inventory.query(SYSTEM, GetLocationTree::default()).await.unwrap();
    let nodes: Vec<_> = tree.items.into_iter().map(|node| (node.depth, node.item.name)).collect();
    assert_eq!(nodes, [(0, "A"), (1, "A"), (0, "B"), (1, "C")].map(|(depth, name)| (depth, name.to_owned())));
    assert_eq!(tree.total, Some(4));
}

#[rstest]
#[tokio::test]
async fn locations_are_not_nested_too_deeply(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let mut deepest = location(inventory, "0", None).await;
    let root = deepest.clone();
    for level in 1..inventory::MAX_DEPTH {
        deepest = location(inventory, &level.to_string(), Some(&deepest)).await;
    }
    let too_deep = Problem::TooDeep { max: inventory::MAX_DEPTH };
    let one_more =
        CreateLocation { name: "x".into(), parent_id: Some(deepest.id.clone()), ..CreateLocation::default() };
    assert_eq!(problems(inventory.run(SYSTEM, one_more).await), [("parent_id", too_deep)]);
    let other = location(inventory, "other", None).await;
    let under = MoveLocation { location_id: root.id, parent_id: Some(other.id) };
    assert_eq!(problems(inventory.run(SYSTEM, under).await), [("parent_id", too_deep)]);
    let path = inventory.query(SYSTEM, GetLocationPath { location_id: deepest.id }).await.unwrap();
    assert_eq!((path.len(), path[0].name.as_str()), (inventory::MAX_DEPTH, "0"));
    let tree = inventory.query(SYSTEM, GetLocationTree::default()).await.unwrap();
    assert_eq!(tree.total, Some(inventory::MAX_DEPTH as u64 + 1));
}

#[rstest]
#[tokio::test]
async fn category_names_are_unique_and_categories_are_never_inside_themselves(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let new = |name: &str, parent: Option<&str>| CreateCategory {
        name: name.to_owned(),
        parent_id: parent.map(str::to_owned),
        ..CreateCategory::default()
    };
    let to = |category_id: &str, parent_id: Option<&str>| MoveCategory {
        category_id: category_id.to_owned(),
        parent_id: parent_id.map(str::to_owned),
    };
    let a = inventory.run(SYSTEM, new("A", None)).await.unwrap();
    let b = inventory.run(SYSTEM, new("B", Some(&a.id))).await.unwrap();
    let twin = inventory.run(SYSTEM, new("B", None)).await;
    assert!(matches!(twin, Err(Error::AlreadyExists { what: "category", name }) if name == "B"));
    let lost = inventory.run(SYSTEM, new("C", Some("nowhere"))).await;
    assert!(matches!(lost, Err(Error::NotFound { .. })));
    assert_eq!(inventory.query(SYSTEM, ListCategories::default()).await.unwrap().total, Some(2));
    let moved = inventory.run(SYSTEM, to(&a.id, Some(&b.id))).await;
    assert!(matches!(moved, Err(Error::Cycle { what: "category", .. })));
    let path = GetCategoryPath { category_id: b.id.clone() };
    assert_eq!(inventory.query(SYSTEM, path).await.unwrap(), [a.clone(), b.clone()]);
    let b = inventory.run(SYSTEM, to(&b.id, None)).await.unwrap();
    let a = inventory.run(SYSTEM, to(&a.id, Some(&b.id))).await.unwrap();
    let tree = inventory.query(SYSTEM, GetCategoryTree::default()).await.unwrap();
    assert_eq!(
        tree.items.iter().map(|node| (node.depth, &node.item)).collect::<Vec<_>>(),
        [(0, &b), (1, &a)]
    );
}

#[rstest]
#[tokio::test]
async fn parts_are_found_and_listed_and_their_names_are_unique(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    for name in ["c", "a", "b"] {
        let number = Some(format!("N-{name}"));
        let new = CreatePart { name: name.into(), number, ..CreatePart::default() };
        inventory.run(SYSTEM, new).await.unwrap();
    }
    let named = |name: &str| CreatePart { name: name.to_owned(), ..CreatePart::default() };
    let twin = inventory.run(SYSTEM, named("a")).await;
    assert!(matches!(twin, Err(Error::AlreadyExists { what: "part", name }) if name == "a"));
    for (bad, problem) in [
        ("", Problem::Missing),
        ("  ", Problem::Missing),
        (&"x".repeat(256), Problem::TooLong { max: 255 }),
        ("a\0b", Problem::Nul),
    ] {
        assert_eq!(problems(inventory.run(SYSTEM, named(bad)).await), [("name", problem)]);
    }
    inventory.run(SYSTEM, named(&"Ω".repeat(255))).await.unwrap();
    let lost = CreatePart { category_ids: vec!["nowhere".into()], ..named("d") };
    assert!(matches!(inventory.run(SYSTEM, lost).await, Err(Error::NotFound { what: "category", .. })));
    assert!(matches!(inventory.query(SYSTEM, FindPartByName("d".into())).await, Err(Error::NotFound { .. })));
    let all = inventory.query(SYSTEM, ListParts::default()).await.unwrap();
    let names: Vec<&str> = all.items.iter().map(|row| row.part.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c", &"Ω".repeat(255)]);

    let b = inventory.query(SYSTEM, FindPartByNumber("N-b".into())).await.unwrap();
    assert_eq!(inventory.query(SYSTEM, GetPart(b.id.clone())).await.unwrap(), b);
    for bad in ["../x.pdf", "/x.pdf", "a\\x.pdf"] {
        let new = AddDatasheet { part_id: b.id.clone(), filename: bad.into(), ..AddDatasheet::default() };
        assert_eq!(
            problems(inventory.run(SYSTEM, new).await),
            [("filename", Problem::OutsideFolder)],
            "{bad}"
        );
    }
    let new =
        AddDatasheet { part_id: b.id.clone(), filename: "maker/x.pdf".into(), ..AddDatasheet::default() };
    let datasheet = inventory.run(SYSTEM, new).await.unwrap();
    let of_b = ListDatasheets { part_id: b.id.clone() };
    assert_eq!(inventory.query(SYSTEM, of_b).await.unwrap(), [datasheet]);
    let image = SetPartImage { part_id: b.id.clone(), image_url: Some("/x".into()) };
    let changed = inventory.run(SYSTEM, image).await.unwrap();
    assert!(changed.image_url.as_deref() == Some("/x") && changed.updated_at > b.updated_at);
    assert_eq!(inventory.query(SYSTEM, GetPart(b.id.clone())).await.unwrap(), changed);
}

#[rstest]
#[tokio::test]
async fn the_categories_of_a_part_are_found(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let mut ids = Vec::new();
    for name in ["smd", "resistors", "other"] {
        let new = CreateCategory { name: name.into(), ..CreateCategory::default() };
        ids.push(inventory.run(SYSTEM, new).await.unwrap().id);
    }
    ids.truncate(2);
    let category_ids = [ids.clone(), ids.clone()].concat();
    let new = CreatePart { name: "R".into(), category_ids, ..CreatePart::default() };
    let part = inventory.run(SYSTEM, new).await.unwrap();
    let filter = CategoryFilter { part_id: Some(part.id), ..CategoryFilter::default() };
    let list = ListCategories(ListQuery { filter, ..ListQuery::default() });
    let found = inventory.query(SYSTEM, list).await.unwrap();
    let names: Vec<_> = found.items.iter().map(|category| category.name.as_str()).collect();
    assert_eq!(names, ["resistors", "smd"]);
}

#[rstest]
#[tokio::test]
async fn every_field_that_breaks_a_rule_is_named(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let new = CreateLocation {
        name: " ".into(),
        location_type: String::new(),
        capacity: Some(0),
        description: Some("a\0".into()),
        ..CreateLocation::default()
    };
    let error = test.inventory.run(SYSTEM, new).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "name is required; location_type is required; description must not hold a NUL character; \
         capacity must be at least 1"
    );
}
