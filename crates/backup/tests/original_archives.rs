//! Archives that the original MakerMatrix made restore with the expected counts; damaged and hostile ones
//! change nothing. All of them come from outside the project, and tests skip those that are absent.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;

use archive::{EncryptionScheme, KeyFault, Keys};
use backup::{BackupOptions, Engine, Error, Event, Kind, Note, RestoreOptions};
use inventory::migration::SchemaState;
use inventory::{Actor, Ambient, Inventory, migration};
use rstest::rstest;
use rusqlite::Connection;
use testkit::fixtures::places;
use testkit::samples::sample;
use testkit::state::{files_of, leftovers};
use testkit::{
    TestDatabase, TestDbPath, TestStaticFiles, populate_test_database, state_of, test_db_path,
    test_db_with_schema, test_static_files_dir,
};

const ACTOR: &Actor = &Actor::System;

/// The expected error of each hostile archive: the kind, and words of the message.
const BAD: [(&str, Kind, &str); 11] = [
    ("01_db_random_bytes.zip", Kind::Refused, "is not an SQLite database"),
    ("02_db_empty.zip", Kind::Refused, "is not a MakerMatrix database (its tables: none)"),
    ("03_only_image.zip", Kind::Refused, "holds no makers_matrix.db"),
    ("04_nothing_expected.zip", Kind::Refused, "holds no makers_matrix.db"),
    ("05_db_other_schema.zip", Kind::Refused, "is not a MakerMatrix database (its tables: t)"),
    ("06_not_a_zip.zip", Kind::Refused, "not a zip archive: it looks like"),
    ("07_bad_json.zip", Kind::Corrupt, "backup_info.json is damaged"),
    ("08_truncated.zip", Kind::Corrupt, "the file is truncated"),
    ("09_flipped_byte.zip", Kind::Corrupt, "makers_matrix.db"),
    ("11_zip_slip.zip", Kind::Refused, "../../../../tmp/mmrun_pwned.txt"),
    ("13_bomb_1GiB.zip", Kind::Refused, "images/zero.bin"),
];

#[rstest]
#[tokio::test]
async fn every_bad_archive_is_refused_by_name_and_nothing_changes(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let Some(folder) = sample("bad") else { return };
    populate_test_database(&test_db_with_schema.inventory, test_static_files_dir.root()).await;
    let engine = test_db_with_schema.engine(&test_static_files_dir);
    let before = state_of(engine.places());
    for file in fs::read_dir(&folder).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(BAD.iter().any(|(known, ..)| *known == name), "{name} has no expectation");
    }
    for (name, kind, words) in BAD {
        let archive = folder.join(name);
        let restored = engine.stage_restore(ACTOR, &RestoreOptions::new(&archive), &mut |_: Event| {});
        let error = restored.err().unwrap_or_else(|| panic!("{name} was accepted"));
        assert_eq!(error.kind(), kind, "{name}: {error}");
        assert!(error.to_string().contains(words), "{name}: {error}");
        let verified = engine.verify(ACTOR, &archive, &mut |_: Event| {});
        assert_eq!(verified.err().map(|error| error.kind()), Some(kind), "{name}: verify agrees");
    }
    assert_eq!(state_of(engine.places()), before);
    assert_eq!(leftovers(engine.places()), Vec::<String>::new());
    assert!(!engine.places().backups.exists(), "not even a safety backup was begun");
}

/// The archives of the original, and the passwords of those that are encrypted.
const ARCHIVES: [(&str, Option<&str>); 7] = [
    ("tiny/api/makermatrix_backup_20261122_140323.zip", None),
    ("tiny/task/task_plain_tiny.zip", None),
    ("tiny/legacy_v1/makermatrix_backup_20250928_132802.zip", None),
    ("tiny/other/no_metadata.zip", None),
    ("tiny/api/makermatrix_backup_20261122_140329_encrypted.zip", Some("Secr3t-Pässw0rd")),
    ("tiny/task/task_pw_tiny_encrypted.zip", Some("hunter2-ascii")),
    // Repacked by a user, with descriptors and entries for folders.
    ("tiny/other/infozip_standin_encrypted.zip", Some("standin-pw")),
];

fn keys(password: Option<&str>) -> Keys {
    password.map_or_else(Keys::default, Keys::passphrase)
}

