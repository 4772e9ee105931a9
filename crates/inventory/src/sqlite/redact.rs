//! Taking passwords out of a copy. The original keeps those of its backups in the clear: in the input
//! of the task that made one, and in its settings. Nothing here needs them, and what travels in
//! archives is read by more people than a database is.

mod json;

use std::path::Path;

use snapshot::sql::functions::{Context, FunctionFlags};
use snapshot::sql::types::{Value, ValueRef};
use snapshot::sql::{Connection, Result};
use snapshot::{explain, open_copy};

use crate::Error;
use crate::migration::{self, PASSWORDS, SchemaState};

use json::without_passwords;

/// Columns of `tasks` that hold JSON in which a password can be.
const TASK_COLUMNS: [&str; 2] = ["input_data", "result_data"];

/// The settings of the original's backups, and the password among them.
const SETTINGS: (&str, &str) = ("backup_config", "encryption_password");

/// Takes the passwords out of a copy, in one transaction, such that no byte of them stays in the file.
/// Returns where how many were, for people. What an older schema lacks is passed over.
///
/// [`super::strip`] comes first: what is left then computes nothing.
pub fn redact(copy: &Path) -> std::result::Result<Vec<String>, Error> {
    let connection = open_copy(copy)?;
    Ok(redact_in(&connection).map_err(|error| explain(copy, error))?)
}

fn redact_in(connection: &Connection) -> Result<Vec<String>> {
    connection.pragma_update(None, "secure_delete", true)?;
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("passwords_in", 1, flags, |context| {
        Ok(cleaned(context).map_or(0, |(_, passwords)| passwords.cast_signed()))
    })?;
    connection.create_scalar_function("without_passwords", 1, flags, |context| {
        Ok(match (cleaned(context), context.get_raw(0)) {
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
            let plural = if passwords == 1 { "" } else { "s" };
            redacted.push(format!("{table}: {passwords} password{plural}"));
        }
    }
    // Rows that were rewritten or deleted before leave their content behind, in what is free; where the
    // migration has been, nobody writes such rows any more.
    if !redacted.is_empty() || has_been_used_by_the_original(connection)? {
        connection.execute_batch("VACUUM")?;
    }
    Ok(redacted)
}

fn has_been_used_by_the_original(connection: &Connection) -> Result<bool> {
    let pending = match migration::state(connection)? {
        SchemaState::Behind(pending) => pending.iter().any(|name| name == PASSWORDS),
        _ => false,
    };
    Ok(pending && connection.table_exists(None, "tasks")?)
}

fn cleaned(context: &Context<'_>) -> Option<(String, u64)> {
    match context.get_raw(0) {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => without_passwords(bytes),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
