//! Tests that entities read and write exactly the values of the original: rows are copied from a SQLite file to PostgreSQL
//! and into another SQLite file, and must not change.
#![expect(clippy::disallowed_methods, reason = "rows are copied as they are, without a log")]

use std::path::{Path, PathBuf};

use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, EntityTrait, IntoActiveModel, Statement,
};
use snapshot::sql::{self, types::Value};
use testkit::{TestDbPath, TestPostgres};

use crate::{Json, Timestamp, migration};

macro_rules! copy_all {
    ($from:expr, $to:expr; $($table:ident)*) => {
        [$((stringify!($table), copy::<super::$table::Entity>($from, $to).await)),*]
    };
}

/// Copies the rows of every entity, and returns their number.
async fn copy_entities(from: &DatabaseConnection, to: &DatabaseConnection) -> [(&'static str, usize); 21] {
    copy_all!(from, to; activitylogmodel api_keys categorymodel datasheets locationmodel mm_category_parent
        mm_idempotency mm_low_stock_limit mm_saved_view mm_stock_movement part_location_allocations part_project_link part_tag_links
        partcategorylink partmodel projectmodel rolemodel tagmodel tool_location_allocations usermodel userrolelink)
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

async fn sqlite(path: &Path) -> DatabaseConnection {
    let path = path.to_owned();
    let mut options = ConnectOptions::new("sqlite:");
    options.map_sqlx_sqlite_opts(move |sqlite| sqlite.filename(&path).foreign_keys(false));
    Database::connect(options).await.unwrap()
}

/// Returns a connection that does not check foreign keys.
async fn postgres(database: &TestPostgres) -> DatabaseConnection {
    let mut options = ConnectOptions::new(database.url());
    options.max_connections(1);
    let connection = Database::connect(options).await.unwrap();
    connection.execute_unprepared("SET session_replication_role = replica").await.unwrap();
    connection
}

fn empty(folder: &TestDbPath, name: &str) -> PathBuf {
    let path = folder.beside(name);
    std::fs::write(&path, "").unwrap();
    migration::migrate(&path).unwrap();
    path
}

fn columns(database: &sql::Connection, table: &str) -> Vec<(String, String, bool)> {
    let mut statement =
        database.prepare("SELECT name, type, \"notnull\" FROM pragma_table_info(?1)").unwrap();
    let read = statement.query_map([table], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    read.unwrap().collect::<Result<_, _>>().unwrap()
}

/// Returns all values of a table with their storage classes.
fn stored(database: &sql::Connection, table: &str) -> Vec<Vec<Value>> {
    let mut statement = database.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2")).unwrap();
    let width = statement.column_count();
    let read = statement.query_map([], |row| (0..width).map(|column| row.get(column)).collect());
    read.unwrap().collect::<Result<_, _>>().unwrap()
}

/// Copies the entities of `from` through PostgreSQL, checks that no value changed, and returns the number of rows.
async fn assert_the_same_behind_postgres(folder: &TestDbPath, from: &Path) -> [(&'static str, usize); 21] {
    let (between, to) = (TestPostgres::with_schema(), empty(folder, "to"));
    let (first, second, third) = (sqlite(from).await, postgres(&between).await, sqlite(&to).await);
    let counts = copy_entities(&first, &second).await;
    assert_eq!(copy_entities(&second, &third).await, counts);
    for connection in [first, second, third] {
        connection.close().await.unwrap();
    }
    let (from, to) = (sql::Connection::open(from).unwrap(), sql::Connection::open(to).unwrap());
    for (table, _) in counts {
        assert_eq!(stored(&from, table), stored(&to, table), "{table}");
    }
    counts
}

#[tokio::test]
async fn every_row_of_the_original_survives_both_engines() {
    let sample =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples/tiny/database/makermatrix.db");
    if !sample.exists() {
        testkit::skipped(&format!("{} is absent", sample.display()));
        return;
    }
    let folder = TestDbPath::new();
    std::fs::copy(&sample, folder.path()).unwrap();
    assert_eq!(migration::migrate(&folder.path()).unwrap().applied, migration::names());
    let counts = assert_the_same_behind_postgres(&folder, &folder.path()).await;
    assert!(
        counts.contains(&("partmodel", 6)) && counts.contains(&("part_location_allocations", 5)),
        "{counts:?}"
    );
}

#[tokio::test]
async fn every_column_survives_both_engines() {
    let folder = TestDbPath::new();
    let from = empty(&folder, "from");
    let source = sql::Connection::open(&from).unwrap();
    source.pragma_update(None, "foreign_keys", false).unwrap();
    let tables = entity_tables();
    for table in tables {
        for row in 0..3 {
            let values: Vec<String> = columns(&source, table)
                .into_iter()
                .map(|(name, kind, required)| match kind.split('(').next().unwrap() {
                    "JSON" => [r#"'{"k\u00e9": [1, 2.5, "\ud83d\udce6"], "a": null}'"#, "'null'", "'[]'"]
                        [row]
                        .to_owned(),
                    _ if row == 1 && !required => "NULL".to_owned(),
                    "VARCHAR" | "TEXT" => format!("'{name} Ω {row}'"),
                    "DATETIME" => format!("'2026-01-0{} 03:04:05.{row}78901'", row + 1),
                    "INTEGER" | "BIGINT" => (row * 7_000_000_000).to_string(),
                    "FLOAT" => format!("{row}.25"),
                    "BOOLEAN" => (row % 2).to_string(),
                    other => panic!("{other}"),
                })
                .collect();
            source.execute(&format!("INSERT INTO {table} VALUES ({})", values.join(", ")), []).unwrap();
        }
    }
    drop(source);
    let counts = assert_the_same_behind_postgres(&folder, &from).await;
    assert_eq!(counts.map(|(_, count)| count), [3; 21]);
}

fn entity_tables() -> [&'static str; 21] {
    [
        "activitylogmodel",
        "api_keys",
        "categorymodel",
        "datasheets",
        "locationmodel",
        "mm_category_parent",
        "mm_idempotency",
        "mm_low_stock_limit",
        "mm_saved_view",
        "mm_stock_movement",
        "part_location_allocations",
        "part_project_link",
        "part_tag_links",
        "partcategorylink",
        "partmodel",
        "projectmodel",
        "rolemodel",
        "tagmodel",
        "tool_location_allocations",
        "usermodel",
        "userrolelink",
    ]
}

#[tokio::test]
async fn values_that_only_other_programs_write_can_be_read() {
    let folder = TestDbPath::new();
    let path = empty(&folder, "a");
    let database = sql::Connection::open(&path).unwrap();
    database
        .execute_batch(
            "INSERT INTO partmodel (id, part_name, additional_properties, created_at, updated_at)
             VALUES ('a', 'a', NULL, '2026-01-02T03:04:05', '2026-01-02 03:04:05.5'),
                    ('b', 'b', '7', '2026-01-02', '2026-01-02T03:04:05.123456');",
        )
        .unwrap();
    drop(database);
    let connection = sqlite(&path).await;
    let read = |id: &'static str| super::partmodel::Entity::find_by_id(id).one(&connection);
    let (a, b) = (read("a").await.unwrap().unwrap(), read("b").await.unwrap().unwrap());
    connection.close_by_ref().await.unwrap();
    assert_eq!((a.additional_properties, b.additional_properties), (Json::default(), Json(7.into())));
    let written =
        [a.created_at, a.updated_at, b.created_at, b.updated_at].map(|time: Timestamp| time.to_string());
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

/// Compares the two schemas, which are written separately.
#[tokio::test]
async fn both_engines_have_the_same_tables_and_columns() {
    let folder = TestDbPath::new();
    let database = sql::Connection::open(empty(&folder, "a")).unwrap();
    let mut in_sqlite = Vec::new();
    for table in table_names(&database) {
        for (column, kind, required) in columns(&database, &table) {
            let kind = match kind.to_ascii_uppercase().split('(').next().unwrap() {
                "VARCHAR" | "DATETIME" | "JSON" | "TEXT" => "text",
                "INTEGER" | "BIGINT" => "bigint",
                "FLOAT" | "NUMERIC" => "double precision",
                "BOOLEAN" => "boolean",
                other => panic!("{table}.{column}: {other}"),
            };
            in_sqlite.push((table.clone(), column, kind.to_owned(), required));
        }
    }
    let server = TestPostgres::with_schema();
    let connection = postgres(&server).await;
    let query = "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT), CAST(data_type AS TEXT), is_nullable = 'NO', \
                 data_type <> 'text' OR collation_name IS NOT DISTINCT FROM 'C' \
                 FROM information_schema.columns WHERE table_schema = 'public' \
                 ORDER BY table_name COLLATE \"C\", ordinal_position";
    let rows = connection
        .query_all_raw(Statement::from_string(connection.get_database_backend(), query))
        .await
        .unwrap();
    connection.close().await.unwrap();
    let in_postgres: Vec<(String, String, String, bool)> = rows
        .iter()
        .map(|row| {
            let column = (
                row.try_get_by_index(0).unwrap(),
                row.try_get_by_index(1).unwrap(),
                row.try_get_by_index(2).unwrap(),
                row.try_get_by_index(3).unwrap(),
            );
            assert!(row.try_get_by_index::<bool>(4).unwrap(), "{column:?} does not sort by bytes");
            column
        })
        .collect();
    assert_eq!(in_postgres, in_sqlite);
}

fn table_names(database: &sql::Connection) -> Vec<String> {
    let mut statement =
        database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}
