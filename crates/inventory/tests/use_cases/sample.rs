//! Tests that the sample inventory matches its specification on both engines.
use std::fs;

use crate::support::{SYSTEM, places_of};
use inventory::categories::{Category, CategoryFilter, GetCategoryPath, ListCategories};
use inventory::list::ListQuery;
use inventory::locations::ListLocations;
use inventory::parts::{GetPart, ListDatasheets, ListParts};
use inventory::roles::ListRoles;
use inventory::sample::{Accounts, populate};
use inventory::stock::GetTotalQuantity;
use inventory::users::{ListUsers, User};
use rstest::rstest;
use testkit::{DbEngine, TestInventory};

#[rstest]
#[tokio::test]
async fn the_sample_is_complete(#[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let static_root = test.scratch.beside("static");
    let accounts =
        Accounts { admin_password: "AdminPass123!".to_owned(), user_password: "UserPass123!".to_owned() };
    let sample = populate(inventory, &static_root, accounts).await.unwrap();

    assert_eq!(inventory.query(SYSTEM, ListRoles::default()).await.unwrap().items, sample.roles);
    assert_eq!(inventory.query(SYSTEM, ListUsers::default()).await.unwrap().items, sample.users);
    assert_eq!(inventory.query(SYSTEM, ListParts::default()).await.unwrap().total, Some(5));
    assert_eq!(inventory.query(SYSTEM, ListCategories::default()).await.unwrap().total, Some(8));
    assert_eq!(inventory.query(SYSTEM, ListLocations::default()).await.unwrap().total, Some(10));
    assert_eq!((sample.categories.len(), sample.locations.len(), sample.allocations.len()), (8, 10, 4));
    assert_eq!(sample.locations.iter().filter(|location| location.is_mobile).count(), 2);
    let path = GetCategoryPath { category_id: sample.categories[2].id.clone() };
    let path = inventory.query(SYSTEM, path).await.unwrap();
    let ids = |categories: &[Category]| categories.iter().map(|found| found.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&path), ids(&sample.categories[..3]));
    assert_eq!(places_of(inventory, &sample.parts[0]).await.len(), 2);
    let total = GetTotalQuantity { part_id: sample.parts[0].id.clone() };
    assert_eq!(inventory.query(SYSTEM, total).await.unwrap(), 5000);
    for (user, password) in sample.users.iter().zip(["AdminPass123!", "UserPass123!"]) {
        let signed_in = inventory.sign_in(&user.username, password).await.unwrap().unwrap();
        assert_eq!(User { last_login: None, ..signed_in }, *user);
    }
    for (created, user) in sample.api_keys.iter().zip(&sample.users) {
        assert_eq!(inventory.authenticate_api_key(&created.key, None).await.unwrap().actor, user.actor());
    }
    for part in &sample.parts {
        assert_eq!(inventory.query(SYSTEM, GetPart(part.id.clone())).await.unwrap(), *part);
        let filter = CategoryFilter { part_id: Some(part.id.clone()), ..CategoryFilter::default() };
        let of_part = ListCategories(ListQuery { filter, ..ListQuery::default() });
        assert_eq!(inventory.query(SYSTEM, of_part).await.unwrap().total, Some(1));
        let datasheets = ListDatasheets { part_id: part.id.clone() };
        for datasheet in inventory.query(SYSTEM, datasheets).await.unwrap() {
            assert!(sample.datasheets.contains(&static_root.join("datasheets").join(datasheet.filename)));
        }
    }
    for path in &sample.datasheets {
        assert!(fs::read(path).unwrap().starts_with(b"%PDF-1.4"));
    }
    for path in &sample.images {
        let id = path.file_stem().unwrap().to_str().unwrap();
        let url = format!("/api/utility/get_image/{id}");
        assert!(sample.parts.iter().any(|part| part.image_url.as_ref() == Some(&url)));
        assert!(fs::read(path).unwrap().ends_with(b"IEND\xae\x42\x60\x82"));
    }
    inventory.close().await.unwrap();
}

#[rstest]
#[tokio::test]
async fn a_sample_that_was_interrupted_has_no_users_whose_passwords_nobody_knows(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let static_root = test.scratch.beside("static");
    // A file stands where the folder for images would be.
    fs::create_dir_all(&static_root).unwrap();
    fs::write(static_root.join("images"), "").unwrap();
    let accounts =
        Accounts { admin_password: "AdminPass123!".to_owned(), user_password: "UserPass123!".to_owned() };
    assert!(populate(inventory, &static_root, accounts).await.is_err());
    assert_eq!(inventory.query(SYSTEM, ListParts::default()).await.unwrap().total, Some(5));
    assert_eq!(inventory.query(SYSTEM, ListUsers::default()).await.unwrap().items, []);
}
