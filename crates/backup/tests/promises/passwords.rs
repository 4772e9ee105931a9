//! Passwords that the original stores in the clear: archives do not contain them, and restores do not
//! bring them back.

use std::fs;
use std::path::Path;

use archive::OmissionReason;
use backup::{BackupOptions, DrillOptions, RestoreOptions};
use durable::with_suffix;
use rstest::rstest;
use rusqlite::Connection;
use testkit::engine::restore_with;
use testkit::hostile::Base;
use testkit::state::unpack_database;
use testkit::{
    TestDatabase, TestStaticFiles, populate_test_database, state_of, test_db_with_schema,
    test_static_files_dir,
};

use super::{ACTOR, back_up, quiet};

/// Rows with passwords as the original stores them, and a row without one.
const PASSWORDS: &str = "\
    INSERT INTO tasks (id, task_type, name, status, priority, progress_percentage, max_retries, retry_count, \
        created_at, input_data) VALUES \
        ('1', 'BACKUP_CREATION', 'b', 'COMPLETED', 'HIGH', 100, 3, 0, '2026-01-01 00:00:00.000000', \
         '{\"backup_name\": \"b\", \"include_env\": true, \"password\": \"Geheim-of-a-task\"}'), \
        ('2', 'FILE_IMPORT_ENRICHMENT', 'f', 'COMPLETED', 'LOW', 100, 3, 0, '2026-01-01 00:00:00.000000', \
         '{\"parts\": [1, 2]}'); \
    INSERT INTO backup_config VALUES ('c', 1, 'nightly', NULL, 7, NULL, NULL, 1, 'Geheim-of-the-settings', \
        '2026-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000');";

fn must_hold_none(file: &Path) {
    for suffix in ["", "-wal", "-journal"] {
        let bytes = fs::read(with_suffix(file, suffix)).unwrap_or_default();
        assert!(!bytes.windows(6).any(|window| window == b"Geheim"), "{} holds a password", file.display());
    }
}

