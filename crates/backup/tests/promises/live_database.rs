//! Restores over any file at the path of the database.

use std::fs;
use std::path::Path;

use backup::{BackupOptions, Engine, Kind, RestoreOptions};
use inventory::Ambient;
use rstest::rstest;
use rusqlite::Connection;
use testkit::engine::restore_with;
use testkit::fixtures::places;
use testkit::generators::add_many_parts;
use testkit::{
    TestDatabase, TestDbPath, TestStaticFiles, populate_test_database, state_of, test_db_path,
    test_db_with_schema, test_static_files_dir,
};

use super::{ACTOR, back_up, quiet, two_states};

fn overwrite(path: &Path, which: fn(usize) -> std::ops::Range<usize>) {
    let mut bytes = fs::read(path).unwrap();
    let range = which(bytes.len());
    bytes[range].fill(0xAA);
    fs::write(path, bytes).unwrap();
}

fn run(path: &Path, sql: &str) {
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

#[derive(Clone, Copy, Debug)]
enum LiveState {
    Missing,
    MissingWithOldLog,
    Empty,
    Text,
    RowsOverwritten,
    SchemaOverwritten,
    OtherPageSize,
    RollbackJournal,
    Utf16,
}

/// A restore replaces a live database in any condition with the archived state.
#[rstest]
#[tokio::test]
async fn a_restore_replaces_any_live_database(
    #[values(
        LiveState::Missing,
        LiveState::MissingWithOldLog,
        LiveState::Empty,
        LiveState::Text,
        LiveState::RowsOverwritten,
        LiveState::SchemaOverwritten,
        LiveState::OtherPageSize,
        LiveState::RollbackJournal,
        LiveState::Utf16
    )]
    live: LiveState,
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let two = two_states(test_db_with_schema, test_static_files_dir).await;
    let path = two.database.db_path.path();
    match live {
        LiveState::Missing => fs::remove_file(&path).unwrap(),
        LiveState::MissingWithOldLog => {
            // The log of a database that is missing must not be applied to the restored one.
            add_many_parts(&path, 300);
            let keep = Connection::open(&path).unwrap();
            keep.execute_batch("UPDATE partmodel SET description = 'from an old log'").unwrap();
            let log = fs::read(durable::with_suffix(&path, "-wal")).unwrap();
            drop(keep);
            fs::remove_file(&path).unwrap();
            fs::write(durable::with_suffix(&path, "-wal"), log).unwrap();
        }
        LiveState::Empty => fs::write(&path, b"").unwrap(),
        LiveState::Text => fs::write(&path, "not a database, but somebody's notes\n".repeat(100)).unwrap(),
        LiveState::RowsOverwritten => {
            add_many_parts(&path, 2000);
            overwrite(&path, |length| length / 8192 * 4096..length - 4096);
        }
        LiveState::SchemaOverwritten => overwrite(&path, |length| 8192..length - 4096),
        LiveState::OtherPageSize => {
            run(
                &path,
                "PRAGMA journal_mode = DELETE; PRAGMA page_size = 16384; VACUUM; PRAGMA journal_mode = WAL",
            );
        }
        LiveState::RollbackJournal => run(&path, "PRAGMA journal_mode = DELETE"),
        LiveState::Utf16 => {
            fs::remove_file(&path).unwrap();
            run(&path, &format!("PRAGMA encoding = 'UTF-16le'; {}", inventory::migration::ORIGINAL_SCHEMA));
        }
    }
    let engine = two.database.engine(&two.files);
    let report = restore_with(&engine, &RestoreOptions::new(&two.archive)).unwrap();
    assert!(state_of(engine.places()) == two.archived);
    assert!(report.safety_backup.is_some(), "at least the files could be lost");
    assert_eq!(
        report.set_aside.is_some(),
        matches!(live, LiveState::Text | LiveState::SchemaOverwritten),
        "{:?}",
        report.set_aside
    );
    let inventory = inventory::Inventory::open(&path, Ambient::system()).await.unwrap();
    assert!(inventory.part_by_name(ACTOR, "made after the backup").await.is_err());
    inventory.close().await.unwrap();
}

#[rstest]
#[tokio::test]
async fn a_newer_database_is_refused(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let database = test_db_with_schema;
    let engine = database.engine(&test_static_files_dir);
    let connection = Connection::open(database.db_path.path()).unwrap();
    connection
        .execute("INSERT INTO mm_migrations (version, applied_at) VALUES ('m9999_future', 1)", [])
        .unwrap();
    let error = engine.backup(ACTOR, &BackupOptions::default(), &mut quiet).unwrap_err();
    assert!(error.to_string().contains("m9999_future"), "{error}");
    assert_eq!(error.kind(), Kind::Refused);
}

