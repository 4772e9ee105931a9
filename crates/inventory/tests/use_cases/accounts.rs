//! Tests changes of users, passwords and roles, and the first administrator, on both engines.
use crate::access::{new_user, sql, text, user};
use crate::support::{SYSTEM, problems};
use inventory::api_keys::{CreateApiKey, ListApiKeys};
use inventory::roles::{
    CreateDefaultRoles, CreateRole, DeleteRole, FindRoleByName, ListRoles, Role, UpdateRole,
};
use inventory::users::{
    CreateFirstAdministrator, CreateUser, DeleteUser, FindUserByName, GetAccount, GetUser, HasAdministrator,
    SetPassword, UpdateUser, User,
};
use inventory::{Actor, Change, Error, Inventory, Permission, Permissions, Problem};
use rstest::rstest;
use testkit::{DbEngine, TestInventory};

const PASSWORD: &str = "Corr3ctHorse";

fn change(user: &User) -> UpdateUser {
    UpdateUser { id: user.id.clone(), ..UpdateUser::default() }
}

fn deactivate(user: &User) -> UpdateUser {
    UpdateUser { is_active: Change::Set(false), ..change(user) }
}

fn roles(user: &User, names: &[&str]) -> UpdateUser {
    let names = names.iter().map(|&name| name.to_owned()).collect();
    UpdateUser { roles: Change::Set(names), ..change(user) }
}

fn delete(user: &User) -> DeleteUser {
    DeleteUser { id: user.id.clone(), version: None }
}

fn password(user: &User, current: Option<&str>, new: &str) -> SetPassword {
    SetPassword {
        user_id: user.id.clone(),
        current_password: current.map(str::to_owned),
        new_password: new.to_owned(),
        password_change_required: false,
    }
}

async fn role(inventory: &Inventory, name: &str) -> Role {
    inventory.query(SYSTEM, FindRoleByName(name.to_owned())).await.unwrap()
}

#[rstest]
#[tokio::test]
async fn a_user_is_changed_by_the_version_that_was_read(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let maker = user(inventory, "maker", &[Permission::PartsRead]).await;
    user(inventory, "other", &[Permission::TagsRead]).await;
    let changed = UpdateUser {
        email: Change::Set("new@example.org".into()),
        version: Some(maker.version.clone()),
        ..roles(&maker, &["role of other"])
    };
    let changed_user = inventory.run(SYSTEM, changed.clone()).await.unwrap();
    assert_eq!(changed_user.email, "new@example.org");
    assert_eq!(changed_user.permissions(), [Permission::TagsRead].into());
    assert_eq!(inventory.query(SYSTEM, GetUser(maker.id.clone())).await.unwrap(), changed_user);
    assert!(matches!(
        inventory.run(SYSTEM, changed).await,
        Err(Error::Changed { what: "user", by: Some(by), .. }) if by == "system"
    ));
    let late = DeleteUser { version: Some(maker.version.clone()), ..delete(&maker) };
    assert!(matches!(inventory.run(SYSTEM, late).await, Err(Error::Changed { .. })));
    let taken = UpdateUser { email: Change::Set("other@example.org".into()), ..change(&maker) };
    assert!(matches!(inventory.run(SYSTEM, taken).await, Err(Error::AlreadyExists { .. })));
    let bad = UpdateUser { email: Change::Set("nowhere".into()), ..change(&maker) };
    assert_eq!(problems(inventory.run(SYSTEM, bad).await), [("email", Problem::NotAnEmail)]);
    let signed_in = inventory.sign_in("maker", PASSWORD).await.unwrap().unwrap();
    assert_eq!(signed_in.version, changed_user.version, "a sign-in is no change");
    inventory.run(SYSTEM, deactivate(&maker)).await.unwrap();
    assert_eq!(inventory.sign_in("maker", PASSWORD).await.unwrap(), None);
}

