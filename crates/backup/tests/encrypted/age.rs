//! With age: who has the key can do everything, who has not can make backups.

use std::fs;
use std::io::Write;

use archive::keys::SecretString;
use archive::{Encryption, Identity, KeyFault, Keys, Lock, Sealed};
use backup::{BackupOptions, DrillOptions, Encrypt, Engine, Event};
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

    // It was read back all the same, and is known as verified. But the server cannot open it.
    let shown = engine.show(&path).unwrap();
    assert_eq!((shown.lock, shown.contents.is_none()), (Some(Lock::Recipients(1)), true));
    assert!(shown.status.is_some());
    let listed = engine.list().unwrap();
    assert_eq!(listed[0].summary.as_ref().unwrap().lock, Some(Lock::Recipients(1)));
    assert_eq!(
        fault(&engine.verify(ACTOR, &path, &mut quiet).unwrap_err()),
        KeyFault::None(Lock::Recipients(1))
    );
    let other = Keys::identity(Identity::generate());
    let wrong = with(&engine, &other).verify(ACTOR, &path, &mut quiet).unwrap_err();
    assert_eq!(fault(&wrong), KeyFault::Wrong(Lock::Recipients(1)));

    // A wrong key, or none, changes nothing and begins nothing.
    database
        .inventory
        .run(ACTOR, CreatePart { name: "later".into(), ..CreatePart::default() })
        .await
        .unwrap();
    let before = state_of(engine.places());
    for engine in [engine.clone(), with(&engine, &other)] {
        fault(&restore(&engine, &path).unwrap_err());
        assert!(state_of(engine.places()) == before);
        assert_eq!(engine.list().unwrap().len(), 1, "no safety backup was begun");
    }

    let holder = with(&engine, &Keys::identity(identity));
    holder.verify(ACTOR, &path, &mut quiet).unwrap();
    let drill = DrillOptions { archive: path.clone(), scratch: None, allow_violations: false };
    assert!(holder.drill(ACTOR, &drill, &mut quiet).unwrap().status.unwrap().proven.is_some());
    let report = restore(&holder, &path).unwrap();
    assert!(state_of(engine.places()) == archived);

    // What was there before is encrypted for the same key.
    let safety = report.safety_backup.unwrap();
    assert!(safety.to_str().unwrap().ends_with(".zip.age"));
    fault(&engine.verify(ACTOR, &safety, &mut quiet).unwrap_err());
    restore(&holder, &safety).unwrap();
    assert!(state_of(engine.places()) == before);
    assert_eq!(leftovers(engine.places()), Vec::<String>::new());
}

#[rstest]
#[tokio::test]
async fn a_key_that_is_shown_to_an_archive_is_noted_with_it(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let (engine, identity) = protected(&test_db_with_schema, &test_static_files_dir).await;
    let path = back_up(&engine);
    let other = engine.check_key(ACTOR, &path, &Identity::generate()).unwrap_err();
    assert_eq!(fault(&other), KeyFault::Wrong(Lock::Recipients(1)));
    assert!(engine.show(&path).unwrap().status.unwrap().key_checked.is_none());

    let status = engine.check_key(ACTOR, &path, &identity).unwrap().unwrap();
    assert_eq!(status.key_checked.unwrap().recipient, identity.recipient().to_string());
    let kept = |engine: &backup::Engine| engine.show(&path).unwrap().status.unwrap().key_checked.is_some();
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
    let encrypt = Encrypt::AlsoFor(also);
    let options = BackupOptions { encrypt, ..BackupOptions::default() };
    let report = engine.backup(ACTOR, &options, &mut quiet).unwrap();
    assert_eq!(report.lock, Some(Lock::Recipients(2)), "the one that is named twice is there once");
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
    let encrypt = Encrypt::With(Encryption::Passphrase(passphrase));
    let options = BackupOptions { encrypt, ..BackupOptions::default() };
    let path = engine.backup(ACTOR, &options, &mut quiet).unwrap().path;
    let wrong = with(&engine, &Keys::passphrase("correct hors")).verify(ACTOR, &path, &mut quiet);
    assert_eq!(fault(&wrong.unwrap_err()), KeyFault::Wrong(Lock::Passphrase));
    let holder = with(&engine, &Keys::passphrase("correct horse"));
    let safety = restore(&holder, &path).unwrap().safety_backup.unwrap();
    assert!(state_of(engine.places()) == before);
    let error = engine.check_key(ACTOR, &path, &Identity::generate()).unwrap_err();
    assert!(matches!(error, backup::Error::NotEncrypted { .. }), "there is no key to it: {error}");
    // Nothing says that backups are encrypted here, but this one was.
    assert_eq!(engine.show(&safety).unwrap().lock, Some(Lock::Passphrase));
    holder.verify(ACTOR, &safety, &mut quiet).unwrap();
}

/// The folder of the archive may be a medium that is meant to be lost one day: nothing lies there in the
/// clear, not even while the backup is made.
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

/// What is wrong with the zip inside is told as of any other: it is not the encryption that is damaged.
#[rstest]
fn a_header_that_leads_nowhere_is_named_inside_age_as_well(
    test_db_path: TestDbPath,
    test_static_files_dir: TestStaticFiles,
) {
    let identity = Identity::generate();
    let engine = Engine::new(places(&test_db_path, test_static_files_dir.root()), Ambient::system());
    let engine = with(&engine, &Keys::identity(identity.clone()));
    let encryption = Encryption::Recipients(vec![identity.recipient()]);
    for offset in [90_000, u32::MAX - 1] {
        let astray = Entry::stored("images/x.png", b"x").with(|entry| entry.central.offset = Some(offset));
        let zip = Zip::of([Entry::stored("makers_matrix.db", b"no database"), astray]);
        let (mut out, _) = Sealed::begin(Vec::new(), Some(&encryption)).unwrap();
        out.write_all(&zip.bytes()).unwrap();
        let path = test_db_path.beside("astray.zip.age");
        fs::write(&path, out.finish().unwrap()).unwrap();
        let error = engine.verify(ACTOR, &path, &mut quiet).unwrap_err().to_string();
        assert!(error.contains("\"images/x.png\" disagree about its place"), "{error}");
    }
}
