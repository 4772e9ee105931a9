//! What can go wrong. Each message says what happened and, where the reader can do something about it, what.

use std::io;
use std::path::{Path, PathBuf};

/// An error of the inventory.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such thing.
    #[error("there is no {what} {id:?}")]
    NotFound {
        /// The kind of thing, such as `part`.
        what: &'static str,
        /// What it was asked for by.
        id: String,
    },
    /// The name is taken.
    #[error("a {what} {name:?} already exists; choose another name or change the existing one")]
    AlreadyExists {
        /// The kind of thing, such as `part`.
        what: &'static str,
        /// The name, or whatever else has to be unique.
        name: String,
    },
    /// A value breaks a rule.
    #[error("{what} is not valid: {why}")]
    Invalid {
        /// The value's name.
        what: &'static str,
        /// The rule.
        why: String,
    },
    /// The actor lacks a permission.
    #[error("permission {permission:?} is required; ask an administrator for a role that grants it")]
    Forbidden {
        /// The missing permission.
        permission: String,
    },
    /// Less lies at the location than is to be taken from it.
    #[error("only {available} available, but {requested} requested; take no more than there is")]
    InsufficientStock {
        /// Quantity at the location.
        available: i64,
        /// Quantity asked for.
        requested: i64,
    },
    /// The part has a primary location already, and replacing it was not asked for.
    #[error("location {location:?} is already the part's primary storage; ask for it to be replaced")]
    PrimaryTaken {
        /// The name of the primary location, or its id when it has none.
        location: String,
    },
    /// A thing would be inside itself.
    #[error("{what} {id:?} cannot be placed inside itself or anything below it; choose another parent")]
    Cycle {
        /// The kind of thing, such as `location`.
        what: &'static str,
        /// The thing that was to be moved.
        id: String,
    },
    /// The database was written by a newer version of the program.
    #[error(
        "the database has migrations this version does not know ({}); use the version that wrote it, or a newer one",
        found.join(", ")
    )]
    Newer {
        /// The migrations that are not known.
        found: Vec<String>,
    },
    /// The database was written by an older version, or by the original.
    #[error("the database must be migrated first ({}); back it up and run the migration", pending.join(", "))]
    NeedsMigration {
        /// The migrations that have not been applied.
        pending: Vec<String>,
    },
    /// A restore was interrupted and has been neither finished nor discarded.
    #[error("an interrupted restore ({}) has to be finished or discarded before the database is opened", journal.display())]
    RestorePending {
        /// The restore's journal.
        journal: PathBuf,
    },
    /// The database refused.
    #[error("the database reported an error: {0}")]
    Database(#[from] sea_orm::DbErr),
    /// SQLite refused.
    #[error("SQLite reported an error: {0}")]
    Sqlite(snapshot::sql::Error),
    /// A file or folder could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file is not an SQLite database.
    #[error("{} is not an SQLite database; check the path", path.display())]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// The file is a database, but not one of MakerMatrix.
    #[error(
        "{} is not a MakerMatrix database (its tables: {}); check the path",
        path.display(),
        if tables.is_empty() { "none".to_owned() } else { tables.join(", ") }
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The tables it has.
        tables: Vec<String>,
    },
    /// The database is damaged.
    #[error("{} is damaged: {}; restore a backup", path.display(), findings.join("; "))]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the checks found.
        findings: Vec<String>,
    },
    /// A value is longer than this program handles.
    #[error("{} holds a value of more than {} MiB, which MakerMatrix never writes; take it out", path.display(), limit >> 20)]
    ValueTooLarge {
        /// The file.
        path: PathBuf,
        /// Bytes allowed.
        limit: i32,
    },
    /// Something else holds the database.
    #[error("{} is in use by another process; stop it, or try again later", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
}

impl Error {
    pub(crate) fn not_found(what: &'static str, id: &str) -> Self {
        Self::NotFound { what, id: id.to_owned() }
    }

    pub(crate) fn already_exists(what: &'static str, name: &str) -> Self {
        Self::AlreadyExists { what, name: name.to_owned() }
    }

    pub(crate) fn invalid(what: &'static str, why: impl Into<String>) -> Self {
        Self::Invalid { what, why: why.into() }
    }

    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }
}

impl From<snapshot::Error> for Error {
    fn from(error: snapshot::Error) -> Self {
        match error {
            snapshot::Error::Io { path, source } => Self::Io { path, source },
            snapshot::Error::NotADatabase { path } => Self::NotADatabase { path },
            snapshot::Error::Damaged { path, findings } => Self::Damaged { path, findings },
            snapshot::Error::ValueTooLarge { path, limit } => Self::ValueTooLarge { path, limit },
            snapshot::Error::Busy { path } => Self::Busy { path },
            snapshot::Error::Sqlite(source) => Self::Sqlite(source),
        }
    }
}
