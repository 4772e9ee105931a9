//! The digest of a table. Two digests are equal exactly when the rows are equal, whatever the layout of the file.
//! `docs/archive-format.md` defines the digest for other programs, and must match this module.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Result};
use sha2::{Digest, Sha256};

/// Returns the names of the tables that hold data. Omits the internal tables of SQLite and virtual tables.
pub(crate) fn tables(connection: &Connection) -> Result<Vec<String>> {
    let sql = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'shadow') \
               AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name";
    connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
}

/// Quotes an identifier for SQL.
pub(crate) fn quote_identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Returns the number of rows of a table and the SHA-256 over them.
pub fn digest(connection: &Connection, table: &str) -> Result<(u64, [u8; 32])> {
    let columns: Vec<Column> = connection
        .prepare("SELECT name, pk, \"notnull\" FROM pragma_table_info(?1) ORDER BY cid")?
        .query_map([table], |row| {
            Ok(Column {
                name: quote_identifier(&row.get::<_, String>(0)?),
                key: row.get(1)?,
                required: row.get(2)?,
            })
        })?
        .collect::<Result<_>>()?;
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let sql =
        format!("SELECT {} FROM {} ORDER BY {}", names.join(", "), quote_identifier(table), order(&columns));

    let mut hash = BufferedHash::default();
    let mut rows = 0;
    let mut statement = connection.prepare(&sql)?;
    for name in statement.column_names() {
        hash.part(b'c', name.as_bytes());
    }
    let width = statement.column_count();
    let mut cursor = statement.query([])?;
    while let Some(row) = cursor.next()? {
        rows += 1;
        hash.update(b"r");
        for column in 0..width {
            match row.get_ref(column)? {
                ValueRef::Null => hash.update(b"n"),
                ValueRef::Integer(value) => {
                    hash.update(b"i");
                    hash.update(&value.to_be_bytes());
                }
                ValueRef::Real(value) => {
                    hash.update(b"f");
                    hash.update(&value.to_bits().to_be_bytes());
                }
                ValueRef::Text(text) => hash.part(b't', text),
                ValueRef::Blob(blob) => hash.part(b'b', blob),
            }
        }
    }
    Ok((rows, hash.finish()))
}

/// A hash that is fed many short pieces, which would take longer one by one.
#[derive(Default)]
struct BufferedHash {
    hash: Sha256,
    waiting: Vec<u8>,
}

impl BufferedHash {
    fn update(&mut self, bytes: &[u8]) {
        const ENOUGH: usize = 16 << 10;
        if self.waiting.len() + bytes.len() > ENOUGH {
            self.hash.update(&self.waiting);
            self.waiting.clear();
        }
        if bytes.len() > ENOUGH {
            self.hash.update(bytes);
        } else {
            self.waiting.extend_from_slice(bytes);
        }
    }

    /// Adds a tag, and bytes with their length.
    fn part(&mut self, tag: u8, bytes: &[u8]) {
        self.update(&[tag]);
        self.update(&(bytes.len() as u64).to_be_bytes());
        self.update(bytes);
    }

    fn finish(mut self) -> [u8; 32] {
        self.hash.update(&self.waiting);
        self.hash.finalize().into()
    }
}

struct Column {
    name: String,
    /// The position of the column in the primary key, counted from 1, or 0.
    key: i64,
    required: bool,
}

/// Returns the terms of an ORDER BY clause that does not depend on where the rows are stored.
fn order(columns: &[Column]) -> String {
    let binary = |column: &Column| format!("{} COLLATE BINARY", column.name);
    let mut key: Vec<&Column> = columns.iter().filter(|column| column.key > 0).collect();
    key.sort_by_key(|column| column.key);
    let mut order: Vec<String> = key.iter().map(|column| binary(column)).collect();
    // Several rows may have no key, or the same key with a NULL. Such rows are ordered by all columns and then by
    // the types of the values, since 1 and 1.0 compare as equal.
    if key.is_empty() || !key.iter().all(|column| column.required) {
        order.extend(columns.iter().map(binary));
        order.extend(columns.iter().map(|column| format!("typeof({})", column.name)));
    }
    order.join(", ")
}

#[cfg(test)]
mod tests;
