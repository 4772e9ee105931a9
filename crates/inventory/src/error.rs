//! What can go wrong. An error holds facts; [`Error::kind`] tells what sort of error it is, for status codes and exit codes.

use std::io;
use std::path::{Path, PathBuf};

use snapshot::LargeValue;

use crate::fields::{FieldError, Fields, Problem};
use crate::permission::Permission;

/// The sort of an error: what a caller can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// What was asked for is not there.
    NotFound,
    /// It does not go together with what is there: a name is taken, stock is insufficient.
    Conflict,
    /// The request breaks a rule, whatever is there.
    Invalid,
    /// The actor has to sign in first.
    NotSignedIn,
    /// The actor may not do this.
    Forbidden,
    /// Others use the database; the same request may succeed later.
    Busy,
    /// The database has to be migrated, or an interrupted restore settled, before it can be used.
    NotReady,
    /// The file or database is not one that this program uses: another program's, or a newer version's.
    Refused,
    /// Disk, memory or connection: the machine failed.
    Storage,
    /// The database is damaged.
    Corrupt,
    /// A defect of this program.
    Internal,
}

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
    /// Fields break rules. Every such field is listed.
    #[error("{}", fields.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Invalid {
        /// The fields, each with the rule that it breaks.
        fields: Vec<FieldError>,
    },
    /// The actor has not signed in.
    #[error("this is only for those who have signed in")]
    NotSignedIn,
    /// The API key cannot be used.
    #[error("the API key cannot be used: {problem}")]
    ApiKey {
        /// Why not.
        problem: KeyProblem,
    },
    /// The actor lacks a permission.
    #[error("permission \"{permission}\" is required; ask an administrator for a role that grants it")]
    Forbidden {
        /// The missing permission.
        permission: Permission,
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
    /// The location holds a single part, and another one is there.
    #[error("location {location:?} holds a single part, and another part is there")]
    LocationTaken {
        /// The location's name.
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
    /// Others changed the same rows each time that a transaction was tried.
    #[error("others keep changing the same data ({attempts} attempts); try again later")]
    Contended {
        /// How often it was tried.
        attempts: u32,
    },
    /// A row in the database breaks a rule of the schema.
    #[error("the {what} {id:?} in the database has no {column}")]
    IncompleteRow {
        /// The kind of thing, such as `allocation`.
        what: &'static str,
        /// Its id.
        id: String,
        /// The column without a value.
        column: &'static str,
    },
    /// A table of the original lacks a column that nothing can stand in for.
    #[error(
        "{} is not a MakerMatrix database: its table {table} has no column {column}, and nothing can stand in for its values",
        path.display()
    )]
    MissingColumn {
        /// The file.
        path: PathBuf,
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// The database refused.
    #[error("the database reported an error: {source}")]
    Database {
        /// What that means.
        fault: DatabaseFault,
        /// What the driver said.
        source: sea_orm::DbErr,
    },
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
    #[error(
        "{} holds a value of more than {} MiB, which MakerMatrix never writes; take it out",
        value.as_ref().map_or_else(|| path.display().to_string(), ToString::to_string),
        limit >> 20
    )]
    ValueTooLarge {
        /// The file.
        path: PathBuf,
        /// Bytes allowed.
        limit: i32,
        /// Which value it is, where that could be found out.
        value: Option<LargeValue>,
    },
    /// Something else holds the database.
    #[error("{} is in use by another process; stop it, or try again later", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// The operation works on SQLite only so far.
    #[error("{engine} is not supported here by this version yet")]
    EngineNotSupported {
        /// The engine of the database.
        engine: &'static str,
    },
}

/// The meaning of an error of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatabaseFault {
    /// A value that has to be unique is there already.
    Unique,
    /// A row refers to one that is not there, or is referred to.
    Reference,
    /// The transaction met another one and may succeed when it is run again.
    Retry,
    /// The database is held or overloaded by others.
    Busy,
    /// The disk, the memory, or the connection to the server failed.
    Storage,
    /// The database is damaged.
    Damaged,
    /// A defect of this program, or of a driver.
    Other,
}

