//! Archives of earlier versions, which every later version must restore. `expected.json` beside them states
//! their content, as written by the version that made them.
//!
//! A new version of the format adds a folder of its own to `tests/frozen`, once, when it is released:
//! `MAKERMATRIX_FREEZE=4.0 cargo test -p makermatrix-backup --test frozen_archives -- --ignored`

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};

use archive::keys::SecretString;
use archive::{EncryptionMethod, Identity, Keys};
use backup::{BackupOptions, EncryptionChoice, Engine, Event, RestoreOptions};
use inventory::{Actor, Ambient, Inventory};
use rstest::rstest;
use serde_json::{Value, json};
use testkit::fixtures::places;
use testkit::generators::{ADMIN_PASSWORD, USER_PASSWORD};
use testkit::{
    TestDatabase, TestStaticFiles, populate_test_database, state_of, test_db_with_schema,
    test_static_files_dir,
};

const ACTOR: &Actor = &Actor::System;
/// The key and the passphrase of these archives, which protect nothing.
const KEY: &str = "key-of-the-frozen-archives.txt";
const PASSPHRASE: &str = "frozen 抵抗";
/// The beginning of the key, which its file omits so that scanners do not report a secret.
const BEGINNING: &str = "AGE-SECRET-KEY-";
/// ASCII, since 7-Zip accepts nothing else for zip archives.
const PASSWORD_OF_7_ZIP: &str = "frozen archive";

fn frozen() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/frozen")
}

fn keys(name: &str) -> Keys {
    let text = fs::read_to_string(frozen().join(KEY)).unwrap();
    let is_7_zip = name.contains("7-zip");
    let mut keys = Keys::passphrase(if is_7_zip { PASSWORD_OF_7_ZIP } else { PASSPHRASE });
    let secret = format!("{BEGINNING}{}", text.lines().last().unwrap());
    keys.identities.push(secret.parse().unwrap());
    keys
}

/// Every frozen archive restores into an empty folder and over an inventory: rows are compared by digest,
/// files by hash, users by password and scripts by API key.
#[rstest]
#[tokio::test]
async fn every_frozen_archive_restores_to_its_original_content(
    #[values(
        "3.0/plain.zip",
        "3.0/key.zip.age",
        "3.0/passphrase.zip.age",
        "re-zipped/info-zip.zip",
        "re-zipped/info-zip-encrypted.zip",
        "re-zipped/python.zip",
        "re-zipped/7-zip-zipcrypto.zip",
        "re-zipped/7-zip-aes-128.zip",
        "re-zipped/7-zip-aes-192.zip",
        "re-zipped/7-zip-aes-256.zip"
    )]
    name: &str,
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let database = test_db_with_schema;
    database.inventory.close().await.unwrap();
    let engine = Engine::new(places(&database.db_path, test_static_files_dir.root()), Ambient::system());
    let engine = engine.with_keys(keys(name));
    let archive = frozen().join(name);
    engine.verify(ACTOR, &archive, &mut |_: Event| {}).unwrap();
    let staged = engine.stage_restore(ACTOR, &RestoreOptions::new(&archive), &mut |_: Event| {}).unwrap();
    let safety = staged.commit(&mut |_: Event| {}).unwrap().safety_backup.unwrap();
    // The safety backup is encrypted if the restored archive was.
    let safety = engine.show(ACTOR, &safety).unwrap();
    assert_eq!(safety.encryption.is_some(), engine.show(ACTOR, &archive).unwrap().encryption.is_some());

    let made_of = if name.starts_with("re-zipped") { "3.0" } else { name.split_once('/').unwrap().0 };
    let text = fs::read(frozen().join(made_of).join("expected.json")).unwrap();
    let expected: Value = serde_json::from_slice(&text).unwrap();
    let state = state_of(engine.places());
    // Migrations add tables, and rows to the record of migrations.
    for (table, found) in
        expected["tables"].as_object().unwrap().iter().filter(|(name, _)| *name != "mm_migrations")
    {
        assert_eq!(json!(state.tables[table]), *found, "{table}");
    }
    assert_eq!(json!(state.files), expected["files"]);

    let inventory = Inventory::open(&database.db_path.path(), Ambient::system())
        .await
        .unwrap()
        .with_password_rounds(testkit::few_rounds());
    for (user, password) in [("test_admin", ADMIN_PASSWORD), ("test_user", USER_PASSWORD)] {
        assert!(inventory.sign_in(user, password).await.unwrap().is_some(), "{user}");
    }
    for key in expected["api_keys"].as_array().unwrap() {
        inventory.authenticate_api_key(key.as_str().unwrap(), None).await.unwrap();
    }
    inventory.close().await.unwrap();
}