fn texts(database: &Path) -> Vec<Option<String>> {
    let connection = Connection::open(database).unwrap();
    let sql = "SELECT input_data FROM (SELECT input_data FROM tasks ORDER BY id) \
               UNION ALL SELECT encryption_password FROM backup_config";
    let mut statement = connection.prepare(sql).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// What a restore over a live database leads to: no archive holds the password of its settings, so that stays.
fn with_that_of_the_live_settings() -> Vec<Option<String>> {
    let mut texts = without_passwords();
    texts[2] = Some("Geheim-of-the-settings".to_owned());
    texts
}

fn without_passwords() -> Vec<Option<String>> {
    vec![
        Some(r#"{"backup_name": "b", "include_env": true, "password": null}"#.to_owned()),
        Some(r#"{"parts": [1, 2]}"#.to_owned()),
        None,
    ]
}

#[rstest]
#[tokio::test]
async fn b6_b7_no_password_travels_in_an_archive(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let database = test_db_with_schema;
    populate_test_database(&database.inventory, test_static_files_dir.root()).await;
    database.inventory.close().await.unwrap();
    Connection::open(database.db_path.path()).unwrap().execute_batch(PASSWORDS).unwrap();
    let engine = database.engine(&test_static_files_dir);
    let before = state_of(engine.places());

    let report = engine.backup(ACTOR, &BackupOptions::default(), &mut quiet).unwrap();
    assert_eq!(state_of(engine.places()), before, "the live database stays as it is");
    let left: Vec<(&str, &OmissionReason)> =
        report.manifest.left_out.iter().map(|left| (left.what.as_str(), &left.why)).collect();
    let why = &OmissionReason::Password;
    assert_eq!(left, [("tasks: 1 password", why), ("backup_config: 1 password", why)]);
    let unpacked = database.db_path.beside("unpacked");
    unpack_database(&report.path, &unpacked);
    must_hold_none(&unpacked);
    assert_eq!(texts(&unpacked), without_passwords());

    engine.verify(ACTOR, &report.path, &mut quiet).unwrap();
    let restored = restore_with(&engine, &RestoreOptions::new(&report.path)).unwrap();
    assert!(restored.plan.redacted.is_empty(), "they are not in it");
    assert!(restored.plan.kept_password);
    assert_eq!(texts(&database.db_path.path()), with_that_of_the_live_settings());
}

/// The original encrypts its scheduled backups with the password in its settings, and without one makes them in the clear.
#[rstest]
#[tokio::test]
async fn o3_init_leaves_the_original_its_passwords_and_says_so(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let database = test_db_with_schema;
    populate_test_database(&database.inventory, test_static_files_dir.root()).await;
    database.inventory.close().await.unwrap();
    let path = database.db_path.path();
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch(PASSWORDS).unwrap();
    connection.execute_batch("DROP TABLE mm_migrations").unwrap();
    drop(connection);
    let before = texts(&path);

    let engine = database.engine(&test_static_files_dir);
    let (_, safety) = engine.migrate(ACTOR, &mut quiet).unwrap().unwrap();
    assert_eq!(texts(&path), before);
    assert_eq!(in_words(&safety.redacted), ["tasks: 1 password", "backup_config: 1 password"]);
    let unpacked = database.db_path.beside("unpacked");
    unpack_database(&safety.path, &unpacked);
    must_hold_none(&unpacked);
    // Nor does going back to the safety backup take it away.
    restore_with(&engine, &RestoreOptions::new(&safety.path)).unwrap();
    assert_eq!(texts(&path), with_that_of_the_live_settings());
}

#[rstest]
#[tokio::test]
async fn b6_b7_no_password_comes_back_from_an_archive_of_the_original(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let database = test_db_with_schema;
    populate_test_database(&database.inventory, test_static_files_dir.root()).await;
    test_static_files_dir.write("images/x.png", b"png");
    database.inventory.close().await.unwrap();
    let engine = database.engine(&test_static_files_dir);
    let base = Base::of(&back_up(&engine), "images/x.png");
    let archive = database.db_path.beside("legacy.zip");
    let bytes = base.legacy_with(&base.edited(PASSWORDS)).bytes();
    fs::write(&archive, bytes).unwrap();

    let options = DrillOptions { archive: archive.clone(), scratch: None, allow_violations: false };
    let drilled = engine.drill(ACTOR, &options, &mut quiet).unwrap();
    assert_eq!(drilled.changed_tables, ["backup_config", "tasks"]);
    let report = restore_with(&engine, &RestoreOptions::new(&archive)).unwrap();
    assert_eq!(in_words(&report.plan.redacted), ["tasks: 1 password", "backup_config: 1 password"]);
    assert_eq!(texts(&database.db_path.path()), without_passwords());
    must_hold_none(&database.db_path.path());
}

/// The database files of the original still contain deleted rows, in free pages and in the free space of
/// other pages. No backup contains any of them, even if the original went on after the migration.
#[rstest]
#[tokio::test]
async fn b6_b7_no_backup_holds_passwords_of_deleted_tasks(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let database = test_db_with_schema;
    populate_test_database(&database.inventory, test_static_files_dir.root()).await;
    database.inventory.close().await.unwrap();
    let path = database.db_path.path();
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("PRAGMA secure_delete = OFF").unwrap();
    connection.execute_batch(PASSWORDS).unwrap();
    connection
        .execute_batch(
            "DELETE FROM tasks WHERE id = '1'; UPDATE backup_config SET encryption_password = NULL",
        )
        .unwrap();
    drop(connection);
    let held = fs::read(&path).unwrap().windows(6).filter(|bytes| bytes == b"Geheim").count();
    assert!(held > 0, "the deleted row has left its content behind");

    let engine = database.engine(&test_static_files_dir);
    let unpacked = database.db_path.beside("unpacked");
    unpack_database(&back_up(&engine), &unpacked);
    must_hold_none(&unpacked);
}

fn in_words(redacted: &[inventory::sqlite::RedactedPasswords]) -> Vec<String> {
    redacted.iter().map(ToString::to_string).collect()
}
