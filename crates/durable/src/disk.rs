//! The disk through which the program creates, moves and removes files. Each error names the operation and the path.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use crate::error::{Result, failed};
use crate::paths::{folder_of, with_suffix};
use crate::{DiskFile, FileMode, RawDisk, RealDisk};

/// A disk. Cheap to clone.
#[derive(Clone)]
pub struct Disk(Arc<dyn RawDisk>);

impl Disk {
    /// Returns the file system of this machine.
    pub fn real() -> Self {
        Self(Arc::new(RealDisk))
    }

    /// Returns a disk that performs its effects through `raw`.
    pub fn new(raw: Arc<dyn RawDisk>) -> Self {
        Self(raw)
    }

    /// Creates a file that must not exist yet.
    ///
    /// # Errors
    /// [`crate::Error`]. Its kind is `AlreadyExists` when the path exists.
    pub fn create(&self, path: &Path, mode: FileMode) -> Result<Box<dyn DiskFile>> {
        self.0.create(path, mode).map_err(failed("create", path))
    }

    /// Makes the content of a file durable. See [`RawDisk::sync_file`].
    ///
    /// # Errors
    /// [`crate::Error`].
    pub fn sync_file(&self, path: &Path) -> Result<()> {
        self.0.sync_file(path).map_err(failed("write", path))
    }

    /// Makes all files in and below a folder durable: contents and names.
    ///
    /// # Errors
    /// [`crate::Error`].
    pub fn sync_tree(&self, root: &Path) -> Result<()> {
        self.0.sync_tree(root).map_err(failed("write", root))
    }

    /// Makes the names in a folder durable.
    ///
    /// # Errors
    /// [`crate::Error`].
    pub fn sync_folder(&self, path: &Path) -> Result<()> {
        self.0.sync_folder(path).map_err(failed("write", path))
    }

    /// Creates a folder and its parents durably. The folder may exist already.
    ///
    /// # Errors
    /// [`crate::Error`].
    pub fn create_folder(&self, path: &Path) -> Result<()> {
        self.0.create_folder(path).map_err(failed("create", path))
    }

    /// Moves a file and replaces the target.
    ///
    /// # Errors
    /// [`crate::Error`] with the target path.
    pub fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        self.0.rename(from, to).map_err(failed("replace", to))
    }

    /// Moves a file to a path that must not exist.
    ///
    /// # Errors
    /// [`crate::Error`] with the target path.
    pub fn rename_new(&self, from: &Path, to: &Path) -> Result<()> {
        self.0.rename_new(from, to).map_err(failed("place", to))
    }

    /// Removes a file.
    ///
    /// # Errors
    /// [`crate::Error`].
    pub fn remove(&self, path: &Path) -> Result<()> {
        self.0.remove(path).map_err(failed("remove", path))
    }

    /// Removes an empty folder.
    ///
    /// # Errors
    /// [`crate::Error`].
    pub fn remove_folder(&self, path: &Path) -> Result<()> {
        self.0.remove_folder(path).map_err(failed("remove", path))
    }

    /// Removes a folder and everything in it.
    ///
    /// # Errors
    /// [`crate::Error`].
    pub fn remove_tree(&self, path: &Path) -> Result<()> {
        self.0.remove_tree(path).map_err(failed("remove", path))
    }

    /// Writes a small file atomically: writes a temporary file, syncs it, renames it, and syncs the folder. Replaces an
    /// existing file.
    ///
    /// # Errors
    /// [`crate::Error`].
    pub fn write_durably(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let partial = with_suffix(path, ".partial");
        if partial.symlink_metadata().is_ok() {
            self.remove(&partial)?;
        }
        let written = self.create(&partial, FileMode::Default).and_then(|mut file| {
            let written = file.write_all(bytes).and_then(|()| file.sync());
            written.map_err(failed("write", &partial))
        });
        if let Err(error) = written.and_then(|()| self.rename(&partial, path)) {
            // Best effort: the suffix marks the file as unfinished, and the next write removes it.
            let _ = self.remove(&partial);
            return Err(error);
        }
        self.sync_folder(folder_of(path))
    }
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Disk")
    }
}
