//! Promise 3: an archive is called proven when it has been restored somewhere and compared, and
//! only then. The drill never touches what is live.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use backup::{DrillOptions, Drilled, Engine, Error, Kind};
use inventory::disk::{Disk, DiskFile, Readers, RealDisk};
use rstest::rstest;
use testkit::long_run;
use testkit::state::leftovers;
use testkit::{
    FaultyDisk, TestDatabase, TestStaticFiles, populate_test_database, state_of, test_db_with_schema,
    test_static_files_dir,
};

use super::{ACTOR, back_up, quiet, restore, two_states};

fn drill(engine: &Engine, archive: &Path) -> Result<Drilled, Error> {
    let options = DrillOptions { archive: archive.to_owned(), scratch: None, allow_violations: false };
    engine.drill(ACTOR, &options, &mut quiet)
}

fn proven(engine: &Engine, archive: &Path) -> Option<backup::Proven> {
    let listed = engine.list().unwrap();
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

    // While somebody else holds the lock, and writes.
    let lock = fs::File::create(inventory::disk::with_suffix(&engine.places().database, ".lock")).unwrap();
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
    assert!(engine.list().unwrap().into_iter().all(|item| item.summary.is_err()));
    let error = drill(&engine, &two.archive).unwrap_err();
    assert_eq!(error.kind(), Kind::Refused, "{error}");
}

/// A restore gone wrong in a way that no check of the archive can see: what is put in place is not
/// what was unpacked.
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
    let disk = SpoilingDisk { spoiled: PathBuf::from(spoiled) };
    let engine = two.database.engine_on(&two.files, Arc::new(disk));
    let error = drill(&engine, &two.archive).unwrap_err();
    let what = if spoiled.ends_with(".db") { "table partmodel" } else { spoiled };
    assert!(matches!(&error, Error::NotProven { what: found, .. } if found == what), "{error}");
    assert_eq!(proven(&engine, &two.archive), None);
    assert_eq!(leftovers(engine.places()), Vec::<String>::new());
    assert!(state_of(engine.places()) == two.old);
}

/// A disk on which one file is no longer what it was once it is in its place (or, for the database,
/// once it has been staged and synced).
struct SpoilingDisk {
    spoiled: PathBuf,
}

impl Disk for SpoilingDisk {
    fn create(&self, path: &Path, readers: Readers) -> io::Result<Box<dyn DiskFile>> {
        RealDisk.create(path, readers)
    }
    fn sync_file(&self, path: &Path) -> io::Result<()> {
        if path.ends_with(&self.spoiled) {
            let database = rusqlite::Connection::open(path).unwrap();
            database.execute_batch("UPDATE partmodel SET description = 'spoiled'").unwrap();
        }
        RealDisk.sync_file(path)
    }
    fn sync_tree(&self, root: &Path) -> io::Result<()> {
        RealDisk.sync_tree(root)
    }
    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        RealDisk.sync_folder(path)
    }
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        RealDisk.create_folder(path)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealDisk.rename(from, to)
    }
    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealDisk.rename_new(from, to)?;
        if to.ends_with(&self.spoiled) { fs::write(to, b"spoiled") } else { Ok(()) }
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove(path)
    }
    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove_folder(path)
    }
    fn remove_tree(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove_tree(path)
    }
}

/// Ended anywhere, it has changed nothing, and the next one tidies up.
#[rstest]
#[tokio::test]
async fn a_drill_stopped_at_any_effect_changes_nothing_and_the_next_one_tidies_up(
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
            fs::remove_file(inventory::disk::with_suffix(&archive, ".status.json")).unwrap();
        }
    }
    drill(&engine, &archive).unwrap();
    assert_eq!(leftovers(engine.places()), Vec::<String>::new());
    assert!(state_of(engine.places()) == before);
}

/// What restoring changes on purpose is said, and compared as far as it goes.
#[rstest]
#[tokio::test]
async fn a_drill_says_which_tables_restoring_rewrites(
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
    restore(&engine, &backup::RestoreOptions::new(&archive)).unwrap();
    assert_eq!(drill(&engine, &back_up(&engine)).unwrap().changed_tables, Vec::<String>::new());
}
