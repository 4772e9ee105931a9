//! Changing and deleting locations, and containers with slots.

use inventory::deletion::{DeleteLocation, PreviewLocationDeletion};
use inventory::list::ListQuery;
use inventory::locations::{
    CreateLocation, GetLocation, GetLocationOutline, ListLocations, Location, LocationFilter, SLOT,
    SlotLayout, Slots, UpdateLocation,
};
use inventory::stock::{AllocationFilter, AllocationSort, CheckStock, ListAllocations, TakeStock};
use inventory::{Change, Error, Inventory, Problem};
use rstest::rstest;
use testkit::{DbEngine, TestInventory};

use crate::support::{SYSTEM, location, part, places_of, problems, stock};

fn container(name: &str, layout: SlotLayout, pattern: Option<&str>) -> CreateLocation {
    let slots = Slots { layout, naming_pattern: pattern.map(str::to_owned) };
    CreateLocation { name: name.to_owned(), slots: Some(slots), ..CreateLocation::default() }
}

/// Returns the slots of a container by number.
async fn slots_of(inventory: &Inventory, container: &Location) -> Vec<Location> {
    let filter = LocationFilter { parent_id: Some(container.id.clone()), ..LocationFilter::default() };
    let list = ListLocations(ListQuery { filter, ..ListQuery::default() });
    let mut slots = inventory.query(SYSTEM, list).await.unwrap().items;
    slots.sort_by_key(|slot| slot.slot_number);
    slots
}

#[rstest]
#[tokio::test]
async fn a_container_is_created_with_its_slots(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let new = container("Box", SlotLayout::Linear { count: 3 }, None);
    let linear = inventory.run(SYSTEM, new).await.unwrap();
    let slots = slots_of(inventory, &linear).await;
    let names: Vec<_> = slots.iter().map(|slot| (slot.name.as_str(), slot.slot_number)).collect();
    assert_eq!(names, [("Slot 1", Some(1)), ("Slot 2", Some(2)), ("Slot 3", Some(3))]);
    assert!(slots.iter().all(|slot| slot.is_slot && slot.location_type == SLOT));
    let new = container("Grid", SlotLayout::Grid { rows: 2, columns: 3 }, None);
    let grid = inventory.run(SYSTEM, new).await.unwrap();
    assert_eq!(grid.slots.as_ref().map(|slots| slots.layout), Some(SlotLayout::Grid { rows: 2, columns: 3 }));
    let names: Vec<_> = slots_of(inventory, &grid).await.into_iter().map(|slot| slot.name).collect();
    assert_eq!(names, ["R1-C1", "R1-C2", "R1-C3", "R2-C1", "R2-C2", "R2-C3"]);

    let many = container("x", SlotLayout::Linear { count: 201 }, Some("same"));
    assert_eq!(
        problems(inventory.run(SYSTEM, many).await),
        [("slot_count", Problem::TooLarge { max: 200 }), ("slot_naming_pattern", Problem::SameSlotNames)]
    );
    let huge = container("x", SlotLayout::Grid { rows: i64::MAX, columns: 2 }, Some("{row}/{col}"));
    let huge = problems(inventory.run(SYSTEM, huge).await);
    assert_eq!(huge[0], ("grid_rows", Problem::TooLarge { max: 20 }), "{huge:?}");

    // A slot stays in its container.
    let parent_id = Change::Set(Some(linear.id.clone()));
    let out = UpdateLocation {
        id: slots_of(inventory, &grid).await[0].id.clone(),
        parent_id,
        ..Default::default()
    };
    assert_eq!(problems(inventory.run(SYSTEM, out).await), [("parent_id", Problem::FixedSlot)]);
}

