//! Promises 1 and 3 when a static file is written during the backup: no archive contains a state that the
//! file never had.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::time::SystemTime;

use backup::{BackupOptions, Error, Event, Kind, Step};
use rstest::rstest;
use testkit::state::leftovers;
use testkit::{TestDatabase, TestStaticFiles, test_db_with_schema, test_static_files_dir};

use super::ACTOR;

/// A size larger than what is read ahead, so that the beginning is archived before the end is read.
const SIZE: usize = 16 << 20;

fn write_counter(path: &Path, counter: u8) {
    let mut file = File::options().write(true).open(path).unwrap();
    file.write_all(&[counter]).unwrap();
    file.seek(SeekFrom::Start(SIZE as u64 - 1)).unwrap();
    file.write_all(&[counter]).unwrap();
}

/// Takes a backup during which the file is written in so many of the attempts to read it.
fn back_up_while_written(
    database: &TestDatabase,
    files: &TestStaticFiles,
    changes: u8,
) -> Result<Vec<u8>, Error> {
    let path = files.write("images/large.png", &vec![7; SIZE]);
    let long_ago = SystemTime::UNIX_EPOCH;
    File::options().write(true).open(&path).unwrap().set_modified(long_ago).unwrap();
    let mut counter = 0;
    let mut packing = false;
    let mut listen = |event: Event| match event {
        Event::Step(step) => packing = step == Step::Pack,
        // In the middle of the file.
        Event::Progress { done, .. } if packing && done > 2 << 20 && counter < changes => {
            counter += 1;
            write_counter(&path, counter);
            packing = false;
        }
        _ => {}
    };
    let options = BackupOptions { name: Some(format!("changes_{changes}")), ..BackupOptions::default() };
    let made = database.engine(files).backup(ACTOR, &options, &mut listen)?;
    assert_eq!(counter, changes);
    let archive = File::open(&made.path).unwrap();
    let reader = archive::Reader::open(archive, &archive::Limits::default()).unwrap();
    let entry = reader.entries().iter().find(|entry| entry.name == "images/large.png").unwrap();
    let mut content = Vec::new();
    std::io::Read::read_to_end(&mut reader.read(entry).unwrap(), &mut content).unwrap();
    Ok(content)
}

/// The file was archived with the old beginning and the new end, and the archive was called verified.
#[rstest]
#[tokio::test]
async fn a_file_that_is_written_to_while_it_is_read_is_never_archived_torn(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let (database, files) = (test_db_with_schema, test_static_files_dir);
    for changes in [1, 2] {
        let content = back_up_while_written(&database, &files, changes).unwrap();
        assert_eq!((content[0], content[SIZE - 1]), (changes, changes), "{changes} changes");
    }
    let error = back_up_while_written(&database, &files, 3).unwrap_err();
    assert!(matches!(&error, Error::FileBusy { path } if path.ends_with("images/large.png")), "{error}");
    assert_eq!(error.kind(), Kind::Locked);
    let places = database.places(&files);
    assert!(!places.backups.join("changes_3.zip").exists());
    assert_eq!(leftovers(&places), Vec::<String>::new());
}
