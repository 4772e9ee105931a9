//! Historical schemas of the original. The age of a database is detected from its columns: the original stores no schema
//! version.
//!
//! | age | detected by |
//! |---|---|
//! | December 2024 | four tables; `categorymodel.parent_id`; `partmodel.part_name` may be missing or duplicate; no users |
//! | until October 2025 | `partmodel.quantity` and `partmodel.location_id`: one location per part |
//! | today | `part_location_allocations`: any number of locations per part |
//!
//! [`complete_schema`] adds missing tables, columns and indexes. [`move_old_columns`] moves the data of old columns to its
//! current place. Afterwards the current version of the original can open the database.

mod adjustment;
mod categories;
mod columns;
mod defaults;
mod names;
mod rebuild;
mod stock;

use snapshot::sql::{Connection, Transaction};

pub use adjustment::Adjustment;
pub(crate) use columns::{complete_schema, is_schema_incomplete};
pub(crate) use stock::units_of;

/// The statements of the original's schema: 39 tables and their indexes.
pub const ORIGINAL_SCHEMA: &str = include_str!("schema.sql");

/// Why a database cannot be migrated to the current schema.
#[derive(Debug)]
pub(crate) enum MigrationError {
    Sqlite(snapshot::sql::Error),
    /// A required column is missing and has no default.
    MissingColumn {
        table: String,
        column: String,
    },
}

impl From<snapshot::sql::Error> for MigrationError {
    fn from(error: snapshot::sql::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// Moves stock, locations and parents of categories out of columns that the original no longer has, and rebuilds the two
/// tables with the current schema. Leaves a database without such columns unchanged.
pub(crate) fn move_old_columns(
    transaction: &Transaction<'_>,
    adjustments: &mut Vec<Adjustment>,
) -> Result<(), MigrationError> {
    names::make_part_names_unique(transaction, adjustments)?;
    stock::move_to_allocations(transaction, adjustments)?;
    categories::move_parents(transaction, adjustments)?;
    rebuild::rebuild_with_current_schema(transaction, "partmodel", &["quantity", "location_id"])?;
    rebuild::rebuild_with_current_schema(transaction, "categorymodel", &["parent_id"])?;
    Ok(())
}

/// Returns whether a column that the original no longer has still holds a value.
pub(crate) fn has_old_columns_with_values(connection: &Connection) -> snapshot::sql::Result<bool> {
    for (table, column) in
        [("partmodel", "quantity"), ("partmodel", "location_id"), ("categorymodel", "parent_id")]
    {
        if connection.column_exists(None, table, column)? {
            let sql = format!("SELECT EXISTS (SELECT 1 FROM {table} WHERE {column} IS NOT NULL)");
            if connection.query_row(&sql, [], |row| row.get(0))? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