#[rstest]
#[tokio::test]
async fn a_mobile_cassette_moves_with_what_is_in_it(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let (shelf, bench) = (location(inventory, "shelf", None).await, location(inventory, "bench", None).await);
    let cassette = CreateLocation {
        parent_id: Some(shelf.id.clone()),
        is_mobile: true,
        ..container("reel", SlotLayout::Linear { count: 2 }, None)
    };
    let cassette = inventory.run(SYSTEM, cassette).await.unwrap();
    let slot = slots_of(inventory, &cassette).await.remove(1);
    let part = part(inventory, "R").await;
    inventory.run(SYSTEM, stock(&part, &slot, 40)).await.unwrap();
    let change = UpdateLocation {
        id: cassette.id.clone(),
        version: Some(cassette.version.clone()),
        parent_id: Change::Set(Some(bench.id.clone())),
        ..UpdateLocation::default()
    };
    let moved = inventory.run(SYSTEM, change.clone()).await.unwrap();
    assert_eq!(moved.parent_id, Some(bench.id.clone()));
    let late = inventory.run(SYSTEM, change).await;
    assert!(matches!(late, Err(Error::Changed { what: "location", .. })), "{late:?}");
    let places = places_of(inventory, &part).await;
    assert_eq!((places[0].allocation.quantity, &places[0].allocation.location_id), (40, &slot.id));
    let slot = inventory.query(SYSTEM, GetLocation(slot.id)).await.unwrap();
    assert_eq!((slot.part_count, slot.quantity), (1, 40));
    let into_slot =
        UpdateLocation { id: bench.id, parent_id: Change::Set(Some(slot.id)), ..Default::default() };
    assert!(matches!(inventory.run(SYSTEM, into_slot).await, Err(Error::Cycle { .. })));
}

#[rstest]
#[tokio::test]
async fn a_location_of_several_parts_does_not_become_one_for_a_single_part(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let shelf = location(inventory, "shelf", None).await;
    let single = |id: &str| UpdateLocation {
        id: id.to_owned(),
        location_type: Change::Set("single_part".into()),
        ..UpdateLocation::default()
    };
    for name in ["R", "C"] {
        inventory.run(SYSTEM, stock(&part(inventory, name).await, &shelf, 1)).await.unwrap();
    }
    let refused = inventory.run(SYSTEM, single(&shelf.id)).await;
    assert!(matches!(refused, Err(Error::LocationTaken { .. })), "{refused:?}");
    let empty = location(inventory, "empty", None).await;
    inventory.run(SYSTEM, single(&empty.id)).await.unwrap();
}

#[rstest]
#[tokio::test]
async fn deleting_a_location_never_loses_stock(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let room = location(inventory, "room", None).await;
    let shelf = location(inventory, "shelf", Some(&room)).await;
    let other = location(inventory, "other", None).await;
    let (r, c) = (part(inventory, "R").await, part(inventory, "C").await);
    inventory.run(SYSTEM, stock(&r, &shelf, 30)).await.unwrap();
    inventory.run(SYSTEM, stock(&r, &other, 5)).await.unwrap();
    inventory.run(SYSTEM, stock(&c, &room, 1)).await.unwrap();
    let (part_id, location_id) = (c.id.clone(), room.id.clone());
    let all = TakeStock { part_id, location_id, quantity: 1, reason: None };
    inventory.run(SYSTEM, all).await.unwrap();

    let preview = inventory.query(SYSTEM, PreviewLocationDeletion(room.id.clone())).await.unwrap();
    assert_eq!((preview.below_count, preview.part_count, preview.quantity), (1, 1, 30));
    let delete = DeleteLocation { id: room.id.clone(), ..DeleteLocation::default() };
    let refused = inventory.run(SYSTEM, delete.clone()).await;
    assert!(matches!(refused, Err(Error::NotEmpty { what: "part", count: 1, .. })), "{refused:?}");
    let into_itself = DeleteLocation { move_stock_to: Some(shelf.id.clone()), ..delete.clone() };
    assert_eq!(problems(inventory.run(SYSTEM, into_itself).await), [("move_stock_to", Problem::Deleted)]);
    inventory.run(SYSTEM, DeleteLocation { move_stock_to: Some(other.id.clone()), ..delete }).await.unwrap();

    let places = |places: Vec<inventory::stock::PlacedAllocation>| -> Vec<(String, i64)> {
        places.into_iter().map(|place| (place.allocation.location_id, place.allocation.quantity)).collect()
    };
    assert_eq!(places(places_of(inventory, &r).await), [(other.id.clone(), 35)]);
    assert_eq!(places(places_of(inventory, &c).await), [(other.id.clone(), 0)]);
    assert_eq!(inventory.query(SYSTEM, CheckStock).await.unwrap().count, 0);
    for gone in [room, shelf] {
        let found = inventory.query(SYSTEM, GetLocation(gone.id)).await;
        assert!(matches!(found, Err(Error::NotFound { .. })));
    }
    // An empty location needs no target.
    let empty = location(inventory, "empty", None).await;
    inventory.run(SYSTEM, DeleteLocation { id: empty.id, ..DeleteLocation::default() }).await.unwrap();
}

