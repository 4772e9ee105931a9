//! Formats the longer parts of error messages.

use std::io;
use std::path::{Path, PathBuf};

use inventory::sqlite::Violation;

/// Returns the part of a message that names the newest archive, if there is one.
pub(super) fn newest_archive(newest: Option<&Path>) -> String {
    newest.map_or_else(String::new, |newest| format!(", only archives; the newest is {}", newest.display()))
}

/// Returns why a restore has no safety backup to undo it with.
pub(super) fn why_no_safety_backup(missing: Option<&Path>) -> String {
    match missing {
        Some(path) => format!("its safety backup {} is no longer there", path.display()),
        None => "it made no safety backup".to_owned(),
    }
}

/// Joins paths with commas.
pub(super) fn join_paths(paths: &[PathBuf]) -> String {
    let shown: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    shown.join(", ")
}

/// Joins violations with semicolons.
pub(super) fn join_violations(violations: &[Violation]) -> String {
    let shown: Vec<String> = violations.iter().map(ToString::to_string).collect();
    shown.join("; ")
}

/// Returns the message of [`super::Error::Storage`].
pub(super) fn storage_message(doing: &str, path: &Path, source: &io::Error) -> String {
    let path = path.display();
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            format!("cannot {doing} {path}: the disk is full ({source})")
        }
        io::ErrorKind::InvalidFilename => {
            format!("cannot {doing} {path}: the name is too long for the file system")
        }
        io::ErrorKind::ReadOnlyFilesystem => format!("cannot {doing} {path}: the file system is read-only"),
        io::ErrorKind::PermissionDenied => format!("cannot {doing} {path}: permission denied"),
        _ => format!("cannot {doing} {path}: {source}"),
    }
}
