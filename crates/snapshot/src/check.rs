//! Checks a copy of a database before anything relies on it.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::resume_unwind;
use std::path::Path;
use std::thread;

use rusqlite::{Connection, Result as SqlResult};

use durable::printable;

use crate::Error;
use crate::connection::{open_copy, sqlite_error};
use crate::digest;

/// The largest number of findings that are reported.
const MAX_FINDINGS: usize = 20;

/// The number of rows and the digest of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableDigest {
    /// Number of rows.
    pub rows: u64,
    /// SHA-256, as `docs/archive-format.md` defines it.
    pub sha256: [u8; 32],
}

/// A row whose foreign key refers to a missing row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The table of the row.
    pub table: String,
    /// The row's primary key, or its position in the table.
    pub row: String,
    /// The table that the foreign key refers to.
    pub parent: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {} of {} refers to a missing row of {}", self.row, self.table, self.parent)
    }
}

/// The content of an intact database.
#[derive(Debug, Clone)]
pub struct Inspection {
    /// The digest of each table.
    pub tables: BTreeMap<String, TableDigest>,
    /// The first rows with broken foreign keys.
    pub violations: Vec<Violation>,
    /// The total number of rows with broken foreign keys.
    pub violation_count: u64,
}

/// Checks the integrity of a copy and its foreign keys, and meanwhile computes the digest of every table.
///
/// # Errors
/// [`Error::NotADatabase`], [`Error::Damaged`].
pub fn inspect(path: &Path) -> Result<Inspection, Error> {
    thread::scope(|scope| {
        let digesting = thread::Builder::new().spawn_scoped(scope, || digests(path));
        // What the check finds says more than the error of reading a damaged table.
        let (violations, violation_count) = check(path)?;
        let tables = match digesting {
            Ok(digesting) => digesting.join().unwrap_or_else(|panic| resume_unwind(panic)),
            Err(_) => digests(path),
        };
        Ok(Inspection { tables: tables?, violations, violation_count })
    })
}

/// Checks the integrity of a copy, and returns its violations of foreign keys.
fn check(path: &Path) -> Result<(Vec<Violation>, u64), Error> {
    let connection = open_copy(path)?;
    let failed = |error| sqlite_error(path, error);
    let findings = integrity(&connection).map_err(failed)?;
    if !findings.is_empty() {
        return Err(Error::Damaged { path: path.to_owned(), findings });
    }
    violations(&connection).map_err(failed)
}

/// Computes the digest of every table.
fn digests(path: &Path) -> Result<BTreeMap<String, TableDigest>, Error> {
    let connection = open_copy(path)?;
    let digest_of = |name: String| {
        let (rows, sha256) = digest::digest(&connection, &name)?;
        Ok((name, TableDigest { rows, sha256 }))
    };
    let digests = digest::tables(&connection)
        .and_then(|names| names.into_iter().map(digest_of).collect::<SqlResult<_>>());
    digests.map_err(|error| sqlite_error(path, error))
}

fn integrity(connection: &Connection) -> SqlResult<Vec<String>> {
    let sql = format!("PRAGMA integrity_check({MAX_FINDINGS})");
    let findings: Vec<String> =
        connection.prepare(&sql)?.query_map([], |row| row.get(0))?.collect::<SqlResult<_>>()?;
    if findings == ["ok"] {
        return Ok(Vec::new());
    }
    // A finding can have several lines. Its first line names the schema, which is always `main`.
    let lines = findings.iter().flat_map(|finding| finding.lines()).filter(|line| !line.starts_with("***"));
    Ok(lines.take(MAX_FINDINGS).map(printable).collect())
}

fn violations(connection: &Connection) -> SqlResult<(Vec<Violation>, u64)> {
    let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
    let mut rows = statement.query([])?;
    let mut shown = Vec::new();
    let mut count = 0;
    while let Some(row) = rows.next()? {
        count += 1;
        if shown.len() < MAX_FINDINGS {
            let (table, rowid): (String, Option<i64>) = (row.get(0)?, row.get(1)?);
            let row_name =
                rowid.map_or_else(|| "?".to_owned(), |rowid| describe_row(connection, &table, rowid));
            let parent: String = row.get(2)?;
            shown.push(Violation { table: printable(&table), row: row_name, parent: printable(&parent) });
        }
    }
    Ok((shown, count))
}

/// Returns the primary key of a row for messages, or its rowid if the key cannot be read.
fn describe_row(connection: &Connection, table: &str, rowid: i64) -> String {
    let key = || -> SqlResult<String> {
        let columns: Vec<String> = connection
            .prepare("SELECT name FROM pragma_table_info(?1) WHERE pk > 0 ORDER BY pk")?
            .query_map([table], |row| row.get(0))?
            .collect::<SqlResult<_>>()?;
        let columns: Vec<String> = columns.iter().map(|name| digest::quote_identifier(name)).collect();
        let sql = format!(
            "SELECT concat_ws(', ', {}) FROM {} WHERE rowid = ?1",
            columns.join(", "),
            digest::quote_identifier(table)
        );
        connection.query_row(&sql, [rowid], |row| row.get(0))
    };
    key().map_or_else(|_| format!("#{rowid}"), |key| format!("{key:?}"))
}
