//! Promises 1 and 4 with concurrent writers and readers, and with files that come and go.

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use backup::{BackupOptions, Error, Event, Kind, RestoreOptions};
use inventory::Ambient;
use rstest::rstest;
use rusqlite::Connection;
use testkit::engine::restore_with;
use testkit::generators::add_many_parts;
use testkit::state::{leftovers, unpack_database};
use testkit::{
    TestDatabase, TestStaticFiles, populate_test_database, test_db_with_schema, test_static_files_dir,
};

use super::{ACTOR, back_up, quiet};

/// Promise 1: writers constantly move stock between two rows. In every archive the sum is exact, and no
/// copy had to start again. (The original mixed two transactions.)
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b1_a_backup_under_concurrent_writers_is_one_moment(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let database = test_db_with_schema;
    add_many_parts(&database.db_path.path(), 4000);
    let total = 4000 * 100;
    let stop = AtomicBool::new(false);
    let moved = AtomicU64::new(0);
    let engine = database.engine(&test_static_files_dir);
    let path = database.db_path.path();
    std::thread::scope(|scope| {
        for writer in 0..3_u64 {
            let (stop, moved, path) = (&stop, &moved, &path);
            scope.spawn(move || {
                let connection = Connection::open(path).unwrap();
                connection.busy_timeout(std::time::Duration::from_secs(30)).unwrap();
                let mut random = writer + 1;
                while !stop.load(Ordering::Relaxed) {
                    random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    let (from, to) = ((random >> 33) % 4000, (random >> 45) % 4000);
                    connection
                        .execute_batch(&format!(
                            "BEGIN IMMEDIATE;
                             UPDATE part_location_allocations SET quantity_at_location = quantity_at_location - 1 WHERE id = 'alloc-{from:08}';
                             UPDATE part_location_allocations SET quantity_at_location = quantity_at_location + 1 WHERE id = 'alloc-{to:08}';
                             COMMIT;"
                        ))
                        .unwrap();
                    moved.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let mut digests = Vec::new();
        for _ in 0..6 {
            let before = moved.load(Ordering::Relaxed);
            while moved.load(Ordering::Relaxed) < before + 20 {
                std::thread::yield_now();
            }
            let report = engine.backup(ACTOR, &BackupOptions::default(), &mut quiet).unwrap();
            assert_eq!(report.snapshot_restarts, 0);
            digests.push(report.manifest.tables["part_location_allocations"].digest);
            let unpacked = database.db_path.beside("unpacked.db");
            unpack_database(&report.path, &unpacked);
            let sum: i64 = Connection::open(&unpacked)
                .unwrap()
                .query_row("SELECT sum(quantity_at_location) FROM part_location_allocations", [], |row| {
                    row.get(0)
                })
                .unwrap();
            assert_eq!(sum, total);
            fs::remove_file(&unpacked).unwrap();
        }
        stop.store(true, Ordering::Relaxed);
        digests.dedup();
        assert_eq!(digests.len(), 6, "the writers were at work all the time");
    });
}

/// Promise 1 for files: a file that is stored during the backup is archived together with its row or not at
/// all, and a file that is deleted meanwhile can still be read.
#[rstest]
#[tokio::test]
async fn files_and_rows_of_a_backup_agree_while_files_come_and_go(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    use inventory::{FileKind, StaticFiles};
    let database = test_db_with_schema;
    let data = populate_test_database(&database.inventory, test_static_files_dir.root()).await;
    let engine = database.engine(&test_static_files_dir);
    let statics = StaticFiles::new(test_static_files_dir.root());
    let ambient = Ambient::system();
    let mut stored = None;
    let first = data.images[0].file_name().unwrap().to_str().unwrap().to_owned();
    let mut deleted = None;
    let report = {
        let mut listen = |event: Event| {
            if event == Event::Step(backup::Step::CheckCopy) {
                // After the moment of the snapshot: the archive must not contain this.
                let file = statics.store(FileKind::Images, "", "png", &mut &b"late"[..], &ambient).unwrap();
                stored = Some(file.path);
                deleted = Some(statics.delete(FileKind::Images, &first, &ambient).unwrap());
            }
        };
        engine.backup(ACTOR, &BackupOptions::default(), &mut listen).unwrap()
    };
    let kept = engine.show(ACTOR, &report.path).unwrap().contents.unwrap().files;
    let has = |name: &str| kept.iter().any(|entry| entry.name == format!("images/{name}"));
    assert!(!has(&stored.unwrap()), "its row is not in the snapshot");
    assert!(has(&first), "its row is");
    assert_eq!(deleted, Some(inventory::static_files::Deletion::Deferred));
    assert!(report.manifest.dangling.is_empty());
    assert!(!data.images[0].exists(), "the delete was done when the snapshot ended");

    // The row now refers to a missing file: the next backup reports it, and succeeds.
    let report = engine.backup(ACTOR, &BackupOptions::default(), &mut quiet).unwrap();
    assert_eq!(report.manifest.dangling, [format!("images/{}", first.trim_end_matches(".png"))]);
}

#[rstest]
#[tokio::test]
async fn a_file_that_vanishes_during_the_backup_fails_it(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let database = test_db_with_schema;
    let data = populate_test_database(&database.inventory, test_static_files_dir.root()).await;
    let engine = database.engine(&test_static_files_dir);
    let mut vandal = |event: Event| {
        if event == Event::Step(backup::Step::CheckCopy) {
            fs::remove_file(&data.images[1]).unwrap();
        }
    };
    let error = engine.backup(ACTOR, &BackupOptions::default(), &mut vandal).unwrap_err();
    assert!(matches!(&error, Error::Vanished { path } if *path == data.images[1]), "{error}");
    assert_eq!(fs::read_dir(&engine.places().backups).unwrap().count(), 0);
}

/// Another program keeps the database open and reads before, during and after the restore.
#[rstest]
#[tokio::test]
async fn a_restore_works_under_readers_and_they_never_see_a_mix(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let database = test_db_with_schema;
    add_many_parts(&database.db_path.path(), 500);
    let engine = database.engine(&test_static_files_dir);
    let archive = back_up(&engine);
    let path = database.db_path.path();
    Connection::open(&path)
        .unwrap()
        .execute("UPDATE part_location_allocations SET quantity_at_location = 7", [])
        .unwrap();

    // A reader in the middle of a transaction keeps its view.
    let pinned = Connection::open(&path).unwrap();
    let sum = |connection: &Connection| -> i64 {
        let sql = "SELECT sum(quantity_at_location) FROM part_location_allocations";
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    pinned.execute_batch("BEGIN").unwrap();
    assert_eq!(sum(&pinned), 3500);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let connection = Connection::open(&path).unwrap();
            connection.busy_timeout(std::time::Duration::from_secs(30)).unwrap();
            let mut seen = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                seen.push(sum(&connection));
            }
            seen.push(sum(&connection));
            seen.dedup();
            seen
        });
        restore_with(&engine, &RestoreOptions::new(&archive)).unwrap();
        stop.store(true, Ordering::Relaxed);
        let seen = reader.join().unwrap();
        assert!(seen == [3500, 50_000] || seen == [50_000], "{seen:?}");
    });
    assert_eq!(sum(&pinned), 3500, "its own moment, to the end of its transaction");
    pinned.execute_batch("COMMIT").unwrap();
    assert_eq!(sum(&pinned), 50_000, "the same connection, afterwards");
}

