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
                part_id: row.get(0)?,
                location_id: row.get(1)?,
                stock: row.get(2)?,
                ledger: row.get(3)?,
            });
        }
    }
    Ok(check)
}
