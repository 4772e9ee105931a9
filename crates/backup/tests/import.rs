//! Imports the data of the original, which stays untouched.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use backup::import::ImportSource;
use backup::{EncryptionPolicy, Engine, Error, ImportOptions, ImportReport, Kind};
use durable::with_suffix;
use inventory::password::{self, Rounds};
use inventory::sqlite::RedactedPasswords;
use inventory::{Ambient, Inventory};
use rstest::rstest;
use rusqlite::Connection;
use testkit::engine::{ACTOR, quiet};
use testkit::fixtures::places;
use testkit::samples::sample;
use testkit::scratch::copy_tree;
use testkit::state::{files_of, leftovers, tree_of};
use testkit::{State, TestDbPath, populate_test_database, state_of};

/// Makes a database look like one of the original: without our tables, with an unfinished task, passwords
/// in the clear, a first user with a well-known password, and paths of another machine.
fn spoil(database: &Path) {
    let rounds = Rounds::new(29_000).unwrap();
    let hash = password::hash("Admin123!", rounds, &Ambient::system());
    let connection = Connection::open(database).unwrap();
    let sql = format!(
        "PRAGMA journal_mode = DELETE; PRAGMA foreign_keys = OFF; DROP TABLE mm_migrations; DROP TABLE mm_restore; DROP TABLE mm_category_parent;
         UPDATE usermodel SET hashed_password = '{hash}' WHERE username = 'test_admin';
         UPDATE datasheets SET file_path = '/app/MakerMatrix/services/static/datasheets/' || filename;
         INSERT INTO tasks (id, task_type, name, status, priority, progress_percentage, max_retries, retry_count,
            created_at, input_data) VALUES ('t', 'BACKUP_CREATION', 'b', 'RUNNING', 'HIGH', 15, 3, 0,
            '2026-01-01 00:00:00.000000', '{{\"password\": \"Geheim\"}}')"
    );
    connection.execute_batch(&sql).unwrap();
}

/// A folder of the original, and the inventory to import it into.
struct Move {
    from: PathBuf,
    engine: Engine,
    key: String,
    _names: [TestDbPath; 2],
}

impl Move {
    async fn new(database: &str, static_files: &str) -> Self {
        let names = [TestDbPath::new(), TestDbPath::new()];
        let from = names[0].beside("old");
        fs::create_dir_all(from.join(database).parent().unwrap()).unwrap();
        let made = Inventory::create(&from.join(database), Ambient::system()).await.unwrap();
        let data = populate_test_database(&made, &from.join(static_files)).await;
        made.close().await.unwrap();
        spoil(&from.join(database));
        fs::write(from.join(".env"), "DIGIKEY_CLIENT_SECRET=x").unwrap();
        fs::remove_file(from.join(static_files).join(".mm-lease")).ok();
        let engine = Engine::new(places(&names[1], &names[1].beside("static")), Ambient::system());
        Self { from, engine, key: data.api_keys[0].key.clone(), _names: names }
    }

    fn import(&self, options: &ImportOptions) -> Result<ImportReport, Error> {
        self.engine.stage_import(ACTOR, options, &mut quiet)?.commit(&mut quiet)
    }
}

/// Returns the digests of the original's tables, except for those that an import changes on purpose.
fn rows(state: &State) -> BTreeMap<&String, &(u64, String)> {
    let changed = |name: &String| name.starts_with("mm_") || name == "tasks";
    state.tables.iter().filter(|(name, _)| !changed(name)).collect()
}

/// Returns the state of a copy, so that the original files are not opened.
fn state_of_copy(database: &Path, static_files: &Path) -> State {
    let name = TestDbPath::new();
    fs::copy(database, name.path()).unwrap();
    let state = state_of(&places(&name, &name.beside("static")));
    State { files: files_of(static_files), ..state }
}

