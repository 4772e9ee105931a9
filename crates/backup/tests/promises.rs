//! The promises of the product, each tried where it could break: writers at work, a disk that
//! fails or stops at any effect, every state the live database can be in.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use backup::{BackupOptions, Engine, Error, Event, Kind, RestoreOptions};
use inventory::{Actor, Ambient, NewPart};
use rstest::rstest;
use rusqlite::Connection;
use testkit::fixtures::places;
use testkit::generators::{add_many_parts, noise};
use testkit::state::leftovers;
use testkit::{
    FaultyDisk, State, TestDatabase, TestDbPath, TestStaticFiles, populate_test_database, state_of,
    test_db_path, test_db_with_schema, test_static_files_dir,
};

const ACTOR: &Actor = &Actor::System;

fn quiet(_: Event) {}

fn back_up(engine: &Engine) -> PathBuf {
    engine.backup(ACTOR, &BackupOptions::default(), &mut quiet).unwrap().path
}

fn restore(engine: &Engine, options: &RestoreOptions) -> Result<backup::RestoreReport, Error> {
    engine.stage_restore(ACTOR, options, &mut quiet)?.commit(&mut quiet)
}

/// An inventory with nested files, and one that differs from it in every way a restore has to
/// deal with: rows, files to add, to replace and to remove, in folders of their own.
struct Two {
    database: TestDatabase,
    files: TestStaticFiles,
    old: State,
    archive: PathBuf,
    archived: State,
}

async fn two_states(database: TestDatabase, files: TestStaticFiles) -> Two {
    populate_test_database(&database.inventory, files.root()).await;
    files.write("images/shared/same.png", b"the same in both");
    files.write("images/shared/changed.png", b"as archived");
    files.write("images/only/in/archive/a.png", b"added by the restore");
    files.write("datasheets/b.pdf", &noise(3000, 5));
    let engine = database.engine(&files);
    let archived = state_of(engine.places());
    let archive = back_up(&engine);

    let part = NewPart { name: "made after the backup".into(), ..NewPart::default() };
    database.inventory.create_part(ACTOR, part).await.unwrap();
    files.write("images/shared/changed.png", b"changed since");
    fs::remove_dir_all(files.root().join("images/only")).unwrap();
    files.write("datasheets/new/folder/c.pdf", b"removed by the restore");
    database.inventory.close().await.unwrap();
    let old = state_of(engine.places());
    Two { database, files, old, archive, archived }
}

/// Puts everything back as it was before the restore.
fn reset(two: &Two, saved: &TestDbPath) {
    let places = two.database.places(&two.files);
    for suffix in ["", "-wal", "-shm"] {
        let (live, kept) = (
            inventory::disk::with_suffix(&places.database, suffix),
            inventory::disk::with_suffix(&saved.path(), suffix),
        );
        let _ = fs::remove_file(&live);
        if kept.exists() {
            fs::copy(&kept, &live).unwrap();
        }
    }
    fs::remove_dir_all(&places.static_files).unwrap();
    copy_tree(&saved.beside("static"), &places.static_files);
}

fn save(two: &Two) -> TestDbPath {
    let saved = TestDbPath::new();
    let places = two.database.places(&two.files);
    for suffix in ["", "-wal", "-shm"] {
        let live = inventory::disk::with_suffix(&places.database, suffix);
        if live.exists() {
            fs::copy(&live, inventory::disk::with_suffix(&saved.path(), suffix)).unwrap();
        }
    }
    copy_tree(&places.static_files, &saved.beside("static"));
    saved
}