fn expected(archive: &str) -> Option<serde_json::Value> {
    let all: serde_json::Value =
        serde_json::from_slice(&fs::read(sample("expected.json")?).unwrap()).unwrap();
    Some(all[archive].clone())
}

#[rstest]
#[tokio::test]
async fn every_archive_restores_with_the_counts_and_files_it_should_have(
    #[values(0, 1, 2, 3, 4, 5, 6)] which: usize,
    test_db_path: TestDbPath,
    test_static_files_dir: TestStaticFiles,
) {
    let (name, password) = ARCHIVES[which];
    let (Some(archive), Some(expected)) = (sample(name), expected(name)) else { return };
    // Without a database or a folder.
    let engine = Engine::new(places(&test_db_path, test_static_files_dir.root()), Ambient::system())
        .with_keys(keys(password));
    let mut notes = Vec::new();
    let mut listen = |event: Event| {
        if let Event::Note(note) = event {
            notes.push(note);
        }
    };
    let staged = engine.stage_restore(ACTOR, &RestoreOptions::new(&archive), &mut listen).unwrap();
    assert_eq!(staged.plan().migrations, migration::names(), "it knows none of ours");
    let report = staged.commit(&mut |_: Event| {}).unwrap();
    assert_eq!(report.safety_backup, None, "there was nothing to save");

    let state = state_of(engine.places());
    for (table, rows) in expected["table_counts"].as_object().unwrap() {
        assert_eq!(state.tables[table].0, rows.as_u64().unwrap(), "{table}");
    }
    let entries = expected["entries"].as_object().unwrap();
    let files = entries.iter().filter(|(path, _)| path.contains('/') && !path.ends_with('/'));
    let files: Vec<_> =
        files.map(|(path, entry)| (path.clone(), entry["sha256"].as_str().unwrap().to_owned())).collect();
    assert_eq!(files_of(test_static_files_dir.root()).into_iter().collect::<Vec<_>>(), {
        let mut files = files;
        files.sort();
        files
    });
    assert_eq!(notes.contains(&Note::EnvNotRestored { encrypted: false }), entries.contains_key(".env"));

    // The users can sign in, and their keys and stock can be used.
    let inventory = Inventory::open(&test_db_path.path(), Ambient::system()).await.unwrap();
    assert!(inventory.verify_password("test_admin", "AdminPass123!").await.unwrap().is_some());
    assert!(inventory.verify_password("test_admin", "wrong").await.unwrap().is_none());
    let parts = inventory.parts(ACTOR, 1, 100).await.unwrap();
    assert_eq!(parts.total, 6);
    inventory.close().await.unwrap();
}

/// The archives of the original contain the task that made them, as a running task. It must neither run
/// again nor block others.
#[rstest]
#[case(ARCHIVES[0])]
#[case(ARCHIVES[1])]
#[case(ARCHIVES[4])]
#[case(ARCHIVES[5])]
fn r6_a_running_task_in_the_archive_comes_back_cancelled(
    #[case] (name, password): (&str, Option<&str>),
    test_db_path: TestDbPath,
    test_static_files_dir: TestStaticFiles,
) {
    let Some(archive) = sample(name) else { return };
    let engine = Engine::new(places(&test_db_path, test_static_files_dir.root()), Ambient::system())
        .with_keys(keys(password));
    let staged = engine.stage_restore(ACTOR, &RestoreOptions::new(&archive), &mut |_: Event| {}).unwrap();
    let cancelled = staged.plan().cancelled_tasks;
    staged.commit(&mut |_: Event| {}).unwrap();
    let database = Connection::open(test_db_path.path()).unwrap();
    let count = |status: &str| -> u64 {
        let sql = "SELECT count(*) FROM tasks WHERE status = ?1";
        database.query_row(sql, [status], |row| row.get::<_, i64>(0)).unwrap().unsigned_abs()
    };
    assert_eq!(["PENDING", "RUNNING", "RETRY"].map(count), [0, 0, 0]);
    assert_eq!(count("CANCELLED"), cancelled);
}

