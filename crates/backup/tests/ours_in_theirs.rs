//! Our archives restore in the original MakerMatrix 1.1.3: they have the name, the layout, the manifest and
//! the tables that it expects, and a database that the original has changed since can come back to us. How
//! the original treats an archive is known from observation.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use archive::EncryptionMethod;
use backup::{BackupOptions, EncryptionChoice, Engine, Error, RestoreOptions};
use inventory::migration::ORIGINAL_SCHEMA;
use inventory::{Ambient, Inventory};
use rstest::rstest;
use rusqlite::Connection;
use serde_json::Value;
use testkit::engine::{ACTOR, quiet};
use testkit::hostile::zip::{Entry, Zip};
use testkit::state::unpack_database;
use testkit::{
    TestDatabase, TestStaticFiles, populate_test_database, test_db_with_schema, test_static_files_dir,
};

/// Makes an archive of an inventory with users, stock and files, some of them in subfolders.
async fn archive(database: &TestDatabase, files: &TestStaticFiles) -> (Engine, PathBuf) {
    populate_test_database(&database.inventory, files.root()).await;
    files.write("images/top.png", b"png");
    files.write("images/below/a/folder.png", b"png");
    files.write("datasheets/Größe Ω.pdf", b"%PDF");
    let engine = database.engine(files);
    let archive = engine.backup(ACTOR, &BackupOptions::default(), &mut quiet).unwrap().path;
    (engine, archive)
}

/// The original accepts names that end in `.zip`, and asks for a password if a name contains `_encrypted`.
#[rstest]
#[tokio::test]
async fn the_name_and_the_entries_are_those_the_original_expects(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let (engine, archive) = archive(&test_db_with_schema, &test_static_files_dir).await;
    let name = archive.file_name().unwrap().to_str().unwrap();
    assert!(name.ends_with(".zip") && !name.contains("_encrypted"), "{name}");
    let entries = engine.show(ACTOR, &archive).unwrap().contents.unwrap().files;
    let entries: BTreeSet<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    for expected in ["makers_matrix.db", "backup_info.json", "images/top.png", "datasheets/Größe Ω.pdf"] {
        assert!(entries.contains(expected), "{expected} is not in {entries:?}");
    }
    // The original restores only the files of these two folders, without subfolders.
    let elsewhere = |name: &&&str| !name.starts_with("images/") && !name.starts_with("datasheets/");
    let elsewhere: Vec<_> = entries.iter().filter(elsewhere).collect();
    assert_eq!(elsewhere, [&"SHA256SUMS", &"backup_info.json", &"makers_matrix.db"]);
}

/// The keys of format 2.0, with the Python types of their values.
const MANIFEST: [(&str, &str); 24] = [
    ("backup_name", "str"),
    ("created_at", "str"),
    ("makermatrix_version", "str"),
    ("schema_version", "str"),
    ("backup_format_version", "str"),
    ("python_version", "str"),
    ("password_protected", "bool"),
    ("credential_storage", "str"),
    ("credential_protection", "str"),
    ("database_included", "bool"),
    ("datasheets_included", "bool"),
    ("images_included", "bool"),
    ("env_included", "bool"),
    ("database_size_mb", "float"),
    ("datasheets_size_mb", "float"),
    ("images_size_mb", "float"),
    ("datasheets_count", "int"),
    ("images_count", "int"),
    ("env_size_kb", "float"),
    ("total_size_mb", "int"),
    ("database_path", "str"),
    ("datasheets_path", "str"),
    ("images_path", "str"),
    ("env_path", "str"),
];

fn python_type(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "str",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        _ => "something else",
    }
}

