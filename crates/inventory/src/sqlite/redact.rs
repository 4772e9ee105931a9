//! Redacts passwords in a copy. The original stores the passwords of its backups in the clear: in the input of
//! backup tasks, and in its settings. This program does not need them, and archives are read by more people than a
//! database.

mod json;

use std::fmt;
use std::path::Path;

use serde::Serialize;
use snapshot::sql::functions::{Context, FunctionFlags};
use snapshot::sql::types::{Value, ValueRef};
use snapshot::sql::{Connection, OptionalExtension, Result};
use snapshot::{open_copy, open_live_reader, sqlite_error};

use crate::Error;
use crate::migration::{self, PASSWORDS, SchemaState};

use json::without_passwords;

/// The columns of `tasks` with JSON that may contain a password.
const TASK_COLUMNS: [&str; 2] = ["input_data", "result_data"];

/// The table and column with the password in the backup settings of the original.
const SETTINGS: (&str, &str) = ("backup_config", "encryption_password");

/// The number of passwords that were redacted in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RedactedPasswords {
    /// The table.
    pub table: &'static str,
    /// The number of passwords, at least 1.
    pub passwords: u64,
}

impl fmt::Display for RedactedPasswords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, passwords } = self;
        write!(f, "{table}: {passwords} password{}", if *passwords == 1 { "" } else { "s" })
    }
}

/// Redacts the passwords in a copy of a live database, in one transaction. No byte of a password stays in the file.
/// Returns the number of redacted passwords per table. Skips tables that an older schema lacks.
///
/// The live database keeps its passwords: the original uses them to encrypt scheduled backups and to repeat tasks.
///
/// The copy must have been stripped by [`super::strip`].
pub fn redact(copy: &Path) -> std::result::Result<Vec<RedactedPasswords>, Error> {
    let connection = open_copy(copy)?;
    let redacted = redact_in(&connection).and_then(|redacted| {
        // Rows that were updated or deleted earlier leave their content in free pages.
        let sweep = !redacted.is_empty() || has_been_used_by_the_original(&connection)?;
        if sweep { connection.execute_batch("VACUUM").map(|()| redacted) } else { Ok(redacted) }
    });
    Ok(redacted.map_err(|error| sqlite_error(copy, error))?)
}

/// Redacts the passwords in the database of an archive, like [`redact`]. Free pages of archives made by this program were
/// already cleared when the archive was made.
pub(crate) fn redact_archived(copy: &Path) -> std::result::Result<Vec<RedactedPasswords>, Error> {
    let connection = open_copy(copy)?;
    let redacted = redact_in(&connection).and_then(|redacted| {
        let sweep = !redacted.is_empty() || is_of_the_original(&connection)?;
        if sweep { connection.execute_batch("VACUUM").map(|()| redacted) } else { Ok(redacted) }
    });
    Ok(redacted.map_err(|error| sqlite_error(copy, error))?)
}

fn redact_in(connection: &Connection) -> Result<Vec<RedactedPasswords>> {
    connection.pragma_update(None, "secure_delete", true)?;
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("passwords_in", 1, flags, |context| {
        Ok(redact_argument(context).map_or(0, |(_, passwords)| passwords.cast_signed()))
    })?;
    connection.create_scalar_function("without_passwords", 1, flags, |context| {
        Ok(match (redact_argument(context), context.get_raw(0)) {
            (Some((clean, _)), ValueRef::Blob(_)) => Value::Blob(clean.into_bytes()),
            (Some((clean, _)), _) => Value::Text(clean),
            (None, _) => context.get(0)?,
        })
    })?;
    let mut redacted = Vec::new();
    let transaction = connection.unchecked_transaction()?;
    let mut in_tasks = 0;
    for column in TASK_COLUMNS {
        if transaction.column_exists(None, "tasks", column)? {
            let sql = format!("SELECT sum(passwords_in({column})) FROM tasks");
            let found: Option<i64> = transaction.query_row(&sql, [], |row| row.get(0))?;
            if let Some(found @ 1..) = found {
                in_tasks += found;
                let sql = format!(
                    "UPDATE tasks SET {column} = without_passwords({column}) WHERE passwords_in({column})"
                );
                transaction.execute(&sql, [])?;
            }
        }
    }
    let (settings, column) = SETTINGS;
    let in_settings = match transaction.column_exists(None, settings, column)? {
        true => {
            let sql = format!("UPDATE {settings} SET {column} = NULL WHERE {column} IS NOT NULL");
            transaction.execute(&sql, [])?
        }
        false => 0,
    };
    transaction.commit()?;
    for (table, passwords) in [("tasks", in_tasks.unsigned_abs()), (settings, in_settings as u64)] {
        if passwords > 0 {
            redacted.push(RedactedPasswords { table, passwords });
        }
    }
    Ok(redacted)
}

/// Returns whether the original may have written to the database at any time. At its first start it inserts a row into
/// its import settings, which this program never does.
fn has_been_used_by_the_original(connection: &Connection) -> Result<bool> {
    if is_of_the_original(connection)? {
        return Ok(true);
    }
    for table in ["csvimportconfigmodel", "tasks", SETTINGS.0] {
        if connection.table_exists(None, table)? {
            let sql = format!("SELECT EXISTS (SELECT 1 FROM {table})");
            if connection.query_row(&sql, [], |row| row.get(0))? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Returns whether a database has never been migrated by this program.
fn is_of_the_original(connection: &Connection) -> Result<bool> {
    let pending = match migration::state(connection)? {
        SchemaState::Behind(pending) => pending.iter().any(|name| name == PASSWORDS),
        _ => false,
    };
    Ok(pending && connection.table_exists(None, "tasks")?)
}

/// Copies the password in the backup settings of the live database into the copy that replaces it. No archive holds that
/// password, and without it the scheduled backups of the original would no longer be encrypted. Returns whether there was
/// a password.
pub(crate) fn keep_live_password(copy: &Connection, live: &Path) -> std::result::Result<bool, Error> {
    let (settings, column) = SETTINGS;
    let find = || -> Result<Option<String>> {
        let live = open_live_reader(live).map_err(|_| snapshot::sql::Error::QueryReturnedNoRows)?;
        if !live.column_exists(None, settings, column)? {
            return Ok(None);
        }
        let sql =
            format!("SELECT {column} FROM {settings} WHERE typeof({column}) = 'text' ORDER BY id LIMIT 1");
        live.query_row(&sql, [], |row| row.get(0)).optional()
    };
    // An unreadable database has no password to keep.
    let Ok(Some(password)) = find() else { return Ok(false) };
    let sql = format!("UPDATE {settings} SET {column} = ?1 WHERE {column} IS NULL");
    copy.execute(&sql, [password])
        .map(|rows| rows > 0)
        .map_err(|error| sqlite_error(Path::new(settings), error).into())
}

fn redact_argument(context: &Context<'_>) -> Option<(String, u64)> {
    match context.get_raw(0) {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => without_passwords(bytes),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
