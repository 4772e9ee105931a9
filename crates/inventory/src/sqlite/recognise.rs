//! Recognises databases of MakerMatrix.

use std::path::Path;

use durable::printable;
use snapshot::sql::{Connection, Result as SqlResult};
use snapshot::{TableDigest, Violation, open_copy, open_live_reader, sqlite_error, tables};
use std::collections::BTreeMap;

use crate::Error;
use crate::migration::{self, SchemaState};

/// The largest number of tables that a message names.
const MAX_TABLES: usize = 20;

/// The tables and columns of every MakerMatrix database, of any age.
const REQUIRED: [(&str, &[&str]); 3] = [
    ("partmodel", &["id", "part_name"]),
    ("locationmodel", &["id", "name", "parent_id"]),
    ("categorymodel", &["id", "name"]),
];

/// The tables and columns of every age except the first, which had no users.
const USERS: [(&str, &[&str]); 2] =
    [("usermodel", &["id", "username", "hashed_password"]), ("rolemodel", &["id", "name", "permissions"])];

/// The tables and columns of the first age, in which the row of a part holds its quantity and location.
const WITHOUT_USERS: [(&str, &[&str]); 2] =
    [("partmodel", &["quantity", "location_id"]), ("partcategorylink", &["part_id", "category_id"])];

/// The content of an intact MakerMatrix database.
#[derive(Debug, Clone)]
pub struct Inspection {
    /// The digest of each table.
    pub tables: BTreeMap<String, TableDigest>,
    /// The first rows with broken foreign keys.
    pub violations: Vec<Violation>,
    /// The total number of rows with broken foreign keys.
    pub violation_count: u64,
    /// The migration state.
    pub schema: SchemaState,
}

/// Checks that a copy is a MakerMatrix database, checks its integrity and its foreign keys, and computes the digest of
/// every table.
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

/// Refuses to replace an intact database of another program or of a newer version. Accepts a damaged database and a
/// database without tables.
pub(crate) fn check_replaceable(live: &Path) -> Result<(), Error> {
    let probe = || {
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
    match probe() {
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
    let is_makermatrix = || -> SqlResult<bool> {
        let has_users = names.iter().any(|name| name == "usermodel" || name == "rolemodel");
        Ok(has_all(&REQUIRED)? && if has_users { has_all(&USERS)? } else { has_all(&WITHOUT_USERS)? })
    };
    if !is_makermatrix().map_err(|error| sqlite_error(path, error))? {
        let tables = names.iter().take(MAX_TABLES).map(|name| printable(name)).collect();
        return Err(Error::Foreign { path: path.to_owned(), tables });
    }
    Ok(())
}
