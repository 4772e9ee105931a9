//! Tests that databases of any age are migrated to the schema of the original, completely or not at all.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use inventory::migration::{self, ORIGINAL_SCHEMA, SchemaState};
use inventory::roles::{CreateRole, FindRoleByName};
use inventory::{Actor, Ambient, Error, Inventory};
use rusqlite::Connection;
use testkit::TestFolder;

fn file(folder: &TestFolder, statements: &str) -> PathBuf {
    let path = folder.path().join("parts.db");
    fs::write(&path, "").unwrap();
    Connection::open(&path).unwrap().execute_batch(statements).unwrap();
    path
}

/// Returns the result of a query as text.
fn describe(database: &Connection, query: &str) -> Vec<String> {
    let mut statement = database.prepare(query).unwrap();
    let width = statement.column_count();
    let read = statement.query_map([], |row| {
        let values: Vec<_> = (0..width).map(|column| format!("{:?}", row.get_ref(column).unwrap())).collect();
        Ok(values.join("|"))
    });
    read.unwrap().collect::<Result<_, _>>().unwrap()
}

fn entries(folder: &TestFolder) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_new_database_has_the_schema_of_the_original() {
    let original = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/original/schema.sql");
    if !original.exists() {
        println!("skipped: {} is absent", original.display());
        return;
    }
    let theirs = Connection::open_in_memory().unwrap();
    theirs.execute_batch(&fs::read_to_string(original).unwrap()).unwrap();
    let folder = TestFolder::new();
    let path = file(&folder, "");
    migration::migrate(&path).unwrap();
    let ours = Connection::open(&path).unwrap();

    let tables: Vec<String> = theirs
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(tables.len(), 39);
    for table in &tables {
        for query in [
            format!(
                "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE tbl_name = '{table}' ORDER BY name"
            ),
            format!("SELECT * FROM pragma_table_xinfo('{table}')"),
            format!("SELECT * FROM pragma_foreign_key_list('{table}')"),
            format!(
                "SELECT name, \"unique\", origin, partial FROM pragma_index_list('{table}') ORDER BY name"
            ),
            format!(
                "SELECT list.name, info.* FROM pragma_index_list('{table}') AS list, \
                 pragma_index_xinfo(list.name) AS info ORDER BY list.name, info.seqno"
            ),
        ] {
            assert_eq!(describe(&ours, &query), describe(&theirs, &query), "{table}");
        }
    }
    let extra = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'mm\\_%' ESCAPE '\\' ORDER BY name";
    let names: Vec<String> =
        ours.prepare(extra).unwrap().query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let added = [
        "mm_category_parent",
        "mm_idempotency",
        "mm_low_stock_limit",
        "mm_migrations",
        "mm_restore",
        "mm_saved_view",
        "mm_stock_movement",
    ];
    assert_eq!(names, added);
}

#[test]
fn migrating_reports_the_applied_migrations_and_applies_none_twice() {
    let folder = TestFolder::new();
    let path = file(&folder, ORIGINAL_SCHEMA);
    let all: Vec<String> = migration::names().into_iter().map(str::to_owned).collect();
    assert_eq!(migration::pending(&path).unwrap(), SchemaState::Behind(all.clone()));
    assert_eq!(migration::migrate(&path).unwrap().applied, all);
    assert_eq!(migration::pending(&path).unwrap(), SchemaState::Current);
    let before = fs::read(&path).unwrap();
    assert!(migration::migrate(&path).unwrap().applied.is_empty());
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(entries(&folder), ["parts.db"]);
}

#[test]
fn missing_columns_and_indexes_are_added_and_rows_are_kept() {
    let folder = TestFolder::new();
    let older = ORIGINAL_SCHEMA
        .replace("\tencryption_password VARCHAR, \n", "")
        .replace("\tis_mobile BOOLEAN NOT NULL, \n", "")
        .replace("\tqr_scale FLOAT NOT NULL, \n", "")
        .replace("\tcreated_by_user_id VARCHAR, \n\tcreated_at DATETIME NOT NULL, \n\tupdated_at DATETIME NOT NULL, \n\tlast_tested_at", "\tcreated_by_user_id VARCHAR, \n\tupdated_at DATETIME NOT NULL, \n\tlast_tested_at")
        .replace("CREATE INDEX ix_partmodel_part_number ON partmodel (part_number);\n", "");
    let path = file(&folder, &older);
    let database = Connection::open(&path).unwrap();
    database
        .execute_batch(
            "INSERT INTO locationmodel (id, name, location_type, is_auto_generated_slot, is_smart_location, auto_created,
             hidden_by_default, is_connected) VALUES ('l', 'Shelf', 'shelf', 0, 0, 0, 0, 0)",
        )
        .unwrap();
    drop(database);
    migration::migrate(&path).unwrap();
    let database = Connection::open(&path).unwrap();
    let row = describe(&database, "SELECT name, is_mobile FROM locationmodel");
    assert_eq!(row, describe(&database, "SELECT 'Shelf', 0"));
    let theirs = Connection::open_in_memory().unwrap();
    theirs.execute_batch(ORIGINAL_SCHEMA).unwrap();
    for table in ["backup_config", "locationmodel", "label_templates", "supplier_configs", "partmodel"] {
        for query in [
            format!("SELECT name, type, \"notnull\", pk FROM pragma_table_xinfo('{table}') ORDER BY name"),
            format!("SELECT name, \"unique\", partial FROM pragma_index_list('{table}') ORDER BY name"),
        ] {
            assert_eq!(describe(&database, &query), describe(&theirs, &query), "{table}");
        }
    }
}

