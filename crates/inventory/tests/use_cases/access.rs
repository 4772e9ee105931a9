//! Tests authentication and permissions on both engines.
#![expect(clippy::disallowed_methods, reason = "another program writes to the database as well")]

use std::slice;

use crate::support::{SYSTEM, problems};
use inventory::api_keys::{CreateApiKey, GetApiKey, ListApiKeys};
use inventory::password::{self, Rounds};
use inventory::roles::{CreateRole, FindRoleByName};
use inventory::users::{CreateUser, GetUser, ListUsers, User};
use inventory::{
    Actor, Ambient, Error, Inventory, KeyProblem, Kind, Permission, Permissions, Problem, Timestamp,
};
use rstest::rstest;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use testkit::{DbEngine, TestInventory};

pub(crate) async fn user(inventory: &Inventory, username: &str, permissions: &[Permission]) -> User {
    let permissions = permissions.iter().copied().collect();
    let role = CreateRole { name: format!("role of {username}"), permissions, ..CreateRole::default() };
    let role = inventory.run(SYSTEM, role).await.unwrap();
    inventory.run(SYSTEM, new_user(username, &[&role.name])).await.unwrap()
}

pub(crate) fn new_user(username: &str, roles: &[&str]) -> CreateUser {
    CreateUser {
        username: username.to_owned(),
        email: format!("{username}@example.org"),
        password: "Corr3ctHorse".to_owned(),
        roles: roles.iter().map(|&role| role.to_owned()).collect(),
        password_change_required: false,
    }
}

/// Opens a separate connection to the same database, like another program.
async fn behind_the_back(test: &TestInventory) -> DatabaseConnection {
    let url = match &test.postgres {
        Some(postgres) => postgres.url(),
        None => format!("sqlite://{}", test.scratch.path().display()),
    };
    Database::connect(url).await.unwrap()
}

pub(crate) async fn sql(test: &TestInventory, sql: &str) {
    let connection = behind_the_back(test).await;
    connection.execute_unprepared(sql).await.unwrap();
    connection.close().await.unwrap();
}

pub(crate) async fn text(test: &TestInventory, sql: &str) -> String {
    let connection = behind_the_back(test).await;
    let backend: DbBackend = connection.get_database_backend();
    let row = connection.query_one_raw(Statement::from_string(backend, sql)).await.unwrap().unwrap();
    connection.close().await.unwrap();
    row.try_get_by_index(0).unwrap()
}

#[rstest]
#[tokio::test]
async fn usernames_are_unique_and_users_sign_in_with_their_password(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let maker = user(inventory, "maker", &[Permission::PartsRead]).await;
    for (change, taken) in [("maker", "someone@example.org"), ("someone", "maker@example.org")] {
        let new = CreateUser { email: taken.to_owned(), ..new_user(change, &[]) };
        assert!(matches!(inventory.run(SYSTEM, new).await, Err(Error::AlreadyExists { .. })));
    }
    let bad = CreateUser { email: "nowhere".into(), password: "short".into(), ..new_user("a b", &[]) };
    assert_eq!(
        problems(inventory.run(SYSTEM, bad).await),
        [
            ("username", Problem::NotAName),
            ("email", Problem::NotAnEmail),
            ("password", Problem::TooShort { min: 8 }),
            ("password", Problem::NoUpperCase),
            ("password", Problem::NoDigit),
        ]
    );
    let short = inventory.run(SYSTEM, new_user("ab", &[])).await;
    assert_eq!(problems(short), [("username", Problem::TooShort { min: 3 })]);
    let lost = inventory.run(SYSTEM, new_user("other", &["no such role"])).await;
    assert!(matches!(lost, Err(Error::NotFound { what: "role", .. })));
    let all = inventory.query(SYSTEM, ListUsers::default()).await.unwrap();
    assert_eq!(all.items, slice::from_ref(&maker));
    assert_eq!(inventory.query(SYSTEM, GetUser(maker.id.clone())).await.unwrap(), maker);

    let signed_in = inventory.sign_in("maker", "Corr3ctHorse").await.unwrap().unwrap();
    assert!(signed_in.last_login.is_some());
    assert_eq!(User { last_login: None, ..signed_in }, maker);
    assert_eq!(inventory.sign_in("maker", "corr3cthorse").await.unwrap(), None);
    assert_eq!(inventory.sign_in("nobody", "Corr3ctHorse").await.unwrap(), None);
    sql(&test, "UPDATE usermodel SET is_active = false").await;
    assert_eq!(inventory.sign_in("maker", "Corr3ctHorse").await.unwrap(), None);
}

