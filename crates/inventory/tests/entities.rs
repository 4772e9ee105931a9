//! What the entities read and write is what the original reads and writes, to the byte.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use inventory::{Json, Numeric, Timestamp, entity, migration};
use rusqlite::types::Value;
use sea_orm::{ConnectOptions, Database, DatabaseConnection, EntityTrait, IntoActiveModel};
use tempfile::TempDir;

macro_rules! copy_tables {
    ($from:expr, $to:expr; $($table:ident)*) => {
        [$((stringify!($table), copy::<entity::$table::Entity>($from, $to).await)),*]
    };
}

macro_rules! copy_all {
    ($from:expr, $to:expr) => {
        copy_tables!($from, $to;
            activitylogmodel api_keys backup_config categorymodel csvimportconfigmodel datasheets enrichment_profiles
            label_template_presets label_templates locationmodel mm_category_parent mm_restore orderitemmodel ordermodel
            part_location_allocations part_project_link part_tag_links partcategorylink partenrichmentmetadata partmodel
            partorderlink partordersummary partpricinghistory partsystemmetadata printermodel projectmodel rolemodel
            supplier_configs supplier_credentials supplier_rate_limits supplier_usage_summary supplier_usage_tracking
            tagmodel tasks tool_category_links tool_location_allocations tool_maintenance_records tool_tag_links toolmodel
            usermodel userrolelink)
    };
}

async fn copy<E: EntityTrait>(from: &DatabaseConnection, to: &DatabaseConnection) -> usize
where
    E::Model: IntoActiveModel<E::ActiveModel>,
{
    let rows = E::find().all(from).await.unwrap();
    let count = rows.len();
    for row in rows {
        E::insert(row.into_active_model()).exec_without_returning(to).await.unwrap();
    }
    count
}

async fn connect(path: &Path) -> DatabaseConnection {
    let path = path.to_owned();
    let mut options = ConnectOptions::new("sqlite:");
    options.map_sqlx_sqlite_opts(move |sqlite| sqlite.filename(&path).foreign_keys(false));
    Database::connect(options).await.unwrap()
}

fn empty(folder: &TempDir, name: &str) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, "").unwrap();
    migration::migrate(&path).unwrap();
    path
}

