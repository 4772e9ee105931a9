//! Finds the files that killed runs left behind. The next run in the same folder removes them, but there may never be
//! one: the medium of a backup or the folder of a drill may not be used again.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use durable::{folder_of, is_being_written, is_id, regular_file};
use inventory::{Actor, Permission};

use crate::create::unfinished_archive;
use crate::{Engine, Error};

impl Engine {
    /// Lists the files and folders that killed runs left in the backup folder and beside the database: unfinished
    /// archives, copies of the database, staging and scratch folders. Omits those of running processes, and those
    /// of interrupted restores, for which see [`Engine::pending_restores`]. Changes nothing.
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
        let is_busy = self.is_busy().map_err(Error::storage("read", folder))?;
        let is_left_over = |path: &Path, name: &str| {
            let Some(rest) = name.strip_prefix(&database) else { return false };
            match [".backup-", ".restore-", ".drill-"]
                .iter()
                .find_map(|marker| Some((marker, rest.strip_prefix(marker)?)))
            {
                Some((&".drill-", id)) => is_id(id) && !is_locked(path),
                Some((&".restore-", id)) => is_id(id) && !is_busy && !self.places.journal(id).exists(),
                Some((_, id)) => id.get(..36).is_some_and(is_id) && !is_busy,
                None => false,
            }
        };
        collect(folder, &is_left_over, &mut found).map_err(Error::storage("read", folder))?;
        found.sort();
        Ok(found)
    }

    /// Returns whether a backup or restore of this inventory is running. Does not create a lock file.
    pub(crate) fn is_busy(&self) -> io::Result<bool> {
        match regular_file::open(&self.places.lock_file()) {
            Ok(lock) => Ok(matches!(lock.try_lock_shared(), Err(fs::TryLockError::WouldBlock))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Returns whether another process holds the lock of a scratch folder.
fn is_locked(folder: &Path) -> bool {
    let opened = fs::File::open(folder);
    opened.is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(fs::TryLockError::WouldBlock)))
}

/// Collects the entries of a folder whose path and name satisfy `is_leftover`. A missing folder has no entries.
fn collect(
    folder: &Path,
    is_leftover: &dyn Fn(&Path, &str) -> bool,
    found: &mut Vec<PathBuf>,
) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if is_leftover(&path, &name) {
            found.push(path);
        }
    }
    Ok(())
}
