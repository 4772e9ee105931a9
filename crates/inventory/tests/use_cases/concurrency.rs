//! Tests concurrent use cases on both engines: stock is neither lost nor created nor negative, and names are unique.
use crate::support::{SYSTEM, location, part, places_of, stock};
use inventory::locations::CreateLocation;
use inventory::parts::CreatePart;
use inventory::stock::{GetTotalQuantity, TransferStock};
use inventory::{Ambient, Error, Inventory, Kind};
use rstest::rstest;
use testkit::{DbEngine, TestFolder, TestInventory};

const TASKS: usize = 16;

/// Runs `work` in many tasks. Half of them use a second set of connections, like another process.
async fn many<T, F>(test: &TestInventory, work: impl Fn(usize, Inventory) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let second = test.open_again().await;
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let inventory = if task % 2 == 0 { test.inventory.clone() } else { second.clone() };
            tokio::spawn(work(task, inventory))
        })
        .collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    second.close().await.unwrap();
    results
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_transfers_do_not_change_the_total(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let part = part(inventory, "R").await;
    let mut ids = Vec::new();
    for name in ["A", "B", "C"] {
        let location = location(inventory, name, None).await;
        inventory.run(SYSTEM, stock(&part, &location, 20)).await.unwrap();
        ids.push(location.id);
    }
    let part_id = part.id.clone();
    let moved: usize = many(&test, |task, inventory| {
        let (part_id, ids) = (part_id.clone(), ids.clone());
        async move {
            let mut moved = 0;
            for step in 0..10 {
                let transfer = TransferStock {
                    part_id: part_id.clone(),
                    from_location_id: ids[(task + step) % 3].clone(),
                    to_location_id: ids[(task + 2 * step + 1) % 3].clone(),
                    quantity: i64::try_from(1 + (task * 7 + step * 5) % 15).unwrap(),
                    ..TransferStock::default()
                };
                match inventory.run(SYSTEM, transfer).await {
                    Ok(_) => moved += 1,
                    Err(error) => {
                        assert!(
                            matches!(error.kind(), Kind::Conflict | Kind::NotFound | Kind::Invalid),
                            "{error}"
                        );
                    }
                }
                let total = GetTotalQuantity { part_id: part_id.clone() };
                assert_eq!(inventory.query(SYSTEM, total).await.unwrap(), 60);
            }
            moved
        }
    })
    .await
    .into_iter()
    .sum();
    assert!(moved > 0);
    let left = places_of(inventory, &part).await;
    assert!(left.iter().all(|place| place.allocation.quantity > 0));
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_transfers_take_no_more_than_there_is(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let (part, shelf, box_) = (
        part(inventory, "R").await,
        location(inventory, "shelf", None).await,
        location(inventory, "box", None).await,
    );
    inventory.run(SYSTEM, stock(&part, &shelf, 10)).await.unwrap();
    let transfer = TransferStock {
        part_id: part.id.clone(),
        from_location_id: shelf.id.clone(),
        to_location_id: box_.id.clone(),
        quantity: 3,
        ..TransferStock::default()
    };
    let results = many(&test, |_, inventory| {
        let transfer = transfer.clone();
        async move { inventory.run(SYSTEM, transfer).await }
    })
    .await;
    let taken = results.iter().filter(|result| result.is_ok()).count();
    assert_eq!(taken, 3, "3 of 10 can be taken 3 times");
    for refused in results.into_iter().filter_map(Result::err) {
        assert!(matches!(refused, Error::InsufficientStock { available: 1, requested: 3 }), "{refused}");
    }
    let places = places_of(inventory, &part).await;
    let quantities: Vec<i64> = places.iter().map(|place| place.allocation.quantity).collect();
    assert_eq!(quantities, [1, 9]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn only_one_of_many_concurrent_tasks_gets_a_name(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let parts = many(&test, |_, inventory| async move {
        inventory.run(SYSTEM, CreatePart { name: "R".into(), ..CreatePart::default() }).await.map(|_| ())
    });
    let parts = parts.await;
    // A query, not an index, ensures that names at the root are unique.
    let locations = many(&test, |_, inventory| async move {
        inventory
            .run(SYSTEM, CreateLocation { name: "A".into(), ..CreateLocation::default() })
            .await
            .map(|_| ())
    });
    for results in [parts, locations.await] {
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
        for refused in results.into_iter().filter_map(Result::err) {
            assert!(matches!(refused, Error::AlreadyExists { .. }), "{refused}");
        }
    }
}

/// A restore over an unusable database replaces the file. What is written to the former file would be lost.
#[tokio::test]
async fn a_write_to_a_database_file_that_was_replaced_is_refused() {
    let folder = TestFolder::new();
    let [path, other] = ["live.db", "other.db"].map(|name| folder.path().join(name));
    let inventory = Inventory::create(path.as_path(), Ambient::system()).await.unwrap();
    Inventory::create(other.as_path(), Ambient::system()).await.unwrap().close().await.unwrap();
    assert!(!inventory.is_replaced());
    std::fs::rename(&other, &path).unwrap();
    assert!(inventory.is_replaced());
    let new = CreateLocation { name: "Shelf".to_owned(), ..CreateLocation::default() };
    let error = inventory.run(SYSTEM, new).await.unwrap_err();
    assert!(matches!(error, Error::Replaced { .. }) && error.kind() == Kind::Busy, "{error}");
    inventory.close().await.unwrap();
    let reopened = inventory.reopen().await.unwrap();
    location(&reopened, "Shelf", None).await;
    reopened.close().await.unwrap();
}
