//! Promise 3: an archive is called proven only after it has been restored elsewhere and compared. A drill
//! never touches live data.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use backup::{DrillOptions, DrillReport, Engine, Error, Event, Kind, Step};
use rstest::rstest;
use testkit::engine::restore_with;
use testkit::long_run;
use testkit::state::leftovers;
use testkit::{
    FaultyDisk, TestDatabase, TestStaticFiles, populate_test_database, state_of, test_db_with_schema,
    test_static_files_dir,
};

use super::{ACTOR, back_up, quiet, two_states};

fn drill(engine: &Engine, archive: &Path) -> Result<DrillReport, Error> {
    let options = DrillOptions { archive: archive.to_owned(), scratch: None, allow_violations: false };
    engine.drill(ACTOR, &options, &mut quiet)
}

fn proven(engine: &Engine, archive: &Path) -> Option<backup::ProofRecord> {
    let listed = engine.list(ACTOR).unwrap();
    let item = listed.into_iter().find(|item| item.path == archive).unwrap();
    item.summary.unwrap().status.and_then(|status| status.proven)
}

#[rstest]
#[tokio::test]
async fn an_archive_is_proven_by_a_drill_and_by_nothing_else(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let two = two_states(test_db_with_schema, test_static_files_dir).await;
    let engine = two.database.engine(&two.files);
    engine.verify(ACTOR, &two.archive, &mut quiet).unwrap();
    assert_eq!(proven(&engine, &two.archive), None, "verified is not proven");

    // While somebody else holds the lock and writes.
    let lock = fs::File::create(durable::with_suffix(&engine.places().database, ".lock")).unwrap();
    lock.lock().unwrap();
    let live = rusqlite::Connection::open(&engine.places().database).unwrap();
    live.execute_batch("BEGIN IMMEDIATE").unwrap();
    let drilled = drill(&engine, &two.archive).unwrap();
    live.execute_batch("ROLLBACK").unwrap();
    drop((live, lock));

    let rows: u64 = two.archived.tables.values().map(|(rows, _)| rows).sum();
    assert_eq!((drilled.rows, drilled.files), (rows, two.archived.files.len() as u64));
    assert_eq!(drilled.tables, two.archived.tables.len() as u64);
    assert_eq!(drilled.changed_tables, Vec::<String>::new());
    let noted = proven(&engine, &two.archive).expect("it is noted beside the archive");
    assert_eq!((noted.by.as_str(), noted.restore_seconds > 0.0), (env!("CARGO_PKG_VERSION"), true));
    assert!(state_of(engine.places()) == two.old, "nothing live has changed");
    assert_eq!(leftovers(engine.places()), Vec::<String>::new());

    engine.verify(ACTOR, &two.archive, &mut quiet).unwrap();
    assert_eq!(proven(&engine, &two.archive), Some(noted), "verifying does not forget it");
    let mut bytes = fs::read(&two.archive).unwrap();
    bytes.push(0);
    fs::write(&two.archive, bytes).unwrap();
    assert!(engine.list(ACTOR).unwrap().into_iter().all(|item| item.summary.is_err()));
    let error = drill(&engine, &two.archive).unwrap_err();
    assert_eq!(error.kind(), Kind::Refused, "{error}");
}

/// No check of the archive can reveal this failure: the restored files differ from those unpacked.
#[rstest]
#[case("images/only/in/archive/a.png")]
#[case("makers_matrix.db")]
#[tokio::test]
async fn a_restore_that_goes_wrong_is_not_called_proven(
    #[case] spoiled: &'static str,
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let two = two_states(test_db_with_schema, test_static_files_dir).await;
    let engine = two.database.engine(&two.files);
    let scratch = two.database.db_path.beside("scratch");
    fs::create_dir(&scratch).unwrap();
    let mut spoil = |event: Event| {
        if event == Event::Step(Step::Compare) {
            let folder = fs::read_dir(&scratch).unwrap().next().unwrap().unwrap().path();
            if spoiled.ends_with(".db") {
                let restored = rusqlite::Connection::open(folder.join(spoiled)).unwrap();
                restored.execute_batch("UPDATE partmodel SET description = 'spoiled'").unwrap();
            } else {
                fs::write(folder.join("static").join(spoiled), b"spoiled").unwrap();
            }
        }
    };
    let options = DrillOptions {
        archive: two.archive.clone(),
        scratch: Some(scratch.clone()),
        allow_violations: false,
    };
    let error = engine.drill(ACTOR, &options, &mut spoil).unwrap_err();
    let what = if spoiled.ends_with(".db") { "table partmodel" } else { spoiled };
    assert!(matches!(&error, Error::NotProven { what: found, .. } if found == what), "{error}");
    assert_eq!(proven(&engine, &two.archive), None);
    assert_eq!(fs::read_dir(&scratch).unwrap().count(), 0);
    assert!(state_of(engine.places()) == two.old);
}