#[rstest]
#[tokio::test]
async fn a_weak_hash_is_replaced_at_sign_in(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    user(&test.inventory, "maker", &[]).await;
    let weak = password::hash("Corr3ctHorse", Rounds::new(3).unwrap(), &Ambient::system());
    sql(&test, &format!("UPDATE usermodel SET hashed_password = '{weak}'")).await;
    assert_eq!(test.inventory.sign_in("maker", "wrong").await.unwrap(), None);
    let stored = "SELECT hashed_password FROM usermodel";
    assert_eq!(text(&test, stored).await, weak, "a failed sign-in does not replace the hash");
    assert!(test.inventory.sign_in("maker", "Corr3ctHorse").await.unwrap().is_some());
    let strong = text(&test, stored).await;
    assert!(strong.starts_with("$pbkdf2-sha256$10$"), "{strong}");
    assert!(test.inventory.sign_in("maker", "Corr3ctHorse").await.unwrap().is_some());
    assert_eq!(text(&test, stored).await, strong);
    let log =
        text(&test, "SELECT details FROM activitylogmodel ORDER BY timestamp DESC LIMIT 1 OFFSET 1").await;
    assert!(log.contains("(secret)") && !log.contains("pbkdf2"), "{log}");
}

#[rstest]
#[tokio::test]
async fn an_api_key_has_only_the_permissions_that_were_granted(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let held =
        [Permission::PartsRead, Permission::PartsCreate, Permission::ApiKeysCreate, Permission::ApiKeysRead];
    let maker = user(inventory, "maker", &held).await;
    let other = user(inventory, "other", &[Permission::All]).await;
    let new = |user_id: &str, permission: Permission| CreateApiKey {
        name: "script".to_owned(),
        user_id: user_id.to_owned(),
        permissions: [permission].into(),
        ..CreateApiKey::default()
    };
    let me = &maker.actor();
    let created = inventory.run(me, new(&maker.id, Permission::PartsRead)).await.unwrap();
    assert!(created.key.starts_with("mm_") && created.key.len() == 46);
    assert_eq!(created.record.prefix, created.key[..8]);
    assert!(!format!("{created:?}").contains(&created.key));
    for refused in [new(&maker.id, Permission::UsersRead), new(&other.id, Permission::PartsRead)] {
        assert!(matches!(inventory.run(me, refused).await, Err(Error::Forbidden { .. })));
    }
    let theirs = inventory.run(SYSTEM, new(&other.id, Permission::All)).await.unwrap();
    let mine = inventory.query(me, ListApiKeys::default()).await.unwrap();
    assert_eq!(mine.items, slice::from_ref(&created.record));
    assert_eq!(inventory.query(&other.actor(), ListApiKeys::default()).await.unwrap().total, Some(2));
    let seen = inventory.query(me, GetApiKey(theirs.record.id.clone())).await;
    assert!(matches!(seen, Err(Error::Forbidden { .. })));

    let actor = inventory.authenticate_api_key(&created.key, None).await.unwrap().actor;
    assert!(actor.may(Permission::PartsRead) && !actor.may(Permission::PartsCreate));
    let all = inventory.authenticate_api_key(&theirs.key, Some([10, 0, 0, 1].into())).await.unwrap();
    assert_eq!((all.id, all.actor), (theirs.record.id, other.actor()));
    let unknown = CreateApiKey {
        permissions: ["parts:fly".to_owned()].into_iter().collect(),
        ..new(&maker.id, Permission::PartsRead)
    };
    assert_eq!(problems(inventory.run(me, unknown).await), [("permissions", Problem::UnknownPermission)]);
}