/// A write after the safety backup would be in no backup.
#[rstest]
#[case::once(1, true)]
#[case::every_time(3, false)]
#[tokio::test]
async fn a_restore_loses_no_write_that_came_after_the_safety_backup(
    #[case] writes: u32,
    #[case] restored: bool,
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let database = test_db_with_schema;
    populate_test_database(&database.inventory, test_static_files_dir.root()).await;
    let engine = database.engine(&test_static_files_dir);
    let archive = back_up(&engine);
    test_static_files_dir.write("images/later.png", b"png");
    let path = database.db_path.path();
    let mut left = writes;
    let mut writer = |event: Event| {
        if event == Event::Step(backup::Step::ReadBack) && left > 0 {
            left -= 1;
            Connection::open(&path)
                .unwrap()
                .execute("UPDATE partmodel SET description = ifnull(description, '') || ' counted'", [])
                .unwrap();
        }
    };
    let staged = engine.stage_restore(ACTOR, &RestoreOptions::new(&archive), &mut quiet).unwrap();
    let result = staged.commit(&mut writer);
    if restored {
        let safety = result.unwrap().safety_backup.unwrap();
        let copy = database.db_path.beside("safety.db");
        unpack_database(&safety, &copy);
        let sql = "SELECT count(*) FROM partmodel WHERE description LIKE '% counted'";
        let kept: i64 = Connection::open(&copy).unwrap().query_row(sql, [], |row| row.get(0)).unwrap();
        let parts: i64 = Connection::open(&copy)
            .unwrap()
            .query_row("SELECT count(*) FROM partmodel WHERE part_name IS NOT NULL", [], |row| row.get(0))
            .unwrap();
        assert_eq!((kept, parts), (5, 5), "the safety backup that stays has the write");
        assert_eq!(engine.list(ACTOR).unwrap().len(), 2, "the one before it is gone");
    } else {
        let error = result.unwrap_err();
        assert!(matches!(error, Error::ChangedMeanwhile { .. }), "{error}");
        assert_eq!(error.kind(), Kind::Locked);
        assert!(test_static_files_dir.root().join("images/later.png").exists());
        assert_eq!(leftovers(engine.places()), Vec::<String>::new());
    }
}