#[rstest]
#[tokio::test]
async fn databases_with_any_names_can_share_a_folder(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
    test_db_path: TestDbPath,
) {
    // Both databases are in the folder of all test databases, with a lock and a recovery each.
    populate_test_database(&test_db_with_schema.inventory, test_static_files_dir.root()).await;
    let engine = test_db_with_schema.engine(&test_static_files_dir);
    let archive = back_up(&engine);
    let other = Engine::new(places(&test_db_path, &test_db_path.beside("static")), Ambient::system());
    let staged = engine.stage_restore(ACTOR, &RestoreOptions::new(&archive), &mut quiet).unwrap();
    restore_with(&other, &RestoreOptions::new(&archive)).unwrap();
    assert_eq!(state_of(other.places()), state_of(engine.places()));
    // The same database is locked, and the error names the operation that holds the lock.
    let error = engine.backup(ACTOR, &BackupOptions::default(), &mut quiet).unwrap_err();
    assert!(error.to_string().contains("is running (a restore, process"), "{error}");
    assert_eq!(error.kind(), Kind::Locked);
    drop(staged);
    back_up(&engine);
}

/// A sound database of another program, or of a newer version of this one, must not be replaced.
#[rstest]
#[case("CREATE TABLE songs (title TEXT)", true, "is not a MakerMatrix database (its tables: songs)")]
#[case("INSERT INTO mm_migrations VALUES ('m9999_future', 1)", false, "m9999_future")]
#[tokio::test]
async fn a_restore_does_not_replace_a_sound_database_that_is_not_ours(
    #[case] sql: &str,
    #[case] anew: bool,
    #[case] words: &str,
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let two = two_states(test_db_with_schema, test_static_files_dir).await;
    let path = two.database.db_path.path();
    if anew {
        fs::remove_file(&path).unwrap();
    }
    run(&path, sql);
    let before = fs::read(&path).unwrap();
    let error =
        restore_with(&two.database.engine(&two.files), &RestoreOptions::new(&two.archive)).unwrap_err();
    assert!(error.to_string().contains(words), "{error}");
    assert_eq!(error.kind(), Kind::Refused);
    assert!(fs::read(&path).unwrap() == before);
}

/// Returns the parts in a copy of the database file alone, as the original backs up, and the journal mode of the copy.
fn plain_copy(path: &Path) -> (i64, String) {
    let copy = durable::with_suffix(path, ".plain-copy");
    fs::copy(path, &copy).unwrap();
    let connection = Connection::open(&copy).unwrap();
    let parts = connection.query_row("SELECT count(*) FROM partmodel", [], |row| row.get(0)).unwrap();
    let mode = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
    drop(connection);
    fs::remove_file(copy).unwrap();
    (parts, mode)
}

/// The original copies the file of its database and nothing beside it. A log beside it would hold rows that its backups
/// then lack.
#[rstest]
#[tokio::test]
async fn o2_a_database_of_the_original_is_never_left_with_a_log(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let database = test_db_with_schema;
    populate_test_database(&database.inventory, test_static_files_dir.root()).await;
    database.inventory.close().await.unwrap();
    let path = database.db_path.path();
    let engine = database.engine(&test_static_files_dir);
    run(&path, "PRAGMA journal_mode = DELETE; DROP TABLE mm_migrations");
    let (parts, _) = plain_copy(&path);
    let as_found = |step: &str, parts: i64| {
        assert_eq!(plain_copy(&path), (parts, "delete".to_owned()), "{step}");
        for suffix in ["-wal", "-shm", "-journal"] {
            assert!(!durable::with_suffix(&path, suffix).exists(), "{step}: {suffix}");
        }
    };
    engine.migrate(ACTOR, &mut quiet).unwrap().unwrap();
    as_found("init", parts);
    let archive = back_up(&engine);
    as_found("backup", parts);
    let opened = inventory::Inventory::open(&path, Ambient::system()).await.unwrap();
    opened.categories(ACTOR).await.unwrap();
    add_many_parts(&path, 5);
    as_found("while it is open", parts + 5);
    opened.close().await.unwrap();
    as_found("opened and closed", parts + 5);
    // With a connection of the original that stays open.
    let original = Connection::open(&path).unwrap();
    let count = |original: &Connection| -> i64 {
        original.query_row("SELECT count(*) FROM partmodel", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(count(&original), parts + 5);
    restore_with(&engine, &RestoreOptions::new(&archive)).unwrap();
    as_found("restore", parts);
    assert_eq!(count(&original), parts, "its connection stays valid");
}
