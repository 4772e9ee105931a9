//! Promises 2 to 4 when the process ends, or the disk fails, at any effect of a backup or a restore.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use archive::{Identity, Keys};
use backup::{BackupOptions, EncryptionPolicy, Engine, Error, Kind, RestoreOptions};
use inventory::Ambient;
use rstest::rstest;
use testkit::engine::restore_with;
use testkit::long_run::{self, Random};
use testkit::scratch::copy_tree;
use testkit::state::leftovers;
use testkit::{
    FaultyDisk, Lost, TestDatabase, TestDbPath, TestStaticFiles, populate_test_database, state_of,
    test_db_with_schema, test_static_files_dir,
};

use super::{ACTOR, Two, quiet, two_states};

/// Resets everything to the state before the restore.
fn reset(two: &Two, saved: &TestDbPath) {
    let places = two.database.places(&two.files);
    for suffix in ["", "-wal", "-shm"] {
        let (live, kept) =
            (durable::with_suffix(&places.database, suffix), durable::with_suffix(&saved.path(), suffix));
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
        let live = durable::with_suffix(&places.database, suffix);
        if live.exists() {
            fs::copy(&live, durable::with_suffix(&saved.path(), suffix)).unwrap();
        }
    }
    copy_tree(&places.static_files, &saved.beside("static"));
    saved
}

/// How a restore or a backup is interrupted.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    /// The process dies, and the kernel still writes what it has received.
    Kill,
    /// The power fails, and everything that is not synced is lost.
    DroppedByPowerCut,
    /// The power fails; all names survive, with half of each file that is not synced.
    TornByPowerCut,
    /// The power fails; one unsynced change is lost, or all but one, or all from one on.
    MixedByPowerCut,
}

impl End {
    fn disk(self, at: u64, kept: &Path) -> FaultyDisk {
        match self {
            Self::Kill => FaultyDisk::stop_at(at),
            _ => FaultyDisk::power_cut_at(at, kept),
        }
    }

    /// Returns what happens to the disk after the process has ended.
    fn strike(self, disk: &FaultyDisk, random: &mut Random) {
        let mixed = |random: &mut Random, unsynced: usize| {
            let one = random.below(unsynced.max(1) as u64) as usize;
            [Lost::Only(one), Lost::AllBut(one), Lost::From(one)][random.below(3) as usize]
        };
        match self {
            Self::Kill => {}
            Self::DroppedByPowerCut => disk.cut_power(Lost::Everything),
            Self::TornByPowerCut => disk.cut_power(Lost::HalfOfEachFile),
            Self::MixedByPowerCut => disk.cut_power(mixed(random, disk.unsynced())),
        }
    }

    /// Returns how often to try each effect.
    fn tries(self) -> u32 {
        if self == Self::MixedByPowerCut { long_run::amount(1, 6) } else { 1 }
    }
}

/// Promise 2: after an interruption at any effect and a new start, the inventory is wholly old or wholly
/// new, and nothing is left behind. A restore that was reported as done stays done.
#[rstest]
#[case(false, End::Kill)]
#[case(false, End::DroppedByPowerCut)]
#[case(false, End::TornByPowerCut)]
#[case(false, End::MixedByPowerCut)]
#[case(true, End::Kill)]
#[case(true, End::DroppedByPowerCut)]
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
    let mut random = Random::new("a restore ended");
    let (mut old, mut new) = (0, 0);
    // Another test tries each effect of backups, of which the safety backup is one.
    let apart = match end {
        _ if safety_backup => long_run::amount(8, 1),
        End::MixedByPowerCut => long_run::amount(2, 1),
        _ => 1,
    };
    'effects: for at in (1..).step_by(apart as usize) {
        for _ in 0..end.tries() {
            reset(&two, &saved);
            let disk = end.disk(at, &saved.beside("kept"));
            let engine = two.database.engine_on(&two.files, Arc::new(disk.clone()));
            let result = restore_with(&engine, &options);
            let reached = disk.effects() >= at;
            end.strike(&disk, &mut random);

            let engine = two.database.engine(&two.files);
            engine.recover(ACTOR).unwrap_or_else(|error| panic!("effect {at}: no recovery: {error}"));
            let state = state_of(engine.places());
            if state == two.archived {
                new += 1;
            } else {
                assert!(state == two.old, "effect {at}: neither old nor new: {:?}", result.err());
                assert!(result.is_err(), "effect {at}: success was reported, and nothing restored");
                old += 1;
            }
            // The next backup removes what a stopped backup left; a restore must leave nothing even now.
            let mut left = leftovers(engine.places());
            left.retain(|name| !name.contains(".zip.partial") && !name.contains(".zip.status.json"));
            assert_eq!(left, Vec::<String>::new(), "effect {at}");
            restore_with(&engine, &options)
                .unwrap_or_else(|error| panic!("effect {at}: the next restore fails: {error}"));
            assert!(state_of(engine.places()) == two.archived, "effect {at}: the next restore");
            if !reached {
                assert!(result.is_ok());
                break 'effects;
            }
        }
    }
    assert!(old > 5 && new > 2, "both sides of the deciding instant were tried: {old} old, {new} new");
    let safety = if safety_backup { "with" } else { "without" };
    let what = format!("restore {safety} safety backup ended at every effect: {end:?}");
    long_run::figure(&what, &format!("{old} times wholly old, {new} times wholly new"));
}