fn tables(database: &rusqlite::Connection) -> Vec<String> {
    let mut statement = database
        .prepare(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'mm_migrations' ORDER BY name",
        )
        .unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

fn columns(database: &rusqlite::Connection, table: &str) -> Vec<(String, String, bool)> {
    let mut statement =
        database.prepare("SELECT name, type, \"notnull\" FROM pragma_table_info(?1)").unwrap();
    let read = statement.query_map([table], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    read.unwrap().collect::<Result<_, _>>().unwrap()
}

/// All values of a table with their storage classes.
fn stored(database: &rusqlite::Connection, table: &str) -> Vec<Vec<Value>> {
    let mut statement = database.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2")).unwrap();
    let width = statement.column_count();
    let read = statement.query_map([], |row| (0..width).map(|column| row.get(column)).collect());
    read.unwrap().collect::<Result<_, _>>().unwrap()
}

fn assert_same(from: &Path, to: &Path) {
    let (from, to) = (rusqlite::Connection::open(from).unwrap(), rusqlite::Connection::open(to).unwrap());
    for table in tables(&to) {
        assert_eq!(stored(&from, &table), stored(&to, &table), "{table}");
    }
}

#[tokio::test]
async fn every_row_of_the_original_survives_reading_and_writing() {
    let sample =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples/tiny/database/makermatrix.db");
    if !sample.exists() {
        println!("skipped: {} is absent", sample.display());
        return;
    }
    let folder = TempDir::new().unwrap();
    let (from, to) = (folder.path().join("from.db"), empty(&folder, "to.db"));
    std::fs::copy(&sample, &from).unwrap();
    assert_eq!(migration::migrate(&from).unwrap().applied, migration::names());
    let (reader, writer) = (connect(&from).await, connect(&to).await);
    let counts = copy_all!(&reader, &writer);
    reader.close().await.unwrap();
    writer.close().await.unwrap();
    assert_same(&from, &to);
    assert!(
        counts.contains(&("partmodel", 6)) && counts.contains(&("part_location_allocations", 5)),
        "{counts:?}"
    );
}

#[tokio::test]
async fn every_column_survives_reading_and_writing() {
    let folder = TempDir::new().unwrap();
    let (from, to) = (empty(&folder, "from.db"), empty(&folder, "to.db"));
    let source = rusqlite::Connection::open(&from).unwrap();
    source.pragma_update(None, "foreign_keys", false).unwrap();
    let tables = tables(&source);
    assert_eq!(tables.len(), 41);
    for table in &tables {
        for row in 0..3 {
            let values: Vec<String> = columns(&source, table)
                .into_iter()
                .map(|(name, kind, required)| match kind.split('(').next().unwrap() {
                    "JSON" => [r#"'{"k\u00e9": [1, 2.5, "\ud83d\udce6"], "a": null}'"#, "'null'", "'[]'"]
                        [row]
                        .to_owned(),
                    _ if row == 1 && !required => "NULL".to_owned(),
                    "VARCHAR" => format!("'{name} Ω {row}'"),
                    "DATETIME" => format!("'2026-01-0{} 03:04:05.{row}78901'", row + 1),
                    "NUMERIC" => ["12", "0", "0.0123"][row].to_owned(),
                    "INTEGER" => (row * 7_000_000_000).to_string(),
                    "FLOAT" => ["2.0", "0.95", "-1.5e-7"][row].to_owned(),
                    "BOOLEAN" => (row % 2).to_string(),
                    other => panic!("{other}"),
                })
                .collect();
            source.execute(&format!("INSERT INTO {table} VALUES ({})", values.join(", ")), []).unwrap();
        }
    }
    drop(source);
    let (reader, writer) = (connect(&from).await, connect(&to).await);
    let counts = copy_all!(&reader, &writer);
    reader.close().await.unwrap();
    writer.close().await.unwrap();
    assert_same(&from, &to);
    assert_eq!(counts.map(|(_, count)| count), [3; 41]);
}

#[tokio::test]
async fn what_only_others_write_is_read_as_well() {
    let folder = TempDir::new().unwrap();
    let path = empty(&folder, "a.db");
    let database = rusqlite::Connection::open(&path).unwrap();
    database
        .execute_batch(
            "INSERT INTO ordermodel (id, supplier, order_date, status, subtotal, tax, currency, import_date, order_metadata)
             VALUES ('a', 's', '2026-01-02T03:04:05', 's', 12, 0.5, 'EUR', '2026-01-02 03:04:05.5', NULL),
                    ('b', 's', '2026-01-02', 's', 12.0, NULL, 'EUR', '2026-01-02T03:04:05.123456', '7');",
        )
        .unwrap();
    drop(database);
    let connection = connect(&path).await;
    let read = |id: &'static str| entity::ordermodel::Entity::find_by_id(id).one(&connection);
    let (a, b) = (read("a").await.unwrap().unwrap(), read("b").await.unwrap().unwrap());
    connection.close_by_ref().await.unwrap();
    assert_eq!((a.subtotal, a.tax, a.shipping), (Some(Numeric(12.0)), Some(Numeric(0.5)), None));
    assert_eq!((a.order_metadata, b.order_metadata), (Json::default(), Json(7.into())));
    let written =
        [a.order_date, a.import_date, b.order_date, b.import_date].map(|time: Timestamp| time.to_string());
    assert_eq!(
        written,
        [
            "2026-01-02 03:04:05.000000",
            "2026-01-02 03:04:05.500000",
            "2026-01-02 00:00:00.000000",
            "2026-01-02 03:04:05.123456"
        ]
    );
}
