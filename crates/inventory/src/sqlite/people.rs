//! Whose password everybody knows.

use std::path::Path;

use snapshot::{open_copy, sql, sqlite_error};

use crate::{Error, password};

/// Users looked at: checking a password takes its time, on purpose.
const MOST: usize = 100;

/// The names of active users of a copy who have this password, as the original hashes it.
pub fn users_with_password(copy: &Path, password: &str) -> Result<Vec<String>, Error> {
    let connection = open_copy(copy)?;
    let users = || -> sql::Result<Vec<(String, String)>> {
        // With the rounds of the original: more would be none of its passwords, and take long.
        let sql = format!(
            "SELECT username, hashed_password FROM usermodel WHERE is_active AND typeof(username) = 'text' \
             AND typeof(hashed_password) = 'text' AND hashed_password LIKE '$pbkdf2-sha256$29000$%' \
             ORDER BY username LIMIT {MOST}"
        );
        connection.prepare(&sql)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    };
    let users = users().map_err(|error| sqlite_error(copy, error))?;
    let known = users.into_iter().filter(|(_, hash)| password::verify(password, hash));
    Ok(known.map(|(name, _)| name).collect())
}
