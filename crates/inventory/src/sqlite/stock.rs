//! Compares the ledger with the stock in a copy.

use std::path::Path;

use snapshot::sql::{self, Connection};
use snapshot::{open_copy, sqlite_error};

use crate::Error;
use crate::stock::{StockCheck, StockDifference};

/// The tables and columns of the comparison.
const COLUMNS: [(&str, &[&str]); 2] = [
    ("part_location_allocations", &["part_id", "location_id", "quantity_at_location"]),
    (
        "mm_stock_movement",
        &[
            "part_id",
            "from_location_id",
            "from_before",
            "from_after",
            "to_location_id",
            "to_before",
            "to_after",
        ],
    ),
];

/// Compares the ledger with the stock. Returns `None` if the copy has no ledger, such as one of the original, or quantities that
/// no inventory has.
///
/// # Errors
/// [`Error::NotADatabase`], [`Error::Damaged`].
pub fn check_stock(copy: &Path) -> Result<Option<StockCheck>, Error> {
    let connection = open_copy(copy)?;
    let check = || if has_ledger(&connection)? { compare(&connection).map(Some) } else { Ok(None) };
    match check() {
        // A sum that does not fit into 64 bits.
        Err(error) if error.sqlite_error_code() == Some(sql::ErrorCode::Unknown) => Ok(None),
        other => Ok(other.map_err(|error| sqlite_error(copy, error))?),
    }
}

/// Returns whether the copy has the tables, with plain columns: an untrusted copy may have others of these names.
fn has_ledger(connection: &Connection) -> sql::Result<bool> {
    for (table, columns) in COLUMNS {
        let mut found = connection.prepare("SELECT name FROM pragma_table_info(?1)")?;
        let found: Vec<String> = found.query_map([table], |row| row.get(0))?.collect::<sql::Result<_>>()?;
        let has_all = columns.iter().all(|column| found.iter().any(|name| name == column));
        if !has_all || !connection.table_exists(None, table)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn compare(connection: &Connection) -> sql::Result<StockCheck> {
    let mut check = StockCheck::default();
    let sql = format!(
        "SELECT CAST(part_id AS TEXT), CAST(location_id AS TEXT), stock, ledger FROM ({})",
        StockCheck::SQL
    );
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        check.count += 1;
        if check.differences.len() < StockCheck::MAX_SHOWN {
            check.differences.push(StockDifference {
                part_id: text(row, 0)?,
                location_id: text(row, 1)?,
                stock: row.get(2)?,
                ledger: row.get(3)?,
            });
        }
    }
    Ok(check)
}

/// Returns a text, in which bytes that are not UTF-8 are replaced: other programs may have written them.
fn text(row: &sql::Row<'_>, column: usize) -> sql::Result<String> {
    let bytes = row.get_ref(column)?.as_bytes_or_null()?;
    Ok(String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migration;

    #[test]
    fn ids_that_are_not_utf_8_do_not_stop_the_comparison() {
        let folder = testkit::TestFolder::new();
        let path = folder.path().join("x.db");
        std::fs::write(&path, "").unwrap();
        migration::migrate(&path).unwrap();
        let connection = Connection::open(&path).unwrap();
        connection.pragma_update(None, "foreign_keys", false).unwrap();
        connection
            .execute_batch(
                "INSERT INTO partmodel (id, part_name, created_at, updated_at) VALUES (CAST(x'61ff' AS TEXT), 'p', '', ''); \
                 INSERT INTO locationmodel (id, location_type, is_mobile, is_auto_generated_slot, is_smart_location, \
                     auto_created, hidden_by_default, is_connected) VALUES ('l', 's', 0, 0, 0, 0, 0, 0); \
                 INSERT INTO part_location_allocations (id, part_id, location_id, quantity_at_location, is_primary_storage, \
                     allocated_at, last_updated, auto_synced) VALUES ('a', CAST(x'61ff' AS TEXT), 'l', 7, 1, '', '', 0);",
            )
            .unwrap();
        drop(connection);
        let check = check_stock(&path).unwrap().unwrap();
        assert_eq!((check.count, check.differences[0].part_id.as_str()), (1, "a\u{fffd}"));
    }
}
