//! Promise 2 when a file has not changed since the last backup: its packed bytes are taken over, and the archive is as complete and as
//! well checked as one for which every file was read.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, SystemTime};

use archive::EncryptionMethod;
use backup::{BackupOptions, BackupReport, EncryptionChoice, Engine, Event, Note};
use inventory::{Ambient, Clock, Now, Random};
use rstest::rstest;
use testkit::generators::noise;
use testkit::state::{FILES_CACHE, files_of, leftovers};
use testkit::{TestDatabase, TestStaticFiles, test_db_with_schema, test_static_files_dir};

use super::ACTOR;

/// An hour later than the clock of the machine, so that every file looks as if it had last been written to long ago.
struct Later;

impl Clock for Later {
    fn now(&self) -> Now {
        let now = Ambient::system().now();
        let hour = Duration::from_secs(3600);
        Now { utc: now.utc + hour, local: now.local + hour }
    }
}

impl Random for Later {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            [*byte] = Ambient::system().bytes();
        }
    }
}

/// An inventory with files of every kind of packing: stored, deflated, empty, and longer than a chunk.
struct Shop {
    database: TestDatabase,
    files: TestStaticFiles,
}

const FILES: u64 = 6;

impl Shop {
    fn new(database: TestDatabase, files: TestStaticFiles) -> Self {
        files.write("images/random.png", &noise(3000, 1));
        files.write("images/text.svg", &b"resistor 10k ".repeat(500));
        files.write("images/empty", b"");
        files.write("images/sub/folder/random.png", &noise(200, 2));
        files.write("datasheets/long and random.pdf", &noise(1_200_000, 3));
        files.write("datasheets/long text.pdf", &b"0603 1% Yageo\n".repeat(90_000));
        Self { database, files }
    }

    fn engine(&self) -> Engine {
        Engine::new(self.database.places(&self.files), Ambient::new(Later, Later))
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.files.root().join(name)
    }

    fn cache(&self) -> std::path::PathBuf {
        self.engine().places().backups.join(FILES_CACHE)
    }
}

/// Makes a backup, and checks that the archive holds the live files. Returns the notes, too.
fn back_up_with(engine: &Engine, options: &BackupOptions) -> (BackupReport, Vec<Note>) {
    let mut notes = Vec::new();
    let mut listen = |event: Event| {
        if let Event::Note(note) = event {
            notes.push(note);
        }
    };
    let made = engine.backup(ACTOR, options, &mut listen).unwrap();
    let places = engine.places();
    if made.encryption.is_none() {
        let reader =
            archive::Reader::open(File::open(&made.path).unwrap(), &archive::Limits::default()).unwrap();
        let mut archived = std::collections::BTreeMap::new();
        for entry in reader.entries().iter().filter(|entry| entry.role.is_static()) {
            let mut content = Vec::new();
            reader.read(entry).unwrap().read_to_end(&mut content).unwrap();
            let live = fs::read(places.static_files.join(&entry.name)).unwrap();
            assert!(content == live, "{}", entry.name);
            archived.insert(entry.name.clone(), entry.sha256.unwrap().to_string());
        }
        assert_eq!(archived, files_of(&places.static_files));
    }
    assert_eq!(leftovers(places), Vec::<String>::new());
    (made, notes)
}

fn back_up(engine: &Engine, name: &str) -> BackupReport {
    let options = BackupOptions { name: Some(name.to_owned()), ..BackupOptions::default() };
    let (made, notes) = back_up_with(engine, &options);
    assert_eq!(notes, []);
    made
}

#[rstest]
#[tokio::test]
async fn what_has_not_changed_is_taken_over_and_all_else_is_read(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let shop = Shop::new(test_db_with_schema, test_static_files_dir);
    let engine = shop.engine();
    assert_eq!(back_up(&engine, "first").unchanged, 0);
    assert_eq!(back_up(&engine, "second").unchanged, FILES);

    shop.files.write("images/a new one.png", &noise(100, 4));
    fs::remove_file(shop.path("images/sub/folder/random.png")).unwrap();
    // The same content at another time.
    File::options()
        .write(true)
        .open(shop.path("images/empty"))
        .unwrap()
        .set_modified(SystemTime::UNIX_EPOCH)
        .unwrap();
    // Other content, of the same size and with the same modification time.
    let svg = File::options().write(true).open(shop.path("images/text.svg")).unwrap();
    let modified = svg.metadata().unwrap().modified().unwrap();
    svg.write_all_at(b"R", 0).unwrap();
    svg.set_modified(modified).unwrap();
    assert_eq!(back_up(&engine, "third").unchanged, FILES - 3);

    // Each is complete by itself.
    fs::remove_file(engine.places().backups.join("second.zip")).unwrap();
    let last = back_up(&engine, "fourth");
    assert_eq!(last.unchanged, FILES);
    let options = BackupOptions { rescan: true, ..BackupOptions::default() };
    assert_eq!(back_up_with(&engine, &options).0.unchanged, 0);
    let options =
        BackupOptions { images: false, name: Some("sheets".to_owned()), ..BackupOptions::default() };
    assert_eq!(engine.backup(ACTOR, &options, &mut |_| {}).unwrap().unchanged, 2);

    engine.remove_backup(ACTOR, "fourth.zip").unwrap();
    let mode = shop.cache().metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "it holds names and hashes");
    // Nor does it stay with an archive that has changed.
    let sheets = File::options().write(true).open(engine.places().backups.join("sheets.zip")).unwrap();
    sheets.set_modified(SystemTime::UNIX_EPOCH).unwrap();
    engine.remove_backup(ACTOR, "sheets.zip").unwrap();
    assert!(!shop.cache().exists(), "it would disclose what has been removed");
}