fn copy_tree(from: &std::path::Path, to: &std::path::Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_tree(&entry.path(), &target)
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Promise 2: stopped at every single effect, and started again, everything is wholly old or wholly
/// new, and nothing is left over.
#[rstest]
#[case::with_safety_backup(true)]
#[case::without(false)]
#[tokio::test]
async fn a_restore_stopped_at_any_effect_is_wholly_old_or_wholly_new(
    #[case] safety_backup: bool,
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let two = two_states(test_db_with_schema, test_static_files_dir).await;
    let saved = save(&two);
    let options = RestoreOptions { safety_backup, ..RestoreOptions::new(&two.archive) };
    let (mut old, mut new) = (0, 0);
    for at in 1.. {
        reset(&two, &saved);
        let disk = FaultyDisk::stop_at(at);
        let engine = two.database.engine_on(&two.files, Arc::new(disk.clone()));
        let result = restore(&engine, &options);
        let reached = disk.effects() >= at;

        let engine = two.database.engine(&two.files);
        engine.recover().unwrap();
        let state = state_of(engine.places());
        if state == two.archived {
            new += 1;
        } else {
            assert!(state == two.old, "effect {at}: neither old nor new: {:?}", result.err());
            assert!(result.is_err(), "effect {at}: success was reported, and nothing restored");
            old += 1;
        }
        // What is left of a stopped backup goes with the next backup; of a restore, now.
        let left: Vec<String> =
            leftovers(engine.places()).into_iter().filter(|name| !name.contains(".zip.partial")).collect();
        assert_eq!(left, Vec::<String>::new(), "effect {at}");
        restore(&engine, &options)
            .unwrap_or_else(|error| panic!("effect {at}: the next restore fails: {error}"));
        assert!(state_of(engine.places()) == two.archived, "effect {at}: the next restore");
        if !reached {
            break;
        }
    }
    assert!(old > 20 && new > 5, "both sides of the deciding instant were tried: {old} old, {new} new");
}

/// Promises 3 and 4: each effect fails once, in each way a disk can fail. Either the restore
/// succeeds all the same, or it says so and everything is as before.
#[rstest]
#[case(ErrorKind::StorageFull)]
#[case(ErrorKind::PermissionDenied)]
#[case(ErrorKind::Other)]
#[tokio::test]
async fn a_failing_effect_fails_the_restore_without_a_trace(
    #[case] kind: ErrorKind,
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let two = two_states(test_db_with_schema, test_static_files_dir).await;
    let saved = save(&two);
    let options = RestoreOptions { safety_backup: false, ..RestoreOptions::new(&two.archive) };
    for at in 1.. {
        reset(&two, &saved);
        let disk = FaultyDisk::fail_at(at, kind);
        let engine = two.database.engine_on(&two.files, Arc::new(disk.clone()));
        let result = restore(&engine, &options);
        let places = engine.places();
        match &result {
            Ok(_) => assert!(state_of(places) == two.archived, "effect {at}"),
            Err(Error::Unfinished { .. }) => {
                two.database.engine(&two.files).recover().unwrap();
                assert!(state_of(places) == two.archived, "effect {at}: completed at the next start");
            }
            Err(error) => {
                assert!(state_of(places) == two.old, "effect {at}: {error}");
                assert_eq!(error.kind(), Kind::Storage, "effect {at}: {error}");
            }
        }
        two.database.engine(&two.files).recover().unwrap();
        let left = leftovers(places);
        assert_eq!(left, Vec::<String>::new(), "effect {at}: {:?}", result.err().map(|e| e.to_string()));
        if disk.effects() < at {
            break;
        }
    }
}

/// A backup that stops or fails anywhere changes nothing, leaves no archive under its name, and
/// the next one works and tidies up.
#[rstest]
#[tokio::test]
async fn a_backup_stopped_at_any_effect_leaves_no_archive_and_no_trouble(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let database = test_db_with_schema;
    populate_test_database(&database.inventory, test_static_files_dir.root()).await;
    let places = database.places(&test_static_files_dir);
    let before = state_of(&places);
    let options = BackupOptions { name: Some("one".into()), ..BackupOptions::default() };
    let path = places.backups.join("one.zip");
    for fault in [None, Some(ErrorKind::StorageFull)] {
        for at in 1.. {
            let disk = match fault {
                None => FaultyDisk::stop_at(at),
                Some(kind) => FaultyDisk::fail_at(at, kind),
            };
            let engine = database.engine_on(&test_static_files_dir, Arc::new(disk.clone()));
            let result = engine.backup(ACTOR, &options, &mut quiet);
            if let Err(error) = &result {
                assert_eq!(error.kind(), Kind::Storage, "effect {at}: {error}");
            }
            if path.exists() {
                assert!(fault.is_none() || result.is_ok(), "effect {at}: it failed, and there is an archive");
                // The name is given last, so what bears it is complete.
                database.engine(&test_static_files_dir).verify(ACTOR, &path, &mut quiet).unwrap();
                fs::remove_file(&path).unwrap();
            }
            let _ = fs::remove_file(inventory::disk::with_suffix(&path, ".status.json"));
            let second = database.engine(&test_static_files_dir).backup(ACTOR, &options, &mut quiet);
            fs::remove_file(second.unwrap().path).unwrap();
            let _ = fs::remove_file(inventory::disk::with_suffix(&path, ".status.json"));
            assert_eq!(leftovers(&places), Vec::<String>::new(), "effect {at}");
            if disk.effects() < at {
                assert!(at > 15, "it has more effects than {at}");
                break;
            }
        }
    }
    assert!(state_of(&places) == before);
}

/// Promise 1: writers move stock between two rows all the time; in every archive the sum is exact,
/// and no copy ever had to begin again.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_concurrent_writers_is_one_moment(
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

fn unpack_database(archive: &std::path::Path, target: &std::path::Path) {
    let reader =
        archive::Reader::open(fs::File::open(archive).unwrap(), &archive::Limits::default()).unwrap();
    let entry = reader.entry(archive::Role::Database).unwrap();
    std::io::copy(&mut reader.read(entry).unwrap(), &mut fs::File::create(target).unwrap()).unwrap();
}

/// Promise 1 for files: one that is stored while the backup runs is either left out with its row or
/// taken with it; one that is deleted meanwhile is still there to be read.
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
                // After the moment of the snapshot: none of this belongs into the archive.
                let file = statics.store(FileKind::Images, "", "png", &mut &b"late"[..], &ambient).unwrap();
                stored = Some(file.path);
                deleted = Some(statics.delete(FileKind::Images, &first, &ambient).unwrap());
            }
        };
        engine.backup(ACTOR, &BackupOptions::default(), &mut listen).unwrap()
    };
    let has = |name: &str| report.manifest.files.iter().any(|file| file.path == format!("images/{name}"));
    assert!(!has(&stored.unwrap()), "its row is not in the snapshot");
    assert!(has(&first), "its row is");
    assert_eq!(deleted, Some(inventory::static_files::Deletion::Deferred));
    assert!(report.manifest.dangling.is_empty());
    assert!(!data.images[0].exists(), "the delete was done when the snapshot ended");

    // From now on the row points nowhere; the next backup says so, and works.
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