#[rstest]
#[tokio::test]
async fn the_manifest_has_every_key_of_format_2_0_with_its_type(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let (_, archive) = archive(&test_db_with_schema, &test_static_files_dir).await;
    let reader =
        archive::Reader::open(fs::File::open(&archive).unwrap(), &archive::Limits::default()).unwrap();
    let entry = reader.entry(archive::Role::Manifest).unwrap();
    let manifest: Value = serde_json::from_reader(reader.read(entry).unwrap()).unwrap();
    for (key, expected) in MANIFEST {
        assert_eq!(python_type(&manifest[key]), expected, "{key}: {}", manifest[key]);
    }
    let text = |key: &str| manifest[key].as_str().unwrap();
    assert_eq!(text("backup_name"), archive.file_stem().unwrap().to_str().unwrap());
    assert_eq!((text("backup_format_version"), text("schema_version")), ("2.0", "1.0.0"));
    // Like `datetime.now().isoformat()`: local time, without a zone, with microseconds.
    let pattern = text("created_at").replace(|digit: char| digit.is_ascii_digit(), "0");
    assert_eq!(pattern, "0000-00-00T00:00:00.000000");
    let paths = ["database_path", "datasheets_path", "images_path", "env_path"].map(text);
    assert_eq!(paths, ["makers_matrix.db", "datasheets/", "images/", ".env"]);
    assert_eq!((&manifest["images_count"], &manifest["datasheets_count"]), (&4.into(), &3.into()));
}

fn schema(database: &Connection, which: &str) -> Vec<(String, String, Option<String>)> {
    let sql = format!("SELECT type, name, sql FROM sqlite_schema WHERE {which} ORDER BY type, name");
    let mut statement = database.prepare(&sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

/// The original copies the file over the live one, keeps the `-wal` of that, and opens it without any
/// migration.
#[rstest]
#[tokio::test]
async fn the_database_is_one_file_with_the_tables_of_the_original(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let (_, archive) = archive(&test_db_with_schema, &test_static_files_dir).await;
    let copy = test_db_with_schema.db_path.beside("copy");
    unpack_database(&archive, &copy);
    let header = fs::read(&copy).unwrap();
    assert!(header.starts_with(b"SQLite format 3\0"));
    assert_eq!(header[18..20], [1, 1], "read and written without a write-ahead log");

    let (ours, theirs) = (Connection::open(&copy).unwrap(), Connection::open_in_memory().unwrap());
    theirs.execute_batch(ORIGINAL_SCHEMA).unwrap();
    const MINE: &str = "tbl_name LIKE 'mm\\_%' ESCAPE '\\'";
    assert_eq!(schema(&ours, &format!("NOT {MINE}")), schema(&theirs, "true"), "to the letter");
    let mine = schema(&ours, MINE);
    assert!(mine.iter().all(|(kind, ..)| ["table", "index"].contains(&kind.as_str())), "{mine:?}");
}

/// The name and the type of a column, and whether it is part of the key.
type Column = (String, String, bool);

/// Returns the tables of the original with their columns.
fn tables() -> Vec<(String, Vec<Column>)> {
    let theirs = Connection::open_in_memory().unwrap();
    theirs.execute_batch(ORIGINAL_SCHEMA).unwrap();
    let tables = schema(&theirs, "type = 'table'").into_iter().map(|(_, table, _)| table);
    let columns = |table: &String| {
        let mut statement = theirs.prepare("SELECT name, type, pk FROM pragma_table_info(?1)").unwrap();
        let rows =
            statement.query_map([table], |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, u32>(2)? > 0)));
        rows.unwrap().map(Result::unwrap).collect()
    };
    tables.map(|table| (table.clone(), columns(&table))).collect()
}

/// Returns the value of this type that is the same in every table, so that the new rows refer to each other.
fn value(declared: &str) -> &'static str {
    match declared.split('(').next().unwrap() {
        "VARCHAR" | "TEXT" => "'theirs'",
        "INTEGER" => "990001",
        "BOOLEAN" => "1",
        "FLOAT" | "NUMERIC" => "1.5",
        "DATETIME" => "'2026-01-02 03:04:05.678901'",
        "JSON" => "'{}'",
        other => panic!("nobody said what {other} is like"),
    }
}

