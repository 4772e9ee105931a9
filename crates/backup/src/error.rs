//! The errors of the engine, and the rules for them:
//!
//! * A message says what happened, and to which file. The user interface adds what to do next, because only the user
//!   interface knows its commands, options or buttons. Fields hold the facts for such advice.
//! * Errors are returned. They are never logged and then ignored.
//! * [`Error::kind`] maps errors to kinds for exit codes and HTTP statuses. Every new variant needs a kind.
//! * Unless the message says otherwise, no live data has been changed.

mod folders;
mod messages;

use std::io;
use std::path::{Path, PathBuf};

use archive::KeyFault;
use durable::counted;
use inventory::DatabaseUrlProblem;
use inventory::Permission;
use inventory::sqlite::Violation;

pub(crate) use folders::shorten;
use messages::{join_paths, join_violations, newest_archive, storage_message, why_no_safety_backup};

/// An error of the engine.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the messages say what each field is")]
pub enum Error {
    #[error("{}: no such file", path.display())]
    ArchiveNotFound { path: PathBuf },
    #[error("there is no archive {}, neither in the working folder nor in {}", name.display(), folder.display())]
    NoSuchArchive { name: PathBuf, folder: PathBuf },
    #[error("there is no backup in {}", folder.display())]
    NoBackups { folder: PathBuf },
    #[error("{} could be any of these: {}", name.display(), join_paths(found))]
    AmbiguousArchive { name: PathBuf, found: Vec<PathBuf> },
    #[error("{} is a folder, not an archive", path.display())]
    ArchiveIsFolder { path: PathBuf },
    #[error("{} is {kind}, not an archive", path.display())]
    ArchiveNotAFile { path: PathBuf, kind: &'static str },
    #[error("{}: {source}", path.display())]
    Archive { path: PathBuf, source: archive::Error },
    #[error("the database in {}: {source}", path.display())]
    ArchivedDatabase { path: PathBuf, source: Box<inventory::Error> },
    #[error("{}: {what} does not match the manifest", path.display())]
    Mismatch { path: PathBuf, what: String },
    #[error("{} holds a damaged database ({why}), kept for rescue: it cannot be restored", path.display())]
    Rescue { path: PathBuf, why: String },
    #[error(
        "{}: {} with a broken foreign key: {}",
        path.display(), counted(*count, "row"), join_violations(violations)
    )]
    Violations { path: PathBuf, violations: Vec<Violation>, count: u64 },

    #[error(
        "{}: after restoring it in {}, {what} differs from the archive", path.display(), scratch.display()
    )]
    NotProven { path: PathBuf, scratch: PathBuf, what: String },

    #[error("there is no database at {}", path.display())]
    NoDatabase { path: PathBuf },
    #[error("the database {} is empty: it has no tables", path.display())]
    EmptyDatabase { path: PathBuf },
    #[error("the live database {}: {source}", path.display())]
    LiveDatabase { path: PathBuf, source: Box<inventory::Error> },
    #[error("DATABASE_URL {url:?}: {problem}")]
    DatabaseUrl { url: String, problem: DatabaseUrlProblem },
    #[error("DATABASE_URL {url:?}: {engine} is not supported by this version yet")]
    EngineNotSupported { url: String, engine: &'static str },
    #[error(
        "{name:?} is not a valid name for a backup: names have 1 to {limit} letters, digits, '-' and '_'"
    )]
    Name { name: String, limit: usize },
    #[error("{name:?} is not the name of an archive: it must end with .zip or .zip.age")]
    UploadName { name: String },
    #[error("the archive is larger than {} MiB, the limit for uploads", limit >> 20)]
    UploadTooLarge { limit: u64 },
    #[error("the folder {} does not exist. Nothing was written, and no folder was created", path.display())]
    NoOutput { path: PathBuf },
    #[error(
        "an unencrypted backup cannot be called {name:?}: MakerMatrix 1.x would take it for an encrypted one because of \
         its name, and not restore it"
    )]
    MisleadingName { name: String },
    #[error("{} already exists", path.display())]
    NameTaken { path: PathBuf },
    #[error("the .env file was refused: it holds secrets, and the backup is not encrypted")]
    EnvInTheClear,
    #[error("backups must be encrypted here, and {why}. Nothing was written")]
    EncryptionRequired { why: &'static str },
    #[error("a backup can be encrypted for at most {limit} keys, and there are {found}")]
    TooManyRecipients { found: usize, limit: usize },
    #[error("{} is not encrypted with a key, so there is nothing to check", path.display())]
    NotEncrypted { path: PathBuf },
    #[error("there is no {} to include", path.display())]
    NoEnv { path: PathBuf },
    #[error("{} vanished while the backup was made. Nothing was written", path.display())]
    Vanished { path: PathBuf },
    #[error("the path of the database, {}, is not Unicode (UTF-8), so it cannot be used", path.display())]
    PathNotText { path: PathBuf },
    #[error(
        "the database {} has {names} names (hard links): SQLite loses data when a database is used under several names", path.display()
    )]
    HardLinks { path: PathBuf, names: u64 },
    #[error("cancelled: nothing was changed, and no temporary files remain")]
    Cancelled,
    #[error("{} changed every time it was read. Nothing was written", path.display())]
    FileBusy { path: PathBuf },
    #[error("another backup or restore of this inventory is running ({holder})")]
    Locked { holder: String },
    #[error("{what} is only for those who have signed in")]
    NotSignedIn { what: &'static str },
    #[error("{what} needs the permission \"{permission}\"")]
    Forbidden { what: &'static str, permission: Permission },

    #[error(
        "somebody wrote to {} after the safety backup was made, so nothing was restored", path.display()
    )]
    ChangedMeanwhile { path: PathBuf },
    #[error("the safety backup failed, so nothing was restored: {source}")]
    SafetyBackup { source: Box<Error> },
    #[error("the database has been restored, but some files are not in place yet: {source}")]
    Unfinished { source: Box<Error> },
    #[error("the restore failed, and it is not known how far it got: {source}")]
    Undecided { source: Box<Error> },
    #[error("{} has no record of a restore of this inventory, so there is nothing to undo", folder.display())]
    NothingToUndo { folder: PathBuf },
    #[error("the last restore (of {archive}, {at}) cannot be undone: {}", why_no_safety_backup(missing.as_deref()))]
    NoSafetyBackup { archive: String, at: String, missing: Option<PathBuf> },
    #[error("{} is in the way of {name:?}: {why}", path.display())]
    InTheWay { path: PathBuf, name: String, why: &'static str },
    #[error(
        "{} changed while the restore was prepared, so nothing was restored",
        path.display()
    )]
    FileChanged { path: PathBuf },
    #[error(
        "{} is inside the folder of the static files: archives there would become part of every backup", path.display()
    )]
    OutputAmongFiles { path: PathBuf },
    #[error("the database {}: {source}. Nothing was imported", path.display())]
    ImportedDatabase { path: PathBuf, source: Box<inventory::Error> },
    #[error("there is no MakerMatrix database in {}{}", path.display(), newest_archive(newest.as_deref()))]
    ImportNothing { path: PathBuf, newest: Option<PathBuf> },
    #[error("there are several {part}: {}", join_paths(found))]
    ImportSeveral { part: ImportPart, found: Vec<PathBuf> },
    #[error("{} has neither datasheets/ nor images/", path.display())]
    ImportNoFiles { path: PathBuf },
    #[error(
        "{} is the destination of the import itself; the database found is {}", path.display(), database.display()
    )]
    ImportSame {
        /// The path that is both source and destination.
        path: PathBuf,
        /// The database that was to be imported.
        database: PathBuf,
    },
    #[error("{}: no such file or folder", path.display())]
    ImportNotFound { path: PathBuf },
    #[error(
        "{} kept changing, so it could not be copied. Nothing was imported", path.display()
    )]
    ImportBusy { path: PathBuf },
    #[error("the journal {} cannot be read: {why}", path.display())]
    Journal { path: PathBuf, why: String },

    #[error("{}", storage_message(doing, path, source))]
    Storage { doing: &'static str, path: PathBuf, source: io::Error },
}