/// Why an API key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyProblem {
    /// There is no such key.
    #[error("there is no such key")]
    Unknown,
    /// The key was switched off.
    #[error("it is not active")]
    Inactive,
    /// The key has expired.
    #[error("it has expired")]
    Expired,
    /// The key is bound to other addresses.
    #[error("it must not be used from this address")]
    Address,
    /// The user whom it acts for was switched off.
    #[error("its user is not active")]
    UserInactive,
}

impl Error {
    /// Tells what sort of error it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::NotFound { .. } => Kind::NotFound,
            Self::AlreadyExists { .. }
            | Self::InsufficientStock { .. }
            | Self::PrimaryTaken { .. }
            | Self::LocationTaken { .. }
            | Self::Cycle { .. } => Kind::Conflict,
            Self::Invalid { .. } | Self::EngineNotSupported { .. } => Kind::Invalid,
            Self::NotSignedIn => Kind::NotSignedIn,
            Self::ApiKey { problem: KeyProblem::UserInactive } | Self::Forbidden { .. } => Kind::Forbidden,
            Self::ApiKey { .. } => Kind::NotSignedIn,
            Self::Busy { .. } | Self::Contended { .. } => Kind::Busy,
            Self::NeedsMigration { .. } | Self::RestorePending { .. } => Kind::NotReady,
            Self::Newer { .. }
            | Self::Foreign { .. }
            | Self::MissingColumn { .. }
            | Self::ValueTooLarge { .. } => Kind::Refused,
            Self::NotADatabase { .. } | Self::Damaged { .. } | Self::IncompleteRow { .. } => Kind::Corrupt,
            Self::Io { .. } => Kind::Storage,
            Self::Database { fault, .. } => (*fault).into(),
            Self::Sqlite(_) => Kind::Internal,
        }
    }

    /// Whether a transaction failed only because it met another one.
    pub(crate) fn may_succeed_when_run_again(&self) -> bool {
        matches!(self, Self::Database { fault: DatabaseFault::Retry, .. })
    }

    /// Fails with every field that breaks a rule.
    pub(crate) fn check(fields: Fields) -> Result<(), Self> {
        match fields.into_errors() {
            fields if fields.is_empty() => Ok(()),
            fields => Err(Self::Invalid { fields }),
        }
    }

    /// Says of a value that is too large where it is. `copy` is the database in which it was met, which nobody else may have
    /// open. Any other error stays as it is.
    pub fn locate_value(self, copy: &Path) -> Self {
        match self {
            Self::ValueTooLarge { path, limit, value: None } => {
                Self::ValueTooLarge { path, limit, value: snapshot::find_large_value(copy) }
            }
            other => other,
        }
    }

    pub(crate) fn not_found(what: &'static str, id: &str) -> Self {
        Self::NotFound { what, id: id.to_owned() }
    }

    pub(crate) fn already_exists(what: &'static str, name: &str) -> Self {
        Self::AlreadyExists { what, name: name.to_owned() }
    }

    pub(crate) fn invalid(field: &'static str, problem: Problem) -> Self {
        Self::Invalid { fields: vec![FieldError { field, problem }] }
    }

    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }
}

impl From<durable::Error> for Error {
    fn from(error: durable::Error) -> Self {
        Self::Io { path: error.path, source: error.source }
    }
}

impl From<snapshot::Error> for Error {
    fn from(error: snapshot::Error) -> Self {
        match error {
            snapshot::Error::Io { path, source } => Self::Io { path, source },
            snapshot::Error::NotADatabase { path } => Self::NotADatabase { path },
            snapshot::Error::Damaged { path, findings } => Self::Damaged { path, findings },
            snapshot::Error::ValueTooLarge { path, limit } => {
                Self::ValueTooLarge { path, limit, value: None }
            }
            snapshot::Error::Busy { path } => Self::Busy { path },
            snapshot::Error::Sqlite(source) => Self::Sqlite(source),
        }
    }
}

impl From<DatabaseFault> for Kind {
    fn from(fault: DatabaseFault) -> Self {
        match fault {
            DatabaseFault::Unique | DatabaseFault::Reference => Self::Conflict,
            DatabaseFault::Retry | DatabaseFault::Busy => Self::Busy,
            DatabaseFault::Storage => Self::Storage,
            DatabaseFault::Damaged => Self::Corrupt,
            DatabaseFault::Other => Self::Internal,
        }
    }
}
