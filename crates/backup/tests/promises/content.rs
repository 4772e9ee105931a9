//! What an archive contains, what it omits, and how a restore treats both.

use std::fs;
use std::path::PathBuf;

use backup::{BackupOptions, DrillOptions, Error, Event, Kind, RestoreOptions};
use rstest::rstest;
use rusqlite::Connection;
use testkit::engine::restore_with;
use testkit::{
    TestDatabase, TestStaticFiles, populate_test_database, test_db_with_schema, test_static_files_dir,
};

use super::{ACTOR, back_up, quiet};

#[rstest]
#[tokio::test]
async fn broken_foreign_keys_are_refused_by_row_unless_allowed(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let database = test_db_with_schema;
    let data = populate_test_database(&database.inventory, test_static_files_dir.root()).await;
    let connection = Connection::open(database.db_path.path()).unwrap();
    connection.pragma_update(None, "foreign_keys", false).unwrap();
    connection.execute("DELETE FROM locationmodel WHERE id = ?1", [&data.locations[8].id]).unwrap();
    let engine = database.engine(&test_static_files_dir);
    let report = engine.backup(ACTOR, &BackupOptions::default(), &mut quiet).unwrap();
    assert_eq!(report.manifest.foreign_key_violations, 1, "backed up as it is, and said so");

    let mut options = RestoreOptions::new(&report.path);
    let error = restore_with(&engine, &options).unwrap_err();
    assert!(matches!(&error, Error::Violations { count: 1, .. }), "{error}");
    let message = error.to_string();
    assert!(message.contains(&data.allocations[1].id) && message.contains("locationmodel"), "{message}");
    options.allow_violations = true;
    assert_eq!(restore_with(&engine, &options).unwrap().plan.violations, 1);
}

#[rstest]
#[tokio::test]
async fn r14_a_backup_without_a_folder_leaves_it_as_it_is_and_says_so(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let database = test_db_with_schema;
    populate_test_database(&database.inventory, test_static_files_dir.root()).await;
    let engine = database.engine(&test_static_files_dir);
    let options = BackupOptions { datasheets: false, ..BackupOptions::default() };
    let archive = engine.backup(ACTOR, &options, &mut quiet).unwrap().path;
    let kept = test_static_files_dir.write("datasheets/kept.pdf", b"%PDF");
    let gone = test_static_files_dir.write("images/gone.png", b"png");
    let mut notes = Vec::new();
    let mut listen = |event: Event| {
        if let Event::Note(note) = event {
            notes.push(note);
        }
    };
    let staged = engine.stage_restore(ACTOR, &RestoreOptions::new(archive), &mut listen).unwrap();
    staged.commit(&mut listen).unwrap();
    assert!(kept.exists() && !gone.exists());
    assert_eq!(notes, [backup::Note::FolderKept { folder: "datasheets" }]);
}

/// An archive records that a folder was empty, and restoring it empties the folder. (The original left a
/// mix of old and new.)
#[rstest]
#[tokio::test]
async fn r14_an_empty_folder_in_the_backup_is_restored_as_empty(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let engine = test_db_with_schema.engine(&test_static_files_dir);
    let archive = back_up(&engine);
    let later = test_static_files_dir.write("images/a/later.png", b"png");
    restore_with(&engine, &RestoreOptions::new(archive)).unwrap();
    assert!(!later.exists() && !later.parent().unwrap().exists());
    assert!(test_static_files_dir.root().join("images").exists());
}

/// What somebody adds to the tables of an inventory.
const ADDED: &str = "CREATE VIEW my_report AS SELECT part_name FROM partmodel;
    CREATE TRIGGER evil AFTER INSERT ON partmodel BEGIN DELETE FROM usermodel; END;
    CREATE VIRTUAL TABLE my_search USING fts5(name); INSERT INTO my_search VALUES ('x');
    CREATE UNIQUE INDEX one_each ON partmodel (lower(part_name)) WHERE part_name <> '';
    ALTER TABLE partmodel ADD COLUMN shout AS (upper(part_name));
    CREATE TABLE my_loans (who TEXT, part TEXT, key TEXT AS (who || part) UNIQUE CHECK (key <> ''));
    INSERT INTO my_loans (who, part) VALUES ('Ann', 'r1');";

