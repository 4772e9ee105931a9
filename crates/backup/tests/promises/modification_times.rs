//! Static files keep their modification times, in whole seconds, through a backup and a restore.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use backup::{BackupOptions, Event};
use rstest::rstest;
use testkit::engine::restore_with;
use testkit::{
    TestDatabase, TestStaticFiles, populate_test_database, test_db_with_schema, test_static_files_dir,
};

use super::{ACTOR, back_up, quiet};

/// Seconds since 1970, odd ones among them: times of a zip without extra fields are even.
const TIMES: [(&str, u64); 4] = [
    ("datasheets/sub/odd.pdf", 1_600_000_001),
    ("images/first.png", 0),
    ("images/last.png", u32::MAX as u64),
    ("images/R:10k.png", 951_782_400),
];

fn set_modified(path: &Path, time: SystemTime) {
    File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
}

fn modified(path: &Path) -> SystemTime {
    path.metadata().unwrap().modified().unwrap()
}

fn seconds(since_1970: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(since_1970)
}

fn write_with_times(files: &TestStaticFiles) {
    for (name, time) in TIMES {
        set_modified(&files.write(name, name.as_bytes()), seconds(time));
    }
}

/// A restore into an emptied folder, one over changed files, and one of the safety backup of the former.
#[rstest]
#[tokio::test]
async fn static_files_keep_their_modification_times(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let (database, files) = (test_db_with_schema, test_static_files_dir);
    populate_test_database(&database.inventory, files.root()).await;
    database.inventory.close().await.unwrap();
    write_with_times(&files);
    let fraction = files.write("images/fraction.png", b"with a fraction of a second");
    set_modified(&fraction, seconds(1_500_000_000) + Duration::from_nanos(999_999_999));
    let before_1970 = files.write("images/before.png", b"no zip can state its time");
    set_modified(&before_1970, UNIX_EPOCH - Duration::from_secs(1));
    let engine = database.engine(&files);
    let archive = back_up(&engine);

    let as_archived = || {
        for (name, time) in TIMES {
            assert_eq!(modified(&files.root().join(name)), seconds(time), "{name}");
        }
        assert_eq!(modified(&fraction), seconds(1_500_000_000));
        assert!(modified(&before_1970) > seconds(1_700_000_000), "that of the restore");
    };
    fs::remove_dir_all(files.root().join("images")).unwrap();
    fs::remove_file(files.root().join(TIMES[0].0)).unwrap();
    restore_with(&engine, &backup::RestoreOptions::new(&archive)).unwrap();
    as_archived();

    for (name, _) in TIMES {
        set_modified(&files.write(name, b"changed since"), seconds(1_111_111_111));
    }
    fs::write(&fraction, b"changed since").unwrap();
    fs::write(&before_1970, b"changed since").unwrap();
    let report = restore_with(&engine, &backup::RestoreOptions::new(&archive)).unwrap();
    as_archived();

    let safety = report.safety_backup.unwrap();
    restore_with(&engine, &backup::RestoreOptions::new(safety)).unwrap();
    for (name, _) in TIMES {
        let path = files.root().join(name);
        assert_eq!(fs::read(&path).unwrap(), b"changed since", "{name}");
        assert_eq!(modified(&path), seconds(1_111_111_111), "{name}");
    }
}

/// `unzip` takes the time from the local header, in UTC, whatever the zone of the machine.
#[rstest]
#[tokio::test]
async fn unzip_restores_the_modification_times(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let (database, files) = (test_db_with_schema, test_static_files_dir);
    populate_test_database(&database.inventory, files.root()).await;
    write_with_times(&files);
    let engine = database.engine(&files);
    let archive = engine.backup(ACTOR, &BackupOptions::default(), &mut quiet).unwrap().path;
    let out = database.db_path.beside("unpacked");
    let unzip = |command: &mut Command| {
        let ran = command.env("TZ", "Asia/Kolkata").env("LC_ALL", "C.UTF-8").output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    };
    unzip(Command::new("unzip").arg("-q").arg(&archive).arg("-d").arg(&out));
    for (name, time) in TIMES {
        assert_eq!(modified(&out.join(name)), seconds(time), "{name}");
    }
}

/// The content of an unchanged file is not touched, and neither is its time.
#[rstest]
#[tokio::test]
async fn a_file_that_is_as_archived_keeps_its_present_time(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let (database, files) = (test_db_with_schema, test_static_files_dir);
    populate_test_database(&database.inventory, files.root()).await;
    database.inventory.close().await.unwrap();
    let same = files.write("images/same.png", b"the same");
    let engine = database.engine(&files);
    let archive = back_up(&engine);
    set_modified(&same, seconds(1_222_222_222));
    engine.verify(ACTOR, &archive, &mut |_: Event| {}).unwrap();
    restore_with(&engine, &backup::RestoreOptions::new(&archive)).unwrap();
    assert_eq!(modified(&same), seconds(1_222_222_222));
}