/// A part that must be unique in a folder that is imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportPart {
    /// The database.
    Database,
    /// The folder with datasheets and images.
    StaticFiles,
}

impl std::fmt::Display for ImportPart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Database => "databases",
            Self::StaticFiles => "folders of files",
        })
    }
}

/// The kind of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request itself is wrong.
    Usage,
    /// Something that was named does not exist.
    NotFound,
    /// The name is taken.
    Conflict,
    /// An upload exceeds the limit.
    TooLarge,
    /// The actor has to sign in first.
    NotSignedIn,
    /// The actor may not do this.
    Forbidden,
    /// The archive is intact, but must not be used.
    Refused,
    /// The archive or the live database is damaged.
    Corrupt,
    /// The archive is encrypted, and the key is missing or wrong.
    Key,
    /// Backups must be encrypted, and this backup would not be.
    EncryptionRequired,
    /// Another process is working on the same data.
    Locked,
    /// Reading or writing failed: the disk is full or fails, or a permission is missing.
    Storage,
    /// The engine was asked to stop.
    Cancelled,
    /// Any other error: a defect of this program.
    Internal,
}

impl Error {
    /// Returns the key fault if an archive could not be opened because its key is missing or wrong.
    pub fn key_fault(&self) -> Option<KeyFault> {
        match self {
            Self::Archive { source: archive::Error::Key(fault), .. } => Some(*fault),
            _ => None,
        }
    }