/// Triggers, views and virtual tables are programs: a restore runs none of them and names each. What only computes a
/// value of a row comes back.
#[rstest]
#[tokio::test]
async fn row_3_what_people_added_comes_back_or_is_named(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let database = test_db_with_schema;
    populate_test_database(&database.inventory, test_static_files_dir.root()).await;
    let connection = Connection::open(database.db_path.path()).unwrap();
    connection.execute_batch(ADDED).unwrap();
    let engine = database.engine(&test_static_files_dir);
    let report = engine.backup(ACTOR, &BackupOptions::default(), &mut quiet).unwrap();
    let mut left: Vec<&str> = report.manifest.left_out.iter().map(|left| left.what.as_str()).collect();
    left.sort_unstable();
    let programs = ["trigger evil", "view my_report", "virtual table my_search"];
    assert_eq!(left, programs);
    assert_eq!(connection.query_row("SELECT count(*) FROM my_search", [], |row| row.get::<_, u32>(0)), Ok(1));

    let options = DrillOptions { archive: report.path.clone(), scratch: None, allow_violations: false };
    let drilled = engine.drill(ACTOR, &options, &mut quiet).unwrap();
    assert_eq!(sorted(drilled.left_out), programs);

    // Over the very database that has all of it: no row goes away that no archive holds.
    let staged = engine.stage_restore(ACTOR, &RestoreOptions::new(&report.path), &mut quiet).unwrap();
    assert_eq!(sorted(staged.plan().dropped.clone()), programs);
    let back = ["generated column partmodel.shout", "generated columns of table my_loans", "index one_each"];
    assert_eq!(sorted(staged.plan().put_back.clone()), back);
    let restored = staged.commit(&mut quiet).unwrap();
    let text = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
    assert_eq!(text("SELECT key FROM my_loans"), "Annr1");
    assert_eq!(text("SELECT c0 FROM my_search_content"), "x", "the rows of the virtual table are there");
    assert_eq!(
        text("SELECT sql FROM mm_schema_objects WHERE name = 'my_report'"),
        "CREATE VIEW my_report AS SELECT part_name FROM partmodel"
    );
    let twice = "INSERT INTO my_loans (who, part) VALUES ('Ann', 'r1')";
    assert!(connection.execute(twice, []).is_err(), "the unique column is one again");
    // And so it goes on: the next backup carries the same.
    let again = engine.backup(ACTOR, &BackupOptions::default(), &mut quiet).unwrap();
    assert!(again.manifest.tables.contains_key("mm_schema_objects"));
    engine.verify(ACTOR, &restored.safety_backup.unwrap(), &mut quiet).unwrap();
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort_unstable();
    names
}

#[rstest]
#[case("")]
#[case("with space")]
#[case("../up")]
#[case("ünicode")]
#[tokio::test]
async fn names_that_could_mean_a_path_are_refused(
    #[case] name: &str,
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let engine = test_db_with_schema.engine(&test_static_files_dir);
    let options = BackupOptions { name: Some(name.to_owned()), ..BackupOptions::default() };
    let error = engine.backup(ACTOR, &options, &mut quiet).unwrap_err();
    assert_eq!(error.kind(), Kind::Usage, "{error}");
}

#[rstest]
#[tokio::test]
async fn b13_a_backup_never_overwrites_another(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let engine = test_db_with_schema.engine(&test_static_files_dir);
    let named = BackupOptions { name: Some("mine".into()), ..BackupOptions::default() };
    let first = engine.backup(ACTOR, &named, &mut quiet).unwrap();
    assert!(matches!(engine.backup(ACTOR, &named, &mut quiet).unwrap_err(), Error::NameTaken { .. }));
    // Default names differ even within one second.
    let paths: std::collections::BTreeSet<PathBuf> = (0..4).map(|_| back_up(&engine)).collect();
    assert_eq!(paths.len(), 4);
    assert_eq!(first.size, first.path.metadata().unwrap().len());
}

/// An archive contains password hashes and other private data.
#[cfg(unix)]
#[rstest]
#[tokio::test]
async fn only_its_owner_can_read_an_archive(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    use std::os::unix::fs::PermissionsExt;
    let engine = test_db_with_schema.engine(&test_static_files_dir);
    let folder = engine.places().backups.clone();
    let mut seen = Vec::new();
    let mut listen = |_: Event| {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            seen.push((entry.file_name(), entry.metadata().unwrap().permissions().mode() & 0o777));
        }
    };
    let path = engine.backup(ACTOR, &BackupOptions::default(), &mut listen).unwrap().path;
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    seen.dedup();
    assert!(seen.len() > 1 && seen.iter().all(|(_, mode)| *mode == 0o600), "nor while it is made: {seen:?}");
}