/// The recovery itself is interrupted at each of its effects, in every way; the next recovery completes it.
#[rstest]
#[case(End::Kill)]
#[case(End::DroppedByPowerCut)]
#[case(End::MixedByPowerCut)]
#[tokio::test]
async fn a_recovery_ended_at_any_effect_is_completed_by_the_next(
    #[case] end: End,
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let two = two_states(test_db_with_schema, test_static_files_dir).await;
    let saved = save(&two);
    let options = RestoreOptions { safety_backup: false, ..RestoreOptions::new(&two.archive) };
    let mut random = Random::new("a recovery ended");
    let engine = two.database.engine(&two.files);
    let interrupt = |at| {
        assert!(at < 1000, "a restore has an end");
        engine.recover(ACTOR).unwrap();
        reset(&two, &saved);
        let disk = FaultyDisk::stop_at(at);
        let done =
            restore_with(&two.database.engine_on(&two.files, Arc::new(disk.clone())), &options).is_ok();
        (done, inventory::restore_names::beside(&engine.places().database).unwrap())
    };
    // The effects after which a journal or a staging folder exists.
    let instants: Vec<u64> = (1..)
        .map(|at| (at, interrupt(at)))
        .take_while(|(_, (done, _))| !done)
        .filter(|(_, (_, beside))| !beside.is_empty())
        .map(|(at, _)| at)
        .collect();
    assert!(instants.len() > 30);
    let apart = u64::from(long_run::amount(24, 2));
    let (mut old, mut new, first) = (0, 0, random.below(apart) as usize);
    // The last one is always among them: there the new state is in.
    for &instant in instants.iter().skip(first).step_by(apart as usize).chain(instants.last()) {
        for at in 1.. {
            interrupt(instant);
            let disk = end.disk(at, &saved.beside("kept"));
            let recovered = two.database.engine_on(&two.files, Arc::new(disk.clone())).recover(ACTOR);
            end.strike(&disk, &mut random);
            engine.recover(ACTOR).unwrap_or_else(|error| panic!("effects {instant}, {at}: {error}"));
            let state = state_of(engine.places());
            if state == two.archived {
                new += 1;
            } else {
                assert!(state == two.old, "effects {instant}, {at}: neither old nor new: {recovered:?}");
                old += 1;
            }
            assert_eq!(leftovers(engine.places()), Vec::<String>::new(), "effects {instant}, {at}");
            if disk.effects() < at {
                break;
            }
        }
    }
    assert!(old > 2 && new > 2, "{old} old, {new} new");
    let what = format!("recovery ended at every effect: {end:?}");
    long_run::figure(&what, &format!("{old} times wholly old, {new} times wholly new"));
}

/// Promises 3 and 4: each effect fails once, in each way a disk can fail. The restore either succeeds
/// nevertheless, or reports the failure and changes nothing.
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
        let result = restore_with(&engine, &options);
        let places = engine.places();
        match &result {
            Ok(_) => assert!(state_of(places) == two.archived, "effect {at}"),
            Err(Error::Unfinished { .. }) => {
                two.database.engine(&two.files).recover(ACTOR).unwrap();
                assert!(state_of(places) == two.archived, "effect {at}: completed at the next start");
            }
            Err(error) => {
                assert!(state_of(places) == two.old, "effect {at}: {error}");
                assert_eq!(error.kind(), Kind::Storage, "effect {at}: {error}");
            }
        }
        two.database.engine(&two.files).recover(ACTOR).unwrap();
        let left = leftovers(places);
        assert_eq!(left, Vec::<String>::new(), "effect {at}: {:?}", result.err().map(|e| e.to_string()));
        if disk.effects() < at {
            break;
        }
    }
}