/// Another program has the database open and reads, before, during and after.
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

    // A reader in the middle of a transaction keeps what it sees.
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
        restore(&engine, &RestoreOptions::new(&archive)).unwrap();
        stop.store(true, Ordering::Relaxed);
        let seen = reader.join().unwrap();
        assert!(seen == [3500, 50_000] || seen == [50_000], "{seen:?}");
    });
    assert_eq!(sum(&pinned), 3500, "its own moment, to the end of its transaction");
    pinned.execute_batch("COMMIT").unwrap();
    assert_eq!(sum(&pinned), 50_000, "the same connection, afterwards");
}

fn overwrite(path: &std::path::Path, which: fn(usize) -> std::ops::Range<usize>) {
    let mut bytes = fs::read(path).unwrap();
    let range = which(bytes.len());
    bytes[range].fill(0xAA);
    fs::write(path, bytes).unwrap();
}

/// What somebody writes after the safety backup would be in no backup at all.
#[rstest]
#[case::once(1, true)]
#[case::every_time(2, false)]
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
        assert_eq!(engine.list().unwrap().len(), 2, "the one before it is gone");
    } else {
        let error = result.unwrap_err();
        assert!(matches!(error, Error::ChangedMeanwhile { .. }), "{error}");
        assert_eq!(error.kind(), Kind::Locked);
        assert!(test_static_files_dir.root().join("images/later.png").exists());
        assert_eq!(leftovers(engine.places()), Vec::<String>::new());
    }
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
    OtherProgram,
    RollbackJournal,
    Utf16,
}

