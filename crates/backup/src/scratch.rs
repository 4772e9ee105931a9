//! Folders that are used while something is tried or checked, and then go away. Each is locked as long as
//! it is used, so that what a killed run left, perhaps of an encrypted archive, is told from it and removed
//! by the next.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use durable::{folder_of, with_suffix};
use inventory::restore_names::is_id;

use crate::{Engine, Error};

/// Dropped, it goes away.
pub(crate) struct Scratch<'a> {
    engine: &'a Engine,
    pub(crate) folder: PathBuf,
    removed: bool,
    _lock: File,
}

impl<'a> Scratch<'a> {
    /// A new folder, called as `beside` with `mark` and an id. What it holds, it must itself keep from
    /// other users.
    pub(crate) fn create(engine: &'a Engine, beside: &Path, mark: &str) -> Result<Self, Error> {
        remove_abandoned(engine, beside, mark);
        loop {
            let folder = with_suffix(beside, &format!("{mark}{}", engine.ambient.uuid()));
            let failed = || Error::storage("create", &folder);
            engine.disk.create_folder(&folder)?;
            let lock = File::open(&folder).and_then(|lock| lock.lock().map(|()| lock));
            // Another run may have taken it for abandoned before it was locked.
            if folder.exists() {
                let lock = lock.map_err(failed())?;
                return Ok(Self { engine, folder, removed: false, _lock: lock });
            }
        }
    }

    pub(crate) fn remove(mut self) -> Result<(), Error> {
        self.removed = true;
        Ok(self.engine.disk.remove_tree(&self.folder)?)
    }
}

impl Drop for Scratch<'_> {
    fn drop(&mut self) {
        if !self.removed {
            // Best effort: the next one tries again.
            let _ = self.engine.disk.remove_tree(&self.folder);
        }
    }
}

/// Those of runs that were killed. Best effort: those of other people cannot be removed.
fn remove_abandoned(engine: &Engine, beside: &Path, mark: &str) {
    let mark = format!("{}{mark}", beside.file_name().unwrap_or_default().to_string_lossy());
    for entry in fs::read_dir(folder_of(beside)).into_iter().flatten().flatten() {
        let is_ours = entry.file_name().to_string_lossy().strip_prefix(&mark).is_some_and(is_id);
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_ours
            && is_folder
            && let Ok(lock) = File::open(entry.path())
            && lock.try_lock().is_ok()
        {
            let _ = engine.disk.remove_tree(&entry.path());
        }
    }
}