    /// Returns the kind of the error.
    pub fn kind(&self) -> Kind {
        match self {
            Self::ImportNotFound { .. } | Self::ImportNothing { .. } | Self::ImportNoFiles { .. } => {
                Kind::NotFound
            }
            Self::ImportSeveral { .. } | Self::ImportSame { .. } => Kind::Usage,
            Self::ImportBusy { .. } => Kind::Locked,
            Self::ArchiveNotFound { .. }
            | Self::NoOutput { .. }
            | Self::NoSuchArchive { .. }
            | Self::NoBackups { .. }
            | Self::NothingToUndo { .. }
            | Self::NoSafetyBackup { .. }
            | Self::NoDatabase { .. }
            | Self::EmptyDatabase { .. }
            | Self::NoEnv { .. } => Kind::NotFound,
            Self::AmbiguousArchive { .. }
            | Self::ArchiveIsFolder { .. }
            | Self::ArchiveNotAFile { .. }
            | Self::DatabaseUrl { .. }
            | Self::EngineNotSupported { .. }
            | Self::PathNotText { .. }
            | Self::Name { .. }
            | Self::UploadName { .. }
            | Self::OutputAmongFiles { .. }
            | Self::MisleadingName { .. }
            | Self::EnvInTheClear
            | Self::NotEncrypted { .. }
            | Self::TooManyRecipients { .. } => Kind::Usage,
            Self::NameTaken { .. } => Kind::Conflict,
            Self::UploadTooLarge { .. } => Kind::TooLarge,
            Self::NotSignedIn { .. } => Kind::NotSignedIn,
            Self::Forbidden { .. } => Kind::Forbidden,
            Self::Archive { source: archive::Error::Refused(_), .. }
            | Self::Violations { .. }
            | Self::Rescue { .. } => Kind::Refused,
            Self::Archive { source: archive::Error::Corrupt(_), .. }
            | Self::Mismatch { .. }
            | Self::NotProven { .. } => Kind::Corrupt,
            Self::Archive { source: archive::Error::Key(_), .. } => Kind::Key,
            Self::EncryptionRequired { .. } => Kind::EncryptionRequired,
            Self::Archive { .. } | Self::Storage { .. } | Self::InTheWay { .. } | Self::HardLinks { .. } => {
                Kind::Storage
            }
            Self::ArchivedDatabase { source, .. } => match Kind::of(source) {
                Kind::Corrupt if matches!(**source, inventory::Error::NotADatabase { .. }) => Kind::Refused,
                // SQLite failed because of the content of the archive, not because of a defect of this program.
                Kind::Internal | Kind::Usage | Kind::Conflict => Kind::Corrupt,
                kind => kind,
            },
            Self::LiveDatabase { source, .. } | Self::ImportedDatabase { source, .. } => Kind::of(source),
            Self::Vanished { .. }
            | Self::FileBusy { .. }
            | Self::Locked { .. }
            | Self::ChangedMeanwhile { .. }
            | Self::FileChanged { .. } => Kind::Locked,
            Self::SafetyBackup { source } | Self::Unfinished { source } | Self::Undecided { source } => {
                source.kind()
            }
            Self::Cancelled => Kind::Cancelled,
            Self::Journal { .. } => Kind::Corrupt,
        }
    }

