//! The fixtures are what they are specified as.
#![expect(clippy::disallowed_methods, reason = "statements are run to see what the fixtures are")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::fs;

use inventory::Actor;
use rstest::rstest;
use sea_orm::{ConnectionTrait, Statement};
use testkit::{
    TestDatabase, TestDbPath, TestEngine, TestSession, TestStaticFiles, populate_test_database, test_db_path,
    test_db_with_schema, test_engine, test_session, test_static_files_dir,
};

async fn number(connection: &impl ConnectionTrait, sql: &str) -> i64 {
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    connection.query_one_raw(statement).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}

#[rstest]
fn test_db_path_is_unique_and_not_there_yet(test_db_path: TestDbPath) {
    let path = test_db_path.path();
    let name = path.file_name().unwrap().to_str().unwrap();
    assert!(path.parent().unwrap().ends_with("makermatrix_test_dbs"));
    // test_backup_{date}_{time}_{uuid}.db
    let parts: Vec<&str> = name.strip_suffix(".db").unwrap().split('_').collect();
    assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [4, 6, 8, 6, 32], "{name}");
    assert!(!path.exists());
}

#[rstest]
#[tokio::test]
async fn the_static_folder_bears_the_stem_of_its_database(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let database = test_db_with_schema.db_path.path();
    let stem = database.file_stem().unwrap().to_str().unwrap();
    let expected = database.with_file_name(format!("static_{stem}"));
    assert_eq!(test_static_files_dir.root(), expected);
    assert!(expected.join("datasheets").is_dir() && expected.join("images").is_dir());
}

#[rstest]
#[tokio::test]
async fn test_engine_enforces_foreign_keys_and_has_no_tables(#[future(awt)] test_engine: TestEngine) {
    assert_eq!(number(&test_engine.connection, "PRAGMA foreign_keys").await, 1);
    assert_eq!(number(&test_engine.connection, "SELECT count(*) FROM sqlite_schema").await, 0);
    let error = test_engine.connection.execute_unprepared("SELECT * FROM partmodel").await.unwrap_err();
    assert!(error.to_string().contains("no such table"), "{error}");
}

#[rstest]
#[tokio::test]
async fn test_session_is_a_transaction_of_its_engine(#[future(awt)] test_session: TestSession) {
    let TestSession { session, engine } = test_session;
    session.execute_unprepared("CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)").await.unwrap();
    assert_eq!(number(&session, "SELECT count(*) FROM t").await, 2);
    session.rollback().await.unwrap();
    assert_eq!(number(&engine.connection, "SELECT count(*) FROM sqlite_schema").await, 0);
}

#[rstest]
#[tokio::test]
async fn test_db_with_schema_has_every_table_and_no_row(#[future(awt)] test_db_with_schema: TestDatabase) {
    let rows =
        inventory::LiveDatabase::new(test_db_with_schema.db_path.path().as_path()).row_counts().unwrap();
    assert_eq!(rows.keys().filter(|name| !name.starts_with("mm_")).count(), 39);
    let filled: Vec<&String> = rows.iter().filter(|(_, rows)| **rows > 0).map(|(name, _)| name).collect();
    assert_eq!(filled, ["mm_migrations"]);
}

#[rstest]
fn test_static_files_dir_has_both_folders(test_static_files_dir: TestStaticFiles) {
    let root = test_static_files_dir.root().to_owned();
    assert!(root.file_name().unwrap().to_str().unwrap().starts_with("static_test_backup_"));
    let names: BTreeSet<_> = fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, BTreeSet::from(["datasheets".into(), "images".into()]));
    drop(test_static_files_dir);
    assert!(!root.exists());
}

#[rstest]
#[tokio::test]
async fn populate_test_database_makes_what_is_specified(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let inventory = &test_db_with_schema.inventory;
    let data = populate_test_database(inventory, test_static_files_dir.root()).await;
    assert_eq!(data.roles.iter().map(|role| role.name.as_str()).collect::<Vec<_>>(), ["admin", "user"]);
    assert_eq!((data.users.len(), data.api_keys.len()), (2, 2));
    assert_eq!((data.categories.len(), data.locations.len()), (8, 10));
    let kinds: Vec<_> = data.parts.iter().map(|part| part.component_type.as_deref().unwrap()).collect();
    assert_eq!(kinds, ["resistor", "capacitor", "screw", "ic", "led"]);
    assert_eq!(data.allocations.len(), 4);
    let places: BTreeSet<_> = data.allocations.iter().map(|allocation| &allocation.location_id).collect();
    assert_eq!(places.len(), 4, "over as many locations");
    assert!(data.locations.iter().any(|location| location.is_mobile && location.location_type == "cassette"));
    let admin = &Actor::System;
    let depth = inventory.query(admin, inventory::categories::GetCategoryTree::default()).await.unwrap();
    let depth = depth.items.iter().map(|node| node.depth).max();
    assert_eq!(depth, Some(2), "categories are trees of three levels");
    let tree = inventory.query(admin, inventory::locations::GetLocationTree::default()).await.unwrap();
    assert!(tree.items.iter().any(|node| node.depth == 2));
    for path in &data.datasheets {
        let pdf = fs::read(path).unwrap();
        assert!(pdf.starts_with(b"%PDF-") && pdf.ends_with(b"%%EOF\n"));
    }
    for path in &data.images {
        assert!(fs::read(path).unwrap().starts_with(b"\x89PNG\r\n\x1a\n"));
    }
    assert!(!data.datasheets.is_empty() && !data.images.is_empty());
}