#[test]
fn o3_passwords_that_the_original_needs_stay_in_its_database() {
    let insert = "INSERT INTO tasks (id, task_type, name, status, priority, progress_percentage, max_retries, retry_count,
         created_at, input_data) VALUES ('1', 'BACKUP_CREATION', 'b', 'FAILED', 'HIGH', 100, 3, 0, 'x',
         '{\"password\": \"Geheim-of-a-task\"}');
         INSERT INTO backup_config VALUES ('c', 1, 'nightly', NULL, 7, NULL, NULL, 1, 'Geheim-of-the-settings', 'x', 'x');";
    for mode in ["DELETE", "WAL"] {
        let folder = TestFolder::new();
        let path = file(&folder, &format!("PRAGMA journal_mode = {mode}; {ORIGINAL_SCHEMA}; {insert}"));
        migration::migrate(&path).unwrap();
        let database = Connection::open(&path).unwrap();
        let kept = "SELECT input_data, encryption_password FROM tasks, backup_config";
        let expected = "SELECT '{\"password\": \"Geheim-of-a-task\"}', 'Geheim-of-the-settings'";
        assert_eq!(describe(&database, kept), describe(&database, expected), "{mode}");
    }
}

#[test]
fn a_database_that_cannot_be_migrated_is_not_changed() {
    let folder = TestFolder::new();
    let path = file(&folder, "CREATE TABLE partmodel (id VARCHAR NOT NULL PRIMARY KEY)");
    let before = fs::read(&path).unwrap();
    let error = migration::migrate(&path).unwrap_err();
    assert!(error.to_string().contains("part_name"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn reading_the_migration_state_leaves_no_files_even_in_wal_mode() {
    let folder = TestFolder::new();
    let path = file(&folder, "PRAGMA journal_mode = WAL; CREATE TABLE t (a);");
    let before = fs::read(&path).unwrap();
    assert_eq!(entries(&folder), ["parts.db"]);
    assert!(matches!(migration::pending(&path).unwrap(), SchemaState::Behind(_)));
    assert_eq!(entries(&folder), ["parts.db"]);
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn opening_refuses_an_outdated_or_partly_restored_database() {
    let folder = TestFolder::new();
    let path = file(&folder, ORIGINAL_SCHEMA);
    let open = || Inventory::open(&path, Ambient::system());
    assert!(matches!(open().await, Err(Error::NeedsMigration { pending }) if pending == migration::names()));
    assert!(matches!(Inventory::create(&path, Ambient::system()).await, Err(Error::AlreadyExists { .. })));
    migration::migrate(&path).unwrap();
    open().await.unwrap().close().await.unwrap();

    let journal = folder.path().join("parts.db.restore-6f1c1f0e-3f0b-4b6e-9d55-0a2f6c1f9a11.json");
    fs::write(&journal, "{}").unwrap();
    assert!(matches!(open().await, Err(Error::RestorePending { journal: found }) if found == journal));
    fs::remove_file(journal).unwrap();

    let database = Connection::open(&path).unwrap();
    database.execute("INSERT INTO mm_migrations VALUES ('m9999_future', 0)", []).unwrap();
    drop(database);
    assert!(matches!(open().await, Err(Error::Newer { found }) if found == ["m9999_future"]));
    assert!(matches!(migration::migrate(&path), Err(Error::Newer { .. })));

    fs::write(&path, [7; 4096]).unwrap();
    assert!(matches!(open().await, Err(Error::NotADatabase { .. })));
    fs::remove_file(&path).unwrap();
    assert!(matches!(open().await, Err(Error::Io { .. })));
    assert!(matches!(migration::migrate(&path), Err(Error::Io { .. })));
}

#[tokio::test]
async fn closing_leaves_one_self_contained_file() {
    let folder = TestFolder::new();
    let path = folder.path().join("parts.db");
    let inventory = Inventory::create(&path, Ambient::system()).await.unwrap();
    let role = CreateRole { name: "role".to_owned(), ..CreateRole::default() };
    let role = inventory.run(&Actor::System, role).await.unwrap();
    assert_eq!(migration::pending(&path).unwrap(), SchemaState::Current);
    // The lock files are empty, and may be deleted.
    let locks = ["parts.db.turnstile.lock", "parts.db.writers.lock"];
    let open = ["parts.db", "parts.db-shm", "parts.db-wal", locks[0], locks[1]];
    assert_eq!(entries(&folder), open);
    inventory.close().await.unwrap();
    assert_eq!(entries(&folder), ["parts.db", locks[0], locks[1]]);
    let again = Inventory::open(&path, Ambient::system()).await.unwrap();
    assert_eq!(again.query(&Actor::System, FindRoleByName("role".into())).await.unwrap(), role);
}
