//! Scratch folders, which exist only during a check or a drill. A folder is locked while it is in use, so the next
//! run recognises and removes the folders of killed runs, which may hold data from an encrypted archive.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use durable::{folder_of, with_suffix};
use inventory::restore_names::is_id;

use crate::{Engine, Error};

/// A scratch folder. Dropping it removes the folder.
pub(crate) struct Scratch<'a> {
    engine: &'a Engine,
    pub(crate) folder: PathBuf,
    removed: bool,
    _lock: File,
}

impl<'a> Scratch<'a> {
    /// Creates a folder whose name is that of `beside`, followed by `marker` and an id. Other users can read the
    /// folder, so files in it need restricted modes of their own.
    pub(crate) fn create(engine: &'a Engine, beside: &Path, marker: &str) -> Result<Self, Error> {
        remove_abandoned(engine, beside, marker);
        loop {
            let folder = with_suffix(beside, &format!("{marker}{}", engine.ambient.uuid()));
            let failed = || Error::storage("create", &folder);
            engine.disk.create_folder(&folder).map_err(failed())?;
            let lock = File::open(&folder).and_then(|lock| lock.lock().map(|()| lock));
            // Another run may have removed the folder as abandoned before it was locked. Then try again.
            if folder.exists() {
                let lock = lock.map_err(failed())?;
                return Ok(Self { engine, folder, removed: false, _lock: lock });
            }
        }
    }

    /// Removes the folder.
    pub(crate) fn remove(mut self) -> Result<(), Error> {
        self.removed = true;
        self.engine.disk.remove_tree(&self.folder).map_err(Error::storage("remove", &self.folder))
    }
}

impl Drop for Scratch<'_> {
    fn drop(&mut self) {
        if !self.removed {
            // Errors are ignored: the next run removes the folder.
            let _ = self.engine.disk.remove_tree(&self.folder);
        }
    }
}

/// Removes the folders of killed runs. Ignores errors, because the folders of other users cannot be removed.
fn remove_abandoned(engine: &Engine, beside: &Path, marker: &str) {
    let marker = format!("{}{marker}", beside.file_name().unwrap_or_default().to_string_lossy());
    for entry in fs::read_dir(folder_of(beside)).into_iter().flatten().flatten() {
        let is_ours = entry.file_name().to_string_lossy().strip_prefix(&marker).is_some_and(is_id);
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