/// A backup that fails at any effect changes nothing and leaves nothing behind, and the next one succeeds.
#[rstest]
#[case(ErrorKind::StorageFull)]
#[case(ErrorKind::PermissionDenied)]
#[case(ErrorKind::Other)]
#[tokio::test]
async fn a_failing_effect_fails_the_backup_without_a_trace(
    #[case] kind: ErrorKind,
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let database = test_db_with_schema;
    populate_test_database(&database.inventory, test_static_files_dir.root()).await;
    let engine = database.engine(&test_static_files_dir);
    let before = state_of(engine.places());
    let options = BackupOptions { name: Some("one".into()), ..BackupOptions::default() };
    for at in 1.. {
        let disk = FaultyDisk::fail_at(at, kind);
        let result = database
            .engine_on(&test_static_files_dir, Arc::new(disk.clone()))
            .backup(ACTOR, &options, &mut quiet);
        match &result {
            Ok(made) => drop(engine.verify(ACTOR, &made.path, &mut quiet).unwrap()),
            Err(error) => assert_eq!(error.kind(), Kind::Storage, "effect {at}: {error}"),
        }
        let archive = engine.places().backups.join("one.zip");
        assert_eq!(archive.exists(), result.is_ok(), "effect {at}");
        // A file that could not be removed, because removing failed, goes with the next backup.
        let second = BackupOptions { name: Some("two".into()), ..BackupOptions::default() };
        let second = engine.backup(ACTOR, &second, &mut quiet).unwrap();
        for path in [&archive, &second.path] {
            for file in [path.clone(), durable::with_suffix(path, ".status.json")] {
                let _ = fs::remove_file(file);
            }
        }
        assert_eq!(leftovers(engine.places()), Vec::<String>::new(), "effect {at}");
        if disk.effects() < at {
            assert!(at > 15, "it has more effects than {at}");
            break;
        }
    }
    assert!(state_of(engine.places()) == before);
}

/// A backup that is interrupted at any effect changes nothing live. Each file with the name of an archive is
/// a whole one, an archive that was reported exists, and the next backup succeeds and tidies up.
#[rstest]
#[case(End::Kill, false)]
#[case(End::DroppedByPowerCut, false)]
#[case(End::TornByPowerCut, false)]
#[case(End::MixedByPowerCut, false)]
#[case::encrypted(End::Kill, true)]
#[case::encrypted(End::DroppedByPowerCut, true)]
#[tokio::test]
async fn a_backup_ended_at_any_effect_leaves_a_whole_archive_or_none(
    #[case] end: End,
    #[case] encrypted: bool,
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let database = test_db_with_schema;
    populate_test_database(&database.inventory, test_static_files_dir.root()).await;
    let identity = Identity::generate();
    let recipients = if encrypted { vec![identity.recipient()] } else { Vec::new() };
    let protected = |engine: Engine| {
        let recipients = recipients.clone();
        engine.with_encryption_policy(EncryptionPolicy { recipients, required: encrypted })
    };
    // The engine that backs up has no key; the one that checks has it.
    let engine =
        protected(database.engine(&test_static_files_dir)).with_keys(Keys::identity(identity.clone()));
    let before = state_of(engine.places());
    let options = BackupOptions { name: Some("one".into()), ..BackupOptions::default() };
    let path = engine.places().backups.join(if encrypted { "one.zip.age" } else { "one.zip" });
    let mut random = Random::new("a backup ended");
    let (mut none, mut whole) = (0, 0);
    'effects: for at in 1.. {
        for _ in 0..end.tries() {
            let disk = end.disk(at, &database.db_path.beside("kept"));
            let failing = protected(database.engine_on(&test_static_files_dir, Arc::new(disk.clone())));
            let result = failing.backup(ACTOR, &options, &mut quiet);
            let reached = disk.effects() >= at;
            end.strike(&disk, &mut random);
            if path.exists() {
                engine
                    .verify(ACTOR, &path, &mut quiet)
                    .unwrap_or_else(|error| panic!("effect {at}: {error}"));
                whole += 1;
            } else {
                assert!(result.is_err(), "effect {at}: success was reported, and there is no archive");
                none += 1;
            }
            let _ = fs::remove_file(&path);
            let second = engine.backup(ACTOR, &options, &mut quiet).unwrap();
            engine.verify(ACTOR, &second.path, &mut quiet).unwrap();
            fs::remove_file(&second.path).unwrap();
            fs::remove_file(durable::with_suffix(&path, ".status.json")).unwrap();
            assert_eq!(leftovers(engine.places()), Vec::<String>::new(), "effect {at}");
            if !reached {
                assert!(result.is_ok());
                break 'effects;
            }
        }
    }
    assert!(none > 15 && whole > 0);
    assert!(state_of(engine.places()) == before);
    let encrypted = if encrypted { ", encrypted" } else { "" };
    let what = format!("backup ended at every effect{encrypted}: {end:?}");
    long_run::figure(&what, &format!("{none} times no archive, {whole} times a whole one"));
}

