//! The digest of a table: equal exactly when the rows are, whatever the file looks like inside.
//! `docs/archive-format.md` defines it for other programs; the two must stay the same.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Result};
use sha2::{Digest, Sha256};

/// The tables that hold data: not those of SQLite itself, not virtual ones.
pub(super) fn tables(connection: &Connection) -> Result<Vec<String>> {
    let sql = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'shadow') \
               AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name";
    connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
}

/// A name as SQL wants it.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Rows and SHA-256 of one table.
pub(super) fn digest(connection: &Connection, table: &str) -> Result<(u64, [u8; 32])> {
    let mut columns: Vec<(String, i64)> = connection
        .prepare("SELECT name, pk FROM pragma_table_info(?1) ORDER BY cid")?
        .query_map([table], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_>>()?;
    let names: Vec<String> = columns.iter().map(|(name, _)| quoted(name)).collect();
    columns.retain(|(_, position)| *position > 0);
    columns.sort_by_key(|(_, position)| *position);
    // Without a primary key, all columns together put equal rows in one order.
    let mut order: Vec<String> = columns.iter().map(|(name, _)| quoted(name)).collect();
    if order.is_empty() {
        order.clone_from(&names);
    }
    let order: Vec<String> = order.iter().map(|name| format!("{name} COLLATE BINARY")).collect();
    let sql = format!("SELECT {} FROM {} ORDER BY {}", names.join(", "), quoted(table), order.join(", "));

    let mut hash = Sha256::new();
    let part = |hash: &mut Sha256, tag: u8, bytes: &[u8]| {
        hash.update([tag]);
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    for name in connection.prepare(&sql)?.column_names() {
        part(&mut hash, b'c', name.as_bytes());
    }
    let mut rows = 0;
    let mut statement = connection.prepare(&sql)?;
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
                    hash.update(value.to_be_bytes());
                }
                ValueRef::Real(value) => {
                    hash.update(b"f");
                    hash.update(value.to_bits().to_be_bytes());
                }
                ValueRef::Text(text) => part(&mut hash, b't', text),
                ValueRef::Blob(blob) => part(&mut hash, b'b', blob),
            }
        }
    }
    Ok((rows, hash.finalize().into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked example of `docs/archive-format.md`.
    #[test]
    fn the_digest_is_the_documented_one() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(EXAMPLE).unwrap();
        let (rows, sha256) = digest(&connection, "bin").unwrap();
        let hex: String = sha256.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            (rows, hex.as_str()),
            (3, "acf7b789ccc64abf2155ade1bc3fa6038f05b29a3f0c9a74eae51ad17e285581")
        );
    }

    const EXAMPLE: &str = "
        CREATE TABLE bin (label TEXT, shelf INTEGER, depth REAL, photo BLOB, PRIMARY KEY (shelf, label));
        INSERT INTO bin VALUES ('B', 1, 2.5, X'00FF'), ('Ω', 1, NULL, NULL), ('A', 2, -1.0, X'');";
}
