//! The folder that verifying unpacks the database to, among the system's temporary files. It is locked as
//! long as it is used, so that what a killed run left, perhaps of an encrypted archive, is told from it
//! and removed by the next.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::Error;

const PREFIX: &str = "makermatrix-verify-";

/// Goes away when it is dropped.
pub(crate) struct Scratch {
    folder: TempDir,
    _lock: File,
}

impl Scratch {
    pub(crate) fn create() -> Result<Self, Error> {
        let among = std::env::temp_dir();
        remove_abandoned(&among);
        let failed = || Error::storage("create a folder in", &among);
        loop {
            let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(&among).map_err(failed())?;
            let lock = File::open(folder.path()).and_then(|lock| lock.lock().map(|()| lock));
            // Another run may have taken it for abandoned before it was locked.
            if folder.path().exists() {
                return Ok(Self { folder, _lock: lock.map_err(failed())? });
            }
        }
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// Best effort: those of other people cannot be removed, and are none of ours.
fn remove_abandoned(among: &Path) {
    for entry in fs::read_dir(among).into_iter().flatten().flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_ours
            && is_folder
            && let Ok(lock) = File::open(entry.path())
            && lock.try_lock().is_ok()
        {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