/// Tools come from the original only.
#[tokio::test]
async fn tools_at_a_deleted_location_move_too() {
    let test = TestInventory::new(DbEngine::Sqlite).await;
    let inventory = &test.inventory;
    let (bench, wall) = (location(inventory, "bench", None).await, location(inventory, "wall", None).await);
    let other = rusqlite::Connection::open(test.scratch.path()).unwrap();
    let tool = "INSERT INTO toolmodel (id, tool_name, is_checked_out, is_checkable, is_calibrated_tool, is_consumable, \
                exclude_from_analytics, created_at, updated_at) \
                VALUES ('t', 'pliers', 0, 1, 0, 0, 0, '2026-01-02', '2026-01-02')";
    other.execute(tool, []).unwrap();
    for (place, quantity) in [(&bench, 2), (&wall, 1)] {
        let at = "INSERT INTO tool_location_allocations VALUES (?1, 't', ?1, ?2, 0, '2026-01-02', '2026-01-02', NULL)";
        other.execute(at, rusqlite::params![place.id, quantity]).unwrap();
    }
    let delete = DeleteLocation { id: bench.id, ..DeleteLocation::default() };
    let refused = inventory.run(SYSTEM, delete.clone()).await;
    assert!(matches!(refused, Err(Error::NotEmpty { what: "tool", count: 1, .. })), "{refused:?}");
    inventory.run(SYSTEM, DeleteLocation { move_stock_to: Some(wall.id), ..delete }).await.unwrap();
    let sum = "SELECT count(*), sum(quantity_at_location) FROM tool_location_allocations";
    let left: (i64, i64) = other.query_row(sum, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    assert_eq!(left, (1, 3));
}

#[rstest]
#[tokio::test]
async fn an_outline_has_all_locations_with_their_parents_and_counts(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let room = location(inventory, "Room", None).await;
    let shelf = location(inventory, "Shelf", Some(&room)).await;
    for name in ["R", "C"] {
        let part = part(inventory, name).await;
        inventory.run(SYSTEM, stock(&part, &shelf, 3)).await.unwrap();
    }
    let outline = async |counts| {
        let mut items = inventory.query(SYSTEM, GetLocationOutline { counts }).await.unwrap();
        items.sort_by(|a, b| a.name.cmp(&b.name));
        items.into_iter().map(|item| (item.name, item.parent_id, item.part_count)).collect::<Vec<_>>()
    };
    let room_id = Some(room.id.clone());
    assert_eq!(outline(true).await, [("Room".to_owned(), None, 0), ("Shelf".to_owned(), room_id.clone(), 2)]);
    assert_eq!(outline(false).await[1], ("Shelf".to_owned(), room_id, 0));
    let cassette =
        CreateLocation { is_mobile: true, ..container("Box", SlotLayout::Linear { count: 1 }, None) };
    inventory.run(SYSTEM, cassette).await.unwrap();
    let items = inventory.query(SYSTEM, GetLocationOutline { counts: true }).await.unwrap();
    let of =
        |name: &str| items.iter().find(|item| item.name == name).map(|item| (item.is_slot, item.is_mobile));
    assert_eq!((of("Box"), of("Slot 1")), (Some((false, true)), Some((true, false))));
}

#[rstest]
#[tokio::test]
async fn what_is_in_a_container_is_listed_with_what_is_in_its_slots(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let new = container("Box", SlotLayout::Linear { count: 2 }, None);
    let container = inventory.run(SYSTEM, new).await.unwrap();
    let slots = slots_of(inventory, &container).await;
    let inner = location(inventory, "Bag", Some(&container)).await;
    for (name, place) in [("in the box", &container), ("in a slot", &slots[1]), ("in the bag", &inner)] {
        let part = part(inventory, name).await;
        inventory.run(SYSTEM, stock(&part, place, 1)).await.unwrap();
    }
    let filter = AllocationFilter { container_id: Some(container.id), ..AllocationFilter::default() };
    let sort = AllocationSort::PartName;
    let list = ListAllocations(ListQuery { filter, sort, ..ListQuery::default() });
    let found = inventory.query(SYSTEM, list).await.unwrap().items;
    let names: Vec<&str> = found.iter().map(|placed| placed.part_name.as_str()).collect();
    assert_eq!(names, ["in a slot", "in the box"]);
}
