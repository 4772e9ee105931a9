//! What a restore leaves beside the database while it is under way, by name. The engine writes it;
//! the store looks for it before it opens a database that may be between two states.

use std::io;
use std::path::{Path, PathBuf};

use durable::{folder_of, is_id, resolve};

/// Between the name of the database and the id of the restore.
pub const RESTORE_MARKER: &str = ".restore-";

/// What lies beside the database and belongs to a restore, each with the part of its name behind the
/// mark: a staging folder (`<id>`), a journal (`<id>.json`), a journal being written
/// (`<id>.json.partial`). Whatever else people call by such a name is theirs.
pub fn beside(database: &Path) -> io::Result<Vec<(PathBuf, String)>> {
    let database = &resolve(database)?;
    let name = database.file_name().unwrap_or_default().to_string_lossy();
    let mark = format!("{name}{RESTORE_MARKER}");
    let mut found = Vec::new();
    let folder = folder_of(database);
    if !folder.exists() {
        return Ok(found);
    }
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some(rest) = name.strip_prefix(&mark)
            && is_ours(rest, entry.file_type()?.is_dir())
        {
            found.push((entry.path(), rest.to_owned()));
        }
    }
    found.sort();
    Ok(found)
}

const ID_LENGTH: usize = 36;

fn is_ours(rest: &str, is_folder: bool) -> bool {
    let Some((id, suffix)) = rest.split_at_checked(ID_LENGTH) else { return false };
    is_id(id) && if is_folder { suffix.is_empty() } else { matches!(suffix, ".json" | ".json.partial") }
}
