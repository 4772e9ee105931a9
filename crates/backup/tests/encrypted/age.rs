//! Encryption with age: backups need only the public key, everything else needs the secret one.

use std::fs;
use std::io::Write;

use archive::keys::SecretString;
use archive::{ArchiveSink, EncryptionMethod, EncryptionScheme, Identity, KeyFault, Keys};
use backup::{BackupOptions, DrillOptions, EncryptionChoice, Engine, Event};
use inventory::Ambient;
use inventory::parts::CreatePart;
use rstest::rstest;
use testkit::fixtures::places;
use testkit::hostile::zip::{Entry, Zip};
use testkit::state::leftovers;
use testkit::{
    TestDatabase, TestDbPath, TestStaticFiles, populate_test_database, state_of, test_db_path,
    test_db_with_schema, test_static_files_dir,
};

use super::{ACTOR, back_up, fault, protected, quiet, restore, with};

#[rstest]
#[tokio::test]
async fn a_server_without_the_key_makes_backups_that_only_the_key_opens(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let database = test_db_with_schema;
    let (engine, identity) = protected(&database, &test_static_files_dir).await;
    let archived = state_of(engine.places());
    let path = back_up(&engine);
    assert!(path.to_str().unwrap().ends_with(".zip.age"), "{}", path.display());

    // The archive was read back and is known as verified, although the server cannot open it.
    let shown = engine.show(ACTOR, &path).unwrap();
    assert_eq!((shown.encryption, shown.contents.is_none()), (Some(EncryptionScheme::Recipients(1)), true));
    assert!(shown.status.is_some());
    let listed = engine.list(ACTOR).unwrap();
    assert_eq!(listed[0].summary.as_ref().unwrap().encryption, Some(EncryptionScheme::Recipients(1)));
    assert_eq!(
        fault(&engine.verify(ACTOR, &path, &mut quiet).unwrap_err()),
        KeyFault::Missing(EncryptionScheme::Recipients(1))
    );
    let other = Keys::identity(Identity::generate());
    let wrong = with(&engine, &other).verify(ACTOR, &path, &mut quiet).unwrap_err();
    assert_eq!(fault(&wrong), KeyFault::Wrong(EncryptionScheme::Recipients(1)));

    // A wrong or missing key changes nothing, and no restore begins.
    database
        .inventory
        .run(ACTOR, CreatePart { name: "later".into(), ..CreatePart::default() })
        .await
        .unwrap();
    let before = state_of(engine.places());
    for engine in [engine.clone(), with(&engine, &other)] {
        fault(&restore(&engine, &path).unwrap_err());
        assert!(state_of(engine.places()) == before);
        assert_eq!(engine.list(ACTOR).unwrap().len(), 1, "no safety backup was begun");
    }

    let holder = with(&engine, &Keys::identity(identity));
    holder.verify(ACTOR, &path, &mut quiet).unwrap();
    let drill = DrillOptions { archive: path.clone(), scratch: None, allow_violations: false };
    assert!(holder.drill(ACTOR, &drill, &mut quiet).unwrap().status.unwrap().proven.is_some());
    let report = restore(&holder, &path).unwrap();
    assert!(state_of(engine.places()) == archived);

    // The safety backup is encrypted for the same key.
    let safety = report.safety_backup.unwrap();
    assert!(safety.to_str().unwrap().ends_with(".zip.age"));
    fault(&engine.verify(ACTOR, &safety, &mut quiet).unwrap_err());
    restore(&holder, &safety).unwrap();
    assert!(state_of(engine.places()) == before);
    assert_eq!(leftovers(engine.places()), Vec::<String>::new());
}

#[rstest]
#[tokio::test]
async fn a_key_that_opened_an_archive_is_recorded_with_it(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let (engine, identity) = protected(&test_db_with_schema, &test_static_files_dir).await;
    let path = back_up(&engine);
    let other = engine.check_key(ACTOR, &path, &Identity::generate()).unwrap_err();
    assert_eq!(fault(&other), KeyFault::Wrong(EncryptionScheme::Recipients(1)));
    assert!(engine.show(ACTOR, &path).unwrap().status.unwrap().key_checked.is_none());

    let status = engine.check_key(ACTOR, &path, &identity).unwrap().unwrap();
    assert_eq!(status.key_checked.unwrap().recipient, identity.recipient().to_string());
    let kept =
        |engine: &backup::Engine| engine.show(ACTOR, &path).unwrap().status.unwrap().key_checked.is_some();
    assert!(kept(&engine));
    let holder = with(&engine, &Keys::identity(identity.clone()));
    holder.verify(ACTOR, &path, &mut quiet).unwrap();
    let drill = DrillOptions { archive: path.clone(), scratch: None, allow_violations: false };
    holder.drill(ACTOR, &drill, &mut quiet).unwrap();
    assert!(kept(&engine), "verifying and drilling keep the note");

    let plain = test_db_with_schema.engine(&test_static_files_dir);
    let plain_path = back_up(&plain);
    let error = engine.check_key(ACTOR, &plain_path, &identity).unwrap_err();
    assert!(matches!(error, backup::Error::NotEncrypted { .. }), "{error}");
}