/// Whatever lies where the database should be, a restore puts the archived state there.
#[rstest]
#[tokio::test]
async fn a_restore_goes_over_any_live_database(
    #[values(
        LiveState::Missing,
        LiveState::MissingWithOldLog,
        LiveState::Empty,
        LiveState::Text,
        LiveState::RowsOverwritten,
        LiveState::SchemaOverwritten,
        LiveState::OtherPageSize,
        LiveState::OtherProgram,
        LiveState::RollbackJournal,
        LiveState::Utf16
    )]
    live: LiveState,
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let two = two_states(test_db_with_schema, test_static_files_dir).await;
    let path = two.database.db_path.path();
    let new_database = |sql: &str| {
        fs::remove_file(&path).unwrap();
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    };
    match live {
        LiveState::Missing => fs::remove_file(&path).unwrap(),
        LiveState::MissingWithOldLog => {
            // The log of a database that is gone must not be applied to the restored one.
            add_many_parts(&path, 300);
            let keep = Connection::open(&path).unwrap();
            keep.execute_batch("UPDATE partmodel SET description = 'from an old log'").unwrap();
            let log = fs::read(inventory::disk::with_suffix(&path, "-wal")).unwrap();
            drop(keep);
            fs::remove_file(&path).unwrap();
            fs::write(inventory::disk::with_suffix(&path, "-wal"), log).unwrap();
        }
        LiveState::Empty => fs::write(&path, b"").unwrap(),
        LiveState::Text => fs::write(&path, "not a database, but somebody's notes\n".repeat(100)).unwrap(),
        LiveState::RowsOverwritten => {
            add_many_parts(&path, 2000);
            overwrite(&path, |length| length / 8192 * 4096..length - 4096);
        }
        LiveState::SchemaOverwritten => overwrite(&path, |length| 8192..length - 4096),
        LiveState::OtherPageSize => new_database(
            "PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t VALUES (1)",
        ),
        LiveState::OtherProgram => new_database("CREATE TABLE songs (title TEXT)"),
        LiveState::RollbackJournal => new_database("PRAGMA journal_mode = DELETE; CREATE TABLE t (a)"),
        LiveState::Utf16 => new_database("PRAGMA encoding = 'UTF-16le'; CREATE TABLE t (a)"),
    }
    let engine = two.database.engine(&two.files);
    let report = restore(&engine, &RestoreOptions::new(&two.archive)).unwrap();
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
    let error = restore(&engine, &options).unwrap_err();
    assert!(matches!(&error, Error::Violations { count: 1, .. }), "{error}");
    let message = error.to_string();
    assert!(message.contains(&data.allocations[1].id) && message.contains("locationmodel"), "{message}");
    assert!(message.contains("--allow-violations"), "{message}");
    options.allow_violations = true;
    assert_eq!(restore(&engine, &options).unwrap().plan.violations, 1);
}

