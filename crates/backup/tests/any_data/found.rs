//! Defects that random inventories revealed, as readable examples.

use rstest::rstest;
use rusqlite::Connection;
use testkit::generators::add_many_parts;
use testkit::{
    TestDatabase, TestStaticFiles, populate_test_database, test_db_with_schema, test_static_files_dir,
};

use super::{back_up, restore};

#[rstest]
#[tokio::test]
async fn a_file_name_that_is_not_utf8_does_not_stop_a_backup(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let database = test_db_with_schema;
    populate_test_database(&database.inventory, test_static_files_dir.root()).await;
    let connection = Connection::open(database.db_path.path()).unwrap();
    let url = "CAST('/api/utility/get_image/caf' || x'e9' AS TEXT)";
    connection.execute_batch(&format!("UPDATE partmodel SET image_url = {url}")).unwrap();
    connection.execute_batch("UPDATE datasheets SET filename = CAST(x'ff' AS TEXT)").unwrap();
    let engine = database.engine(&test_static_files_dir);
    let report = back_up(&engine).unwrap();
    assert_eq!(report.manifest.dangling, ["datasheets/\u{fffd}", "images/caf\u{fffd}"]);
    restore(&engine, &report).unwrap();
}

/// The manifest names the missing files, and a reader accepts only a few MiB of manifest.
#[rstest]
#[tokio::test]
async fn long_names_of_missing_files_do_not_stop_a_backup(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let database = test_db_with_schema;
    add_many_parts(&database.db_path.path(), 60);
    let connection = Connection::open(database.db_path.path()).unwrap();
    let url = "'/api/utility/get_image/' || id || replace(hex(zeroblob(50000)), '0', char(1))";
    connection.execute_batch(&format!("UPDATE partmodel SET image_url = {url}")).unwrap();
    let engine = database.engine(&test_static_files_dir);
    let report = back_up(&engine).unwrap();
    assert_eq!(report.manifest.dangling.len(), 60);
    let first = &report.manifest.dangling[0];
    assert!(first.starts_with("images/bulk-00000000\u{1}") && first.ends_with('…'), "{first}");
    restore(&engine, &report).unwrap();
}

#[rstest]
#[tokio::test]
async fn an_image_whose_name_has_a_dot_is_not_missing(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let database = test_db_with_schema;
    add_many_parts(&database.db_path.path(), 1);
    test_static_files_dir.write("images/sub/v1.2.png", b"png");
    let connection = Connection::open(database.db_path.path()).unwrap();
    let sql = "UPDATE partmodel SET image_url = '/api/utility/get_image/sub/v1.2'";
    connection.execute_batch(sql).unwrap();
    let report = back_up(&database.engine(&test_static_files_dir)).unwrap();
    assert_eq!(report.manifest.dangling, Vec::<String>::new());
}