#[rstest]
#[case("database/makermatrix.db", "static")]
#[case("makers_matrix.db", "static")]
#[case("MakerMatrix/makermatrix.db", "MakerMatrix/services/static")]
#[tokio::test]
async fn a_data_folder_is_imported_completely_and_stays_untouched(
    #[case] database: &str,
    #[case] static_files: &str,
) {
    let old = Move::new(database, static_files).await;
    let mut images = fs::read_dir(old.from.join(static_files).join("images")).unwrap();
    fs::remove_file(images.next().unwrap().unwrap().path()).unwrap();
    let (before, state) =
        (tree_of(&old.from), state_of_copy(&old.from.join(database), &old.from.join(static_files)));

    let report = old.import(&ImportOptions::new(&old.from)).unwrap();
    assert!(tree_of(&old.from) == before, "not a byte, not a file there has changed");
    assert_eq!(
        report.source,
        ImportSource::Data {
            database: old.from.join(database),
            static_files: Some(old.from.join(static_files)),
            env: Some(old.from.join(".env")),
        }
    );
    let contents = &report.contents;
    assert_eq!((contents.rows["partmodel"], contents.datasheets.0, contents.images.0), (5, 2, 1));
    assert_eq!(contents.dangling.len(), 1, "{:?}", contents.dangling);
    assert_eq!(contents.passwords, [RedactedPasswords { table: "tasks", passwords: 1 }]);
    assert_eq!(contents.default_passwords, ["test_admin"]);
    assert_eq!(report.restored.plan.cancelled_tasks, 1);
    assert_eq!(report.restored.safety_backup, None, "there was nothing to save");

    let places = old.engine.places();
    let after = state_of(places);
    assert_eq!(rows(&after), rows(&state));
    assert_eq!(after.files, state.files);
    assert_eq!(leftovers(places), Vec::<String>::new());
    let name = report.archive.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("imported_") && report.archive.starts_with(&places.backups), "{name}");
    old.engine.verify(ACTOR, &report.archive, &mut quiet).unwrap();

    let inventory = Inventory::open(&places.database, Ambient::system())
        .await
        .unwrap()
        .with_password_rounds(testkit::few_rounds());
    assert!(inventory.sign_in("test_admin", "Admin123!").await.unwrap().is_some());
    assert!(inventory.sign_in("test_user", "UserPass123!").await.unwrap().is_some());
    inventory.authenticate_api_key(&old.key, None).await.unwrap();
    inventory.close().await.unwrap();
}

#[rstest]
#[tokio::test]
async fn a_log_or_journal_left_by_a_crash_is_applied_on_a_read_only_medium() {
    let old = Move::new("makermatrix.db", "static").await;
    let database = old.from.join("makermatrix.db");
    let name = TestDbPath::new();
    let parts = |engine: &Engine| -> i64 {
        let connection = Connection::open(&engine.places().database).unwrap();
        connection.query_row("SELECT count(*) FROM partmodel", [], |row| row.get(0)).unwrap()
    };
    let wal = "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; DELETE FROM partcategorylink; DELETE FROM \
               datasheets; DELETE FROM part_location_allocations; DELETE FROM partmodel;";
    // A transaction larger than the cache writes pages before the commit, which never happens.
    let journal = "PRAGMA journal_mode = DELETE; PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN; UPDATE usermodel SET hashed_password = ''; \
                   DELETE FROM partcategorylink; DELETE FROM datasheets; DELETE FROM partmodel; CREATE TABLE big (a); \
                   INSERT INTO big SELECT randomblob(4000) FROM pragma_function_list LIMIT 50;";
    for (sql, beside, expected) in [(wal, "-wal", 0), (journal, "-journal", 5)] {
        fs::copy(&database, name.path()).unwrap();
        let connection = Connection::open(name.path()).unwrap();
        connection.execute_batch(sql).unwrap();
        let from = name.beside(beside.trim_start_matches('-'));
        fs::create_dir(&from).unwrap();
        for suffix in ["", beside] {
            let part = with_suffix(&from.join("makermatrix.db"), suffix);
            fs::copy(with_suffix(&name.path(), suffix), &part).unwrap();
            set_mode(&part, 0o400);
        }
        drop(connection);
        set_mode(&from, 0o500);
        let before = tree_of(&from);
        let mut options = ImportOptions::new(&from);
        options.restore.safety_backup = false;
        let report = old.import(&options).unwrap();
        set_mode(&from, 0o700);
        assert!(tree_of(&from) == before, "{beside}");
        assert_eq!(parts(&old.engine), expected, "{beside}");
        assert!(!report.contents.rows.contains_key("big"));
    }
}

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[rstest]
#[tokio::test]
async fn an_existing_inventory_is_kept_in_a_safety_backup() {
    let old = Move::new("database/makermatrix.db", "static").await;
    let first = old.import(&ImportOptions::new(&old.from)).unwrap();
    assert!(!first.restored.plan.replaces_data());
    let staged = old.engine.stage_import(ACTOR, &ImportOptions::new(&old.from), &mut quiet).unwrap();
    assert!(staged.plan().replaces_data());
    let archives = || old.engine.list(ACTOR).unwrap().len();
    assert_eq!(archives(), 2);
    drop(staged);
    assert_eq!(archives(), 1, "nothing came of it, so its archive is gone");
    assert_eq!(leftovers(old.engine.places()), Vec::<String>::new());
    let again = old.import(&ImportOptions::new(&old.from)).unwrap();
    assert!(again.restored.safety_backup.unwrap().exists());
    assert_eq!(archives(), 3);

    // The archive that was made of the folder, recognised by its content.
    let renamed = old.from.join("renamed.bak");
    fs::copy(&first.archive, &renamed).unwrap();
    let report = old.import(&ImportOptions::new(&renamed)).unwrap();
    assert_eq!((report.source, &report.archive), (ImportSource::Archive(renamed.clone()), &renamed));
    assert_eq!(report.contents.default_passwords, ["test_admin"]);
    assert_eq!(archives(), 4, "a safety backup, and no archive of an archive");
}

