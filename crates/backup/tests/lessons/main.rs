//! Defects of the original MakerMatrix that must not occur here. Each test is named after its row in the
//! table of `docs/RELIABILITY.md`, and repeats what revealed the defect there.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod backup_defects;
mod one_moment;
mod restore_defects;

use rusqlite::Connection;
use testkit::engine::{ACTOR, back_up, quiet, restore};

/// Returns the number that a query selects.
fn number(connection: &Connection, sql: &str) -> i64 {
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}