    /// Returns a function that makes a [`Error::Storage`] of an I/O error.
    pub(crate) fn storage(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Storage { doing, path, source }
    }

    /// Returns a function that adds the path of an archive to its error.
    pub(crate) fn archive(path: &Path) -> impl FnOnce(archive::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Archive { path, source }
    }

    /// Returns a function that makes an error of the live database.
    pub(crate) fn live<E: Into<inventory::Error>>(path: &Path) -> impl FnOnce(E) -> Self {
        let path = path.to_owned();
        move |source| match source.into() {
            inventory::Error::Io { path, source } => Self::Storage { doing: "use", path, source },
            source => Self::LiveDatabase { path, source: Box::new(source) },
        }
    }

    /// Returns a function that makes an error of the database in an archive.
    pub(crate) fn archived<E: Into<inventory::Error>>(path: &Path) -> impl FnOnce(E) -> Self {
        let path = path.to_owned();
        move |source| match source.into() {
            inventory::Error::Io { path, source } => Self::Storage { doing: "use", path, source },
            source => Self::ArchivedDatabase {
                path,
                source: Box::new(with_path(source, Path::new(archive::DATABASE))),
            },
        }
    }

    /// Returns a function that makes an error of the database that is imported.
    pub(crate) fn imported<E: Into<inventory::Error>>(path: &Path) -> impl FnOnce(E) -> Self {
        let path = path.to_owned();
        move |source| match source.into() {
            inventory::Error::Io { path, source } => Self::Storage { doing: "use", path, source },
            source => Self::ImportedDatabase { source: Box::new(with_path(source, &path)), path },
        }
    }
}

impl From<durable::Error> for Error {
    fn from(error: durable::Error) -> Self {
        let durable::Error { operation, path, source } = error;
        Self::Storage { doing: operation, path, source }
    }
}

impl Kind {
    /// Returns the kind of an error of the inventory.
    pub fn of(error: &inventory::Error) -> Self {
        use inventory::Kind as Of;
        match error.kind() {
            Of::NotFound => Self::NotFound,
            Of::Conflict | Of::Changed => Self::Conflict,
            Of::Invalid => Self::Usage,
            Of::NotSignedIn => Self::NotSignedIn,
            Of::Forbidden => Self::Forbidden,
            Of::Busy => Self::Locked,
            Of::NotReady | Of::Refused => Self::Refused,
            Of::Storage => Self::Storage,
            Of::Corrupt => Self::Corrupt,
            _ => Self::Internal,
        }
    }
}

/// Replaces the path of a temporary copy in an error by a path that the user knows.
fn with_path(mut error: inventory::Error, name: &Path) -> inventory::Error {
    use inventory::Error as Of;
    match &mut error {
        Of::NotADatabase { path }
        | Of::Foreign { path, .. }
        | Of::Damaged { path, .. }
        | Of::ValueTooLarge { path, .. }
        | Of::Busy { path } => name.clone_into(path),
        _ => {}
    }
    error
}
