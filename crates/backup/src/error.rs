//! The errors of the engine, and the rules for them:
//!
//! * A message says what happened, to which file, and what to do next; it is shown as it is.
//! * Errors are returned, never logged and passed over.
//! * [`Error::kind`] sorts them for exit codes and HTTP statuses; a new variant must choose one.
//! * Unless the message says otherwise, nothing live has been changed.

mod words;

use std::io;
use std::path::{Path, PathBuf};

use archive::KeyFault;
use inventory::Permission;
use inventory::sqlite::Violation;

use crate::counted;

use words::{advice, no_safety_backup, nothing_to_import, paths, shown, storage};

/// What went wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the messages say what each field is")]
pub enum Error {
    #[error("{}: no such file. `makermatrix list` shows the backups there are.", path.display())]
    ArchiveNotFound { path: PathBuf },
    #[error("there is no archive {} in {}. `makermatrix list` shows those there are.", name.display(), folder.display())]
    NoSuchArchive { name: PathBuf, folder: PathBuf },
    #[error("there is no backup in {}. Make one with `makermatrix backup`.", folder.display())]
    NoBackups { folder: PathBuf },
    #[error("{} could be any of these: {}. Name the one that is meant.", name.display(), paths(found))]
    AmbiguousArchive { name: PathBuf, found: Vec<PathBuf> },
    #[error("{} is a folder, not an archive. Name the .zip file itself.", path.display())]
    ArchiveIsFolder { path: PathBuf },
    #[error("{}: it is {kind}, not an archive. Name the .zip file itself.", path.display())]
    ArchiveNotAFile { path: PathBuf, kind: &'static str },
    #[error("{}: {source}. {}", path.display(), advice(source))]
    Archive { path: PathBuf, source: archive::Error },
    #[error("the database in {}: {source}. The archive cannot be used; try another backup.", path.display())]
    ArchivedDatabase { path: PathBuf, source: Box<inventory::Error> },
    #[error("{}: {what} is not what the manifest says. The archive cannot be trusted; try another backup.", path.display())]
    Mismatch { path: PathBuf, what: String },
    #[error("{} holds a damaged database ({why}), kept for rescue: it cannot be restored. Take it out with unzip.", path.display())]
    Rescue { path: PathBuf, why: String },
    #[error(
        "{}: {} with a broken foreign key: {}. Restore with --allow-violations to take them as they are.",
        path.display(), counted(*count, "row"), shown(violations)
    )]
    Violations { path: PathBuf, violations: Vec<Violation>, count: u64 },

    #[error(
        "{}: after restoring it, {what} differs from the archive. The archive is sound, but restoring it here goes \
         wrong: check the drive of {}, and report this.", path.display(), scratch.display()
    )]
    NotProven { path: PathBuf, scratch: PathBuf, what: String },

    #[error("there is no database at {}. Create one with `makermatrix init`, or check --data-dir and DATABASE_URL.", path.display())]
    NoDatabase { path: PathBuf },
    #[error("the live database {}: {source}", path.display())]
    LiveDatabase { path: PathBuf, source: Box<inventory::Error> },
    #[error("DATABASE_URL {url:?}: {why}")]
    DatabaseUrl { url: String, why: String },
    #[error("{name:?} is no name for a backup: use 1 to 255 letters, digits, '-' and '_'")]
    Name { name: String },
    #[error(
        "{name:?} would be the name of a backup that is not encrypted: MakerMatrix 1.x tells by the name, and would not \
         restore it. Choose another --name, or encrypt it."
    )]
    MisleadingName { name: String },
    #[error("{} exists already. Choose another --name.", path.display())]
    NameTaken { path: PathBuf },
    #[error(
        "a .env file holds secrets, and the backup is not encrypted: refused. Encrypt it (`makermatrix key new`), or write \
         the secrets in the clear with --force."
    )]
    EnvInTheClear,
    #[error(
        "backups must be encrypted here ([backup.encryption] required = true), and {why}. Nothing was written. Name recipients in \
         makermatrix.toml (`makermatrix key new` makes a key). `makermatrix backup` takes --recipient or --passphrase-file as \
         well."
    )]
    EncryptionRequired { why: &'static str },
    #[error("a backup can be encrypted for {limit} keys at most, and these are {found}")]
    TooManyRecipients { found: usize, limit: usize },
    #[error(
        "{}: nothing in it is encrypted with a key, so there is nothing to check. Name an archive that is.", path.display()
    )]
    NotEncrypted { path: PathBuf },
    #[error("--include-env was asked for, but there is no {}", path.display())]
    NoEnv { path: PathBuf },
    #[error("{} vanished while the backup was made. Nothing was written; try again when nobody removes files.", path.display())]
    Vanished { path: PathBuf },
    #[error("the path of the database, {}, is not Unicode (UTF-8), which it has to be", path.display())]
    PathNotText { path: PathBuf },
    #[error(
        "the database {} has {names} names (hard links), and SQLite would lose data through any but one of them. Keep one \
         name: copy the file to where the others are.", path.display()
    )]
    HardLinks { path: PathBuf, names: u64 },
    #[error("cancelled: nothing was changed, and nothing of it is left behind")]
    Cancelled,
    #[error("{} changed each time that it was read. Nothing was written; try again when nobody writes to it.", path.display())]
    FileBusy { path: PathBuf },
    #[error(
        "another backup or restore of this inventory is running ({holder}). Try again when it has ended."
    )]
    Locked { holder: String },
    #[error("{what} needs the permission \"{permission}\"")]
    Forbidden { what: &'static str, permission: Permission },

    #[error(
        "somebody wrote to {} after the safety backup was made, so nothing was restored. Stop what uses the inventory, \
         or restore with --no-safety-backup.", path.display()
    )]
    ChangedMeanwhile { path: PathBuf },
    #[error("the safety backup failed, so nothing was restored: {source}")]
    SafetyBackup { source: Box<Error> },
    #[error(
        "the database has been restored, but some files are not in place yet: {source}. Mend that, then run \
         `makermatrix init`: it finishes the restore."
    )]
    Unfinished { source: Box<Error> },
    #[error(
        "the restore failed, and it cannot be told how far it got: {source}. Mend that, then run `makermatrix init`: it \
         finishes or discards the restore."
    )]
    Undecided { source: Box<Error> },
    #[error("no restore of this inventory is noted in {}, so there is nothing to undo", folder.display())]
    NothingToUndo { folder: PathBuf },
    #[error("the last restore (of {archive}, {at}) cannot be undone: {}", no_safety_backup(missing.as_deref()))]
    NoSafetyBackup { archive: String, at: String, missing: Option<PathBuf> },
    #[error("{} is in the way of {name:?}: {why}. Move it away, then restore again.", path.display())]
    InTheWay { path: PathBuf, name: String, why: &'static str },
    #[error(
        "{} changed while the restore was prepared, so nothing was restored. Try again when nobody changes files.",
        path.display()
    )]
    FileChanged { path: PathBuf },
    #[error(
        "{} lies inside the folder of the static files: archives there would be backed up with them. Choose another \
         folder.", path.display()
    )]
    OutputAmongFiles { path: PathBuf },
    #[error("the database {}: {source}. Nothing was imported.", path.display())]
    ImportedDatabase { path: PathBuf, source: Box<inventory::Error> },
    #[error("{}", nothing_to_import(path, newest.as_deref()))]
    ImportNothing { path: PathBuf, newest: Option<PathBuf> },
    #[error("there are several {what}: {}. Please {say}.", paths(found))]
    ImportSeveral { what: &'static str, found: Vec<PathBuf>, say: &'static str },
    #[error("{} has neither datasheets/ nor images/. Name the folder that holds them.", path.display())]
    ImportNoFiles { path: PathBuf },
    #[error(
        "{} is what it would be imported to; the database found is {}", path.display(), database.display()
    )]
    ImportSame {
        /// What lies at the source and at the destination.
        path: PathBuf,
        /// The database that was to be imported.
        database: PathBuf,
    },
    #[error("{}: no such file or folder. Name a data folder of the original, its database, or an archive.", path.display())]
    ImportNotFound { path: PathBuf },
    #[error(
        "{} changes all the time, so it could not be copied. Nothing was imported; stop MakerMatrix there, and try \
         again.", path.display()
    )]
    ImportBusy { path: PathBuf },
    #[error("the journal {} cannot be read: {why}. Keep it, and ask for help: it says how to finish a restore.", path.display())]
    Journal { path: PathBuf, why: String },

    #[error("{}", storage(doing, path, source))]
    Storage { doing: &'static str, path: PathBuf, source: io::Error },
}