#[rstest]
#[tokio::test]
async fn a_deleted_user_leaves_the_activity_log_and_takes_the_keys(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let maker = user(inventory, "maker", &[Permission::PartsRead]).await;
    inventory.sign_in("maker", PASSWORD).await.unwrap().unwrap();
    let key = CreateApiKey { name: "k".into(), user_id: maker.id.clone(), ..CreateApiKey::default() };
    let key = inventory.run(SYSTEM, key).await.unwrap();
    inventory.run(SYSTEM, delete(&maker)).await.unwrap();
    assert!(matches!(inventory.query(SYSTEM, GetUser(maker.id)).await, Err(Error::NotFound { .. })));
    assert!(inventory.authenticate_api_key(&key.key, None).await.is_err());
    assert_eq!(inventory.query(SYSTEM, ListApiKeys::default()).await.unwrap().total, Some(0));
    let by = "SELECT count(*) || '' FROM activitylogmodel WHERE username = 'maker' AND user_id IS NULL";
    assert_eq!(text(&test, by).await, "1", "the sign-in");
}

#[rstest]
#[tokio::test]
async fn the_last_active_administrator_stays(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let boss = user(inventory, "boss", &[Permission::All]).await;
    let second = user(inventory, "second", &[Permission::All]).await;
    let admins = role(inventory, "role of boss").await;
    let fewer = UpdateRole {
        id: admins.id.clone(),
        permissions: Change::Set([Permission::UsersRead].into()),
        ..UpdateRole::default()
    };
    inventory.run(SYSTEM, deactivate(&second)).await.unwrap();
    let refused = [
        inventory.run(SYSTEM, deactivate(&boss)).await.map(|_| ()),
        inventory.run(SYSTEM, roles(&boss, &[])).await.map(|_| ()),
        inventory.run(&boss.actor(), delete(&boss)).await,
        inventory.run(SYSTEM, fewer.clone()).await.map(|_| ()),
    ];
    for refused in refused {
        assert!(matches!(refused, Err(Error::LastAdministrator)), "{refused:?}");
    }
    assert_eq!(inventory.query(SYSTEM, GetUser(boss.id.clone())).await.unwrap(), boss);
    let active = UpdateUser { is_active: Change::Set(true), ..change(&second) };
    inventory.run(SYSTEM, active).await.unwrap();
    inventory.run(SYSTEM, fewer).await.unwrap();
    inventory.run(SYSTEM, delete(&boss)).await.unwrap();
}

#[rstest]
#[tokio::test]
async fn nobody_gains_the_power_of_another_user(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let boss = user(inventory, "boss", &[Permission::All]).await;
    let held = [Permission::UsersUpdate, Permission::UsersDelete, Permission::UsersCreate];
    let clerk = user(inventory, "clerk", &held).await;
    let maker = user(inventory, "maker", &[]).await;
    let me = &clerk.actor();
    let admins = role(inventory, "role of boss").await;
    let mine = role(inventory, "role of clerk").await;
    let more = UpdateRole {
        id: mine.id,
        permissions: Change::Set([Permission::All].into()),
        ..UpdateRole::default()
    };
    let renamed =
        UpdateRole { id: admins.id.clone(), name: Change::Set("x".into()), ..UpdateRole::default() };
    let refused = [
        inventory.run(me, password(&boss, None, "N3w-password")).await.map(|_| ()),
        inventory.run(me, deactivate(&boss)).await.map(|_| ()),
        inventory.run(me, delete(&boss)).await,
        inventory.run(me, roles(&maker, &["role of boss"])).await.map(|_| ()),
        inventory.run(me, more).await.map(|_| ()),
        inventory.run(me, renamed).await.map(|_| ()),
        inventory.run(me, DeleteRole { id: admins.id, version: None }).await,
    ];
    for refused in refused {
        assert!(matches!(refused, Err(Error::Forbidden { permission: Permission::All })), "{refused:?}");
    }
    inventory.run(me, password(&maker, None, "N3w-password")).await.unwrap();
    inventory.run(me, roles(&maker, &["role of clerk"])).await.unwrap();
}

