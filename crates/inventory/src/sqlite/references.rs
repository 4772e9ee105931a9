//! Finds the static files that the rows of a database refer to.

use std::path::Path;

use snapshot::sql::{self, Connection, Row};
use snapshot::{open_copy, sqlite_error};

use crate::Error;
use crate::static_files::{FileKind, IMAGE_URL};

/// A reference from a row to a static file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// The folder.
    pub kind: FileKind,
    /// The path below the folder. The extension of an image may be missing.
    pub path: String,
}

impl Reference {
    /// Returns whether the reference is to the file at this path.
    pub fn matches(&self, path: &str) -> bool {
        match path.strip_prefix(self.path.as_str()) {
            Some("") => true,
            Some(rest) => self.kind == FileKind::Images && rest.starts_with('.') && !rest.contains('/'),
            None => false,
        }
    }
}

/// Returns all references in a copy, sorted and without duplicates. Ignores addresses of other sites.
pub fn references(copy: &Path) -> Result<Vec<Reference>, Error> {
    let connection = open_copy(copy)?;
    let mut found = Vec::new();
    let collect = |found: &mut Vec<Reference>| -> sql::Result<()> {
        for filename in strings(&connection, "datasheets", "filename")? {
            found.push(Reference { kind: FileKind::Datasheets, path: filename });
        }
        for table in ["partmodel", "locationmodel", "toolmodel", "projectmodel"] {
            for url in strings(&connection, table, "image_url")? {
                if let Some(name) = url.strip_prefix(IMAGE_URL) {
                    let path = name.split(['?', '#']).next().unwrap_or(name).to_owned();
                    found.push(Reference { kind: FileKind::Images, path });
                }
            }
        }
        Ok(())
    };
    collect(&mut found).map_err(|error| sqlite_error(copy, error))?;
    found.retain(|reference| !reference.path.is_empty());
    found.sort();
    found.dedup();
    Ok(found)
}

/// Returns the texts in a column, or none if an older schema lacks the table or column. Replaces bytes that are not UTF-8,
/// which is enough for messages: files in a backup have UTF-8 names, so such a text refers to none of them.
fn strings(connection: &Connection, table: &str, column: &str) -> sql::Result<Vec<String>> {
    if !connection.column_exists(None, table, column)? {
        return Ok(Vec::new());
    }
    let sql = format!("SELECT DISTINCT {column} FROM {table} WHERE typeof({column}) = 'text'");
    let text = |row: &Row<'_>| Ok(String::from_utf8_lossy(row.get_ref(0)?.as_bytes()?).into_owned());
    connection.prepare(&sql)?.query_map([], text)?.collect()
}