/// A file is deleted between the plan and the commit, through the inventory or by hand.
#[rstest]
#[tokio::test]
async fn a_file_that_disappears_before_the_commit_stops_the_restore(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    use inventory::{FileKind, StaticFiles};
    let database = test_db_with_schema;
    let data = populate_test_database(&database.inventory, test_static_files_dir.root()).await;
    let engine = database.engine(&test_static_files_dir);
    let archive = back_up(&engine);
    let options = RestoreOptions::new(&archive);

    // Through the inventory: the deletion is deferred, then dropped, since restored rows refer to the file.
    let staged = engine.stage_restore(ACTOR, &options, &mut quiet).unwrap();
    let name = data.images[0].file_name().unwrap().to_str().unwrap();
    let statics = StaticFiles::new(test_static_files_dir.root());
    let deletion = statics.delete(FileKind::Images, name, &Ambient::system()).unwrap();
    assert_eq!(deletion, inventory::static_files::Deletion::Deferred);
    staged.commit(&mut quiet).unwrap();
    statics.sweep().unwrap();
    assert!(data.images[0].exists());

    // By hand: the deletion cannot be deferred, so nothing is restored.
    let staged = engine.stage_restore(ACTOR, &options, &mut quiet).unwrap();
    fs::remove_file(&data.images[1]).unwrap();
    let error = staged.commit(&mut quiet).unwrap_err();
    assert!(matches!(&error, Error::FileChanged { path } if *path == data.images[1]), "{error}");
    assert_eq!(leftovers(engine.places()), Vec::<String>::new());
}

/// A transaction that is open during the safety backup, and committed just before the restore replaces the
/// database, is in no backup: the restore must fail.
#[rstest]
#[tokio::test]
async fn a_transaction_committed_at_the_last_moment_is_not_lost(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let database = test_db_with_schema;
    add_many_parts(&database.db_path.path(), 10);
    let engine = database.engine(&test_static_files_dir);
    let archive = back_up(&engine);
    let path = database.db_path.path();
    let writer = Connection::open(&path).unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    let committing = std::thread::spawn(move || {
        writer.execute_batch("BEGIN IMMEDIATE; UPDATE partmodel SET description = 'last moment'").unwrap();
        let () = told.recv().unwrap();
        writer.execute_batch("COMMIT").unwrap();
    });
    let staged = engine.stage_restore(ACTOR, &RestoreOptions::new(&archive), &mut quiet).unwrap();
    let mut listen = |event: Event| {
        if event == Event::Step(backup::Step::Commit) {
            tell.send(()).unwrap();
        }
    };
    let error = staged.commit(&mut listen).unwrap_err();
    assert!(matches!(error, Error::ChangedMeanwhile { .. }), "{error}");
    committing.join().unwrap();
    let sql = "SELECT count(*) FROM partmodel WHERE description = 'last moment'";
    let kept: i64 = Connection::open(&path).unwrap().query_row(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(kept, 10);
}
