//! Whose password everybody knows.

use std::path::Path;

use snapshot::{explain, open_copy, sql};

use crate::{Error, password};

/// The password that the original gives its first user.
const DEFAULT_PASSWORD: &str = "Admin123!";

/// Users looked at: checking a password takes its time, on purpose.
const MOST: usize = 100;

/// Returns the names of the active users in a copy whose password is the one that the original gives its first user.
pub fn users_with_default_password(copy: &Path) -> Result<Vec<String>, Error> {
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
    let users = users().map_err(|error| explain(copy, error))?;
    let known = users.into_iter().filter(|(_, hash)| password::verify(DEFAULT_PASSWORD, hash));
    Ok(known.map(|(name, _)| name).collect())
}
