//! The sample inventory has what it is specified to have.

use std::fs;

use inventory::password::Rounds;
use inventory::sample::{Accounts, populate};
use inventory::{Actor, Ambient, Inventory};
use tempfile::TempDir;

#[tokio::test]
async fn the_sample_is_complete() {
    let folder = TempDir::new().unwrap();
    let inventory = Inventory::create(&folder.path().join("parts.db"), Ambient::system()).await.unwrap();
    let static_root = folder.path().join("static");
    let accounts = Accounts {
        admin_password: "AdminPass123!".to_owned(),
        user_password: "UserPass123!".to_owned(),
        rounds: Rounds::new(10).unwrap(),
    };
    let sample = populate(&inventory, &static_root, accounts).await.unwrap();

    let system = &Actor::System;
    assert_eq!(inventory.roles(system).await.unwrap(), sample.roles);
    assert_eq!(inventory.users(system).await.unwrap(), sample.users);
    assert_eq!(inventory.parts(system, 1, 100).await.unwrap().total, 5);
    assert_eq!(inventory.categories(system).await.unwrap().len(), 8);
    assert_eq!(inventory.locations(system).await.unwrap().len(), 10);
    assert_eq!((sample.categories.len(), sample.locations.len(), sample.allocations.len()), (8, 10, 4));
    assert_eq!(sample.locations.iter().filter(|location| location.is_mobile).count(), 2);
    let path = inventory.category_path(system, &sample.categories[2].id).await.unwrap();
    assert_eq!(
        path,
        [sample.categories[0].clone(), sample.categories[1].clone(), sample.categories[2].clone()]
    );
    assert_eq!(inventory.part_allocations(system, &sample.parts[0].id).await.unwrap().len(), 2);
    assert_eq!(inventory.total_quantity(system, &sample.parts[0].id).await.unwrap(), 5000);
    for (account, password) in sample.users.iter().zip(["AdminPass123!", "UserPass123!"]) {
        let verified = inventory.verify_password(&account.user.username, password).await.unwrap();
        assert_eq!(verified.as_ref(), Some(account));
    }
    for created in &sample.api_keys {
        let holder = inventory.find_by_key(&created.key).await.unwrap().unwrap();
        assert_eq!(holder.record, created.record);
    }
    for part in &sample.parts {
        assert_eq!(inventory.part(system, &part.id).await.unwrap(), *part);
        assert_eq!(inventory.part_categories(system, &part.id).await.unwrap().len(), 1);
        for datasheet in inventory.part_datasheets(system, &part.id).await.unwrap() {
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
