//! What killed runs left behind. The next run in the same folder removes it, but there may never be one: a
//! backup to a medium that was never used again, a drill in a folder of its own.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use durable::{folder_of, is_being_written, is_id, regular_file};
use inventory::{Actor, Permission};

use crate::create::unfinished_archive;
use crate::{Engine, Error};

impl Engine {
    /// Lists what killed runs left in the folder of backups and beside the database: unfinished archives,
    /// copies of the database, staging and scratch folders. What a run that is under way works with is not
    /// listed, nor is an interrupted restore, see [`Engine::pending_restores`]. Changes nothing.
    ///
    /// # Errors
    /// [`Error::Storage`] when a folder cannot be read.
    pub fn leftovers(&self, actor: &Actor) -> Result<Vec<PathBuf>, Error> {
        crate::permission::require(actor, "listing backups", Permission::BackupCreate)?;
        let mut found = Vec::new();
        let backups = &self.places.backups;
        let unfinished = |path: &Path, name: &str| {
            unfinished_archive(name).is_some_and(|archive| !is_being_written(&folder_of(path).join(archive)))
        };
        collect(backups, &unfinished, &mut found).map_err(Error::storage("read", backups))?;
        let folder = folder_of(&self.places.database);
        let database = self.places.database.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let working = self.is_working().map_err(Error::storage("read", folder))?;
        let left = |path: &Path, name: &str| {
            let Some(rest) = name.strip_prefix(&database) else { return false };
            match [".backup-", ".restore-", ".drill-"]
                .iter()
                .find_map(|mark| Some((mark, rest.strip_prefix(mark)?)))
            {
                Some((&".drill-", id)) => is_id(id) && !is_locked(path),
                Some((&".restore-", id)) => is_id(id) && !working && !self.places.journal(id).exists(),
                Some((_, id)) => id.get(..36).is_some_and(is_id) && !working,
                None => false,
            }
        };
        collect(folder, &left, &mut found).map_err(Error::storage("read", folder))?;
        found.sort();
        Ok(found)
    }

    /// Returns whether a backup or restore of this inventory is under way. Leaves no lock file behind.
    pub(crate) fn is_working(&self) -> io::Result<bool> {
        match regular_file::open(&self.places.lock_file()) {
            Ok(lock) => Ok(matches!(lock.try_lock_shared(), Err(fs::TryLockError::WouldBlock))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn is_locked(folder: &Path) -> bool {
    let opened = fs::File::open(folder);
    opened.is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(fs::TryLockError::WouldBlock)))
}

/// Collects what lies in a folder and is one of those, by its path and its name. No folder holds nothing.
fn collect(folder: &Path, is_one: &dyn Fn(&Path, &str) -> bool, found: &mut Vec<PathBuf>) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if is_one(&path, &name) {
            found.push(path);
        }
    }
    Ok(())
}
