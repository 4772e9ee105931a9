//! One lock, one journal and one log belong to a database, whatever path leads to it.

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::Arc;

use backup::{BackupOptions, Engine, Error, Event, Kind, Places, RestoreOptions};
use inventory::{Ambient, Inventory};
use rstest::rstest;
use testkit::engine::restore_with;
use testkit::{
    FaultyDisk, TestDatabase, TestStaticFiles, state_of, test_db_with_schema, test_static_files_dir,
};

use super::{ACTOR, back_up, quiet, two_states};

/// Returns the same places through links to the database and the static files, in another folder.
fn linked(places: &Places, folder: &std::path::Path) -> Places {
    fs::create_dir_all(folder).unwrap();
    let linked = Places {
        database: folder.join("link.db"),
        static_files: folder.join("static"),
        backups: folder.join("backups"),
        env_file: places.env_file.clone(),
    };
    symlink(&places.database, &linked.database).unwrap();
    symlink(&places.static_files, &linked.static_files).unwrap();
    linked
}

/// Lock and journal had the name of the link, so a backup could run beside a restore, and archived the mix
/// that a killed restore had left.
#[rstest]
#[tokio::test]
async fn a_link_to_the_database_has_its_lock_and_its_journal(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let two = two_states(test_db_with_schema, test_static_files_dir).await;
    let places = two.database.places(&two.files);
    let through_link = linked(&places, &two.database.db_path.beside("alt"));
    let engine = Engine::new(through_link.clone(), Ambient::system());
    assert_eq!(engine.places().database, places.database);

    let mut refused = None;
    let mut try_meanwhile = |event: Event| {
        if matches!(event, Event::Step(backup::Step::Stage)) {
            refused = engine.backup(ACTOR, &BackupOptions::default(), &mut quiet).err();
        }
    };
    let staged = two.database.engine(&two.files);
    let restore = RestoreOptions { safety_backup: false, ..RestoreOptions::new(&two.archive) };
    drop(staged.stage_restore(ACTOR, &restore, &mut try_meanwhile).unwrap());
    assert!(matches!(refused, Some(Error::Locked { .. })), "{refused:?}");

    // Stopped at each effect in turn, until it is interrupted with a journal.
    let journal = |disk: FaultyDisk| {
        let _ = restore_with(&two.database.engine_on(&two.files, Arc::new(disk)), &restore);
        inventory::restore_names::beside(&places.database)
            .unwrap()
            .iter()
            .any(|(_, name)| name.ends_with(".json"))
    };
    assert!((20..300).any(|effect| journal(FaultyDisk::stop_at(effect))), "never with a journal");
    let opened = Inventory::open(&through_link.database, Ambient::system()).await;
    assert!(matches!(opened, Err(inventory::Error::RestorePending { .. })), "{opened:?}");
    back_up(&engine);
    assert_eq!(inventory::restore_names::beside(&places.database).unwrap(), []);
    let settled = state_of(&places);
    assert!(settled == two.old || settled == two.archived);
}

#[rstest]
#[tokio::test]
async fn a_database_with_two_names_is_refused(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let (database, files) = (test_db_with_schema, test_static_files_dir);
    let engine = database.engine(&files);
    let archive = back_up(&engine);
    let other = database.db_path.beside("other.db");
    fs::hard_link(&engine.places().database, &other).unwrap();
    let refused = engine.backup(ACTOR, &BackupOptions::default(), &mut quiet).unwrap_err();
    assert!(matches!(refused, Error::HardLinks { names: 2, .. }), "{refused}");
    assert_eq!(refused.kind(), Kind::Storage);
    let refused = restore_with(&engine, &RestoreOptions::new(&archive)).unwrap_err();
    assert!(matches!(refused, Error::HardLinks { .. }), "{refused}");
    fs::remove_file(other).unwrap();
    back_up(&engine);
}
