//! Errors of files and folders.

use std::io;
use std::path::{Path, PathBuf};

use crate::printable;

/// A failed operation on a file or folder.
#[derive(Debug, thiserror::Error)]
#[error("cannot {operation} {}: {source}", printable(&path.display().to_string()))]
pub struct Error {
    /// The operation, as a verb: "create", "write", "place".
    pub operation: &'static str,
    /// The file or folder.
    pub path: PathBuf,
    /// The error of the operating system.
    pub source: io::Error,
}

/// The result of an operation on a file or folder.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Returns the kind of the error that the operating system reported.
    pub fn kind(&self) -> io::ErrorKind {
        self.source.kind()
    }
}

pub(crate) fn failed(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error { operation, path, source }
}