/// A file that was changed a moment before a backup can be changed once more without looking changed.
#[rstest]
#[tokio::test]
async fn a_file_that_was_just_written_is_read_again_by_the_next_backup(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let shop = Shop::new(test_db_with_schema, test_static_files_dir);
    let now = shop.database.engine(&shop.files);
    back_up(&now, "first");
    assert_eq!(back_up(&now, "second").unchanged, 0);
}

#[rstest]
#[case::a_flipped_bit(|archive: &Path| flip(archive, &noise(1_200_000, 3)[..32]))]
#[case::a_flipped_bit_in_a_short_file(|archive: &Path| flip(archive, &noise(200, 2)[..32]))]
#[case::a_truncated_file(|archive: &Path| File::options().write(true).open(archive).unwrap().set_len(1 << 20).unwrap())]
#[tokio::test]
async fn damage_of_the_last_archive_is_not_taken_over(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
    #[case] damage: fn(&Path),
) {
    let shop = Shop::new(test_db_with_schema, test_static_files_dir);
    let engine = shop.engine();
    let last = back_up(&engine, "first").path;
    let cache = fs::read_to_string(shop.cache()).unwrap();
    let (length, modified) = (last.metadata().unwrap().len(), last.metadata().unwrap().modified().unwrap());
    damage(&last);
    File::options().write(true).open(&last).unwrap().set_modified(modified).unwrap();
    // So that even the size is no hint.
    let damaged_length = last.metadata().unwrap().len();
    fs::write(
        shop.cache(),
        cache.replace(&format!("\"size\":{length},"), &format!("\"size\":{damaged_length},")),
    )
    .unwrap();

    let (made, notes) = back_up_with(&engine, &BackupOptions::default());
    assert_eq!(made.unchanged, 0);
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(
        notes[0].to_string().contains("verify that archive") && notes[0].to_string().contains("first.zip"),
        "{}",
        notes[0]
    );
    assert_eq!(back_up_with(&engine, &BackupOptions::default()).0.unchanged, FILES);
}

/// Flips a bit in the first place where these bytes are.
fn flip(archive: &Path, bytes: &[u8]) {
    let mut content = fs::read(archive).unwrap();
    let at = content.windows(bytes.len()).position(|window| window == bytes).unwrap();
    content[at] ^= 1;
    File::options().write(true).open(archive).unwrap().write_all(&content).unwrap();
}

#[rstest]
#[tokio::test]
async fn an_unusable_cache_is_ignored(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let shop = Shop::new(test_db_with_schema, test_static_files_dir);
    let engine = shop.engine();
    back_up(&engine, "whole");
    let whole = fs::read_to_string(shop.cache()).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let without_end = lines[..lines.len() - 1].join("\n") + "\n";
    let nowhere = whole.replace("whole.zip", "../whole.zip");
    let half = whole[..whole.len() / 2].to_owned();
    for (number, text) in [String::new(), "\n".to_owned(), without_end, nowhere, half].into_iter().enumerate()
    {
        fs::write(shop.cache(), &text).unwrap();
        assert_eq!(back_up(&engine, &format!("unusable_{number}")).unchanged, 0, "{text}");
    }
    fs::remove_file(shop.cache()).unwrap();
    assert_eq!(back_up(&engine, "without").unchanged, 0);
    // Without a line, its file is read.
    let whole = fs::read_to_string(shop.cache()).unwrap();
    let mut lines: Vec<&str> = whole.lines().collect();
    lines[2] = "{}";
    fs::write(shop.cache(), lines.join("\n") + "\n").unwrap();
    assert_eq!(back_up(&engine, "without_a_line").unchanged, FILES - 1);
    // The cache cannot be written, which is no reason to have no backup.
    fs::remove_file(shop.cache()).unwrap();
    fs::create_dir_all(shop.cache().join("a folder in its place")).unwrap();
    assert_eq!(back_up(&engine, "no_cache").unchanged, 0);
}

#[rstest]
#[tokio::test]
async fn an_encrypted_backup_neither_leaves_a_cache_nor_uses_one(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let shop = Shop::new(test_db_with_schema, test_static_files_dir);
    let engine = shop.engine();
    let identity = archive::Identity::generate();
    let method = EncryptionMethod::Recipients(vec![identity.recipient()]);
    let options = BackupOptions { encrypt: EncryptionChoice::With(method), ..BackupOptions::default() };
    assert_eq!(back_up_with(&engine, &options).0.unchanged, 0);
    assert!(!shop.cache().exists());
    back_up(&engine, "plain");
    let before = fs::read(shop.cache()).unwrap();
    assert_eq!(back_up_with(&engine, &options).0.unchanged, 0);
    assert_eq!(fs::read(shop.cache()).unwrap(), before);
}
