//! Paths beside a file.

use std::fs;
use std::path::{Path, PathBuf};

use crate::regular_file;

/// The folder a file lies in; `.` for a bare name.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// A path with something appended to its last part: `with_suffix("a.db", "-wal")` is `a.db-wal`.
pub fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Whether a file that [`crate::Disk::create`] made is still being written by somebody.
pub fn is_being_written(path: &Path) -> bool {
    regular_file::open(path).is_ok_and(|file| matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock)))
}
