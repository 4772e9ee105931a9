//! Errors of SQLite files.

use std::io;
use std::path::{Path, PathBuf};

/// An error of a SQLite file.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The file is not a SQLite database.
    #[error("{} is not a SQLite database", path.display())]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// The database is damaged.
    #[error("{} is damaged: {}", path.display(), findings.join("; "))]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The findings of the checks.
        findings: Vec<String>,
    },
    /// A value is larger than this program supports.
    #[error("{} holds a value of more than {} MiB", path.display(), limit >> 20)]
    ValueTooLarge {
        /// The file.
        path: PathBuf,
        /// The largest supported size in bytes.
        limit: i32,
    },
    /// Another process has locked the database.
    #[error("{} is in use by another process", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// SQLite rejected a statement.
    #[error("SQLite reported an error: {0}")]
    Sqlite(#[from] rusqlite::Error),
}

impl Error {
    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }
}