#[rstest]
fn encrypted_archives_ask_for_a_password_and_recognise_a_wrong_one(
    test_db_path: TestDbPath,
    test_static_files_dir: TestStaticFiles,
) {
    let engine = Engine::new(places(&test_db_path, test_static_files_dir.root()), Ambient::system());
    for (name, _) in ARCHIVES.into_iter().filter(|(_, password)| password.is_some()) {
        let Some(archive) = sample(name) else { return };
        let renamed = test_db_path.beside("renamed.zip");
        fs::copy(&archive, &renamed).unwrap();
        for path in [&archive, &renamed] {
            let error = engine.verify(ACTOR, path, &mut |_: Event| {}).unwrap_err();
            assert_eq!(error.key_fault(), Some(KeyFault::Missing(EncryptionScheme::ZipCrypto)), "{error}");
            let guessing = engine.clone().with_keys(Keys::passphrase("a guess"));
            let error = guessing.verify(ACTOR, path, &mut |_: Event| {}).unwrap_err();
            assert_eq!(error.key_fault(), Some(KeyFault::Wrong(EncryptionScheme::ZipCrypto)), "{error}");
        }
    }
}

/// A database of the original is backed up unchanged, then migrated after a safety backup, without losing a
/// row.
#[rstest]
#[tokio::test]
async fn a_database_of_the_original_opens_as_it_is(
    test_db_path: TestDbPath,
    test_static_files_dir: TestStaticFiles,
) {
    let Some(database) = sample("tiny/database/makermatrix.db") else { return };
    fs::copy(database, test_db_path.path()).unwrap();
    make_writable(&test_db_path.path());
    let engine = Engine::new(places(&test_db_path, test_static_files_dir.root()), Ambient::system());
    let before = state_of(engine.places());

    let report = engine.backup(ACTOR, &BackupOptions::default(), &mut |_: Event| {}).unwrap();
    assert!(report.manifest.migrations.is_empty());
    assert_eq!(
        migration::pending(&test_db_path.path()).unwrap(),
        SchemaState::Behind(migration::names().into_iter().map(str::to_owned).collect())
    );
    assert_eq!(state_of(engine.places()), before, "a backup changes nothing");

    let error = Inventory::open(&test_db_path.path(), Ambient::system()).await.unwrap_err();
    assert!(matches!(error, inventory::Error::NeedsMigration { .. }), "{error}");
    let (migrated, safety) = engine.migrate(ACTOR, &mut |_: Event| {}).unwrap().unwrap();
    assert_eq!(migrated.applied, migration::names());
    assert!(
        safety.path.file_name().unwrap().to_str().unwrap().starts_with("safety_backup_before_migration_")
    );
    assert!(engine.migrate(ACTOR, &mut |_: Event| {}).unwrap().is_none(), "once is enough");

    let after = state_of(engine.places());
    for (table, rows) in &before.tables {
        // The input of one task contains the password of a backup.
        match table.as_str() {
            "tasks" => assert_eq!(after.tables[table].0, rows.0),
            _ => assert_eq!(&after.tables[table], rows, "{table}"),
        }
    }
    let inventory = Inventory::open(&test_db_path.path(), Ambient::system()).await.unwrap();
    assert_eq!(inventory.categories(ACTOR).await.unwrap().len(), 9);
    inventory.close().await.unwrap();
}

fn make_writable(path: &Path) {
    let mut permissions = path.metadata().unwrap().permissions();
    #[expect(clippy::permissions_set_readonly_false, reason = "a scratch copy of a read-only sample")]
    permissions.set_readonly(false);
    fs::set_permissions(path, permissions).unwrap();
}

#[rstest]
fn a_missing_archive_a_folder_and_a_text_file_each_get_their_own_message(
    test_db_path: TestDbPath,
    test_static_files_dir: TestStaticFiles,
) {
    let engine = Engine::new(places(&test_db_path, test_static_files_dir.root()), Ambient::system());
    let verify = |path: &Path| engine.verify(ACTOR, path, &mut |_: Event| {}).unwrap_err();
    assert!(matches!(verify(&test_db_path.beside("nothing")), Error::ArchiveNotFound { .. }));
    assert!(matches!(verify(test_static_files_dir.root()), Error::ArchiveIsFolder { .. }));
    let text = test_static_files_dir.write("notes.zip", b"just text\n");
    assert!(verify(&text).to_string().contains("it looks like a text file"));
    let empty = test_static_files_dir.write("empty.zip", b"");
    assert!(verify(&empty).to_string().contains("the file is empty"));
}