#[rstest]
#[tokio::test]
async fn importing_only_a_database_keeps_the_existing_files() {
    let old = Move::new("database/makermatrix.db", "static").await;
    let file = old.engine.places().static_files.join("images/mine.png");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, b"png").unwrap();
    let report = old.import(&ImportOptions::new(old.from.join("database/makermatrix.db"))).unwrap();
    assert!(file.exists() && report.restored.plan.files.is_empty());
    let ImportSource::Data { env, .. } = &report.source else { panic!("it is a database") };
    assert_eq!(env.as_ref(), Some(&old.from.join(".env")));
    assert_eq!(report.contents.dangling.len(), 4, "all its files, since none were named");
    let with_files = ImportOptions {
        static_files: Some(old.from.join("static")),
        ..ImportOptions::new(report.source.path())
    };
    let report = old.import(&with_files).unwrap();
    assert!(!file.exists() && report.contents.dangling.is_empty());
}

#[rstest]
#[tokio::test]
async fn sources_that_cannot_be_imported_are_named_and_change_nothing() {
    let old = Move::new("database/makermatrix.db", "static").await;
    let database = old.from.join("database/makermatrix.db");
    let refused = |engine: &Engine, source: &Path| {
        let error = engine.stage_import(ACTOR, &ImportOptions::new(source), &mut quiet).err().unwrap();
        (error.kind(), error.to_string())
    };
    let expect = |source: &Path, kind: Kind, words: &[&str]| {
        let (found, message) = refused(&old.engine, source);
        assert!(found == kind && words.iter().all(|word| message.contains(word)), "{found:?}: {message}");
    };

    // The inventory into itself under any path, and its files over themselves.
    let link = old.from.join("link.db");
    fs::hard_link(&database, &link).unwrap();
    let mut itself = old.engine.places().clone();
    itself.database = link.clone();
    let before = tree_of(&old.from);
    let engine = Engine::new(itself.clone(), Ambient::system());
    assert_eq!(refused(&engine, &old.from).0, Kind::Usage);
    itself.database = old.engine.places().database.clone();
    itself.static_files = old.from.join("static");
    let engine = Engine::new(itself, Ambient::system());
    assert_eq!(refused(&engine, &old.from).0, Kind::Usage);
    assert!(tree_of(&old.from) == before);
    fs::remove_file(link).unwrap();

    let other = old.from.join("makers_matrix.db");
    fs::copy(&database, &other).unwrap();
    expect(&old.from, Kind::Usage, &["several databases", "database/makermatrix.db", "makers_matrix.db"]);
    fs::write(&other, "no database").unwrap();
    let mut bytes = fs::read(&database).unwrap();
    let middle = bytes.len() / 2;
    bytes[4096..middle].fill(7);
    fs::write(&database, bytes).unwrap();
    expect(&old.from, Kind::Corrupt, &[database.to_str().unwrap()]);
    fs::write(&database, b"").unwrap();
    expect(&old.from, Kind::NotFound, &["no MakerMatrix database"]);
    fs::create_dir(old.from.join("backups")).unwrap();
    for (name, at) in [("backups/older.zip", 1), ("backups/newer.zip", 2)] {
        let file = fs::File::create(old.from.join(name)).unwrap();
        file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(at)).unwrap();
    }
    expect(&old.from, Kind::NotFound, &["backups/newer.zip"]);
    expect(&other, Kind::Refused, &["not a zip archive"]);
    assert_eq!(tree_of(&old.engine.places().backups), BTreeMap::new());
    assert!(!old.engine.places().database.exists());
}

