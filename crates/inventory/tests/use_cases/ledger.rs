//! The stock ledger.

use inventory::bulk::{ChangeParts, StockTarget};
use inventory::list::ListQuery;
use inventory::locations::Location;
use inventory::parts::Part;
use inventory::stock::{
    AddStock, CheckStock, CountStock, ListMovements, Movement, MovementFilter, MovementKind, TakeStock,
    TransferStock, UndoMovement, UndoMovements,
};
use inventory::{Error, Inventory};
use rstest::rstest;
use testkit::{DbEngine, TestInventory};

use crate::support::{SYSTEM, location, part, places_of, stock};

/// Returns the movements of a part, oldest first.
async fn history(inventory: &Inventory, part_id: &str) -> Vec<Movement> {
    let filter = MovementFilter { part_id: Some(part_id.to_owned()), ..MovementFilter::default() };
    let list = ListMovements(ListQuery { filter, ..ListQuery::default() });
    inventory.query(SYSTEM, list).await.unwrap().items
}

/// The quantities before and after.
type Change = Option<(i64, i64)>;

/// Returns kind, quantity, and the quantities before and after at both ends.
fn shape(movement: &Movement) -> (MovementKind, i64, Change, Change) {
    let end = |end: &Option<inventory::stock::MovementEnd>| end.as_ref().map(|end| (end.before, end.after));
    (movement.kind, movement.quantity, end(&movement.from), end(&movement.to))
}

#[rstest]
#[tokio::test]
async fn each_change_of_stock_is_a_movement_and_their_sum_is_the_stock(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let (part, shelf) = (part(inventory, "R").await, location(inventory, "shelf", None).await);
    let drawer = location(inventory, "drawer", None).await;
    inventory.run(SYSTEM, stock(&part, &shelf, 100)).await.unwrap();
    let (part_id, location_id) = (part.id.clone(), shelf.id.clone());
    let reason = Some("project".to_owned());
    let take = TakeStock { part_id: part_id.clone(), location_id: location_id.clone(), quantity: 30, reason };
    let taken = inventory.run(SYSTEM, take.clone()).await.unwrap();
    assert_eq!((taken.allocation.quantity, taken.movement.reason.as_deref()), (70, Some("project")));
    let add =
        AddStock { part_id: part_id.clone(), location_id: drawer.id.clone(), quantity: 5, reason: None };
    inventory.run(SYSTEM, add).await.unwrap();
    let to_drawer = TransferStock {
        part_id: part_id.clone(),
        from_location_id: location_id.clone(),
        to_location_id: drawer.id.clone(),
        quantity: 20,
        ..TransferStock::default()
    };
    inventory.run(SYSTEM, to_drawer).await.unwrap();
    for quantity in [48, 48] {
        let (part_id, location_id) = (part_id.clone(), location_id.clone());
        inventory.run(SYSTEM, CountStock { part_id, location_id, quantity, reason: None }).await.unwrap();
    }
    let too_many = TakeStock { quantity: 49, ..take };
    let refused = inventory.run(SYSTEM, too_many).await;
    assert!(matches!(refused, Err(Error::InsufficientStock { available: 48, requested: 49 })));
    let shapes: Vec<_> = history(inventory, &part_id).await.iter().map(shape).collect();
    assert_eq!(
        shapes,
        [
            (MovementKind::Add, 100, None, Some((0, 100))),
            (MovementKind::Take, 30, Some((100, 70)), None),
            (MovementKind::Add, 5, None, Some((0, 5))),
            (MovementKind::Move, 20, Some((70, 50)), Some((5, 25))),
            (MovementKind::Count, 2, Some((50, 48)), None),
            (MovementKind::Count, 0, None, Some((48, 48))),
        ]
    );
    assert_eq!(inventory.query(SYSTEM, CheckStock).await.unwrap().count, 0);
}