#[test]
fn every_frozen_archive_is_tested() {
    let source = include_str!("frozen_archives.rs");
    for folder in fs::read_dir(frozen()).unwrap().flatten().filter(|entry| entry.path().is_dir()) {
        for file in fs::read_dir(folder.path()).unwrap().flatten() {
            let name = format!("{}/{}", folder.file_name().display(), file.file_name().display());
            let is_archive = name.ends_with(".zip") || name.ends_with(".age");
            assert!(!is_archive || source.contains(&format!("\"{name}\"")), "{name} is not tried");
        }
    }
}

/// Makes the archives of the version that is being released, in a folder with its name.
#[rstest]
#[tokio::test]
#[ignore = "makes the files that the others read, once for each version of the format"]
async fn freeze(#[future(awt)] test_db_with_schema: TestDatabase, test_static_files_dir: TestStaticFiles) {
    let version = std::env::var("MAKERMATRIX_FREEZE").expect("the version of the format");
    assert_eq!(version, archive::FORMAT_VERSION);
    let folder = frozen().join(version);
    assert!(!folder.exists(), "what is frozen stays as it is");
    let database = test_db_with_schema;
    let sample = populate_test_database(&database.inventory, test_static_files_dir.root()).await;
    test_static_files_dir
        .write("datasheets/sub folder/Datenblatt_Ω_抵抗器 ü.pdf", b"%PDF-1.4 a name of all sorts");
    let engine = database.engine(&test_static_files_dir);
    let key = frozen().join(KEY);
    if !key.exists() {
        use archive::keys::ExposeSecret;
        let secret = Identity::generate().to_text();
        let rest = secret.expose_secret().strip_prefix(BEGINNING).unwrap();
        let text = format!(
            "# of the frozen archives, without the {BEGINNING} before it; it protects nothing\n{rest}\n"
        );
        fs::create_dir_all(frozen()).unwrap();
        fs::write(&key, text).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    let identity = keys("").identities.remove(0);
    let passphrase = SecretString::from(PASSPHRASE.to_owned());
    for (name, encrypt) in [
        ("plain", EncryptionChoice::Not),
        ("key", EncryptionChoice::With(EncryptionMethod::Recipients(vec![identity.recipient()]))),
        ("passphrase", EncryptionChoice::With(EncryptionMethod::Passphrase(passphrase))),
    ] {
        let name = Some(name.to_owned());
        let options =
            BackupOptions { name, output: Some(folder.clone()), encrypt, ..BackupOptions::default() };
        engine.backup(ACTOR, &options, &mut |_: Event| {}).unwrap();
    }
    for entry in fs::read_dir(&folder).unwrap().flatten() {
        if entry.file_name().to_str().unwrap().ends_with(".status.json") {
            fs::remove_file(entry.path()).unwrap();
        }
    }
    let state = state_of(engine.places());
    let api_keys: Vec<&str> = sample.api_keys.iter().map(|created| created.key.as_str()).collect();
    let expected = json!({"tables": state.tables, "files": state.files, "api_keys": api_keys});
    fs::write(folder.join("expected.json"), format!("{expected:#}\n")).unwrap();
}
