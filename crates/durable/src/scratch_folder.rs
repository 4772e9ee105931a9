//! Temporary folders for drills and checks. A folder is locked while it is in use, so that the next run can recognise and
//! remove the folders that a killed run left behind, possibly with decrypted content.

use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::error::failed;
use crate::{Disk, Result, folder_of, with_suffix};

/// A temporary folder that is removed on drop.
pub struct ScratchFolder {
    disk: Disk,
    path: PathBuf,
    removed: bool,
    _lock: File,
}

impl ScratchFolder {
    /// Creates an empty folder named after `beside`, `marker` and a fresh id, and removes the folders of killed runs
    /// beside it. The folder has the default mode, so callers must create files with secrets as private.
    ///
    /// # Errors
    /// [`crate::Error`].
    pub fn create(
        disk: &Disk,
        beside: &Path,
        marker: &str,
        mut new_id: impl FnMut() -> String,
    ) -> Result<Self> {
        remove_abandoned(disk, beside, marker);
        loop {
            let path = with_suffix(beside, &format!("{marker}{}", new_id()));
            disk.create_folder(&path)?;
            let lock = File::open(&path).and_then(|lock| lock.lock().map(|()| lock));
            // Another run may have removed the folder as abandoned before it was locked.
            if path.exists() {
                let lock = lock.map_err(failed("lock", &path))?;
                return Ok(Self { disk: disk.clone(), path, removed: false, _lock: lock });
            }
        }
    }

    /// Returns the path of the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Removes the folder and everything in it.
    ///
    /// # Errors
    /// [`crate::Error`].
    pub fn remove(mut self) -> Result<()> {
        self.removed = true;
        self.disk.remove_tree(&self.path)
    }
}

impl Drop for ScratchFolder {
    fn drop(&mut self) {
        if !self.removed {
            // Best effort: the next run tries again.
            let _ = self.disk.remove_tree(&self.path);
        }
    }
}

impl fmt::Debug for ScratchFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScratchFolder").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Returns whether a text has the form of a UUID, which is part of the names of the program's own files.
pub fn is_id(text: &str) -> bool {
    const LENGTH: usize = 36;
    text.len() == LENGTH && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// Removes the folders of killed runs. Best effort: folders of other users cannot be removed.
fn remove_abandoned(disk: &Disk, beside: &Path, marker: &str) {
    let prefix = format!("{}{marker}", beside.file_name().unwrap_or_default().to_string_lossy());
    for entry in fs::read_dir(folder_of(beside)).into_iter().flatten().flatten() {
        let is_ours = entry.file_name().to_string_lossy().strip_prefix(&prefix).is_some_and(is_id);
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_ours
            && is_folder
            && let Ok(lock) = File::open(entry.path())
            && lock.try_lock().is_ok()
        {
            let _ = disk.remove_tree(&entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_killed_runs_are_removed_and_folders_in_use_are_kept() {
        let above = tempfile::tempdir().unwrap();
        let beside = above.path().join("parts.db");
        let mut ids = (0..).map(|number| format!("00000000-0000-4000-8000-{number:012}"));
        let mut new_id = || ids.next().unwrap();
        let disk = Disk::real();
        let abandoned = with_suffix(&beside, &format!(".drill-{}", new_id()));
        let not_ours = with_suffix(&beside, ".drill-notes");
        fs::create_dir(&abandoned).unwrap();
        fs::create_dir(&not_ours).unwrap();
        let used = ScratchFolder::create(&disk, &beside, ".drill-", &mut new_id).unwrap();
        let second = ScratchFolder::create(&disk, &beside, ".drill-", &mut new_id).unwrap();
        assert!(!abandoned.exists() && not_ours.exists() && used.path().exists());
        let path = second.path().to_owned();
        drop(second);
        assert!(!path.exists());
        used.remove().unwrap();
    }
}
