//! Zip archives with individually encrypted entries: those of the original and of zip programs.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use archive::{EncryptionScheme, KeyFault, Keys};
use backup::{Engine, Event, Kind, Note};
use inventory::Ambient;
use rstest::rstest;
use rusqlite::Connection;
use testkit::fixtures::places;
use testkit::generators::noise;
use testkit::hostile::zip::{Entry, Zip};
use testkit::original::{self, Locked};
use testkit::state::files_of;
use testkit::{TestDbPath, TestStaticFiles, test_db_path, test_static_files_dir};

use super::{ACTOR, fault, quiet, restore, with};

const PASSWORD: &str = "Secr3t-Pässw0rd";

/// File names as users choose them; in the archive they are UTF-8 without the flag for it.
const FILES: [(&str, &[u8]); 3] = [
    ("datasheets/Datenblatt_Ω_抵抗器 ü.pdf", b"%PDF-1.4 a datasheet"),
    ("datasheets/04bd9cc0.pdf", b"%PDF-1.4 another one, a little longer than the first"),
    ("images/fa83496b.png", b"\x89PNG"),
];

/// Returns a database that has only the tables of the original.
fn database(at: &TestDbPath) -> Vec<u8> {
    let path = at.beside("original");
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch(inventory::migration::ORIGINAL_SCHEMA).unwrap();
    connection.close().unwrap();
    fs::read(path).unwrap()
}

struct Shop {
    engine: Engine,
    at: TestDbPath,
    files: TestStaticFiles,
}

