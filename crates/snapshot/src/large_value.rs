//! Finds values that are larger than this program supports, so that the user can locate them.

use std::fmt;
use std::path::Path;

use durable::printable;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OptionalExtension, Result};

use crate::connection::{MAX_VALUE, open_copy};
use crate::digest::{quote_identifier, tables};

/// The location of a large value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LargeValue {
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
    /// The primary key of the row, or its rowid.
    pub row: String,
    /// The size in bytes.
    pub bytes: u64,
}

impl fmt::Display for LargeValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, column, row, bytes } = self;
        write!(f, "row {row} of table {table}, whose column {column} has {} MiB,", bytes >> 20)
    }
}

/// Returns the first value of a stripped copy that is larger than [`MAX_VALUE`]. Reads only the sizes, not the values.
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
        // Only the beginning of the key, which may be the large value itself.
        let key: Vec<String> =
            key.iter().map(|(name, _)| format!("substr({}, 1, 100)", quote_identifier(name))).collect();
        let row =
            if key.is_empty() { "rowid".to_owned() } else { format!("concat_ws(', ', {})", key.join(", ")) };
        for (column, _) in columns {
            let sql = format!(
                "SELECT CAST({row} AS TEXT), octet_length({column}) FROM {table} WHERE octet_length({column}) > {MAX_VALUE} LIMIT 1",
                column = quote_identifier(&column),
                table = quote_identifier(&table),
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
