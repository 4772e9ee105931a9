//! The tree of categories where somebody else removed categories. The original knows nothing of the
//! tree and does not enforce foreign keys, so rows of ours may go on referring to what is gone.

use std::path::Path;

use snapshot::sql::{self, Connection};
use snapshot::{open_copy, sqlite_error};

use crate::Error;

use super::recognise::{Inspection, inspect};

/// As [`inspect`], but first takes out of the copy those rows of the tree whose category, or whose
/// parent, is not there: they say nothing, and nobody could mend them in the original.
///
/// # Errors
/// As [`inspect`].
pub fn inspect_tidied(copy: &Path) -> Result<Inspection, Error> {
    let found = inspect(copy)?;
    if found.violation_count == 0 {
        return Ok(found);
    }
    let connection = open_copy(copy)?;
    let removed = remove_orphans(&connection).map_err(|error| sqlite_error(copy, error))?;
    drop(connection);
    if removed > 0 { inspect(copy) } else { Ok(found) }
}

fn remove_orphans(connection: &Connection) -> sql::Result<usize> {
    // What comes from outside may have a table of that name with other columns.
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