#[rstest]
#[tokio::test]
async fn an_env_file_is_refused_in_the_clear_unless_forced_and_is_never_restored(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let engine = test_db_with_schema.engine(&test_static_files_dir);
    let mut options = BackupOptions { env: true, ..BackupOptions::default() };
    let refused = engine.backup(ACTOR, &options, &mut quiet).unwrap_err();
    assert!(matches!(refused, Error::EnvInTheClear));
    options.env_in_the_clear = true;
    assert!(matches!(engine.backup(ACTOR, &options, &mut quiet).unwrap_err(), Error::NoEnv { .. }));
    fs::write(&engine.places().env_file, b"JWT_SECRET_KEY=x").unwrap();
    let report = engine.backup(ACTOR, &options, &mut quiet).unwrap();
    assert!(report.manifest.env_included);
    fs::write(&engine.places().env_file, b"JWT_SECRET_KEY=later").unwrap();
    restore_with(&engine, &RestoreOptions::new(&report.path)).unwrap();
    assert_eq!(fs::read(&engine.places().env_file).unwrap(), b"JWT_SECRET_KEY=later");
}

/// Two inventories may share a folder for archives, and must not remove each other's.
#[rstest]
#[tokio::test]
async fn an_archive_that_somebody_else_is_making_is_left_alone(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let engine = test_db_with_schema.engine(&test_static_files_dir);
    fs::create_dir_all(&engine.places().backups).unwrap();
    let theirs = engine.places().backups.join(".nightly.zip.partial");
    let file = fs::File::create(&theirs).unwrap();
    file.lock().unwrap();
    let options = BackupOptions { name: Some("nightly".into()), ..BackupOptions::default() };
    let error = engine.backup(ACTOR, &options, &mut quiet).unwrap_err();
    assert!(matches!(error, Error::NameTaken { .. }), "{error}");
    assert!(theirs.exists());
    drop(file);
    engine.backup(ACTOR, &options, &mut quiet).unwrap();
    assert!(!theirs.exists(), "what nobody is writing is tidied away");
}

#[rstest]
#[tokio::test]
async fn an_archive_is_not_written_among_the_files_it_contains(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let engine = test_db_with_schema.engine(&test_static_files_dir);
    let output = Some(test_static_files_dir.root().join("images"));
    let options = BackupOptions { output, ..BackupOptions::default() };
    let error = engine.backup(ACTOR, &options, &mut quiet).unwrap_err();
    assert!(matches!(error, Error::OutputAmongFiles { .. }), "{error}");
    assert_eq!(error.kind(), Kind::Usage);
}

#[rstest]
#[case("images/a", "images/a/b.png")]
#[case("images/a/b.png/c", "images/a/b.png")]
#[tokio::test]
async fn an_obstacle_to_restoring_a_file_is_named(
    #[case] live: &str,
    #[case] archived: &str,
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let engine = test_db_with_schema.engine(&test_static_files_dir);
    let images = test_static_files_dir.root().join("images");
    test_static_files_dir.write(archived, b"png");
    let archive = back_up(&engine);
    fs::remove_dir_all(&images).unwrap();
    let live = test_static_files_dir.write(live, b"in the way");
    let error = restore_with(&engine, &RestoreOptions::new(&archive)).unwrap_err();
    assert!(matches!(error, Error::InTheWay { .. }), "{error}");
    assert!(live.exists());
}

/// A virtual table of an extension that is not loaded cannot be dropped, and must not prevent backups.
#[rstest]
#[tokio::test]
async fn a_table_of_an_unknown_module_does_not_stop_a_backup(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let database = test_db_with_schema;
    let connection = Connection::open(database.db_path.path()).unwrap();
    connection
        .execute_batch(
            "PRAGMA writable_schema = ON;
             INSERT INTO sqlite_schema VALUES ('table', 'vectors', 'vectors', 0, 'CREATE VIRTUAL TABLE vectors USING vec0(a)');",
        )
        .unwrap();
    drop(connection);
    let engine = database.engine(&test_static_files_dir);
    let report = engine.backup(ACTOR, &BackupOptions::default(), &mut quiet).unwrap();
    assert_eq!(report.manifest.left_out[0].what, "virtual table vectors");
    restore_with(&engine, &RestoreOptions::new(&report.path)).unwrap();
}

/// The largest value that is backed up is held in memory as a whole, so there is a limit; its owner is told which it is.
#[rstest]
#[tokio::test]
async fn row_11_a_value_that_is_too_large_is_named_by_table_column_and_row(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let database = test_db_with_schema;
    let connection = Connection::open(database.db_path.path()).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE my_photos (name TEXT PRIMARY KEY, photo BLOB); \
             INSERT INTO my_photos VALUES ('small', x'00'), ('scan', zeroblob(140000000))",
        )
        .unwrap();
    let engine = database.engine(&test_static_files_dir);
    let error = engine.backup(ACTOR, &BackupOptions::default(), &mut quiet).unwrap_err();
    let said = error.to_string();
    assert!(said.contains("row \"scan\" of table my_photos, whose column photo has 133 MiB"), "{said}");
    assert!(!said.contains(".backup-") && !said.contains("partial"), "no internal file: {said}");
    assert_eq!(fs::read_dir(&engine.places().backups).unwrap().count(), 0);
}