#[rstest]
#[tokio::test]
async fn a_backup_for_more_keys_opens_with_each_and_with_those_that_are_configured(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let (engine, configured) = protected(&test_db_with_schema, &test_static_files_dir).await;
    let guest = Identity::generate();
    let also = vec![guest.recipient(), configured.recipient(), guest.recipient()];
    let encrypt = EncryptionChoice::AlsoFor(also);
    let options = BackupOptions { encrypt, ..BackupOptions::default() };
    let report = engine.backup(ACTOR, &options, &mut quiet).unwrap();
    assert_eq!(
        report.encryption,
        Some(EncryptionScheme::Recipients(2)),
        "the one that is named twice is there once"
    );
    for identity in [guest, configured] {
        with(&engine, &Keys::identity(identity)).verify(ACTOR, &report.path, &mut quiet).unwrap();
    }
}

#[rstest]
#[tokio::test]
async fn a_passphrase_opens_what_it_encrypted_and_the_safety_backup_of_it(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    populate_test_database(&test_db_with_schema.inventory, test_static_files_dir.root()).await;
    let engine = test_db_with_schema.engine(&test_static_files_dir);
    let before = state_of(engine.places());
    let passphrase = SecretString::from("correct horse".to_owned());
    let encrypt = EncryptionChoice::With(EncryptionMethod::Passphrase(passphrase));
    let options = BackupOptions { encrypt, ..BackupOptions::default() };
    let path = engine.backup(ACTOR, &options, &mut quiet).unwrap().path;
    let wrong = with(&engine, &Keys::passphrase("correct hors")).verify(ACTOR, &path, &mut quiet);
    assert_eq!(fault(&wrong.unwrap_err()), KeyFault::Wrong(EncryptionScheme::Passphrase));
    let holder = with(&engine, &Keys::passphrase("correct horse"));
    let safety = restore(&holder, &path).unwrap().safety_backup.unwrap();
    assert!(state_of(engine.places()) == before);
    let error = engine.check_key(ACTOR, &path, &Identity::generate()).unwrap_err();
    assert!(matches!(error, backup::Error::NotEncrypted { .. }), "there is no key to it: {error}");
    // Encryption is not configured here, but this archive was encrypted.
    assert_eq!(engine.show(ACTOR, &safety).unwrap().encryption, Some(EncryptionScheme::Passphrase));
    holder.verify(ACTOR, &safety, &mut quiet).unwrap();
}

/// The medium that holds the archives may be lost: nothing is in the clear there, not even during a backup.
#[rstest]
#[tokio::test]
async fn b4_an_encrypted_backup_shows_neither_names_nor_content_at_any_moment(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let (engine, _) = protected(&test_db_with_schema, &test_static_files_dir).await;
    let secret = b"%PDF-1.4 the very secret datasheet of the very secret part";
    test_static_files_dir.write("datasheets/secret-name.pdf", secret);
    let folder = &engine.places().backups;
    let mut looked = 0;
    let mut look = |_: Event| {
        for file in fs::read_dir(folder).into_iter().flatten().flatten() {
            let content = fs::read(file.path()).unwrap();
            for shown in
                [&b"SQLite format 3"[..], b"secret-name", &secret[..20], b"makers_matrix.db", b"PK\x01\x02"]
            {
                let found = content.windows(shown.len()).any(|bytes| bytes == shown);
                assert!(!found, "{} shows {:?}", file.path().display(), String::from_utf8_lossy(shown));
            }
            looked += 1;
        }
    };
    engine.backup(ACTOR, &BackupOptions::default(), &mut look).unwrap();
    look(Event::Step(backup::Step::Open));
    assert!(looked > 5, "there was something to look at");
    assert_eq!(leftovers(engine.places()), Vec::<String>::new());
}

/// Defects of the zip inside are reported like those of a plain zip, not as damage of the encryption.
#[rstest]
fn a_broken_header_inside_age_is_reported_as_such(
    test_db_path: TestDbPath,
    test_static_files_dir: TestStaticFiles,
) {
    let identity = Identity::generate();
    let engine = Engine::new(places(&test_db_path, test_static_files_dir.root()), Ambient::system());
    let engine = with(&engine, &Keys::identity(identity.clone()));
    let encryption = EncryptionMethod::Recipients(vec![identity.recipient()]);
    for offset in [90_000, u32::MAX - 1] {
        let astray = Entry::stored("images/x.png", b"x").with(|entry| entry.central.offset = Some(offset));
        let zip = Zip::of([Entry::stored("makers_matrix.db", b"no database"), astray]);
        let (mut out, _) = ArchiveSink::begin(Vec::new(), Some(&encryption)).unwrap();
        out.write_all(&zip.bytes()).unwrap();
        let path = test_db_path.beside("astray.zip.age");
        fs::write(&path, out.finish().unwrap()).unwrap();
        let error = engine.verify(ACTOR, &path, &mut quiet).unwrap_err().to_string();
        assert!(error.contains("\"images/x.png\" disagree about its place"), "{error}");
    }
}