#[rstest]
#[tokio::test]
async fn a_backup_without_a_folder_leaves_that_folder_as_it_is(
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

/// An archive made with an empty folder says so, and restoring it empties the folder (the original
/// left a mix of old and new).
#[rstest]
#[tokio::test]
async fn r14_an_empty_folder_in_the_backup_is_restored_as_empty(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let engine = test_db_with_schema.engine(&test_static_files_dir);
    let archive = back_up(&engine);
    let later = test_static_files_dir.write("images/a/later.png", b"png");
    restore(&engine, &RestoreOptions::new(archive)).unwrap();
    assert!(!later.exists() && !later.parent().unwrap().exists());
    assert!(test_static_files_dir.root().join("images").exists());
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

/// Triggers and views are code; none of ours travel, and none of theirs arrive.
#[rstest]
#[tokio::test]
async fn triggers_and_views_stay_out_of_archives(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let database = test_db_with_schema;
    populate_test_database(&database.inventory, test_static_files_dir.root()).await;
    let connection = Connection::open(database.db_path.path()).unwrap();
    connection
        .execute_batch(
            "CREATE VIEW my_report AS SELECT part_name FROM partmodel;
             CREATE TRIGGER evil AFTER INSERT ON partmodel BEGIN DELETE FROM usermodel; END;
             CREATE VIRTUAL TABLE my_search USING fts5(name); INSERT INTO my_search VALUES ('x');",
        )
        .unwrap();
    let engine = database.engine(&test_static_files_dir);
    let report = engine.backup(ACTOR, &BackupOptions::default(), &mut quiet).unwrap();
    let mut left: Vec<&str> = report.manifest.left_out.iter().map(|left| left.what.as_str()).collect();
    left.sort_unstable();
    assert_eq!(left, ["trigger evil", "view my_report", "virtual table my_search"]);
    assert!(!report.manifest.tables.keys().any(|name| name.starts_with("my_")));
    assert!(
        connection.table_exists(None, "my_report").unwrap_or(false)
            || connection.prepare("SELECT * FROM my_report").is_ok(),
        "the live one keeps them"
    );
    restore(&engine, &RestoreOptions::new(&report.path)).unwrap();
}

#[rstest]
#[tokio::test]
async fn a_database_in_a_folder_may_be_of_any_name_and_share_it(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
    test_db_path: TestDbPath,
) {
    // Both lie in the folder of all test databases; neither's lock or recovery concerns the other.
    populate_test_database(&test_db_with_schema.inventory, test_static_files_dir.root()).await;
    let engine = test_db_with_schema.engine(&test_static_files_dir);
    let archive = back_up(&engine);
    let other = Engine::new(places(&test_db_path, &test_db_path.beside("static")), Ambient::system());
    let staged = engine.stage_restore(ACTOR, &RestoreOptions::new(&archive), &mut quiet).unwrap();
    restore(&other, &RestoreOptions::new(&archive)).unwrap();
    assert_eq!(state_of(other.places()), state_of(engine.places()));
    // But the same one is locked, by name of what holds it.
    let error = engine.backup(ACTOR, &BackupOptions::default(), &mut quiet).unwrap_err();
    assert!(error.to_string().contains("is running (a restore, process"), "{error}");
    assert_eq!(error.kind(), Kind::Locked);
    drop(staged);
    back_up(&engine);
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
async fn a_backup_never_overwrites_another(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let engine = test_db_with_schema.engine(&test_static_files_dir);
    let named = BackupOptions { name: Some("mine".into()), ..BackupOptions::default() };
    let first = engine.backup(ACTOR, &named, &mut quiet).unwrap();
    assert!(matches!(engine.backup(ACTOR, &named, &mut quiet).unwrap_err(), Error::NameTaken { .. }));
    // Default names within one second differ all the same.
    let paths: std::collections::BTreeSet<PathBuf> = (0..4).map(|_| back_up(&engine)).collect();
    assert_eq!(paths.len(), 4);
    assert_eq!(first.size, first.path.metadata().unwrap().len());
}

/// It holds password hashes and whatever else people keep to themselves.
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
async fn an_env_file_is_refused_in_the_clear_unless_forced_and_never_put_in_place(
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
    restore(&engine, &RestoreOptions::new(&report.path)).unwrap();
    assert_eq!(fs::read(&engine.places().env_file).unwrap(), b"JWT_SECRET_KEY=later");
}

#[rstest]
#[tokio::test]
async fn an_interrupted_restore_keeps_the_inventory_closed_until_it_is_settled(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let two = two_states(test_db_with_schema, test_static_files_dir).await;
    let saved = save(&two);
    let options = RestoreOptions { safety_backup: false, ..RestoreOptions::new(&two.archive) };
    let path = two.database.db_path.path();
    let mut closed = 0;
    for at in 1.. {
        reset(&two, &saved);
        let disk = FaultyDisk::stop_at(at);
        let done = restore(&two.database.engine_on(&two.files, Arc::new(disk.clone())), &options).is_ok();
        match inventory::Inventory::open(&path, Ambient::system()).await {
            Ok(inventory) => inventory.close().await.unwrap(),
            Err(error) => {
                assert!(matches!(error, inventory::Error::RestorePending { .. }), "{error}");
                closed += 1;
            }
        }
        two.database.engine(&two.files).recover().unwrap();
        inventory::Inventory::open(&path, Ambient::system()).await.unwrap().close().await.unwrap();
        if done && disk.effects() < at {
            break;
        }
    }
    assert!(closed > 5, "{closed}");
}

#[rstest]
#[tokio::test]
async fn only_who_may_does(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let engine = test_db_with_schema.engine(&test_static_files_dir);
    let archive = back_up(&engine);
    let reader = Actor::User { id: "1".into(), username: "r".into(), permissions: vec!["parts:read".into()] };
    let error = engine.backup(&reader, &BackupOptions::default(), &mut quiet).unwrap_err();
    assert!(matches!(error, Error::Forbidden { .. }));
    assert!(engine.stage_restore(&reader, &RestoreOptions::new(archive), &mut quiet).is_err());
}
