//! The names of files that a running restore keeps beside the database. The backup engine writes them. The inventory
//! looks for them before it opens a database that may be between two states.

use std::io;
use std::path::{Path, PathBuf};

use durable::{folder_of, is_id, resolve};

/// The text between the name of the database and the id of the restore.
pub const RESTORE_MARKER: &str = ".restore-";

/// Returns the files beside the database that belong to a restore, each with the part of its name after the
/// marker: a staging folder (`<id>`), a journal (`<id>.json`), or an incomplete journal (`<id>.json.partial`).
/// Ignores other files with similar names, which belong to the user.
pub fn beside(database: &Path) -> io::Result<Vec<(PathBuf, String)>> {
    let database = &resolve(database)?;
    let name = database.file_name().unwrap_or_default().to_string_lossy();
    let prefix = format!("{name}{RESTORE_MARKER}");
    let mut found = Vec::new();
    let folder = folder_of(database);
    if !folder.exists() {
        return Ok(found);
    }
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some(rest) = name.strip_prefix(&prefix)
            && belongs_to_restore(rest, entry.file_type()?.is_dir())
        {
            found.push((entry.path(), rest.to_owned()));
        }
    }
    found.sort();
    Ok(found)
}

const ID_LENGTH: usize = 36;

fn belongs_to_restore(rest: &str, is_folder: bool) -> bool {
    let Some((id, suffix)) = rest.split_at_checked(ID_LENGTH) else { return false };
    is_id(id) && if is_folder { suffix.is_empty() } else { matches!(suffix, ".json" | ".json.partial") }
}
