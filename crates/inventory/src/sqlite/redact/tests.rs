//! Tests that redaction removes every byte of a password and changes no other byte.

use std::fs;
use std::path::{Path, PathBuf};

use snapshot::sql::Connection;
use testkit::TestFolder;

use super::*;
use crate::migration::ORIGINAL_SCHEMA;

fn database(schema: &str) -> (TestFolder, PathBuf, Connection) {
    let folder = TestFolder::new();
    let path = folder.path().join("x.db");
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch(schema).unwrap();
    (folder, path, connection)
}

fn task(connection: &Connection, id: &str, input: &str) {
    let sql = format!(
        "INSERT INTO tasks (id, task_type, name, status, priority, progress_percentage, max_retries, retry_count, \
         created_at, input_data) VALUES ('{id}', 'BACKUP_CREATION', 'b', 'COMPLETED', 'HIGH', 100, 3, 0, \
         '2026-01-01 00:00:00.000000', {input})"
    );
    connection.execute(&sql, []).unwrap();
}

fn holds(path: &Path, bytes: &[u8]) -> bool {
    fs::read(path).unwrap().windows(bytes.len()).any(|window| window == bytes)
}

fn inputs(connection: &Connection) -> Vec<Value> {
    let mut statement = connection.prepare("SELECT input_data FROM tasks ORDER BY id").unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

#[test]
fn b6_b7_no_byte_of_a_password_stays_in_a_copy() {
    let (_folder, path, connection) = database(ORIGINAL_SCHEMA);
    task(&connection, "1", r#"'{"backup_name": "b", "password": "Geheim-in-tasks", "x": 1}'"#);
    task(&connection, "2", r#"x'7b2270617373776f7264223a2247656865696d2d696e2d626c6f62227d'"#);
    task(&connection, "3", r#"CAST(x'70617373776f72643d47656865696dff' AS TEXT)"#);
    task(&connection, "4", r#"'{"url": "no secret"}'"#);
    task(&connection, "5", "NULL");
    task(&connection, "6", r#"'{"password": "Geheim-that-was-deleted"}'"#);
    connection
        .execute_batch(
            "UPDATE tasks SET result_data = '{\"passphrase\": \"Geheim-in-result\"}' WHERE id = '5';
             DELETE FROM tasks WHERE id = '6';
             INSERT INTO backup_config VALUES ('c', 1, 'nightly', NULL, 7, NULL, NULL, 1, 'Geheim-in-config', 'x', 'x');
             INSERT INTO backup_config VALUES ('d', 1, 'nightly', NULL, 7, NULL, NULL, 1, NULL, 'x', 'x')",
        )
        .unwrap();
    assert!(holds(&path, b"Geheim-that-was-deleted"), "what this is about");
    let parts = snapshot::digest(&connection, "partmodel").unwrap();
    drop(connection);

    assert_eq!(redact(&path).unwrap(), [of("tasks", 4), of("backup_config", 1)]);
    assert!(!holds(&path, b"Geheim"));
    let connection = Connection::open(&path).unwrap();
    assert_eq!(
        inputs(&connection),
        [
            Value::Text(r#"{"backup_name": "b", "password": null, "x": 1}"#.to_owned()),
            Value::Blob(br#"{"password":null}"#.to_vec()),
            Value::Text("{}".to_owned()),
            Value::Text(r#"{"url": "no secret"}"#.to_owned()),
            Value::Null,
        ]
    );
    assert_eq!(snapshot::digest(&connection, "partmodel").unwrap(), parts);
    drop(connection);
    migration::migrate(&path).unwrap();
    let clean = fs::read(&path).unwrap();
    assert_eq!(redact_archived(&path).unwrap(), [], "there is nothing left to redact");
    assert_eq!(fs::read(&path).unwrap(), clean, "the file is not rewritten");
}

#[test]
fn b6_no_byte_stays_of_a_password_whose_task_was_deleted() {
    let (_folder, path, connection) = database(ORIGINAL_SCHEMA);
    task(&connection, "1", r#"'{"password": "Geheim-that-was-deleted"}'"#);
    connection.execute("DELETE FROM tasks", []).unwrap();
    drop(connection);
    assert!(holds(&path, b"Geheim"), "what this is about");
    assert_eq!(redact(&path).unwrap(), []);
    assert!(!holds(&path, b"Geheim"));

    // Also after the migration, if the original has written to the database again.
    migration::migrate(&path).unwrap();
    let connection = Connection::open(&path).unwrap();
    task(&connection, "1", r#"'{"password": "' || replace(hex(zeroblob(3000)), '00', 'Geheim') || '"}'"#);
    connection.execute("DELETE FROM tasks", []).unwrap();
    task(&connection, "2", r#"'{"parts": 1}'"#);
    drop(connection);
    assert!(holds(&path, b"Geheim"));
    assert_eq!(redact(&path).unwrap(), []);
    assert!(!holds(&path, b"Geheim"));
}

#[test]
fn b6_b7_older_and_other_schemas_are_skipped() {
    for schema in [
        "CREATE TABLE t (a)",
        "CREATE TABLE tasks (id); CREATE TABLE backup_config (id)",
        "CREATE TABLE tasks (id TEXT PRIMARY KEY, input_data) WITHOUT ROWID; INSERT INTO tasks VALUES ('1', 7)",
    ] {
        let (_folder, path, _connection) = database(schema);
        assert_eq!(redact(&path).unwrap(), [], "{schema}");
    }
    let (_folder, path, connection) = database(
        "PRAGMA encoding = 'UTF-16le'; CREATE TABLE tasks (id TEXT PRIMARY KEY, input_data) WITHOUT ROWID; \
         INSERT INTO tasks VALUES ('1', '{\"password\": \"x\"}')",
    );
    assert_eq!(redact(&path).unwrap(), [of("tasks", 1)]);
    assert_eq!(inputs(&connection), [Value::Text(r#"{"password": null}"#.to_owned())]);
}

fn of(table: &'static str, passwords: u64) -> RedactedPasswords {
    RedactedPasswords { table, passwords }
}
