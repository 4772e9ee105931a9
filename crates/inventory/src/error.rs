//! Errors of the inventory. An error holds facts, and its message states them. What to do next is for the user interface to
//! say. [`Error::kind`] classifies an error for status codes and exit codes.

use std::io;
use std::path::{Path, PathBuf};

use snapshot::LargeValue;

use crate::fields::{FieldError, Fields, Problem};
use crate::permission::Permission;

/// The kind of an error, which tells a caller how to react.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// The requested thing does not exist.
    NotFound,
    /// The request conflicts with the existing data: a name is taken, or stock is insufficient.
    Conflict,
    /// The thing was changed since the actor read it.
    Changed,
    /// The request breaks a rule, regardless of the existing data.
    Invalid,
    /// The actor has to sign in first.
    NotSignedIn,
    /// The actor may not do this.
    Forbidden,
    /// Other programs use the database. The same request may succeed later.
    Busy,
    /// The database has to be migrated, or an interrupted restore settled, before it can be used.
    NotReady,
    /// The file or database belongs to another program or to a newer version.
    Refused,
    /// The disk, the memory, or the connection failed.
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
    /// The thing does not exist.
    #[error("there is no {what} {id:?}")]
    NotFound {
        /// The kind of thing, such as `part`.
        what: &'static str,
        /// The id or name that was requested.
        id: String,
    },
    /// The name is taken.
    #[error("a {what} {name:?} already exists")]
    AlreadyExists {
        /// The kind of thing, such as `part`.
        what: &'static str,
        /// The name, or another value that must be unique.
        name: String,
    },
    /// Some fields break rules. The error lists all of them.
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
        /// The reason.
        problem: KeyProblem,
    },
    /// The actor lacks a permission.
    #[error("permission \"{permission}\" is required")]
    Forbidden {
        /// The missing permission.
        permission: Permission,
    },
    /// The location holds less than the requested quantity.
    #[error("only {available} available, but {requested} requested")]
    InsufficientStock {
        /// The quantity at the location.
        available: i64,
        /// The requested quantity.
        requested: i64,
    },
    /// The movement is not the last one of its part, or cannot be undone.
    #[error("movement {movement:?} is not the last one of its part, or cannot be undone")]
    NothingToUndo {
        /// The id of the movement.
        movement: String,
    },
    /// The stock of a part has moved since the movements that are to be undone.
    #[error("the stock of {part:?} has moved since")]
    MovedSince {
        /// The name of the part.
        part: String,
    },
    /// The thing has changed since the actor read it.
    #[error("the {what} {id:?} was changed in the meantime{}", Self::by_whom(by.as_deref(), at.as_ref()))]
    Changed {
        /// The kind of thing, such as `part`.
        what: &'static str,
        /// Its id.
        id: String,
        /// The name of the user who changed it last, if it is known.
        by: Option<String>,
        /// When it was last changed, if that is known.
        at: Option<crate::Timestamp>,
    },
    /// The content of a file cannot be accepted.
    #[error("the file cannot be accepted: {problem}")]
    BadFile {
        /// The reason.
        problem: FileProblem,
    },
    /// No active user would hold all permissions any more.
    #[error("this is the last active administrator")]
    LastAdministrator,
    /// There is an administrator, so nobody becomes one without being signed in.
    #[error("the inventory has an administrator already")]
    AlreadySetUp,
    /// Users hold the role.
    #[error("the role {role:?} is held by {}", durable::counted(*users, "user"))]
    RoleInUse {
        /// The name of the role.
        role: String,
        /// The number of users.
        users: u64,
    },
    /// The idempotency key was used for another request.
    #[error("the idempotency key was already used for another request")]
    KeyReused,
    /// The part already has a primary location, and the request does not replace it.
    #[error("location {location:?} is already the part's primary storage")]
    PrimaryTaken {
        /// The name of the primary location, or its id if it has no name.
        location: String,
    },
    /// The location holds a single part, and already holds another one.
    #[error("location {location:?} holds a single part, and another part is there")]
    LocationTaken {
        /// The name of the location.
        location: String,
    },
    /// The thing has other things of its kind directly below it, and the request does not say what becomes of them.
    #[error("{what} {name:?} has {count} below it")]
    HasChildren {
        /// The kind of thing, such as `category`.
        what: &'static str,
        /// The name of the thing.
        name: String,
        /// The number of things directly below it.
        count: usize,
    },
    /// The location or a location below it holds something, and the request does not say where that moves.
    #[error("location {location:?} or a location below it holds {}, which must be moved first", durable::counted(*count, what))]
    NotEmpty {
        /// The name of the location.
        location: String,
        /// The kind of thing that is there, such as `part`.
        what: &'static str,
        /// The number of things.
        count: u64,
    },
    /// The move would place a thing inside itself.
    #[error("{what} {id:?} cannot be placed inside itself or anything below it")]
    Cycle {
        /// The kind of thing, such as `location`.
        what: &'static str,
        /// The id of the thing to move.
        id: String,
    },
    /// The database was written by a newer version of the program.
    #[error(
        "the database has migrations this version does not know ({})",
        found.join(", ")
    )]
    Newer {
        /// The unknown migrations.
        found: Vec<String>,
    },
    /// The database was written by an older version, or by the original.
    #[error("the database has not been migrated ({})", pending.join(", "))]
    NeedsMigration {
        /// The migrations that have not been applied.
        pending: Vec<String>,
    },
    /// A restore was interrupted and has been neither finished nor discarded.
    #[error("a restore was interrupted ({}), and has been neither finished nor discarded", journal.display())]
    RestorePending {
        /// The journal of the restore.
        journal: PathBuf,
    },
    /// Other transactions changed the same rows during every attempt.
    #[error("others keep changing the same data ({attempts} attempts)")]
    Contended {
        /// The number of attempts.
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
    /// A table of the original lacks a column that has no default.
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
    /// The database reported an error.
    #[error("the database reported an error: {source}")]
    Database {
        /// The meaning of the error.
        fault: DatabaseFault,
        /// The error of the driver.
        source: sea_orm::DbErr,
    },
    /// SQLite reported an error.
    #[error("SQLite reported an error: {0}")]
    Sqlite(snapshot::sql::Error),
    /// A file or folder could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The file is not an SQLite database.
    #[error("{} is not an SQLite database", path.display())]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// The file is a database, but not one of MakerMatrix.
    #[error(
        "{} is not a MakerMatrix database (its tables: {})",
        path.display(),
        if tables.is_empty() { "none".to_owned() } else { tables.join(", ") }
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The tables of the database.
        tables: Vec<String>,
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
    #[error(
        "{} holds a value of more than {} MiB, which MakerMatrix never writes",
        value.as_ref().map_or_else(|| path.display().to_string(), ToString::to_string),
        limit >> 20
    )]
    ValueTooLarge {
        /// The file.
        path: PathBuf,
        /// The largest supported size in bytes.
        limit: i32,
        /// The location of the value, if it is known.
        value: Option<LargeValue>,
    },
    /// Another process has locked the database.
    #[error("{} is in use by another process", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// The file of the open database was replaced by another one.
    #[error("{} was replaced while it was open", path.display())]
    Replaced {
        /// The file.
        path: PathBuf,
    },
    /// The operation does not support the database engine yet.
    #[error("{engine} is not supported here by this version yet")]
    EngineNotSupported {
        /// The engine of the database.
        engine: &'static str,
    },
}

