//! Tests changes and uses of API keys, on both engines.
use crate::access::{text, user};
use crate::support::{SYSTEM, problems};
use inventory::api_keys::{
    CreateApiKey, CreatedApiKey, DeleteApiKey, GetApiKey, KeyUses, RecordKeyUses, RevokeApiKey, UpdateApiKey,
};
use inventory::users::User;
use inventory::{Actor, Change, Error, Inventory, KeyProblem, Permission, Permissions, Problem, Timestamp};
use rstest::rstest;
use testkit::{DbEngine, TestInventory};

async fn key(inventory: &Inventory, user: &User, permissions: &[Permission]) -> CreatedApiKey {
    let new = CreateApiKey {
        name: "script".to_owned(),
        user_id: user.id.clone(),
        permissions: permissions.iter().copied().collect(),
        ..CreateApiKey::default()
    };
    inventory.run(SYSTEM, new).await.unwrap()
}

fn change(key: &CreatedApiKey) -> UpdateApiKey {
    UpdateApiKey { id: key.record.id.clone(), ..UpdateApiKey::default() }
}

async fn permissions(inventory: &Inventory, key: &CreatedApiKey) -> Permissions {
    match inventory.authenticate_api_key(&key.key, None).await.unwrap().actor {
        Actor::User { permissions, .. } => permissions,
        other => panic!("{other:?}"),
    }
}

#[rstest]
#[tokio::test]
async fn a_key_is_changed_revoked_and_deleted_by_its_user(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let held = [Permission::PartsRead, Permission::ApiKeysUpdate, Permission::ApiKeysDelete];
    let maker = user(inventory, "maker", &held).await;
    let other = user(inventory, "other", &held).await;
    let key = key(inventory, &maker, &[Permission::PartsRead]).await;
    let (me, them) = (&maker.actor(), &other.actor());

    let renamed = UpdateApiKey {
        version: Some(key.record.version.clone()),
        name: Change::Set("label printer".into()),
        allowed_ips: Change::Set(vec!["10.0.0.1".into()]),
        ..change(&key)
    };
    let changed = inventory.run(me, renamed.clone()).await.unwrap();
    assert_eq!((changed.name.as_str(), changed.allowed_ips.len()), ("label printer", 1));
    assert_eq!(inventory.query(SYSTEM, GetApiKey(changed.id.clone())).await.unwrap(), changed);
    assert!(matches!(inventory.run(me, renamed).await, Err(Error::Changed { what: "api_key", .. })));
    let elsewhere = UpdateApiKey { allowed_ips: Change::Set(vec!["garage".into()]), ..change(&key) };
    assert_eq!(problems(inventory.run(me, elsewhere).await), [("allowed_ips", Problem::NotAnAddress)]);

    let delete = DeleteApiKey { id: key.record.id.clone(), version: None };
    let refused = [
        inventory.run(them, change(&key)).await.map(|_| ()),
        inventory.run(them, RevokeApiKey(key.record.id.clone())).await.map(|_| ()),
        inventory.run(them, delete.clone()).await,
    ];
    for refused in refused {
        assert!(matches!(refused, Err(Error::Forbidden { permission: Permission::ApiKeysAdmin })));
    }
    assert!(!inventory.run(me, RevokeApiKey(key.record.id.clone())).await.unwrap().is_active);
    let used = inventory.authenticate_api_key(&key.key, Some([10, 0, 0, 1].into())).await;
    assert!(matches!(used, Err(Error::ApiKey { problem: KeyProblem::Inactive })));
    inventory.run(me, delete).await.unwrap();
    let used = inventory.authenticate_api_key(&key.key, None).await;
    assert!(matches!(used, Err(Error::ApiKey { problem: KeyProblem::Unknown })));
}

#[rstest]
#[tokio::test]
async fn a_key_never_does_more_than_its_user_or_whoever_changes_it(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let boss = user(inventory, "boss", &[Permission::All]).await;
    let held = [Permission::PartsRead, Permission::ApiKeysUpdate];
    let maker = user(inventory, "maker", &held).await;
    let strong = key(inventory, &maker, &[Permission::PartsRead, Permission::BackupRestore]).await;
    assert_eq!(permissions(inventory, &strong).await, [Permission::PartsRead].into());
    let everything = key(inventory, &maker, &[Permission::All]).await;
    assert_eq!(permissions(inventory, &everything).await, held.into());

    let all = UpdateApiKey { permissions: Change::Set([Permission::All].into()), ..change(&strong) };
    let roles = UpdateApiKey { roles: Change::Set(vec!["role of boss".into()]), ..change(&strong) };
    for refused in [all, roles] {
        let refused = inventory.run(&maker.actor(), refused).await;
        assert!(matches!(refused, Err(Error::Forbidden { .. })), "{refused:?}");
    }
    // A key with few permissions must not extend the life of a stronger key of the same user.
    let weak = key(inventory, &boss, &[Permission::ApiKeysUpdate]).await;
    let weak = inventory.authenticate_api_key(&weak.key, None).await.unwrap().actor;
    let bosses = key(inventory, &boss, &[Permission::BackupRestore]).await;
    let longer = UpdateApiKey { expires_at: Change::Set(None), ..change(&bosses) };
    let refused = inventory.run(&weak, longer).await;
    assert!(matches!(refused, Err(Error::Forbidden { permission: Permission::BackupRestore })));
}

#[rstest]
#[tokio::test]
async fn using_a_key_writes_nothing_and_its_uses_are_recorded_together(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let maker = user(inventory, "maker", &[Permission::PartsRead]).await;
    let key = key(inventory, &maker, &[Permission::PartsRead]).await;
    inventory.authenticate_api_key(&key.key, None).await.unwrap();
    let unused = inventory.query(SYSTEM, GetApiKey(key.record.id.clone())).await.unwrap();
    assert_eq!(unused, key.record);
    let log = "SELECT count(*) || '' FROM activitylogmodel";
    let logged = text(&test, log).await;
    let now = Timestamp(inventory.ambient().utc());
    let uses = |id: &str, count| KeyUses { id: id.to_owned(), count, last_used_at: now };
    let all = RecordKeyUses(vec![uses(&key.record.id, 3), uses("deleted in the meantime", 1)]);
    inventory.run(SYSTEM, all.clone()).await.unwrap();
    inventory.run(SYSTEM, all.clone()).await.unwrap();
    let used = inventory.query(SYSTEM, GetApiKey(key.record.id.clone())).await.unwrap();
    assert_eq!((used.usage_count, used.last_used_at), (6, Some(now)));
    assert_eq!(used.version, key.record.version, "a use is no change");
    assert_eq!(text(&test, log).await, logged, "the activity log omits uses");
    assert!(matches!(inventory.run(&maker.actor(), all).await, Err(Error::Forbidden { .. })));
}
