//! The status beside an archive says when its content was verified and proven. It belongs to the content, which a
//! copy keeps, and not to the modification time, which a copy loses.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use backup::{DrillOptions, Engine, Status};
use durable::with_suffix;
use rstest::rstest;
use testkit::generators::noise;
use testkit::{
    TestDatabase, TestStaticFiles, populate_test_database, test_db_with_schema, test_static_files_dir,
};

use super::{ACTOR, back_up, quiet};

/// Makes an archive and proves it. The archive stores one file uncompressed.
async fn proven_archive(database: &TestDatabase, files: &TestStaticFiles) -> (Engine, PathBuf) {
    populate_test_database(&database.inventory, files.root()).await;
    files.write("datasheets/stored.pdf", &noise(3000, 5));
    let engine = database.engine(files);
    let archive = back_up(&engine);
    let options = DrillOptions { archive: archive.clone(), scratch: None, allow_violations: false };
    assert!(engine.drill(ACTOR, &options, &mut quiet).unwrap().status.is_some());
    (engine, archive)
}

/// Returns what `show` says about when an archive was verified, and when it was proven.
fn shown(engine: &Engine, archive: &Path) -> Option<(String, Option<String>)> {
    engine.show(ACTOR, archive).unwrap().status.map(words)
}

/// Returns the same of `list`.
fn listed(engine: &Engine, archive: &Path) -> Option<(String, Option<String>)> {
    let mut items = engine.list(ACTOR).unwrap().into_iter();
    items.find(|item| item.path == archive).unwrap().summary.unwrap().status.map(words)
}

fn words(status: Status) -> (String, Option<String>) {
    (status.verified_at, status.proven.map(|proven| proven.at))
}

/// Returns the status file of an archive.
fn sidecar(archive: &Path) -> PathBuf {
    with_suffix(archive, ".status.json")
}

fn copy_with_sidecar(from: &Path, to: &Path) {
    fs::copy(from, to).unwrap();
    fs::copy(sidecar(from), sidecar(to)).unwrap();
    set_modified(to, long_ago());
}

fn set_modified(path: &Path, time: SystemTime) {
    File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
}

fn long_ago() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

/// Changes a byte that neither `show` nor `list` reads.
fn change_a_byte(archive: &Path) {
    let mut bytes = fs::read(archive).unwrap();
    let stored = noise(3000, 5);
    let at = bytes.windows(stored.len()).position(|window| window == stored).unwrap();
    bytes[at] ^= 1;
    fs::write(archive, bytes).unwrap();
}

/// The copy has the time of copying, and so counted as never verified.
#[rstest]
#[tokio::test]
async fn a_copied_or_renamed_archive_stays_verified_and_proven(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let (engine, archive) = proven_archive(&test_db_with_schema, &test_static_files_dir).await;
    let status = shown(&engine, &archive);
    assert!(status.as_ref().is_some_and(|(_, proven)| proven.is_some()), "{status:?}");
    let renamed = archive.with_file_name("renamed.zip");
    copy_with_sidecar(&archive, &renamed);
    assert_eq!(listed(&engine, &renamed), status);

    let usb = test_db_with_schema.db_path.beside("usb");
    fs::create_dir(&usb).unwrap();
    let elsewhere = usb.join("copy.zip");
    copy_with_sidecar(&archive, &elsewhere);
    assert_eq!(shown(&engine, &elsewhere), status);
    fs::remove_file(sidecar(&elsewhere)).unwrap();
    assert_eq!(shown(&engine, &elsewhere), None, "nothing is known without the sidecar");
}

#[rstest]
#[tokio::test]
async fn a_copied_archive_with_a_changed_byte_is_never_called_verified(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let (engine, archive) = proven_archive(&test_db_with_schema, &test_static_files_dir).await;
    let copy = archive.with_file_name("copy.zip");
    copy_with_sidecar(&archive, &copy);
    change_a_byte(&copy);
    set_modified(&copy, long_ago());
    let before = fs::read(sidecar(&copy)).unwrap();
    assert_eq!(listed(&engine, &copy), None);
    assert_eq!(shown(&engine, &copy), None);
    assert_eq!(fs::read(sidecar(&copy)).unwrap(), before, "nothing is recorded about it");
}

/// `list` reads an archive whose time has changed once, and records the time.
#[rstest]
#[tokio::test]
async fn a_copied_archive_is_hashed_once(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let (engine, archive) = proven_archive(&test_db_with_schema, &test_static_files_dir).await;
    let status = shown(&engine, &archive);
    let time = long_ago();
    set_modified(&archive, time);
    assert_eq!(listed(&engine, &archive), status);
    // Only reading the content could tell this change.
    change_a_byte(&archive);
    set_modified(&archive, time);
    assert_eq!(listed(&engine, &archive), status, "the content is not read again");
    set_modified(&archive, UNIX_EPOCH);
    assert_eq!(listed(&engine, &archive), None, "with another time it is");
}

/// Earlier versions recorded no hash. Such a status is valid as long as the time is the same.
#[rstest]
#[tokio::test]
async fn a_status_without_a_hash_goes_by_the_modification_time(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let (engine, archive) = proven_archive(&test_db_with_schema, &test_static_files_dir).await;
    let status = shown(&engine, &archive);
    let mut record: serde_json::Value =
        serde_json::from_slice(&fs::read(sidecar(&archive)).unwrap()).unwrap();
    record.as_object_mut().unwrap().remove("sha256").unwrap();
    fs::write(sidecar(&archive), record.to_string()).unwrap();
    assert_eq!(listed(&engine, &archive), status);
    set_modified(&archive, long_ago());
    assert_eq!(listed(&engine, &archive), None);
}