#[rstest]
#[tokio::test]
async fn undoing_a_move_of_everything_gives_the_primary_storage_back(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let (part, shelf) = (part(inventory, "R").await, location(inventory, "shelf", None).await);
    let drawer = location(inventory, "drawer", None).await;
    let (part_id, location_id) = (part.id.clone(), shelf.id.clone());
    let add = AddStock { part_id: part_id.clone(), location_id, quantity: 10, reason: None };
    inventory.run(SYSTEM, add).await.unwrap();
    let all = TransferStock {
        part_id: part_id.clone(),
        from_location_id: shelf.id.clone(),
        to_location_id: drawer.id.clone(),
        quantity: 10,
        ..TransferStock::default()
    };
    let movement_id = inventory.run(SYSTEM, all).await.unwrap().movement.id;
    inventory.run(SYSTEM, UndoMovement { part_id, movement_id }).await.unwrap();
    let places = places_of(inventory, &part).await.into_iter().map(|place| place.allocation);
    let places: Vec<_> = places.map(|place| (place.location_id, place.quantity, place.is_primary)).collect();
    assert_eq!(places, [(shelf.id, 10, true)]);
    assert_eq!(inventory.query(SYSTEM, CheckStock).await.unwrap().count, 0);
}

/// Moves all stock of parts to a place, and returns what undoes it.
async fn move_all(inventory: &Inventory, parts: &[&Part], to: &Location) -> UndoMovements {
    let target =
        StockTarget { from_location_id: None, to_location_id: to.id.clone(), reason: Some("tidy".into()) };
    let ids = parts.iter().map(|part| part.id.clone()).collect();
    let change = ChangeParts { ids, move_stock: Some(target), ..ChangeParts::default() };
    UndoMovements(inventory.run(SYSTEM, change).await.unwrap().movements.unwrap())
}

/// Returns the places of a part with their quantities, the primary storage first.
async fn quantities(inventory: &Inventory, part: &Part) -> Vec<(String, i64, bool)> {
    let places = places_of(inventory, part).await.into_iter();
    places
        .map(|place| (place.location_name, place.allocation.quantity, place.allocation.is_primary))
        .collect()
}

#[rstest]
#[tokio::test]
async fn a_move_of_many_parts_is_undone_as_one(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let (screw, nut) = (part(inventory, "screw").await, part(inventory, "nut").await);
    let (shelf, drawer) =
        (location(inventory, "shelf", None).await, location(inventory, "drawer", None).await);
    let bench = location(inventory, "bench", None).await;
    for (part, place, quantity) in
        [(&screw, &shelf, 10), (&screw, &drawer, 4), (&nut, &bench, 3), (&nut, &shelf, 2)]
    {
        let (part_id, location_id) = (part.id.clone(), place.id.clone());
        inventory.run(SYSTEM, AddStock { part_id, location_id, quantity, reason: None }).await.unwrap();
    }
    let before = (quantities(inventory, &screw).await, quantities(inventory, &nut).await);
    let undo = move_all(inventory, &[&screw, &nut], &bench).await;
    assert_eq!(quantities(inventory, &screw).await, [("bench".to_owned(), 14, true)]);
    assert_eq!(quantities(inventory, &nut).await, [("bench".to_owned(), 5, true)]);
    assert_eq!(inventory.run(SYSTEM, undo.clone()).await.unwrap(), 2);
    let after = (quantities(inventory, &screw).await, quantities(inventory, &nut).await);
    assert_eq!(after, before);
    assert_eq!(inventory.query(SYSTEM, CheckStock).await.unwrap().count, 0);
    let again = inventory.run(SYSTEM, undo).await;
    assert!(matches!(&again, Err(Error::MovedSince { .. })), "{again:?}");
}

