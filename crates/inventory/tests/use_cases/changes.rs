//! Changes of things: versions and idempotency keys.

use std::sync::atomic::{AtomicU32, Ordering};

use inventory::categories::CreateCategory;
use inventory::parts::{CreatePart, GetPart, SetLowStockLimit, UpdatePart};
use inventory::{Change, Changed, Error, IdempotencyKey, Once};
use rstest::rstest;
use testkit::{DbEngine, TestInventory};

use crate::support::{SYSTEM, part};

#[rstest]
#[tokio::test]
async fn a_change_based_on_an_old_version_is_refused_and_says_who_was_faster(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let seen = part(&test.inventory, "R").await;
    let rename = |name: &str, version: &str| UpdatePart {
        id: seen.id.clone(),
        version: Some(version.to_owned()),
        name: Change::Set(name.to_owned()),
        ..UpdatePart::default()
    };
    let renamed = test.inventory.run(SYSTEM, rename("R1", &seen.version)).await.unwrap();
    assert_ne!(renamed.version, seen.version);
    let refused = test.inventory.run(SYSTEM, rename("R2", &seen.version)).await;
    let Err(Error::Changed { by, at, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(by.as_deref(), Some("system"));
    assert!(at.is_some());
    test.inventory.run(SYSTEM, rename("R2", &renamed.version)).await.unwrap();
    assert_eq!(test.inventory.query(SYSTEM, GetPart(seen.id.clone())).await.unwrap().name, "R2");
}

#[rstest]
#[tokio::test]
async fn a_command_with_an_idempotency_key_runs_once(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let key = |request: &str| IdempotencyKey { key: "k".to_owned(), request: request.to_owned() };
    let create = |name: &str| CreatePart { name: name.to_owned(), ..CreatePart::default() };
    let calls = AtomicU32::new(0);
    let respond = |part: &inventory::parts::Part| {
        calls.fetch_add(1, Ordering::SeqCst);
        part.id.clone()
    };
    let first = test.inventory.run_once(SYSTEM, create("R"), &key("a"), &respond).await.unwrap();
    let Once::Done(created) = first else { panic!("{first:?}") };
    // Another process, or the same after a restart.
    let again = test.open_again().await;
    let repeated = again.run_once(SYSTEM, create("R"), &key("a"), &respond).await.unwrap();
    assert_eq!(repeated, Once::Repeated(created.id));
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    let other = again.run_once(SYSTEM, create("S"), &key("b"), &respond).await;
    assert!(matches!(other, Err(Error::KeyReused)), "{other:?}");
    // A failed command leaves no record.
    let failing = IdempotencyKey { key: "f".to_owned(), request: "x".to_owned() };
    for _ in 0..2 {
        let failed = again.run_once(SYSTEM, create("R"), &failing, &respond).await;
        assert!(matches!(failed, Err(Error::AlreadyExists { .. })), "{failed:?}");
    }
}

/// Guards against a defect: whether a part is low would have been derived from its former limit.
#[tokio::test]
async fn a_new_limit_changes_what_is_derived_from_the_part() {
    let test = TestInventory::new(DbEngine::Sqlite).await;
    let part = part(&test.inventory, "R").await;
    for quantity in [Some(5), Some(6), None] {
        test.inventory.take_changes().await.unwrap();
        let limit = SetLowStockLimit { part_id: part.id.clone(), quantity };
        test.inventory.run(SYSTEM, limit).await.unwrap();
        let changed = Changed::Parts([part.id.clone()].into());
        assert_eq!(test.inventory.take_changes().await.unwrap(), changed, "{quantity:?}");
    }
}

#[tokio::test]
async fn a_new_category_below_another_changes_nothing_that_is_derived() {
    let test = TestInventory::new(DbEngine::Sqlite).await;
    let create =
        |name: &str, parent_id| CreateCategory { name: name.to_owned(), parent_id, description: None };
    let above = test.inventory.run(SYSTEM, create("above", None)).await.unwrap();
    test.inventory.take_changes().await.unwrap();
    let below = test.inventory.run(SYSTEM, create("below", Some(above.id))).await.unwrap();
    assert_eq!(test.inventory.take_changes().await.unwrap(), Changed::default());
    let rename = inventory::categories::UpdateCategory {
        id: below.id,
        name: Change::Set("renamed".to_owned()),
        ..Default::default()
    };
    test.inventory.run(SYSTEM, rename).await.unwrap();
    assert_eq!(test.inventory.take_changes().await.unwrap(), Changed::Anything);
}