#[rstest]
#[tokio::test]
async fn a_password_is_changed_by_who_knows_it_or_may_change_users(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let required = CreateUser { password_change_required: true, ..new_user("maker", &[]) };
    let maker = inventory.run(SYSTEM, required).await.unwrap();
    let other = user(inventory, "other", &[]).await;
    let me = &maker.actor();
    let of = |field, problem| vec![(field, problem)];
    let missing = inventory.run(me, password(&maker, None, "N3w-password")).await;
    assert_eq!(problems(missing), of("current_password", Problem::Missing));
    let wrong = inventory.run(me, password(&maker, Some("Wr0ng-password"), "N3w-password")).await;
    assert_eq!(problems(wrong), of("current_password", Problem::WrongPassword));
    let same = inventory.run(me, password(&maker, Some(PASSWORD), PASSWORD)).await;
    assert_eq!(problems(same), of("new_password", Problem::SameAs { from: "current_password" }));
    let known = inventory.run(me, password(&maker, Some(PASSWORD), "Admin123!")).await;
    assert_eq!(problems(known), of("new_password", Problem::DefaultPassword));
    let refused = inventory.run(me, password(&other, Some(PASSWORD), "N3w-password")).await;
    assert!(matches!(refused, Err(Error::Forbidden { permission: Permission::UsersUpdate })));
    let anonymous = inventory.run(&Actor::Anonymous, password(&maker, None, "N3w-password")).await;
    assert!(matches!(anonymous, Err(Error::NotSignedIn)));

    let changed = inventory.run(me, password(&maker, Some(PASSWORD), "N3w-password")).await.unwrap();
    assert!(!changed.password_change_required);
    assert_eq!(inventory.sign_in("maker", PASSWORD).await.unwrap(), None);
    assert!(inventory.sign_in("maker", "N3w-password").await.unwrap().is_some());
    let by_other = SetPassword { password_change_required: true, ..password(&maker, None, "Th1rd-password") };
    assert!(!format!("{by_other:?}").contains("Th1rd"));
    assert!(inventory.run(SYSTEM, by_other).await.unwrap().password_change_required);
}

#[rstest]
#[tokio::test]
async fn who_signs_in_with_the_default_password_must_change_it(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    user(inventory, "admin", &[Permission::All]).await;
    let hash = inventory::password::hash("Admin123!", testkit::few_rounds(), inventory.ambient());
    sql(&test, &format!("UPDATE usermodel SET hashed_password = '{hash}'")).await;
    let admin = inventory.sign_in("admin", "Admin123!").await.unwrap().unwrap();
    assert!(admin.password_change_required);
    let changed = inventory.run(&admin.actor(), password(&admin, Some("Admin123!"), "N3w-password")).await;
    assert!(!changed.unwrap().password_change_required);
    assert!(!inventory.sign_in("admin", "N3w-password").await.unwrap().unwrap().password_change_required);
}

#[rstest]
#[tokio::test]
async fn an_inactive_user_is_not_told_from_an_unknown_one_by_a_second_hash(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    user(inventory, "maker", &[]).await;
    let weak = inventory::password::Rounds::new(3).unwrap();
    let weak = inventory::password::hash(PASSWORD, weak, inventory.ambient());
    sql(&test, &format!("UPDATE usermodel SET hashed_password = '{weak}', is_active = false")).await;
    assert_eq!(inventory.sign_in("maker", PASSWORD).await.unwrap(), None);
    assert_eq!(text(&test, "SELECT hashed_password FROM usermodel").await, weak);
}

