//! Row B1: an archive holds the database at one moment, whatever other connections do.

use std::fs;
use std::path::Path;

use durable::with_suffix;
use rstest::rstest;
use rusqlite::Connection;
use testkit::generators::add_many_parts;
use testkit::state::unpack_database;
use testkit::{TestDatabase, TestStaticFiles, test_db_with_schema, test_static_files_dir};

use super::{back_up, number};

const ALL: &str = "SELECT count(*) FROM partmodel";
const HALF_DONE: &str = "SELECT count(*) FROM partmodel WHERE description = 'half done'";

/// Begins a transaction that is too large for the cache of its connection, so that pages reach the disk
/// before the commit.
fn begin_large(path: &Path, journal_mode: &str) -> Connection {
    let writer = Connection::open(path).unwrap();
    writer.pragma_update(None, "journal_mode", journal_mode).unwrap();
    writer
        .execute_batch("PRAGMA cache_size = 10; BEGIN; UPDATE partmodel SET description = 'half done'")
        .unwrap();
    writer
}

/// Unpacks the database of an archive, and checks that it is sound.
fn database_of(archive: &Path, target: &Path) -> Connection {
    unpack_database(archive, target);
    let copy = Connection::open(target).unwrap();
    let sound: String = copy.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
    copy
}

/// The original copied the file in the middle of the transaction: the copy was malformed.
#[rstest]
#[tokio::test]
async fn b1_a_backup_beside_a_large_open_transaction_holds_none_of_it(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let database = test_db_with_schema;
    let path = database.db_path.path();
    add_many_parts(&path, 2000);
    let engine = database.engine(&test_static_files_dir);
    let log = || with_suffix(&path, "-wal").metadata().unwrap().len();
    let before = log();
    let writer = begin_large(&path, "WAL");
    assert!(log() > before, "its pages are on the disk");
    let copy = database_of(&back_up(&engine), &database.db_path.beside("copy"));
    assert_eq!((number(&copy, ALL), number(&copy, HALF_DONE)), (2000, 0));
    writer.execute_batch("COMMIT").unwrap();
    assert_eq!(number(&writer, HALF_DONE), 2000, "and the writer was not disturbed");
}

/// In the journal mode of the original the pages are in the database file itself. Nobody can read until
/// the transaction ends, so the backup waits and contains all of it.
#[rstest]
#[tokio::test]
async fn b1_a_backup_waits_for_a_large_transaction_that_is_already_in_the_file(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let database = test_db_with_schema;
    let path = database.db_path.path();
    add_many_parts(&path, 2000);
    database.inventory.close().await.unwrap();
    let engine = database.engine(&test_static_files_dir);
    let writer = begin_large(&path, "DELETE");
    let reader = Connection::open(&path).unwrap();
    reader.busy_timeout(std::time::Duration::ZERO).unwrap();
    assert!(reader.query_row(ALL, [], |_| Ok(())).is_err(), "its pages are in the file");
    let archive = std::thread::scope(|scope| {
        let backup = scope.spawn(|| back_up(&engine));
        let begun = || fs::read_dir(&engine.places().backups).is_ok_and(|mut found| found.next().is_some());
        while !begun() && !backup.is_finished() {
            std::thread::yield_now();
        }
        assert!(!backup.is_finished(), "it has nothing to read yet");
        writer.execute_batch("COMMIT").unwrap();
        backup.join().unwrap()
    });
    let copy = database_of(&archive, &database.db_path.beside("copy"));
    assert_eq!((number(&copy, ALL), number(&copy, HALF_DONE)), (2000, 2000));
}

/// The original copied the file without its log: committed rows were missing, deleted rows came back.
#[rstest]
#[tokio::test]
async fn b1_a_backup_includes_what_is_only_in_the_log(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let database = test_db_with_schema;
    let path = database.db_path.path();
    add_many_parts(&path, 100);
    let writer = Connection::open(&path).unwrap();
    writer.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA wal_autocheckpoint = 0").unwrap();
    let changed = || path.metadata().unwrap().modified().unwrap();
    let before = changed();
    writer
        .execute_batch(
            "DELETE FROM part_location_allocations WHERE id < 'alloc-00000060';
             INSERT INTO categorymodel (id, name) VALUES ('new', 'only in the log')",
        )
        .unwrap();
    let archive = back_up(&database.engine(&test_static_files_dir));
    assert_eq!(changed(), before, "the file itself has nothing of it");
    let copy = database_of(&archive, &database.db_path.beside("copy"));
    assert_eq!(number(&copy, "SELECT count(*) FROM part_location_allocations"), 40);
    assert_eq!(number(&copy, "SELECT count(*) FROM categorymodel WHERE id = 'new'"), 1);
}
