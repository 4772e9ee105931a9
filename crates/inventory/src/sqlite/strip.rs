//! Strips from a copy everything that does not belong in an archive.

use std::path::Path;

use snapshot::{SchemaObject, open_copy, sqlite_error};

use super::prepare::TRANSIENT_TABLES;
use crate::Error;
use crate::migration::ORIGINAL_SCHEMA;

/// Removes executable definitions from a copy, except for the partial index of the original, the markers of
/// earlier restores, and the responses that are kept for repeated requests. Returns the removed objects. See [`snapshot::strip`].
///
/// # Errors
/// [`Error::NotADatabase`], [`Error::Damaged`].
pub fn strip(copy: &Path) -> Result<Vec<SchemaObject>, Error> {
    let stripped = snapshot::strip(copy, &is_original)?;
    let connection = open_copy(copy)?;
    let remove_transient_rows = || {
        for table in TRANSIENT_TABLES {
            if connection.table_exists(None, table)? {
                connection.execute(&format!("DELETE FROM {table}"), [])?;
            }
        }
        Ok(())
    };
    remove_transient_rows().map_err(|error| sqlite_error(copy, error))?;
    Ok(stripped)
}

/// Returns the executable definitions of the live database, except for the partial index of the original.
///
/// # Errors
/// [`Error::NotADatabase`], [`Error::Damaged`], [`Error::Busy`].
pub(crate) fn live_objects(live: &Path) -> Result<Vec<SchemaObject>, Error> {
    Ok(snapshot::live_objects(live, &is_original)?)
}

/// Returns whether a statement belongs to the schema of the original. SQLite stores statements verbatim.
fn is_original(sql: &str) -> bool {
    ORIGINAL_SCHEMA.contains(&format!("{sql};\n"))
}

#[cfg(test)]
mod tests {
    use snapshot::sql::Connection;

    use super::*;

    #[test]
    fn executable_definitions_are_removed_except_those_of_the_original() {
        let folder = testkit::TestFolder::new();
        let path = folder.path().join("x.db");
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch(ORIGINAL_SCHEMA).unwrap();
        let count = "SELECT count(*) FROM sqlite_schema";
        let before: u32 = connection.query_row(count, [], |row| row.get(0)).unwrap();
        connection
            .execute_batch(
                "ALTER TABLE partmodel ADD COLUMN shout AS (upper(part_name)); \
                 ALTER TABLE partmodel ADD COLUMN louder AS (shout || '!'); \
                 CREATE INDEX computed ON partmodel (lower(part_name)); \
                 CREATE INDEX of_some ON partmodel (id) WHERE id LIKE '%x%'; \
                 CREATE INDEX of_shouts ON partmodel (shout);",
            )
            .unwrap();
        let mut stripped: Vec<String> = strip(&path).unwrap().iter().map(ToString::to_string).collect();
        stripped.sort();
        assert_eq!(
            stripped,
            [
                "generated column partmodel.louder",
                "generated column partmodel.shout",
                "index computed",
                "index of_shouts",
                "index of_some"
            ]
        );
        assert_eq!(connection.query_row(count, [], |row| row.get::<_, u32>(0)).unwrap(), before);
    }
}