/// Uses each table as a program that knows only the columns of the original: inserts a row, changes it, and
/// deletes everything.
fn use_as_the_original_does(path: &Path, foreign_keys: bool) {
    let connection = Connection::open(path).unwrap();
    connection.pragma_update(None, "foreign_keys", foreign_keys).unwrap();
    let transaction = |statement: &dyn Fn(&str, &[Column]) -> String| {
        connection.execute_batch("BEGIN; PRAGMA defer_foreign_keys = ON").unwrap();
        for (table, columns) in tables() {
            let sql = statement(&table, &columns);
            connection.execute_batch(&sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        }
        connection.execute_batch("COMMIT").unwrap();
    };
    transaction(&|table, columns| {
        let names: Vec<&str> = columns.iter().map(|(name, ..)| name.as_str()).collect();
        let values: Vec<&str> = columns.iter().map(|(_, declared, _)| value(declared)).collect();
        format!("INSERT INTO {table} ({}) VALUES ({})", names.join(", "), values.join(", "))
    });
    transaction(&|table, columns| {
        let set: Vec<String> =
            columns.iter().map(|(name, declared, _)| format!("{name} = {}", value(declared))).collect();
        let key = columns.iter().filter(|(.., key)| *key);
        let key: Vec<String> =
            key.map(|(name, declared, _)| format!("{name} = {}", value(declared))).collect();
        format!("UPDATE {table} SET {} WHERE {}", set.join(", "), key.join(" AND "))
    });
    transaction(&|table, _| format!("DELETE FROM {table}"));
}

/// The original's own backup of the result restores here. The original does not enforce foreign keys, so
/// rows of ours may still refer to rows that it has deleted.
#[rstest]
#[case::with_foreign_keys(true)]
#[case::without(false)]
#[tokio::test]
async fn the_original_can_use_every_table_and_its_changes_come_back(
    #[case] foreign_keys: bool,
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let (engine, archive) = archive(&test_db_with_schema, &test_static_files_dir).await;
    let theirs = test_db_with_schema.db_path.beside("theirs");
    unpack_database(&archive, &theirs);
    use_as_the_original_does(&theirs, foreign_keys);

    let zip = Zip::of([Entry::deflated("makers_matrix.db", &fs::read(&theirs).unwrap())]);
    let back = test_db_with_schema.db_path.beside("back.zip");
    fs::write(&back, zip.bytes()).unwrap();
    let options = RestoreOptions::new(&back);
    let staged = engine.stage_restore(ACTOR, &options, &mut quiet).unwrap();
    let report = staged.commit(&mut quiet).unwrap();
    assert_eq!((report.plan.violations, report.plan.rows_after["categorymodel"]), (0, 0));
    let inventory = Inventory::open(&engine.places().database, Ambient::system()).await.unwrap();
    let categories = inventory.query(ACTOR, inventory::categories::ListCategories::default()).await.unwrap();
    assert_eq!(categories.total, Some(0));
    inventory.close().await.unwrap();
}

/// The same, if the original keeps using the file and we back it up afterwards.
#[rstest]
#[tokio::test]
async fn a_database_that_the_original_went_on_using_backs_up_and_restores(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let (engine, _) = archive(&test_db_with_schema, &test_static_files_dir).await;
    test_db_with_schema.inventory.close().await.unwrap();
    use_as_the_original_does(&engine.places().database, false);
    let report = engine.backup(ACTOR, &BackupOptions::default(), &mut quiet).unwrap();
    assert_eq!(report.manifest.foreign_key_violations, 0);
    let options = RestoreOptions::new(&report.path);
    engine.stage_restore(ACTOR, &options, &mut quiet).unwrap().commit(&mut quiet).unwrap();
}

/// The original decides by the name whether an archive is encrypted.
#[rstest]
#[tokio::test]
async fn r12_a_plain_archive_is_not_called_encrypted(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let engine = test_db_with_schema.engine(&test_static_files_dir);
    let options = BackupOptions { name: Some("shop_encrypted".into()), ..BackupOptions::default() };
    let error = engine.backup(ACTOR, &options, &mut quiet).unwrap_err();
    assert!(matches!(error, Error::MisleadingName { .. }), "{error}");
    let recipients = vec![archive::Identity::generate().recipient()];
    let encrypt = EncryptionChoice::With(EncryptionMethod::Recipients(recipients));
    engine.backup(ACTOR, &BackupOptions { encrypt, ..options }, &mut quiet).unwrap();
}
