//! Who may come in, and who may do what.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::slice;

use inventory::password::Rounds;
use inventory::{
    Account, Actor, Ambient, Error, Inventory, NewAllocation, NewApiKey, NewCategory, NewDatasheet,
    NewLocation, NewPart, NewRole, NewUser, Timestamp,
};
use tempfile::TempDir;

const SYSTEM: &Actor = &Actor::System;

async fn inventory() -> (TempDir, Inventory) {
    let folder = TempDir::new().unwrap();
    let inventory = Inventory::create(&folder.path().join("parts.db"), Ambient::system()).await.unwrap();
    (folder, inventory)
}

async fn user(inventory: &Inventory, username: &str, permissions: &[&str]) -> Account {
    let permissions = permissions.iter().map(|&permission| permission.to_owned()).collect();
    let role = NewRole { name: format!("role of {username}"), permissions, ..NewRole::default() };
    let role = inventory.create_role(SYSTEM, role).await.unwrap();
    inventory.create_user(SYSTEM, new_user(username, &[&role.name])).await.unwrap()
}

fn new_user(username: &str, roles: &[&str]) -> NewUser {
    NewUser {
        username: username.to_owned(),
        email: format!("{username}@example.org"),
        password: "Corr3ctHorse".to_owned(),
        roles: roles.iter().map(|&role| role.to_owned()).collect(),
        rounds: Rounds::new(10).unwrap(),
        password_change_required: false,
    }
}

#[tokio::test]
async fn users_are_named_once_and_known_by_their_password() {
    let (_folder, inventory) = inventory().await;
    let account = user(&inventory, "maker", &["parts:read"]).await;
    for (change, taken) in [("maker", "someone@example.org"), ("someone", "maker@example.org")] {
        let new = NewUser { email: taken.to_owned(), ..new_user(change, &[]) };
        assert!(matches!(inventory.create_user(SYSTEM, new).await, Err(Error::AlreadyExists { .. })));
    }
    for bad in ["ab", "with space", "semi;colon"] {
        assert!(matches!(
            inventory.create_user(SYSTEM, new_user(bad, &[])).await,
            Err(Error::Invalid { .. })
        ));
    }
    let lost = inventory.create_user(SYSTEM, new_user("other", &["no such role"])).await;
    assert!(matches!(lost, Err(Error::NotFound { what: "role", .. })));
    assert_eq!(inventory.users(SYSTEM).await.unwrap(), slice::from_ref(&account));
    assert_eq!(inventory.user(SYSTEM, &account.user.id).await.unwrap(), account);
    assert_eq!(inventory.verify_password("maker", "Corr3ctHorse").await.unwrap(), Some(account));
    assert_eq!(inventory.verify_password("maker", "corr3cthorse").await.unwrap(), None);
    assert_eq!(inventory.verify_password("nobody", "Corr3ctHorse").await.unwrap(), None);
}

#[tokio::test]
async fn an_api_key_does_no_more_than_was_granted() {
    let (_folder, inventory) = inventory().await;
    let maker =
        user(&inventory, "maker", &["parts:read", "parts:create", "api_keys:create", "api_keys:read"]).await;
    let other = user(&inventory, "other", &["all"]).await;
    let new = |user_id: &str, permission: &str| NewApiKey {
        name: "script".to_owned(),
        user_id: user_id.to_owned(),
        permissions: vec![permission.to_owned()],
        ..NewApiKey::default()
    };
    let me = maker.actor();
    let created = inventory.create_api_key(&me, new(&maker.user.id, "parts:read")).await.unwrap();
    assert!(created.key.starts_with("mm_") && created.key.len() == 46);
    assert_eq!(created.record.key_prefix, created.key[..8]);
    assert!(!format!("{created:?}").contains(&created.key));
    for refused in [new(&maker.user.id, "users:read"), new(&other.user.id, "parts:read")] {
        assert!(matches!(inventory.create_api_key(&me, refused).await, Err(Error::Forbidden { .. })));
    }
    let theirs = inventory.create_api_key(SYSTEM, new(&other.user.id, "all")).await.unwrap();
    assert_eq!(inventory.api_keys(&me).await.unwrap(), slice::from_ref(&created.record));
    assert_eq!(inventory.api_keys(&other.actor()).await.unwrap().len(), 2);
    assert!(matches!(inventory.api_key(&me, &theirs.record.id).await, Err(Error::Forbidden { .. })));

    let holder = inventory.find_by_key(&created.key).await.unwrap().unwrap();
    assert!(holder.actor().may("parts:read") && !holder.actor().may("parts:create"));
    let now = Timestamp(inventory.ambient().utc());
    assert!(holder.is_valid(now, None));
    let mut expired = holder.clone();
    expired.record.expires_at = Some(now);
    assert!(!expired.is_valid(now, None));
    let mut bound = holder;
    bound.record.allowed_ips = ["10.0.0.1"].iter().collect();
    assert!(
        bound.is_valid(now, Some("10.0.0.1"))
            && !bound.is_valid(now, Some("10.0.0.2"))
            && !bound.is_valid(now, None)
    );
    assert_eq!(inventory.find_by_key("mm_wrong").await.unwrap(), None);
}

#[tokio::test]
async fn nothing_is_done_without_permission() {
    let (_folder, inventory) = inventory().await;
    let nobody = &Actor::User { id: "n".into(), username: "nobody".into(), permissions: vec![] };
    macro_rules! refused {
        ($($permission:literal: $method:ident($($argument:expr),*);)*) => {
            $(let result = inventory.$method(nobody, $($argument),*).await;
            assert!(
                matches!(&result, Err(Error::Forbidden { permission }) if permission == $permission),
                concat!(stringify!($method), ": {:?}"), result.err()
            );)*
        };
    }
    refused! {
        "users:create": create_role(NewRole::default());
        "users:read": role("");
        "users:read": role_by_name("");
        "users:read": roles();
        "users:create": create_user(NewUser::default());
        "users:read": user("");
        "users:read": users();
        "api_keys:create": create_api_key(NewApiKey::default());
        "api_keys:read": api_key("");
        "api_keys:read": api_keys();
        "categories:create": create_category(NewCategory::default());
        "categories:read": category("");
        "categories:read": categories();
        "categories:read": category_tree();
        "categories:read": category_path("");
        "categories:update": set_category_parent("", None);
        "locations:create": create_location(NewLocation::default());
        "locations:read": location("");
        "locations:read": locations();
        "locations:read": location_tree();
        "locations:read": location_path("");
        "locations:update": set_location_parent("", None);
        "parts:create": create_part(NewPart::default());
        "parts:read": part("");
        "parts:read": part_by_name("");
        "parts:read": part_by_number("");
        "parts:read": parts(1, 1);
        "parts:read": part_categories("");
        "parts:read": total_quantity("");
        "parts:update": add_datasheet("", NewDatasheet::default());
        "parts:read": part_datasheets("");
        "parts:update": set_image_url("", None);
        "parts:update": create_allocation(NewAllocation::default());
        "parts:read": allocation("");
        "parts:read": part_allocations("");
        "parts:read": location_allocations("");
        "parts:update": transfer("", "", "", 1);
    }
    let grants =
        &Actor::User { id: "g".into(), username: "g".into(), permissions: vec!["users:create".into()] };
    let more = NewRole { name: "more".into(), permissions: vec!["all".into()], ..NewRole::default() };
    assert!(matches!(inventory.create_role(grants, more).await, Err(Error::Forbidden { .. })));
}