/// A sample made by the original itself.
#[rstest]
#[tokio::test]
async fn a_folder_of_the_original_is_imported() {
    let (Some(database), Some(static_files)) = (sample("tiny/database"), sample("tiny/static")) else {
        return;
    };
    let old = Move::new("unused.db", "unused").await;
    let from = old.from.join("data");
    copy_tree(&database, &from.join("database"));
    copy_tree(&static_files, &from.join("static"));
    let before = tree_of(&from);
    let report = old.import(&ImportOptions::new(&from)).unwrap();
    assert!(tree_of(&from) == before);
    assert_eq!(report.contents.passwords, [RedactedPasswords { table: "tasks", passwords: 1 }]);
    assert_eq!(report.contents.default_passwords, ["admin"]);
    assert_eq!((report.contents.datasheets.0, report.contents.images.0), (2, 2));
    let inventory = Inventory::open(&old.engine.places().database, Ambient::system())
        .await
        .unwrap()
        .with_password_rounds(testkit::few_rounds());
    assert!(inventory.sign_in("test_user", "UserPass123!").await.unwrap().is_some());
    assert_eq!(inventory.query(ACTOR, inventory::parts::ListParts::default()).await.unwrap().total, Some(6));
    inventory.close().await.unwrap();
}

/// The archive of an import is encrypted like every other, for a key that is absent here. The import itself
/// succeeds, since the process that encrypted the archive can still read it.
#[tokio::test]
async fn an_import_where_backups_are_encrypted_leaves_nothing_in_the_clear() {
    let identity = archive::Identity::generate();
    let moved = Move::new("makermatrix.db", "static").await;
    let recipients = vec![identity.recipient()];
    let engine = moved.engine.clone().with_encryption_policy(EncryptionPolicy { recipients, required: true });
    let options = ImportOptions::new(&moved.from);
    let report = engine.stage_import(ACTOR, &options, &mut quiet).unwrap().commit(&mut quiet).unwrap();
    assert!(report.archive.to_str().unwrap().ends_with(".zip.age"));
    assert_eq!(report.contents.rows["partmodel"], 5);
    let holder = engine.clone().with_keys(archive::Keys::identity(identity));
    holder.verify(ACTOR, &report.archive, &mut quiet).unwrap();
    assert_eq!(engine.verify(ACTOR, &report.archive, &mut quiet).unwrap_err().kind(), Kind::Key);

    let nobody = moved
        .engine
        .clone()
        .with_encryption_policy(EncryptionPolicy { recipients: Vec::new(), required: true });
    let error = nobody.stage_import(ACTOR, &options, &mut quiet).unwrap_err();
    assert_eq!(error.kind(), Kind::EncryptionRequired, "{error}");
}

/// SQLite keeps the log beside the database file, not beside a link to it.
#[tokio::test]
async fn the_log_of_a_database_behind_a_link_is_imported() {
    let moved = Move::new("real/makermatrix.db", "static").await;
    let real = moved.from.join("real/makermatrix.db");
    let connection = Connection::open(&real).unwrap();
    let sql = "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; \
               UPDATE partmodel SET description = 'only in the log'";
    connection.execute_batch(sql).unwrap();
    let link = moved.from.join("makermatrix.db");
    std::os::unix::fs::symlink(&real, &link).unwrap();
    moved.import(&ImportOptions::new(&link)).unwrap();
    let imported = Connection::open(&moved.engine.places().database).unwrap();
    let sql = "SELECT count(*) FROM partmodel WHERE description = 'only in the log'";
    assert_eq!(imported.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap(), 5);
    drop(connection);
}

/// A killed import may leave parts of the original's database, with its passwords; the next backup removes
/// them.
#[tokio::test]
async fn the_next_backup_removes_what_a_killed_import_left() {
    let moved = Move::new("makermatrix.db", "static").await;
    moved.import(&ImportOptions::new(&moved.from)).unwrap();
    let places = moved.engine.places();
    let left = with_suffix(&places.database, ".backup-01234567-89ab-cdef-0123-456789abcdef");
    for suffix in ["", "-wal", ".static"] {
        fs::write(with_suffix(&left, suffix), b"Geheim").unwrap();
    }
    assert_eq!(leftovers(places).len(), 3);
    moved.engine.backup(ACTOR, &backup::BackupOptions::default(), &mut quiet).unwrap();
    assert_eq!(leftovers(places), Vec::<String>::new());
}
