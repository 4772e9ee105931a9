//! An archive of ours restores in the original MakerMatrix 1.1.3: it has the name, the layout, the
//! manifest and the tables that it expects, and what it does to the database afterwards can come back
//! to us. What the original does with an archive is known from watching it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use archive::Encryption;
use backup::{BackupOptions, Encrypt, Engine, Error, RestoreOptions};
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

/// An archive of an inventory of people, stock and files, some of them in sub-folders.
async fn archive(database: &TestDatabase, files: &TestStaticFiles) -> (Engine, PathBuf) {
    populate_test_database(&database.inventory, files.root()).await;
    files.write("images/top.png", b"png");
    files.write("images/below/a/folder.png", b"png");
    files.write("datasheets/Größe Ω.pdf", b"%PDF");
    let engine = database.engine(files);
    let archive = engine.backup(ACTOR, &BackupOptions::default(), &mut quiet).unwrap().path;
    (engine, archive)
}

/// It takes files that end in `.zip`, and asks for a password where the name has `_encrypted` in it.
#[rstest]
#[tokio::test]
async fn the_name_and_the_entries_are_those_it_looks_for(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let (engine, archive) = archive(&test_db_with_schema, &test_static_files_dir).await;
    let name = archive.file_name().unwrap().to_str().unwrap();
    assert!(name.ends_with(".zip") && !name.contains("_encrypted"), "{name}");
    let entries = engine.show(&archive).unwrap().contents.unwrap().files;
    let entries: BTreeSet<&str> = entries.iter().map(|(name, ..)| name.as_str()).collect();
    for expected in ["makers_matrix.db", "backup_info.json", "images/top.png", "datasheets/Größe Ω.pdf"] {
        assert!(entries.contains(expected), "{expected} is not in {entries:?}");
    }
    // It puts the files of these two folders in place, passing over folders in them, and nothing else.
    let elsewhere = |name: &&&str| !name.starts_with("images/") && !name.starts_with("datasheets/");
    let elsewhere: Vec<_> = entries.iter().filter(elsewhere).collect();
    assert_eq!(elsewhere, [&"SHA256SUMS", &"backup_info.json", &"makers_matrix.db"]);
}

/// Each key of format 2.0 with its type, as Python reads it.
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
    // As `datetime.now().isoformat()`: local, without zone, with microseconds.
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

/// The original copies the file over the live one, whose `-wal` it leaves where it is; and opens it
/// without any migration.
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

/// The name of a column, its type, and whether it is in the key.
type Column = (String, String, bool);

/// The tables of the original with their columns.
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

/// A value of this type, the same in every table: so each row of `theirs` refers to another one.
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

/// What a program does that knows the columns of the original and no others: it adds a row to each
/// table, changes it, and removes everything.
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

/// And then the original's own backup of that comes back to us. It does not enforce foreign keys, so
/// what it removes leaves rows of ours behind that refer to it.
#[rstest]
#[case::with_foreign_keys(true)]
#[case::without(false)]
#[tokio::test]
async fn the_original_can_use_every_table_and_what_it_makes_of_them_comes_back(
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

/// The same where the original goes on using the file, and one backs it up with us afterwards.
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

/// The original tells by the name whether an archive is encrypted.
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
    let encrypt = Encrypt::With(Encryption::Recipients(recipients));
    engine.backup(ACTOR, &BackupOptions { encrypt, ..options }, &mut quiet).unwrap();
}
