//! The longer words of the errors: what happened, and what to do next.

use std::io;
use std::path::{Path, PathBuf};

use archive::KeyFault;
use inventory::sqlite::Violation;

pub(super) fn nothing_to_import(path: &Path, newest: Option<&Path>) -> String {
    let path = path.display();
    match newest {
        Some(newest) => format!(
            "there is no database of MakerMatrix in {path}, only archives. To import the newest, name it: {}",
            newest.display()
        ),
        None => format!(
            "there is no database of MakerMatrix in {path}: looked for makermatrix.db there, in database/ and in \
             MakerMatrix/. Name the database itself, or an archive."
        ),
    }
}

pub(super) fn no_safety_backup(missing: Option<&Path>) -> String {
    match missing {
        Some(path) => format!("its safety backup {} is no longer there", path.display()),
        None => "it made no safety backup".to_owned(),
    }
}

pub(super) fn paths(paths: &[PathBuf]) -> String {
    let shown: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    shown.join(", ")
}

pub(super) fn advice(source: &archive::Error) -> &'static str {
    match source {
        archive::Error::Refused(archive::Refusal::NewerFormat { .. }) => {
            "Restore it with a newer makermatrix."
        }
        archive::Error::Refused(archive::Refusal::Encrypted { .. }) => {
            "Decrypt it with the program that made it, and use the plain archive."
        }
        archive::Error::Refused(archive::Refusal::TooMuchWork { .. }) => {
            "Decrypt it with `age -d`, and use the zip that comes out."
        }
        archive::Error::Key(fault) => match (fault, fault.lock().takes_passphrase()) {
            (KeyFault::None(_), true) => {
                "Give it with --passphrase-file FILE, or run this in a terminal to be asked."
            }
            (KeyFault::None(_), false) => {
                "Give one with --identity FILE, or run this in a terminal to be asked."
            }
            (_, true) => "Nothing was changed; check the passphrase, and its file for spaces.",
            (_, false) => {
                "Nothing was changed; the key is in the identity file or on the emergency kit of that time."
            }
        },
        archive::Error::Refused(_) => "Nothing was changed; use a backup made by makermatrix.",
        archive::Error::Corrupt(_) => {
            "Nothing was changed; copy the file anew from where it was kept, or try another backup."
        }
        _ => "Check the drive it lies on.",
    }
}

pub(super) fn shown(violations: &[Violation]) -> String {
    let shown: Vec<String> = violations.iter().map(ToString::to_string).collect();
    shown.join("; ")
}

pub(super) fn storage(doing: &str, path: &Path, source: &io::Error) -> String {
    let path = path.display();
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            format!(
                "cannot {doing} {path}: the disk is full ({source}). Free some space, or use another disk."
            )
        }
        io::ErrorKind::InvalidFilename => {
            format!(
                "cannot {doing} {path}: the name is too long for the file system. Choose a shorter --name."
            )
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            format!(
                "cannot {doing} {path}: the file system is read-only. Choose another place, or mount it writable."
            )
        }
        io::ErrorKind::PermissionDenied => {
            format!(
                "cannot {doing} {path}: permission denied. Run as the owner of the data, or change its permissions."
            )
        }
        _ => format!("cannot {doing} {path}: {source}"),
    }
}
