//! Where encryption is required, no backup of any kind is made without it.

use std::fs;

use archive::EncryptionScheme;
use backup::{BackupOptions, EncryptionChoice, EncryptionPolicy, Engine, Error, Kind};
use inventory::Actor;
use inventory::parts::CreatePart;
use rstest::rstest;
use rusqlite::Connection;
use testkit::{
    TestDatabase, TestStaticFiles, populate_test_database, state_of, test_db_with_schema,
    test_static_files_dir,
};

use super::{ACTOR, back_up, quiet, restore};

fn strict(engine: &Engine) -> Engine {
    engine.clone().with_encryption_policy(EncryptionPolicy { recipients: Vec::new(), required: true })
}

fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), Kind::EncryptionRequired, "{error}");
    error.to_string()
}

#[rstest]
#[tokio::test]
async fn b8_every_backup_is_refused_if_required_encryption_is_not_possible(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let database = test_db_with_schema;
    populate_test_database(&database.inventory, test_static_files_dir.root()).await;
    let open = database.engine(&test_static_files_dir);
    let archive = back_up(&open);
    database
        .inventory
        .run(ACTOR, CreatePart { name: "later".into(), ..CreatePart::default() })
        .await
        .unwrap();
    let before = state_of(open.places());
    let engine = strict(&open);

    // On request.
    let message = refused(engine.backup(ACTOR, &BackupOptions::default(), &mut quiet));
    assert!(message.contains("no recipients are configured"), "{message}");
    let named = open.clone().with_encryption_policy(EncryptionPolicy {
        recipients: vec![archive::Identity::generate().recipient()],
        required: true,
    });
    let plain = BackupOptions { encrypt: EncryptionChoice::Not, ..BackupOptions::default() };
    assert!(refused(named.backup(ACTOR, &plain, &mut quiet)).contains("without encryption"));

    // Before a restore, which then does not take place.
    assert!(refused(restore(&engine, &archive)).contains("safety backup"));
    assert!(state_of(open.places()) == before);

    // Before a migration, which then does not take place either.
    let connection = Connection::open(&open.places().database).unwrap();
    let newest = *inventory::migration::names().last().unwrap();
    connection.execute("DELETE FROM mm_migrations WHERE version = ?1", [newest]).unwrap();
    drop(connection);
    let behind = state_of(open.places());
    refused(engine.migrate(&Actor::System, &mut quiet));
    assert!(state_of(open.places()) == behind);

    let archives = fs::read_dir(&open.places().backups).unwrap().count();
    assert_eq!(archives, 3, "the first one, its status and its files cache: nothing else was written");
}

#[rstest]
#[tokio::test]
async fn b8_a_safety_backup_is_encrypted_whenever_backups_are(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let database = test_db_with_schema;
    populate_test_database(&database.inventory, test_static_files_dir.root()).await;
    let open = database.engine(&test_static_files_dir);
    let archive = back_up(&open);
    let recipients = vec![archive::Identity::generate().recipient()];
    let engine = open.clone().with_encryption_policy(EncryptionPolicy { recipients, required: false });
    let safety = restore(&engine, &archive).unwrap().safety_backup.unwrap();
    assert_eq!(
        engine.show(ACTOR, &safety).unwrap().encryption,
        Some(EncryptionScheme::Recipients(1)),
        "though the archive was not"
    );
}

#[rstest]
#[tokio::test]
async fn secrets_of_the_environment_travel_only_in_encrypted_archives_unless_forced(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let open = test_db_with_schema.engine(&test_static_files_dir);
    fs::write(&open.places().env_file, "JWT_SECRET_KEY=abc\n").unwrap();
    let options = BackupOptions { env: true, ..BackupOptions::default() };
    let error = open.backup(ACTOR, &options, &mut quiet).unwrap_err();
    assert!(matches!(error, Error::EnvInTheClear), "{error}");
    let identity = archive::Identity::generate();
    let engine = open
        .clone()
        .with_encryption_policy(EncryptionPolicy { recipients: vec![identity.recipient()], required: false });
    assert!(engine.backup(ACTOR, &options, &mut quiet).unwrap().manifest.env_included);
    let bare = BackupOptions { encrypt: EncryptionChoice::Not, ..options.clone() };
    assert!(matches!(engine.backup(ACTOR, &bare, &mut quiet), Err(Error::EnvInTheClear)));
    let forced = BackupOptions { env_in_the_clear: true, ..bare };
    assert!(engine.backup(ACTOR, &forced, &mut quiet).unwrap().manifest.env_included);
}
