//! Rows B except B1: the content of archives, and the effects of a backup on other programs.

use std::fs;
use std::process::Command;
use std::sync::Mutex;

use backup::{BackupOptions, Engine, Event, Kind, Step};
use durable::with_suffix;
use inventory::{Ambient, Clock, Now};
use rstest::rstest;
use rusqlite::Connection;
use testkit::generators::{add_many_parts, noise};
use testkit::long_run::Random;
use testkit::state::leftovers;
use testkit::{
    TestDatabase, TestStaticFiles, populate_test_database, state_of, test_db_with_schema,
    test_static_files_dir,
};

use super::{ACTOR, back_up, quiet, restore};

/// Opening and closing the file of a database drops every lock that the process holds on it. Another
/// program could then believe that it is alone, and remove the log that this process uses.
#[rstest]
#[tokio::test]
async fn b2_neither_backup_nor_restore_drops_the_locks_of_this_process(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let database = test_db_with_schema;
    add_many_parts(&database.db_path.path(), 10);
    let engine = database.engine(&test_static_files_dir);
    let another_program_comes_and_goes = || {
        let mut program = Command::new("sqlite3");
        let ran = program.arg(database.db_path.path()).arg("UPDATE partmodel SET description = ''").output();
        assert!(ran.unwrap().status.success());
        with_suffix(&database.db_path.path(), "-wal").exists()
    };
    let _connected = &database.inventory;
    assert!(another_program_comes_and_goes(), "the last one removes the log, and we are still here");
    let archive = back_up(&engine);
    assert!(another_program_comes_and_goes(), "after a backup");
    restore(&engine, &archive).unwrap();
    assert!(another_program_comes_and_goes(), "after a restore");
}

#[rstest]
#[tokio::test]
async fn b3_a_damaged_database_is_not_backed_up_as_if_it_were_sound(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let database = test_db_with_schema;
    let path = database.db_path.path();
    add_many_parts(&path, 20);
    database.inventory.close().await.unwrap();
    // Every row is still readable; only a full check reveals the damage.
    let spoil = "PRAGMA writable_schema = ON;
                 UPDATE sqlite_schema SET rootpage =
                     (SELECT rootpage FROM sqlite_schema WHERE name = 'ix_partmodel_manufacturer')
                 WHERE name = 'ix_partmodel_part_number'";
    Connection::open(&path).unwrap().execute_batch(spoil).unwrap();
    let engine = database.engine(&test_static_files_dir);
    let error = engine.backup(ACTOR, &BackupOptions::default(), &mut quiet).unwrap_err();
    assert_eq!(error.kind(), Kind::Corrupt, "{error}");
    assert_eq!(fs::read_dir(&engine.places().backups).unwrap().count(), 0);
}

/// The original never read back what it had written.
#[rstest]
#[tokio::test]
async fn b3_an_archive_that_cannot_be_read_back_is_removed(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    test_static_files_dir.write("images/x.png", &noise(200_000, 3));
    let engine = test_db_with_schema.engine(&test_static_files_dir);
    let backups = engine.places().backups.clone();
    let mut bad_disk = |event: Event| {
        if event == Event::Step(Step::ReadBack) {
            let unfinished = fs::read_dir(&backups).unwrap().map(|entry| entry.unwrap().path());
            let unfinished = unfinished.max_by_key(|path| path.metadata().unwrap().len()).unwrap();
            let mut bytes = fs::read(&unfinished).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::write(&unfinished, bytes).unwrap();
        }
    };
    let error = engine.backup(ACTOR, &BackupOptions::default(), &mut bad_disk).unwrap_err();
    assert_eq!(error.kind(), Kind::Corrupt, "{error}");
    assert_eq!(fs::read_dir(&backups).unwrap().count(), 0);
}

/// The original always stated 0 MB, and counted folders as files.
#[rstest]
#[tokio::test]
async fn b3_the_manifest_counts_files_and_bytes_that_are_there(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    test_static_files_dir.write("images/boards/a.png", &noise(3 << 20, 5));
    test_static_files_dir.write("images/boards/old/b.png", b"png");
    let engine = test_db_with_schema.engine(&test_static_files_dir);
    let made = engine.backup(ACTOR, &BackupOptions::default(), &mut quiet).unwrap().manifest;
    assert_eq!((made.images_count, made.images_size_mb, made.datasheets_count), (2, 3.0, 0));
    assert_eq!(made.total_size_mb, 3 + (made.database_size_mb as u64));
}

