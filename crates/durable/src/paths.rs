//! Computes paths beside a file.

use std::fs;
use std::path::{Path, PathBuf};

use crate::regular_file;

/// Returns the folder that contains a file: `.` for a bare name.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Appends a suffix to the last component of a path: `with_suffix("a.db", "-wal")` is `a.db-wal`.
pub fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Returns whether a process is still writing a file that [`crate::Disk::create`] made.
pub fn is_being_written(path: &Path) -> bool {
    regular_file::open(path).is_ok_and(|file| matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock)))
}
