//! Finding the value that is larger than this program handles, so that its owner can.

use std::fmt;
use std::path::Path;

use durable::printable;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OptionalExtension, Result};

use crate::connection::{MAX_VALUE, open_copy};
use crate::digest::{quoted, tables};

/// Where a large value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LargeValue {
    /// Its table.
    pub table: String,
    /// Its column.
    pub column: String,
    /// The primary key of its row, or the position of the row in the table.
    pub row: String,
    /// Its size in bytes.
    pub bytes: u64,
}

impl fmt::Display for LargeValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, column, row, bytes } = self;
        write!(f, "row {row} of table {table}, whose column {column} has {} MiB,", bytes >> 20)
    }
}

/// Returns the first value of a stripped copy that is larger than [`MAX_VALUE`]. None is read: sizes stand in front of values.
pub fn find_large_value(copy: &Path) -> Option<LargeValue> {
    let connection = open_copy(copy).ok()?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, i32::MAX).ok()?;
    find(&connection).ok().flatten()
}

fn find(connection: &Connection) -> Result<Option<LargeValue>> {
    for table in tables(connection)? {
        let columns: Vec<(String, i64)> = connection
            .prepare("SELECT name, pk FROM pragma_table_info(?1) ORDER BY cid")?
            .query_map([&table], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_>>()?;
        let mut key: Vec<&(String, i64)> = columns.iter().filter(|(_, key)| *key > 0).collect();
        key.sort_by_key(|(_, key)| *key);
        // Only the beginning of a key that may be the large value itself.
        let key: Vec<String> =
            key.iter().map(|(name, _)| format!("substr({}, 1, 100)", quoted(name))).collect();
        let row =
            if key.is_empty() { "rowid".to_owned() } else { format!("concat_ws(', ', {})", key.join(", ")) };
        for (column, _) in columns {
            let sql = format!(
                "SELECT CAST({row} AS TEXT), octet_length({column}) FROM {table} WHERE octet_length({column}) > {MAX_VALUE} LIMIT 1",
                column = quoted(&column),
                table = quoted(&table),
            );
            let found: Option<(String, i64)> =
                connection.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
            if let Some((row, bytes)) = found {
                let (table, column, row) = (printable(&table), printable(&column), printable(&row));
                return Ok(Some(LargeValue {
                    table,
                    column,
                    row: format!("{row:?}"),
                    bytes: bytes.unsigned_abs(),
                }));
            }
        }
    }
    Ok(None)
}
