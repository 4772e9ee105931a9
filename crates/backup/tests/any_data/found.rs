//! What the properties found, as examples that people can read.

use rstest::rstest;
use rusqlite::Connection;
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