/// The meaning of a database error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatabaseFault {
    /// A value that must be unique already exists.
    Unique,
    /// A row refers to a missing row, or another row refers to it.
    Reference,
    /// The transaction conflicted with another one and may succeed when it runs again.
    Retry,
    /// The database is locked or overloaded.
    Busy,
    /// The disk, the memory, or the connection to the server failed.
    Storage,
    /// The database is damaged.
    Damaged,
    /// A defect of this program, or of a driver.
    Other,
}

/// Why the content of a file cannot be accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileProblem {
    /// There are more bytes than allowed.
    #[error("it has more than {} MiB", max >> 20)]
    TooLarge {
        /// The largest number of bytes.
        max: u64,
    },
    /// The image has more pixels than allowed.
    #[error("the image has more than {max} pixels")]
    TooManyPixels {
        /// The largest number of pixels.
        max: u64,
    },
    /// The file is not a PDF document.
    #[error("it is not a PDF document")]
    NotAPdf,
    /// The file is not an image of a supported format.
    #[error("it is not a PNG, JPEG, GIF or WebP image")]
    NotAnImage,
    /// The image cannot be decoded.
    #[error("the image is damaged")]
    Damaged,
}

/// Why an API key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyProblem {
    /// There is no such key.
    #[error("there is no such key")]
    Unknown,
    /// The key is not active.
    #[error("it is not active")]
    Inactive,
    /// The key has expired.
    #[error("it has expired")]
    Expired,
    /// The key is restricted to other addresses.
    #[error("it must not be used from this address")]
    Address,
    /// The user of the key is not active.
    #[error("its user is not active")]
    UserInactive,
}

impl Error {
    /// Returns the kind of the error.
    pub fn kind(&self) -> Kind {
        match self {
            Self::NotFound { .. } => Kind::NotFound,
            Self::AlreadyExists { .. }
            | Self::InsufficientStock { .. }
            | Self::NothingToUndo { .. }
            | Self::MovedSince { .. }
            | Self::KeyReused
            | Self::LastAdministrator
            | Self::AlreadySetUp
            | Self::RoleInUse { .. }
            | Self::PrimaryTaken { .. }
            | Self::LocationTaken { .. }
            | Self::HasChildren { .. }
            | Self::NotEmpty { .. }
            | Self::Cycle { .. } => Kind::Conflict,
            Self::Changed { .. } => Kind::Changed,
            Self::Invalid { .. } | Self::BadFile { .. } | Self::EngineNotSupported { .. } => Kind::Invalid,
            Self::NotSignedIn => Kind::NotSignedIn,
            Self::ApiKey { problem: KeyProblem::UserInactive } | Self::Forbidden { .. } => Kind::Forbidden,
            Self::ApiKey { .. } => Kind::NotSignedIn,
            Self::Busy { .. } | Self::Contended { .. } | Self::Replaced { .. } => Kind::Busy,
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

    fn by_whom(by: Option<&str>, at: Option<&crate::Timestamp>) -> String {
        let by = by.map(|by| format!(" by {by}")).unwrap_or_default();
        let at = at.map(|at| format!(" at {} UTC", at.0.format("%Y-%m-%d %H:%M:%S"))).unwrap_or_default();
        format!("{by}{at}")
    }

    /// Returns whether the request was refused, and the database is as good as before.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self.kind(), Kind::Invalid | Kind::NotFound | Kind::Conflict)
    }

    /// Returns whether the error was caused by a concurrent transaction, so that a retry may succeed.
    pub(crate) fn is_retryable(&self) -> bool {
        matches!(self, Self::Database { fault: DatabaseFault::Retry, .. })
    }

    /// Fails with all fields that break a rule, if there are any.
    pub(crate) fn check(fields: Fields) -> Result<(), Self> {
        match fields.into_errors() {
            fields if fields.is_empty() => Ok(()),
            fields => Err(Self::Invalid { fields }),
        }
    }

    /// Adds the location of a value that is too large. `copy` is the database that holds the value, and no other program may
    /// have it open. Returns any other error unchanged.
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