#[rstest]
#[tokio::test]
async fn an_api_key_that_must_not_be_used_is_refused(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let maker = user(inventory, "maker", &[Permission::PartsRead]).await;
    let new = CreateApiKey { name: "script".into(), user_id: maker.id.clone(), ..CreateApiKey::default() };
    let bound = CreateApiKey { allowed_ips: vec!["10.0.0.1".into()], ..new.clone() };
    let ended = CreateApiKey { expires_at: Some(Timestamp(inventory.ambient().utc())), ..new.clone() };
    let mut keys = Vec::new();
    for key in [new, bound, ended] {
        keys.push(inventory.run(SYSTEM, key).await.unwrap());
    }
    let refused = async |key: usize, address: Option<&str>| {
        let address = address.map(|address| address.parse().unwrap());
        match inventory.authenticate_api_key(&keys[key].key, address).await {
            Err(error @ Error::ApiKey { problem }) => Some((problem, error.kind())),
            other => other.map(|_| None).unwrap(),
        }
    };
    assert_eq!(refused(0, None).await, None);
    for address in ["10.0.0.1", "::ffff:10.0.0.1"] {
        assert_eq!(refused(1, Some(address)).await, None);
    }
    for address in [Some("10.0.0.2"), None] {
        assert_eq!(refused(1, address).await, Some((KeyProblem::Address, Kind::NotSignedIn)));
    }
    assert_eq!(refused(2, None).await, Some((KeyProblem::Expired, Kind::NotSignedIn)));
    let wrong = inventory.authenticate_api_key("mm_wrong", None).await;
    assert!(matches!(wrong, Err(Error::ApiKey { problem: KeyProblem::Unknown })));
    sql(&test, "UPDATE usermodel SET is_active = false").await;
    assert_eq!(refused(0, None).await, Some((KeyProblem::UserInactive, Kind::Forbidden)));
    sql(&test, "UPDATE api_keys SET is_active = false").await;
    assert_eq!(refused(0, None).await, Some((KeyProblem::Inactive, Kind::NotSignedIn)));
}

#[rstest]
#[tokio::test]
async fn nobody_grants_permissions_that_they_do_not_hold(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let clerk = user(&test.inventory, "clerk", &[Permission::UsersCreate]).await.actor();
    let more =
        CreateRole { name: "more".into(), permissions: [Permission::All].into(), ..CreateRole::default() };
    let refused = test.inventory.run(&clerk, more).await;
    assert!(matches!(refused, Err(Error::Forbidden { permission: Permission::All })));
    user(&test.inventory, "boss", &[Permission::All]).await;
    let refused = test.inventory.run(&clerk, new_user("friend", &["role of boss"])).await;
    assert!(matches!(refused, Err(Error::Forbidden { permission: Permission::All })));
}

#[rstest]
#[tokio::test]
async fn unknown_permissions_are_kept_and_grant_nothing(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    user(&test.inventory, "maker", &[Permission::PartsRead]).await;
    let stored = r#"["parts:fly", "parts:read", "ALL"]"#;
    sql(&test, &format!("UPDATE rolemodel SET permissions = '{stored}'")).await;
    let role = test.inventory.query(SYSTEM, FindRoleByName("role of maker".into())).await.unwrap();
    assert_eq!(role.permissions.texts().collect::<Vec<_>>(), ["parts:read", "ALL", "parts:fly"]);
    let maker = test.inventory.sign_in("maker", "Corr3ctHorse").await.unwrap().unwrap();
    assert_eq!(maker.permissions(), Permissions::from([Permission::PartsRead]));
}

#[rstest]
#[tokio::test]
async fn nothing_is_done_without_permission(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    use inventory::parts::{CreatePart, ListParts};
    let test = TestInventory::new(engine).await;
    let nobody =
        &Actor::User { id: "n".into(), username: "nobody".into(), permissions: Permissions::default() };
    // Permissions are checked first: the name is missing as well.
    let written = test.inventory.run(nobody, CreatePart::default()).await;
    assert!(matches!(written, Err(Error::Forbidden { permission: Permission::PartsCreate })));
    let read = test.inventory.query(nobody, ListParts::default()).await;
    assert!(matches!(read, Err(Error::Forbidden { permission: Permission::PartsRead })));
    let written = test.inventory.run(&Actor::Anonymous, CreatePart::default()).await;
    assert!(matches!(written, Err(Error::NotSignedIn)));
    let read = test.inventory.query(&Actor::Anonymous, ListParts::default()).await;
    assert!(matches!(read, Err(Error::NotSignedIn)));
}
