//! Promises 2 to 4 against the disk: it stops, or fails, at any effect of a backup or a restore.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use backup::{BackupOptions, Error, Kind, RestoreOptions};
use inventory::Ambient;
use rstest::rstest;
use testkit::state::leftovers;
use testkit::{
    FaultyDisk, TestDatabase, TestDbPath, TestStaticFiles, populate_test_database, state_of,
    test_db_with_schema, test_static_files_dir,
};

use super::{ACTOR, Two, quiet, restore, two_states};

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

fn copy_tree(from: &Path, to: &Path) {
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

/// How a restore ends before its time.
#[derive(Clone, Copy, Debug)]
enum End {
    /// The process dies; the kernel writes out what it was given.
    Kill,
    /// The power goes; what was not synced is gone too.
    PowerCut,
}

/// Promise 2: ended at every single effect, and started again, everything is wholly old or wholly
/// new, and nothing is left over.
#[rstest]
#[case::with_safety_backup(true, End::Kill)]
#[case::killed(false, End::Kill)]
#[case::power_cut(false, End::PowerCut)]
#[tokio::test]
async fn a_restore_ended_at_any_effect_is_wholly_old_or_wholly_new(
    #[case] safety_backup: bool,
    #[case] end: End,
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let two = two_states(test_db_with_schema, test_static_files_dir).await;
    let saved = save(&two);
    let options = RestoreOptions { safety_backup, ..RestoreOptions::new(&two.archive) };
    let (mut old, mut new) = (0, 0);
    for at in 1.. {
        reset(&two, &saved);
        let disk = match end {
            End::Kill => FaultyDisk::stop_at(at),
            End::PowerCut => FaultyDisk::power_cut_at(at, &saved.beside(&format!("kept_{at}"))),
        };
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

/// People name their own copies as they like; only names that this program gives are its own.
#[rstest]
#[tokio::test]
async fn files_of_other_people_beside_the_database_stay(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let database = test_db_with_schema;
    let path = database.db_path.path();
    let beside = |suffix: &str| inventory::disk::with_suffix(&path, suffix);
    let kept =
        [beside(".restore-before-upgrade"), beside(".restore-notes.json"), beside(".restore-mine/file")];
    fs::create_dir(beside(".restore-mine")).unwrap();
    kept.iter().for_each(|path| fs::write(path, b"mine").unwrap());
    let engine = database.engine(&test_static_files_dir);
    engine.recover().unwrap();
    engine.backup(ACTOR, &BackupOptions::default(), &mut quiet).unwrap();
    assert!(kept.iter().all(|path| path.exists()));
    inventory::Inventory::open(&path, Ambient::system()).await.unwrap().close().await.unwrap();
}

/// A static folder that is not mounted at the next start must not make the journal go away.
#[rstest]
#[tokio::test]
async fn recovery_waits_for_the_static_folder(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let two = two_states(test_db_with_schema, test_static_files_dir).await;
    let saved = save(&two);
    let options = RestoreOptions { safety_backup: false, ..RestoreOptions::new(&two.archive) };
    let engine = two.database.engine(&two.files);
    let (root, away) = (two.files.root().to_owned(), two.database.db_path.beside("away"));
    let mut waited = 0;
    for at in 1.. {
        reset(&two, &saved);
        let disk = FaultyDisk::stop_at(at);
        let done = restore(&two.database.engine_on(&two.files, Arc::new(disk.clone())), &options).is_ok();
        let journal = engine.places().database.parent().unwrap().read_dir().unwrap().flatten().any(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            name.starts_with(two.database.db_path.path().file_name().unwrap().to_str().unwrap())
                && name.ends_with(".json")
        });
        if journal {
            fs::rename(&root, &away).unwrap();
            fs::create_dir(&root).unwrap();
            let error = engine.recover().unwrap_err();
            assert!(error.to_string().contains("mounted"), "effect {at}: {error}");
            waited += 1;
            fs::remove_dir_all(&root).unwrap();
            fs::rename(&away, &root).unwrap();
        }
        engine.recover().unwrap();
        let state = state_of(engine.places());
        assert!(state == two.old || state == two.archived, "effect {at}");
        if done && disk.effects() < at {
            break;
        }
    }
    assert!(waited > 5, "{waited}");
}