#[rstest]
#[tokio::test]
async fn a_move_of_many_parts_is_not_undone_once_one_of_them_has_moved(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let (screw, nut) = (part(inventory, "screw").await, part(inventory, "nut").await);
    let (shelf, bench) = (location(inventory, "shelf", None).await, location(inventory, "bench", None).await);
    for part in [&screw, &nut] {
        inventory.run(SYSTEM, stock(part, &shelf, 10)).await.unwrap();
    }
    let undo = move_all(inventory, &[&screw, &nut], &bench).await;
    let (part_id, location_id) = (screw.id.clone(), bench.id.clone());
    inventory.run(SYSTEM, TakeStock { part_id, location_id, quantity: 1, reason: None }).await.unwrap();
    let refused = inventory.run(SYSTEM, undo.clone()).await;
    assert!(matches!(&refused, Err(Error::MovedSince { part }) if part == "screw"), "{refused:?}");
    assert_eq!(quantities(inventory, &nut).await[0].0, "bench");
    let mut mixed = undo;
    mixed.0.first = history(inventory, &screw.id).await[0].id.clone();
    let refused = inventory.run(SYSTEM, mixed).await;
    assert!(matches!(&refused, Err(Error::NotFound { .. })), "movements of several changes: {refused:?}");
}

#[rstest]
#[tokio::test]
async fn only_the_last_movement_can_be_undone_and_only_once(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let (part, shelf) = (part(inventory, "R").await, location(inventory, "shelf", None).await);
    let drawer = location(inventory, "drawer", None).await;
    inventory.run(SYSTEM, stock(&part, &shelf, 10)).await.unwrap();
    let all = TransferStock {
        part_id: part.id.clone(),
        from_location_id: shelf.id.clone(),
        to_location_id: drawer.id.clone(),
        quantity: 10,
        ..TransferStock::default()
    };
    let moved = inventory.run(SYSTEM, all).await.unwrap().movement;
    let undo =
        |movement: &Movement| UndoMovement { part_id: part.id.clone(), movement_id: movement.id.clone() };
    let first = &history(inventory, &part.id).await[0];
    let refused = inventory.run(SYSTEM, undo(first)).await;
    assert!(matches!(refused, Err(Error::NothingToUndo { .. })), "{refused:?}");
    let undone = inventory.run(SYSTEM, undo(&moved)).await.unwrap();
    assert_eq!(undone.undoes.as_deref(), Some(moved.id.as_str()));
    let at: Vec<_> = places_of(inventory, &part).await;
    let at = at.iter().map(|place| (place.allocation.location_id.as_str(), place.allocation.quantity));
    assert!(at.clone().any(|place| place == (shelf.id.as_str(), 10)), "{:?}", at.collect::<Vec<_>>());
    for movement in [&moved, &undone] {
        let refused = inventory.run(SYSTEM, undo(movement)).await;
        assert!(matches!(refused, Err(Error::NothingToUndo { .. })), "{refused:?}");
    }
    assert_eq!(inventory.query(SYSTEM, CheckStock).await.unwrap().count, 0);
}

/// The original changes quantities without a movement.
#[tokio::test]
async fn a_change_by_another_program_is_found_and_then_recorded_as_a_correction() {
    let test = TestInventory::new(DbEngine::Sqlite).await;
    let inventory = &test.inventory;
    let (part, shelf) = (part(inventory, "R").await, location(inventory, "shelf", None).await);
    inventory.run(SYSTEM, stock(&part, &shelf, 10)).await.unwrap();
    let other = rusqlite::Connection::open(test.scratch.path()).unwrap();
    other.execute("UPDATE part_location_allocations SET quantity_at_location = 4", []).unwrap();
    let check = inventory.query(SYSTEM, CheckStock).await.unwrap();
    assert_eq!((check.count, check.differences[0].stock, check.differences[0].ledger), (1, 4, 10));
    let (part_id, location_id) = (part.id.clone(), shelf.id.clone());
    let take = TakeStock { part_id, location_id, quantity: 1, reason: None };
    inventory.run(SYSTEM, take).await.unwrap();
    let shapes: Vec<_> = history(inventory, &part.id).await.iter().map(shape).collect();
    assert_eq!(
        shapes[1..],
        [(MovementKind::Correction, 6, Some((10, 4)), None), (MovementKind::Take, 1, Some((4, 3)), None),]
    );
    assert_eq!(inventory.query(SYSTEM, CheckStock).await.unwrap().count, 0);
}