/// What sort of error it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request itself is wrong.
    Usage,
    /// What was named is not there.
    NotFound,
    /// The archive is whole, but must not be used.
    Refused,
    /// The archive or the live database is damaged.
    Corrupt,
    /// The archive is encrypted, and the key is missing or wrong.
    Key,
    /// Backups must be encrypted, and this one would not be.
    EncryptionRequired,
    /// Somebody else is at work.
    Locked,
    /// Disk, permissions.
    Storage,
    /// It was asked to stop.
    Cancelled,
    /// None of these: a defect.
    Internal,
}

impl Error {
    /// How the archive is encrypted that could not be opened for want of a key, or with a wrong one.
    pub fn key_fault(&self) -> Option<KeyFault> {
        match self {
            Self::Archive { source: archive::Error::Key(fault), .. } => Some(*fault),
            _ => None,
        }
    }

    /// What sort of error it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::ImportNotFound { .. } | Self::ImportNothing { .. } | Self::ImportNoFiles { .. } => {
                Kind::NotFound
            }
            Self::ImportSeveral { .. } | Self::ImportSame { .. } => Kind::Usage,
            Self::ImportBusy { .. } => Kind::Locked,
            Self::ArchiveNotFound { .. }
            | Self::NoSuchArchive { .. }
            | Self::NoBackups { .. }
            | Self::NothingToUndo { .. }
            | Self::NoSafetyBackup { .. }
            | Self::NoDatabase { .. }
            | Self::NoEnv { .. } => Kind::NotFound,
            Self::AmbiguousArchive { .. }
            | Self::ArchiveIsFolder { .. }
            | Self::ArchiveNotAFile { .. }
            | Self::DatabaseUrl { .. }
            | Self::PathNotText { .. }
            | Self::Name { .. }
            | Self::OutputAmongFiles { .. }
            | Self::MisleadingName { .. }
            | Self::NameTaken { .. }
            | Self::EnvInTheClear
            | Self::NotEncrypted { .. }
            | Self::TooManyRecipients { .. }
            | Self::Forbidden { .. } => Kind::Usage,
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
                // SQLite stumbled over what somebody else wrote: not a defect of ours.
                Kind::Internal | Kind::Usage => Kind::Corrupt,
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

    pub(crate) fn storage(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Storage { doing, path, source }
    }

    pub(crate) fn archive(path: &Path) -> impl FnOnce(archive::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Archive { path, source }
    }

    pub(crate) fn live<E: Into<inventory::Error>>(path: &Path) -> impl FnOnce(E) -> Self {
        let path = path.to_owned();
        move |source| match source.into() {
            inventory::Error::Io { path, source } => Self::Storage { doing: "use", path, source },
            source => Self::LiveDatabase { path, source: Box::new(source) },
        }
    }

    pub(crate) fn archived<E: Into<inventory::Error>>(path: &Path) -> impl FnOnce(E) -> Self {
        let path = path.to_owned();
        move |source| match source.into() {
            inventory::Error::Io { path, source } => Self::Storage { doing: "use", path, source },
            source => {
                Self::ArchivedDatabase { path, source: Box::new(named(source, Path::new(archive::DATABASE))) }
            }
        }
    }

    pub(crate) fn imported<E: Into<inventory::Error>>(path: &Path) -> impl FnOnce(E) -> Self {
        let path = path.to_owned();
        move |source| match source.into() {
            inventory::Error::Io { path, source } => Self::Storage { doing: "use", path, source },
            source => Self::ImportedDatabase { source: Box::new(named(source, &path)), path },
        }
    }
}

impl Kind {
    /// Tells the sort of an error of the inventory.
    pub fn of(error: &inventory::Error) -> Self {
        use inventory::Kind as Of;
        match error.kind() {
            Of::NotFound => Self::NotFound,
            Of::Conflict | Of::Invalid | Of::NotSignedIn | Of::Forbidden => Self::Usage,
            Of::Busy => Self::Locked,
            Of::NotReady | Of::Refused => Self::Refused,
            Of::Storage => Self::Storage,
            Of::Corrupt => Self::Corrupt,
            _ => Self::Internal,
        }
    }
}

/// The error of a database that was copied somewhere, by the name that people can find.
fn named(mut error: inventory::Error, name: &Path) -> inventory::Error {
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