impl Shop {
    fn new(at: TestDbPath, files: TestStaticFiles) -> Self {
        let engine = Engine::new(places(&at, files.root()), Ambient::system());
        Self { engine, at, files }
    }

    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.at.beside(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn knowing(&self, password: &str) -> Engine {
        with(&self.engine, &Keys::passphrase(password))
    }
}

fn hashes(files: &[(&str, &[u8])]) -> BTreeMap<String, String> {
    files
        .iter()
        .map(|(name, content)| ((*name).to_owned(), archive::Sha256Hex::of(content).to_string()))
        .collect()
}

#[rstest]
fn b10_names_in_an_encrypted_archive_of_the_original_come_back_as_they_were(
    test_db_path: TestDbPath,
    test_static_files_dir: TestStaticFiles,
) {
    let shop = Shop::new(test_db_path, test_static_files_dir);
    let zip = original::archive(&database(&shop.at), &FILES, Locked::With(PASSWORD));
    let path = shop.put("an archive", &zip.bytes());
    restore(&shop.knowing(PASSWORD), &path).unwrap();
    assert_eq!(files_of(shop.files.root()), hashes(&FILES));
}

/// The content of an archive, not its name, decides what it is.
#[rstest]
fn r12_encryption_is_detected_by_content_and_not_by_name(
    test_db_path: TestDbPath,
    test_static_files_dir: TestStaticFiles,
) {
    let shop = Shop::new(test_db_path, test_static_files_dir);
    let database = database(&shop.at);
    let locked = original::archive(&database, &FILES, Locked::With(PASSWORD)).bytes();
    let plain = original::archive(&database, &FILES, Locked::No).bytes();
    let renamed = shop.put("renamed.zip", &locked);
    shop.knowing(PASSWORD).verify(ACTOR, &renamed, &mut quiet).unwrap();
    let error = shop.engine.verify(ACTOR, &renamed, &mut quiet).unwrap_err();
    assert_eq!(fault(&error), KeyFault::Missing(EncryptionScheme::ZipCrypto));
    let called_so = shop.put("my_encrypted.zip", &plain);
    let shown = shop.engine.show(ACTOR, &called_so).unwrap();
    assert_eq!(shown.encryption, None);
    shop.engine.verify(ACTOR, &called_so, &mut quiet).unwrap();

    // Names and sizes are not encrypted in such an archive, so they are shown.
    let shown = shop.engine.show(ACTOR, &renamed).unwrap();
    assert_eq!(shown.encryption, Some(EncryptionScheme::ZipCrypto));
    let contents = shown.contents.unwrap();
    assert_eq!((contents.datasheets.0, contents.images.0, contents.format), (2, 1, None));
}

/// One wrong password in 256 passes the check of ZipCrypto. The content then looks damaged, but is not.
#[rstest]
fn b5_a_wrong_password_is_called_wrong_even_if_it_passes_the_one_byte_check(
    test_db_path: TestDbPath,
    test_static_files_dir: TestStaticFiles,
) {
    let shop = Shop::new(test_db_path, test_static_files_dir);
    let database = database(&shop.at);
    let whole = original::archive(&database, &FILES, Locked::With(PASSWORD));
    // With a single entry there is no other evidence.
    let alone = Zip::of([Entry::deflated("makers_matrix.db", &database).zip_crypto(PASSWORD, false)]);
    let crc = crc32fast::hash(&database);
    let passing = |zip: &Zip| {
        let data = zip.entries[0].data.clone();
        let passes = move |password: &String| {
            let opened = rawzip::zipcrypto::Decryptor::new(data.as_slice(), password.as_bytes()).unwrap();
            opened.check_byte() == (crc >> 24) as u8
        };
        (0..).map(|number| format!("guess {number}")).filter(passes).take(5).collect::<Vec<_>>()
    };
    for (zip, name) in [(whole, "whole"), (alone, "alone")] {
        let path = shop.put(name, &zip.bytes());
        for password in passing(&zip) {
            let error = shop.knowing(&password).verify(ACTOR, &path, &mut quiet).unwrap_err();
            assert_eq!(fault(&error), KeyFault::Wrong(EncryptionScheme::ZipCrypto), "{name}, {password:?}");
        }
        shop.knowing(PASSWORD).verify(ACTOR, &path, &mut quiet).unwrap();
    }
}

/// Conversely, the right password is not called wrong because of damage.
#[rstest]
#[case(false)]
#[case(true)]
fn damage_under_the_right_password_is_called_damage(
    #[case] described: bool,
    test_db_path: TestDbPath,
    test_static_files_dir: TestStaticFiles,
) {
    let shop = Shop::new(test_db_path, test_static_files_dir);
    let database = database(&shop.at);
    let plain = original::archive(&database, &FILES, Locked::No);
    let locked = plain.entries.into_iter().map(|entry| entry.zip_crypto(PASSWORD, described));
    let zip = Zip::of(locked);
    let engine = shop.knowing(PASSWORD);
    let path = shop.put("sound", &zip.bytes());
    engine.verify(ACTOR, &path, &mut quiet).unwrap();
    for entry in 0..zip.entries.len() {
        let length = zip.entries[entry].data.len();
        // In the encryption header, just behind it, in the middle, and before the last byte, whose last bits
        // may mean nothing.
        for at in [0, 11, 12, length / 2, length - 3] {
            let mut damaged = zip.clone();
            damaged.entries[entry].data[at] ^= 0x40;
            let path = shop.put("damaged", &damaged.bytes());
            let error = engine.verify(ACTOR, &path, &mut quiet).unwrap_err();
            assert_eq!(error.kind(), Kind::Corrupt, "entry {entry}, byte {at} of {length}: {error}");
            let name = String::from_utf8_lossy(&zip.entries[entry].central.name).into_owned();
            let named = error.to_string().contains(&name) || error.to_string().contains("backup_info.json");
            assert!(named, "{name}: {error}");
        }
    }
}

/// WinZip AES has an authentication code, so every changed byte is noticed even without a CRC-32 (AE-2).
#[rstest]
#[case("7-zip-aes-128.zip")]
#[case("7-zip-aes-256.zip")]
fn damage_to_an_entry_of_winzip_aes_is_called_damage(
    #[case] name: &str,
    test_db_path: TestDbPath,
    test_static_files_dir: TestStaticFiles,
) {
    let shop = Shop::new(test_db_path, test_static_files_dir);
    let frozen = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/frozen/re-zipped").join(name);
    let bytes = fs::read(frozen).unwrap();
    let engine = shop.knowing("frozen archive");
    engine.verify(ACTOR, &shop.put("sound", &bytes), &mut quiet).unwrap();
    let zip = rawzip::ZipArchive::from_slice(&bytes).unwrap();
    for record in zip.entries() {
        let record = record.unwrap();
        let (start, end) = zip.get_entry(record.wayfinder()).unwrap().compressed_data_range();
        let length = end - start;
        if length == 0 {
            continue;
        }
        // In the salt, the password verifier, the data and the authentication code.
        for at in [0, 17, 20, length / 2, length - 1] {
            let mut damaged = bytes.clone();
            damaged[(start + at) as usize] ^= 0x10;
            let error = engine.verify(ACTOR, &shop.put("damaged", &damaged), &mut quiet).unwrap_err();
            assert_eq!(error.kind(), Kind::Corrupt, "{at} of {length}: {error}");
        }
    }
}

/// A file that was added later without encryption is not a defect.
#[rstest]
fn a_partly_encrypted_archive_is_read_completely(
    test_db_path: TestDbPath,
    test_static_files_dir: TestStaticFiles,
) {
    let shop = Shop::new(test_db_path, test_static_files_dir);
    let zip = original::archive(&database(&shop.at), &FILES, Locked::With(PASSWORD))
        .and(Entry::deflated("images/added.png", b"later"))
        .and(Entry::folder("images/"))
        .and(Entry::deflated("notes.txt", b"").zip_crypto("another one", false));
    let path = shop.put("mixed", &zip.bytes());
    let mut ignored = Vec::new();
    let mut listen = |event: Event| {
        if let Event::Note(Note::Ignored { names }) = event {
            ignored.extend(names.first);
        }
    };
    let engine = shop.knowing(PASSWORD);
    let options = backup::RestoreOptions::new(&path);
    engine.stage_restore(ACTOR, &options, &mut listen).unwrap().commit(&mut quiet).unwrap();
    assert_eq!(files_of(shop.files.root()).len(), 4);
    assert_eq!(ignored, ["notes.txt"]);
}

/// With one long image alone, no entry is short enough to test the password; reading the image is the test.
#[rstest]
fn a_right_password_that_no_short_entry_can_prove_is_not_called_wrong(
    test_db_path: TestDbPath,
    test_static_files_dir: TestStaticFiles,
) {
    let shop = Shop::new(test_db_path, test_static_files_dir);
    let picture = noise(3 << 20, 9);
    let zip = original::archive(&database(&shop.at), &FILES, Locked::No)
        .and(Entry::stored("images/long.png", &picture).zip_crypto(PASSWORD, false));
    let path = shop.put("one", &zip.bytes());
    shop.knowing(PASSWORD).verify(ACTOR, &path, &mut quiet).unwrap();
    assert!(shop.knowing("a guess").verify(ACTOR, &path, &mut quiet).is_err());
}
