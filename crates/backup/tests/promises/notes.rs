//! What is said while a backup or a restore is made: little, and of the right one.

use backup::{BackupOptions, Event, Note, RestoreOptions};
use rstest::rstest;
use rusqlite::Connection;
use testkit::{TestDatabase, TestStaticFiles, test_db_with_schema, test_static_files_dir};

use super::{ACTOR, back_up};

/// 3,000 missing pictures were 3,000 notes in the middle of a restore, and they were the safety backup's.
#[rstest]
#[tokio::test]
async fn many_missing_files_are_one_note_that_says_whose_it_is(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let (database, files) = (test_db_with_schema, test_static_files_dir);
    let engine = database.engine(&files);
    let empty = back_up(&engine);
    testkit::generators::add_many_parts(&database.db_path.path(), 3000);
    let sql = "UPDATE partmodel SET image_url = '/api/utility/get_image/' || id || '.png'";
    Connection::open(database.db_path.path()).unwrap().execute(sql, []).unwrap();
    let mut notes = Vec::new();
    let mut listen = |event: Event| {
        if let Event::Note(note) = event {
            notes.push(note);
        }
    };
    engine.backup(ACTOR, &BackupOptions::default(), &mut listen).unwrap();
    let staged = engine.stage_restore(ACTOR, &RestoreOptions::new(&empty), &mut listen).unwrap();
    staged.commit(&mut listen).unwrap();
    let [Note::Dangling { files }, Note::OfSafetyBackup(of_safety_backup)] = notes.as_slice() else {
        panic!("{notes:?}");
    };
    assert_eq!(files.count, 3000);
    let shown = notes[0].to_string();
    assert!(
        shown.starts_with("3000 files that rows refer to were already missing") && shown.len() < 500,
        "{shown}"
    );
    assert!(matches!(&**of_safety_backup, Note::Dangling { files } if files.count == 3000));
    assert!(notes[1].to_string().starts_with("in the safety backup: 3000 files"), "{}", notes[1]);
}

/// The folder of all static files was named, or the staging folder that could not be made.
#[rstest]
#[tokio::test]
async fn a_file_in_place_of_a_folder_of_static_files_is_named(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let (database, files) = (test_db_with_schema, test_static_files_dir);
    let engine = database.engine(&files);
    files.write("datasheets/a.pdf", b"%PDF");
    let archive = back_up(&engine);
    std::fs::remove_dir_all(files.root().join("datasheets")).unwrap();
    let in_the_way = files.write("datasheets", b"a file");
    let named = |error: backup::Error| {
        let said = error.to_string();
        assert!(said.contains(in_the_way.to_str().unwrap()), "{said}");
        assert!(said.contains("not a folder") || said.contains("Not a directory"), "{said}");
        assert_eq!(error.kind(), backup::Kind::Storage);
    };
    named(engine.backup(ACTOR, &BackupOptions::default(), &mut super::quiet).unwrap_err());
    named(engine.stage_restore(ACTOR, &RestoreOptions::new(&archive), &mut super::quiet).unwrap_err());
}

/// An archive of a disk that was not mounted went to the disk below it.
#[rstest]
#[tokio::test]
async fn an_output_folder_that_is_missing_is_refused_and_not_created(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let (database, files) = (test_db_with_schema, test_static_files_dir);
    let missing = database.db_path.beside("usb");
    let options = BackupOptions { output: Some(missing.clone()), ..BackupOptions::default() };
    let refused = database.engine(&files).backup(ACTOR, &options, &mut super::quiet).unwrap_err();
    assert!(matches!(&refused, backup::Error::NoOutput { path } if *path == missing), "{refused}");
    assert!(!missing.exists());
}

/// Names of 240 to 255 characters failed when everything but the name was done.
#[rstest]
#[tokio::test]
async fn the_longest_name_that_is_allowed_can_be_written_encrypted_or_not(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let (database, files) = (test_db_with_schema, test_static_files_dir);
    let engine = database.engine(&files);
    let encrypt = backup::EncryptionChoice::With(archive::EncryptionMethod::Recipients(vec![
        archive::Identity::generate().recipient(),
    ]));
    for encrypt in [backup::EncryptionChoice::Not, encrypt] {
        let with_name = |length: usize| BackupOptions {
            name: Some("x".repeat(length)),
            encrypt: encrypt.clone(),
            ..BackupOptions::default()
        };
        let refused = engine.backup(ACTOR, &with_name(228), &mut super::quiet).unwrap_err();
        assert!(matches!(refused, backup::Error::Name { .. }), "{refused}");
        assert!(engine.backup(ACTOR, &with_name(227), &mut super::quiet).unwrap().path.exists());
    }
}
