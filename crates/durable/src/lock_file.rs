//! Lock files: files that exist only to be locked.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use crate::error::{Result, failed};
use crate::{Disk, FileMode};

/// Opens a lock file. Creates a missing file first.
///
/// # Errors
/// The errors of creating and of opening a file.
pub fn open_lock_file(disk: &Disk, path: &Path) -> Result<File> {
    if path.symlink_metadata().is_err() {
        match disk.create(path, FileMode::Default) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            // Created by this process, or by another one in the meantime.
            _ => {}
        }
    }
    OpenOptions::new().read(true).write(true).open(path).map_err(failed("open", path))
}