/// The original omitted folders silently, and archived the targets of links.
#[cfg(unix)]
#[rstest]
#[tokio::test]
async fn b9_folders_are_kept_and_links_are_not_followed_but_named(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    // A file beside the two folders is omitted, and reported.
    let secret = test_static_files_dir.write("secret.txt", b"of somebody else");
    test_static_files_dir.write("datasheets/lcsc/a.pdf", b"%PDF");
    let link = test_static_files_dir.root().join("images/link.png");
    std::os::unix::fs::symlink(secret, link).unwrap();
    let engine = test_db_with_schema.engine(&test_static_files_dir);
    let report = engine.backup(ACTOR, &BackupOptions::default(), &mut quiet).unwrap();
    let kept: Vec<_> = engine
        .show(ACTOR, &report.path)
        .unwrap()
        .contents
        .unwrap()
        .files
        .into_iter()
        .map(|entry| entry.name)
        .collect();
    assert!(kept.contains(&"datasheets/lcsc/a.pdf".to_owned()), "{kept:?}");
    assert!(!kept.iter().any(|name| name.contains("link") || name.contains("secret")), "{kept:?}");
    assert_eq!(
        report.manifest.left_out.iter().map(|left| &left.what).collect::<Vec<_>>(),
        ["secret.txt", "images/link.png"]
    );
}

/// The original wrote under the final name, so that it listed incomplete archives.
#[rstest]
#[tokio::test]
async fn b13_an_archive_is_listed_only_when_it_is_complete(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let engine = test_db_with_schema.engine(&test_static_files_dir);
    let mut events = 0;
    let mut look = |_: Event| {
        events += 1;
        assert!(engine.list(ACTOR).unwrap().is_empty());
        let found = fs::read_dir(&engine.places().backups).into_iter().flatten();
        assert!(found.flatten().all(|entry| entry.path().extension().is_none_or(|end| end != "zip")));
    };
    engine.backup(ACTOR, &BackupOptions::default(), &mut look).unwrap();
    assert!(events > 4);
    assert_eq!(engine.list(ACTOR).unwrap().len(), 1);
}

/// The archives of the original contain the task that made them, as a running task.
#[rstest]
#[tokio::test]
async fn b14_a_backup_leaves_no_row_of_its_own_in_the_database(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    populate_test_database(&test_db_with_schema.inventory, test_static_files_dir.root()).await;
    let engine = test_db_with_schema.engine(&test_static_files_dir);
    let before = state_of(engine.places());
    let made = engine.backup(ACTOR, &BackupOptions::default(), &mut quiet).unwrap().manifest;
    assert_eq!(state_of(engine.places()), before);
    for (table, (rows, digest)) in &before.tables {
        assert_eq!((made.tables[table].rows, made.tables[table].digest.to_string()), (*rows, digest.clone()));
    }
}

/// A clock that advances by four hours each time it is read.
struct Slow(Mutex<Now>);

impl Clock for Slow {
    fn now(&self) -> Now {
        let mut now = self.0.lock().unwrap();
        let later = std::time::Duration::from_secs(4 * 3600);
        *now = Now { utc: now.utc + later, local: now.local + later };
        *now
    }
}

struct Chance(Mutex<Random>);

impl inventory::Random for Chance {
    fn fill(&self, bytes: &mut [u8]) {
        let mut random = self.0.lock().unwrap();
        bytes.iter_mut().for_each(|byte| *byte = random.below(256) as u8);
    }
}

/// The original gave up after 300 seconds. The engine takes the time from this clock, so any limit would
/// be exceeded at once.
#[rstest]
#[tokio::test]
async fn b16_slow_operations_never_time_out(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    populate_test_database(&test_db_with_schema.inventory, test_static_files_dir.root()).await;
    let slow = Slow(Mutex::new(Ambient::system().now()));
    let ambient = Ambient::new(slow, Chance(Mutex::new(Random::with_seed(16))));
    let engine = Engine::new(test_db_with_schema.places(&test_static_files_dir), ambient);
    let before = state_of(engine.places());
    let archive = back_up(&engine);
    test_static_files_dir.write("images/later.png", b"png");
    assert!(restore(&engine, &archive).unwrap().safety_backup.is_some());
    assert_eq!(state_of(engine.places()), before);
    assert_eq!(leftovers(engine.places()), Vec::<String>::new());
}
