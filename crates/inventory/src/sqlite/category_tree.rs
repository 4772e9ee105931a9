//! Removes orphaned rows from the tree of categories. The original does not know the tree and does not enforce
//! foreign keys, so rows of the tree may refer to categories that it has deleted.

use std::path::Path;

use snapshot::sql::{self, Connection};
use snapshot::{open_copy, sqlite_error};

use crate::Error;

use super::recognise::{Inspection, inspect};

/// Inspects a copy like [`inspect`], and removes orphaned rows from the tree of categories: rows whose category or parent
/// does not exist. Users of the original could not repair these rows.
///
/// # Errors
/// The errors of [`inspect`].
pub fn inspect_and_remove_orphans(copy: &Path) -> Result<Inspection, Error> {
    let found = inspect(copy)?;
    if found.violation_count == 0 {
        return Ok(found);
    }
    let connection = open_copy(copy)?;
    let removed = remove_orphaned_category_parents(&connection).map_err(|error| sqlite_error(copy, error))?;
    drop(connection);
    if removed > 0 { inspect(copy) } else { Ok(found) }
}

fn remove_orphaned_category_parents(connection: &Connection) -> sql::Result<usize> {
    // An untrusted copy may have a table of that name with different columns.
    let columns = "SELECT count(*) FROM pragma_table_info('mm_category_parent') \
                   WHERE name IN ('category_id', 'parent_id')";
    let columns: u32 = connection.query_row(columns, [], |row| row.get(0))?;
    if columns < 2 {
        return Ok(0);
    }
    connection.execute(
        "WITH there AS (SELECT id FROM categorymodel WHERE id IS NOT NULL) \
         DELETE FROM mm_category_parent \
         WHERE category_id NOT IN (SELECT id FROM there) OR parent_id NOT IN (SELECT id FROM there)",
        [],
    )
}