/// A file that replaced an archive during its check would have been called verified and proven.
#[rstest]
#[tokio::test]
async fn a_file_that_takes_the_name_of_an_archive_is_not_called_verified_or_proven(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let two = two_states(test_db_with_schema, test_static_files_dir).await;
    let engine = two.database.engine(&two.files);
    let other = back_up(&engine);
    let (kept, note) =
        (two.database.db_path.beside("kept.zip"), durable::with_suffix(&two.archive, ".status.json"));
    let new = two.database.db_path.beside("new.zip");
    fs::rename(&two.archive, &kept).unwrap();
    let replace = || {
        fs::copy(&other, &new).unwrap();
        fs::rename(&new, &two.archive).unwrap();
    };

    fs::copy(&kept, &two.archive).unwrap();
    let _ = fs::remove_file(&note);
    let mut while_verifying = |event: Event| {
        if event == Event::Step(Step::CheckDatabase) {
            replace();
        }
    };
    assert_eq!(engine.verify(ACTOR, &two.archive, &mut while_verifying).unwrap().status, None);
    assert!(!note.exists());

    fs::rename(&two.archive, two.database.db_path.beside("replaced.zip")).unwrap();
    fs::copy(&kept, &two.archive).unwrap();
    let mut comparing = false;
    let mut after_comparing = |event: Event| match event {
        Event::Step(step) => comparing = step == Step::Compare,
        // The whole archive has been read.
        Event::Progress { done, total } if comparing && done == total => replace(),
        _ => {}
    };
    let options = DrillOptions { archive: two.archive.clone(), scratch: None, allow_violations: false };
    assert_eq!(engine.drill(ACTOR, &options, &mut after_comparing).unwrap().status, None);
    assert!(!note.exists());
}

/// A drill that is stopped anywhere has changed nothing, and the next one removes what it left.
#[rstest]
#[tokio::test]
async fn a_drill_stopped_at_any_effect_changes_nothing_and_the_next_one_cleans_up(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let database = test_db_with_schema;
    populate_test_database(&database.inventory, test_static_files_dir.root()).await;
    let engine = database.engine(&test_static_files_dir);
    let before = state_of(engine.places());
    let archive = back_up(&engine);
    for at in (1..).step_by(long_run::amount(6, 1) as usize) {
        let disk = FaultyDisk::stop_at(at);
        let result = drill(&database.engine_on(&test_static_files_dir, Arc::new(disk.clone())), &archive);
        if disk.effects() < at {
            result.unwrap();
            assert!(at > 30, "it has more effects than {at}");
            break;
        }
        assert!(result.is_ok() || proven(&engine, &archive).is_none(), "effect {at}");
        if at % 8 == 1 {
            drill(&engine, &archive).unwrap();
            assert_eq!(leftovers(engine.places()), Vec::<String>::new(), "effect {at}");
            fs::remove_file(durable::with_suffix(&archive, ".status.json")).unwrap();
        }
    }
    drill(&engine, &archive).unwrap();
    assert_eq!(leftovers(engine.places()), Vec::<String>::new());
    assert!(state_of(engine.places()) == before);
}

/// A drill names the tables that a restore rewrites on purpose, and compares the rest.
#[rstest]
#[tokio::test]
async fn a_drill_names_the_tables_that_a_restore_rewrites(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let database = test_db_with_schema;
    populate_test_database(&database.inventory, test_static_files_dir.root()).await;
    rusqlite::Connection::open(database.db_path.path())
        .unwrap()
        .execute_batch(
            "INSERT INTO tasks (id, task_type, name, status, priority, progress_percentage, created_at, retry_count, \
             max_retries) VALUES ('t', 'BACKUP_CREATION', 'x', 'RUNNING', 'NORMAL', 0, '2026-01-01 00:00:00.000000', 0, 3)",
        )
        .unwrap();
    let engine = database.engine(&test_static_files_dir);
    let archive = back_up(&engine);
    assert_eq!(drill(&engine, &archive).unwrap().changed_tables, ["tasks"]);
    restore_with(&engine, &backup::RestoreOptions::new(&archive)).unwrap();
    assert_eq!(drill(&engine, &back_up(&engine)).unwrap().changed_tables, Vec::<String>::new());
}
