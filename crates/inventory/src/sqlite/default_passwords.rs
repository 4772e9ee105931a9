//! Finds users who still have a default password.

use std::path::Path;

use snapshot::{open_copy, sql, sqlite_error};

use crate::{Error, password};

/// The largest number of users to check: verifying a password is slow on purpose.
const MAX_USERS: usize = 100;

/// Returns the names of the active users in a copy who still have the default password of the original.
pub fn users_with_default_password(copy: &Path) -> Result<Vec<String>, Error> {
    let connection = open_copy(copy)?;
    let users = || -> sql::Result<Vec<(String, String)>> {
        // Only hashes with the rounds of the original: others are not its passwords, and take longer to verify.
        let sql = format!(
            "SELECT username, hashed_password FROM usermodel WHERE is_active AND typeof(username) = 'text' \
             AND typeof(hashed_password) = 'text' AND hashed_password LIKE '$pbkdf2-sha256$29000$%' \
             ORDER BY username LIMIT {MAX_USERS}"
        );
        connection.prepare(&sql)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    };
    let users = users().map_err(|error| sqlite_error(copy, error))?;
    let known = users.into_iter().filter(|(_, hash)| password::verify(password::DEFAULT, hash));
    Ok(known.map(|(name, _)| name).collect())
}
