//! Telling a database of MakerMatrix from any other.

use std::path::Path;

use durable::printable;
use snapshot::sql::{Connection, Result as SqlResult};
use snapshot::{TableDigest, Violation, open_copy, open_live_reader, sqlite_error, tables};
use std::collections::BTreeMap;

use crate::Error;
use crate::migration::{self, SchemaState};

/// Tables named in a message; more help nobody.
const SHOWN: usize = 20;

/// Tables and columns without which a database is none of MakerMatrix, in any age.
const REQUIRED: [(&str, &[&str]); 3] = [
    ("partmodel", &["id", "part_name"]),
    ("locationmodel", &["id", "name", "parent_id"]),
    ("categorymodel", &["id", "name"]),
];

/// Those of every age but the first, which had no users yet.
const USERS: [(&str, &[&str]); 2] =
    [("usermodel", &["id", "username", "hashed_password"]), ("rolemodel", &["id", "name", "permissions"])];

/// Those of the age without users: a part has its quantity and its location in itself.
const WITHOUT_USERS: [(&str, &[&str]); 2] =
    [("partmodel", &["quantity", "location_id"]), ("partcategorylink", &["part_id", "category_id"])];

/// What a sound database of MakerMatrix holds.
#[derive(Debug, Clone)]
pub struct Inspection {
    /// Each table.
    pub tables: BTreeMap<String, TableDigest>,
    /// The first rows with broken foreign keys.
    pub violations: Vec<Violation>,
    /// How many there are altogether.
    pub violation_count: u64,
    /// Whether migrations are pending.
    pub schema: SchemaState,
}

/// Checks a copy: that it is a database of MakerMatrix, that SQLite finds nothing wrong with it,
/// which foreign keys are broken, and the digest of every table.
///
/// # Errors
/// [`Error::NotADatabase`], [`Error::Foreign`], [`Error::Damaged`].
pub fn inspect(path: &Path) -> Result<Inspection, Error> {
    let schema = {
        let connection = open_copy(path)?;
        let failed = |error| sqlite_error(path, error);
        let names = tables(&connection).map_err(failed)?;
        recognise(&connection, path, &names)?;
        migration::state(&connection).map_err(failed)?
    };
    let snapshot::Inspection { tables, violations, violation_count } = snapshot::inspect(path)?;
    Ok(Inspection { tables, violations, violation_count, schema })
}

/// Refuses a live database that is sound but none of ours to replace: of another program, or of a
/// newer version of this one. One that is damaged passes; so does one without any table.
pub fn check_replaceable(live: &Path) -> Result<(), Error> {
    let look = || {
        let connection = open_live_reader(live)?;
        let failed = |error| sqlite_error(live, error);
        let names = tables(&connection).map_err(failed)?;
        if !names.is_empty() {
            recognise(&connection, live, &names)?;
        }
        match migration::state(&connection).map_err(failed)? {
            SchemaState::Newer(found) => Err(Error::Newer { found }),
            _ => Ok(()),
        }
    };
    match look() {
        Err(Error::Damaged { .. } | Error::NotADatabase { .. }) => Ok(()),
        other => other,
    }
}

fn recognise(connection: &Connection, path: &Path, names: &[String]) -> Result<(), Error> {
    let columns = |table: &str| -> SqlResult<Vec<String>> {
        connection
            .prepare("SELECT name FROM pragma_table_info(?1)")?
            .query_map([table], |row| row.get(0))?
            .collect()
    };
    let has_all = |wanted: &[(&str, &[&str])]| -> SqlResult<bool> {
        for (table, required) in wanted {
            let found = columns(table)?;
            if !required.iter().all(|&column| found.iter().any(|name| name == column)) {
                return Ok(false);
            }
        }
        Ok(true)
    };
    let is_ours = || -> SqlResult<bool> {
        let has_users = names.iter().any(|name| name == "usermodel" || name == "rolemodel");
        Ok(has_all(&REQUIRED)? && if has_users { has_all(&USERS)? } else { has_all(&WITHOUT_USERS)? })
    };
    if !is_ours().map_err(|error| sqlite_error(path, error))? {
        let tables = names.iter().take(SHOWN).map(|name| printable(name)).collect();
        return Err(Error::Foreign { path: path.to_owned(), tables });
    }
    Ok(())
}