#[rstest]
#[tokio::test]
async fn a_role_is_changed_and_is_deleted_when_nobody_holds_it(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let maker = user(inventory, "maker", &[Permission::PartsRead]).await;
    let before = role(inventory, "role of maker").await;
    let version = Some(before.version.clone());
    let change = UpdateRole {
        id: before.id.clone(),
        version: version.clone(),
        name: Change::Set("makers".into()),
        description: Change::Set(Some("They make".into())),
        permissions: Change::Set([Permission::PartsUpdate].into()),
    };
    let after = inventory.run(SYSTEM, change.clone()).await.unwrap();
    assert_eq!((after.name.as_str(), after.description.as_deref()), ("makers", Some("They make")));
    assert_eq!(after, role(inventory, "makers").await);
    let found = inventory.query(SYSTEM, GetUser(maker.id.clone())).await.unwrap();
    assert_eq!(found.permissions(), [Permission::PartsUpdate].into());
    assert!(matches!(inventory.run(SYSTEM, change).await, Err(Error::Changed { what: "role", .. })));
    let unknown: Permissions = ["parts:fly".to_owned()].into_iter().collect();
    let unknown =
        UpdateRole { id: before.id.clone(), permissions: Change::Set(unknown), ..UpdateRole::default() };
    let unknown = inventory.run(SYSTEM, unknown).await;
    assert_eq!(problems(unknown), [("permissions", Problem::UnknownPermission)]);

    let late = DeleteRole { id: before.id.clone(), version };
    assert!(matches!(inventory.run(SYSTEM, late).await, Err(Error::Changed { .. })));
    let gone = DeleteRole { id: before.id, version: None };
    let held = inventory.run(SYSTEM, gone.clone()).await;
    assert!(matches!(held, Err(Error::RoleInUse { users: 1, .. })));
    inventory.run(SYSTEM, roles(&maker, &[])).await.unwrap();
    inventory.run(SYSTEM, gone).await.unwrap();
    assert_eq!(inventory.query(SYSTEM, ListRoles::default()).await.unwrap().total, Some(0));
}

#[rstest]
#[tokio::test]
async fn the_default_roles_are_those_of_the_original(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let mine = CreateRole { name: "user".into(), ..CreateRole::default() };
    inventory.run(SYSTEM, mine).await.unwrap();
    let created = inventory.run(SYSTEM, CreateDefaultRoles).await.unwrap();
    let names: Vec<&str> = created.iter().map(|role| role.name.as_str()).collect();
    assert_eq!(names, ["admin", "manager", "viewer"]);
    assert!(inventory.run(SYSTEM, CreateDefaultRoles).await.unwrap().is_empty());
    let manager = &created[1].permissions;
    assert!(manager.grant(Permission::PartsDelete) && manager.grant(Permission::TagsUpdate));
    assert!(!manager.grant(Permission::UsersRead) && !manager.grant(Permission::BackupCreate));
    let viewer: Vec<&str> = created[2].permissions.texts().collect();
    assert_eq!(
        viewer.join(" "),
        "categories:read dashboard:view locations:read parts:read projects:read suppliers:read tags:read tools:read"
    );
    assert!(role(inventory, "user").await.permissions.texts().next().is_none(), "it was there before");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn only_one_of_many_first_administrators_is_created(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let weak = CreateRole { name: "admin".into(), ..CreateRole::default() };
    inventory.run(SYSTEM, weak).await.unwrap();
    assert!(!inventory.query(&Actor::Anonymous, HasAdministrator).await.unwrap());
    let tasks: Vec<_> = (0..8)
        .map(|number| {
            let inventory = inventory.clone();
            let first = CreateFirstAdministrator {
                username: format!("admin{number}"),
                email: format!("admin{number}@example.org"),
                password: PASSWORD.into(),
            };
            tokio::spawn(async move { inventory.run(SYSTEM, first).await })
        })
        .collect();
    let mut created = Vec::new();
    for task in tasks {
        match task.await.unwrap() {
            Ok(user) => created.push(user),
            Err(error) => assert!(matches!(error, Error::AlreadySetUp), "{error}"),
        }
    }
    let [admin] = created.as_slice() else { panic!("{created:?}") };
    assert!(inventory.query(&Actor::Anonymous, HasAdministrator).await.unwrap());
    assert_eq!(inventory.query(SYSTEM, FindUserByName(admin.username.clone())).await.unwrap(), *admin);
    assert_eq!(inventory.query(&admin.actor(), GetAccount).await.unwrap(), *admin);
    assert!(admin.permissions().grant(Permission::All), "the role admin of before had no permission");
    assert!(role(inventory, "viewer").await.permissions.grant(Permission::PartsRead));
    assert!(inventory.sign_in(&admin.username, PASSWORD).await.unwrap().is_some());
}