/// Archives that were deleted by hand, or never received their names, leave no status files behind.
#[rstest]
#[tokio::test]
async fn the_next_backup_removes_notes_about_missing_archives(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let database = test_db_with_schema;
    let engine = database.engine(&test_static_files_dir);
    let back_up = |name: &str| {
        let options = BackupOptions { name: Some(name.into()), ..BackupOptions::default() };
        engine.backup(ACTOR, &options, &mut quiet).unwrap().path
    };
    let (gone, kept) = (back_up("gone"), back_up("kept"));
    fs::remove_file(&gone).unwrap();
    back_up("another");
    let note = |archive: &Path| durable::with_suffix(archive, ".status.json").exists();
    assert!(!note(&gone) && note(&kept));
}

#[rstest]
#[tokio::test]
async fn an_interrupted_restore_keeps_the_inventory_closed_until_it_is_recovered(
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
        let done =
            restore_with(&two.database.engine_on(&two.files, Arc::new(disk.clone())), &options).is_ok();
        match inventory::Inventory::open(&path, Ambient::system()).await {
            Ok(inventory) => inventory.close().await.unwrap(),
            Err(error) => {
                assert!(matches!(error, inventory::Error::RestorePending { .. }), "{error}");
                closed += 1;
            }
        }
        two.database.engine(&two.files).recover(ACTOR).unwrap();
        inventory::Inventory::open(&path, Ambient::system()).await.unwrap().close().await.unwrap();
        if done && disk.effects() < at {
            break;
        }
    }
    assert!(closed > 5, "{closed}");
}

/// Users choose any names for their own copies; the program removes only files with names of its own.
#[rstest]
#[tokio::test]
async fn files_of_other_people_beside_the_database_stay(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let database = test_db_with_schema;
    let path = database.db_path.path();
    let beside = |suffix: &str| durable::with_suffix(&path, suffix);
    let kept =
        [beside(".restore-before-upgrade"), beside(".restore-notes.json"), beside(".restore-mine/file")];
    fs::create_dir(beside(".restore-mine")).unwrap();
    kept.iter().for_each(|path| fs::write(path, b"mine").unwrap());
    let engine = database.engine(&test_static_files_dir);
    engine.recover(ACTOR).unwrap();
    engine.backup(ACTOR, &BackupOptions::default(), &mut quiet).unwrap();
    assert!(kept.iter().all(|path| path.exists()));
    inventory::Inventory::open(&path, Ambient::system()).await.unwrap().close().await.unwrap();
}

/// The journal must survive a start at which the static folder is not mounted.
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
        let done =
            restore_with(&two.database.engine_on(&two.files, Arc::new(disk.clone())), &options).is_ok();
        let journal = engine.places().database.parent().unwrap().read_dir().unwrap().flatten().any(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            name.starts_with(two.database.db_path.path().file_name().unwrap().to_str().unwrap())
                && name.ends_with(".json")
        });
        if journal {
            fs::rename(&root, &away).unwrap();
            fs::create_dir(&root).unwrap();
            let error = engine.recover(ACTOR).unwrap_err();
            assert!(error.to_string().contains("mounted"), "effect {at}: {error}");
            waited += 1;
            fs::remove_dir_all(&root).unwrap();
            fs::rename(&away, &root).unwrap();
        }
        engine.recover(ACTOR).unwrap();
        let state = state_of(engine.places());
        assert!(state == two.old || state == two.archived, "effect {at}");
        if done && disk.effects() < at {
            break;
        }
    }
    assert!(waited > 5, "{waited}");
}
