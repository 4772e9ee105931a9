//! Taking a backup: one moment of database and files, into an archive that has been read back
//! before anyone is told that it exists.

mod database;
mod files;
mod source;
mod unfinished;
mod write;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use archive::{EncryptionMethod, EncryptionScheme, Keys, Manifest, Recipient};
use durable::folder_of;
use inventory::sqlite::RedactedPasswords;
use inventory::static_files::FileKind;
use inventory::{Actor, Permission};

use crate::database_files::copy_database;
use crate::places::archive_name;
use crate::session::Session;
use crate::status::status_file;
use crate::{Engine, Error, Event, Note, Observer, Status};

pub(crate) use source::Source;
use unfinished::PartialArchive;
pub(crate) use unfinished::unfinished_archive;
use write::{Output, WrittenArchive};

/// What to back up, and under which name.
#[derive(Debug, Clone)]
pub struct BackupOptions {
    /// The name without extension; by default one with the time in it.
    pub name: Option<String>,
    /// The folder for the archive; by default that of all backups.
    pub output: Option<PathBuf>,
    /// Include the datasheets.
    pub datasheets: bool,
    /// Include the images.
    pub images: bool,
    /// Include the environment file.
    pub env: bool,
    /// Write the environment file although the archive is not encrypted.
    pub env_in_the_clear: bool,
    /// Whether to encrypt it, and for whom.
    pub encrypt: EncryptionChoice,
}

/// Each takes a hundred bytes of a header of at most 64 KiB.
const MAX_RECIPIENTS: usize = 500;

/// How often an archive is begun at most, when files change while they are read.
const MAX_ATTEMPTS: u32 = 3;

/// How one backup is encrypted.
#[derive(Debug, Clone, Default)]
pub enum EncryptionChoice {
    /// As the engine is told to protect all of them.
    #[default]
    AsConfigured,
    /// For these as well.
    AlsoFor(Vec<Recipient>),
    /// So, and not for those whom the engine knows.
    With(EncryptionMethod),
    /// Not at all.
    Not,
}

impl Default for BackupOptions {
    fn default() -> Self {
        Self {
            name: None,
            output: None,
            datasheets: true,
            images: true,
            env: false,
            env_in_the_clear: false,
            encrypt: EncryptionChoice::AsConfigured,
        }
    }
}

/// Why a backup is made; its default name says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Somebody asked for it.
    Manual,
    /// Before a restore replaces what is there.
    BeforeRestore,
    /// Before the schema is changed.
    BeforeMigration,
    /// Of what lies elsewhere, to be put in place here. That is only read.
    Import,
}

impl Purpose {
    fn prefix(self) -> &'static str {
        match self {
            Self::Manual => "makermatrix_backup",
            Self::BeforeRestore => "safety_backup_before_restore",
            Self::BeforeMigration => "safety_backup_before_migration",
            Self::Import => "imported",
        }
    }
}

/// Returns whether an archive bears the name of those that are made before a restore or a migration.
pub(crate) fn is_safety_backup(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    [Purpose::BeforeRestore, Purpose::BeforeMigration]
        .iter()
        .any(|purpose| name.starts_with(purpose.prefix()))
}

/// Why passwords that the original keeps in the clear are left out.
const NO_PASSWORDS: &str = "passwords do not belong in archives";

/// The same, as archives of earlier versions say it: those hold no definition either.
pub(crate) const NOT_IN_ARCHIVE: &str = "archives hold tables and indexes only";

/// Why what people added to the schema stays out.
pub(crate) const NOT_PUT_BACK: &str = "the archive holds its definition as text, in the table mm_schema_objects, and a restore does not run that";

/// A backup that exists, is durable, and has been read back.
#[derive(Debug)]
pub struct BackupReport {
    /// The archive.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size: u64,
    /// What it says about itself.
    pub manifest: Manifest,
    /// How it is encrypted, if it is.
    pub lock: Option<EncryptionScheme>,
    /// That it was verified, and when.
    pub status: Status,
    /// What opens it: whoever wrote it can read it, until it forgets these.
    pub(crate) keys: Keys,
    /// The passwords of the original that the archive does not hold. They stay in the live database: the original
    /// encrypts its scheduled backups with one of them.
    pub redacted: Vec<RedactedPasswords>,
    /// How often the copy of the database had to begin again; 0 while the moment stays pinned.
    pub snapshot_restarts: u32,
}

impl Engine {
    /// Takes a backup.
    ///
    /// # Errors
    /// On any error no archive of this name exists, and nothing else is left behind.
    pub fn backup(
        &self,
        actor: &Actor,
        options: &BackupOptions,
        observer: &mut dyn Observer,
    ) -> Result<BackupReport, Error> {
        crate::permission::require(actor, "making a backup", Permission::BackupCreate)?;
        check_name(options.name.as_deref())?;
        let encryption = self.encryption(&options.encrypt)?;
        refuse_misleading(options.name.as_deref(), encryption.is_some())?;
        if !self.places.database.exists() {
            return Err(Error::NoDatabase { path: self.places.database.clone() });
        }
        match self.session("a backup") {
            Err(Error::Storage { source, .. }) if source.kind() == ErrorKind::ReadOnlyFilesystem => {
                self.backup_of_read_only_mount(actor, options, observer)
            }
            session => session?.backup(options, Purpose::Manual, observer),
        }
    }

    /// Backs up an inventory on a file system that is mounted read-only, where nothing can be locked and SQLite could
    /// not open a database with a log. SQLite works on a copy of the files instead.
    fn backup_of_read_only_mount(
        &self,
        actor: &Actor,
        options: &BackupOptions,
        observer: &mut dyn Observer,
    ) -> Result<BackupReport, Error> {
        let database = &self.places.database;
        if let Some(pending) = self.pending_restores(actor)?.into_iter().next() {
            return Err(Error::live(database)(inventory::Error::RestorePending { journal: pending.journal }));
        }
        observer.event(Event::Note(Note::NotLocked { path: database.clone() }));
        let scratch = self.scratch_folder(&std::env::temp_dir().join(archive::DATABASE), ".backup-")?;
        let copy = scratch.path().join("source.db");
        copy_database(&self.disk, database, &copy)?;
        let source = Source {
            purpose: Purpose::Manual,
            database: &copy,
            known_as: database,
            static_files: &self.places.static_files,
            can_be_locked: false,
            private_copies: Some(scratch.path()),
        };
        let report = self.archive(options, &source, observer)?;
        scratch.remove()?;
        Ok(report)
    }
}

impl Session {
    /// Backs up the inventory of the session.
    pub(crate) fn backup(
        &self,
        options: &BackupOptions,
        purpose: Purpose,
        observer: &mut dyn Observer,
    ) -> Result<BackupReport, Error> {
        self.engine.archive(options, &Source::of(&self.engine, purpose), observer)
    }
}

impl Engine {
    /// Makes an archive. Of the inventory here, or in the folder of its backups, only in a session.
    pub(crate) fn archive(
        &self,
        options: &BackupOptions,
        source: &Source<'_>,
        observer: &mut dyn Observer,
    ) -> Result<BackupReport, Error> {
        let encryption = self.encryption(&options.encrypt)?;
        if options.env && encryption.is_none() && !options.env_in_the_clear {
            return Err(Error::EnvInTheClear);
        }
        if options.env && !self.places.env_file.exists() {
            return Err(Error::NoEnv { path: self.places.env_file.clone() });
        }
        let folder = options.output.as_deref().unwrap_or(&self.places.backups);
        match &options.output {
            // A medium that is not mounted, or a typing error: the archive would lie on another disk.
            Some(chosen) if is_missing(chosen) => return Err(Error::NoOutput { path: chosen.clone() }),
            _ => self.disk.create_folder(folder)?,
        }
        self.refuse_among_files(folder)?;
        self.remove_unfinished(folder)?;
        let now = self.ambient.local();
        let name = options
            .name
            .clone()
            .unwrap_or_else(|| format!("{}_{}", source.purpose.prefix(), now.format("%Y%m%d_%H%M%S")));
        let path = free_name(folder, &name, options.name.is_some(), encryption.is_some())?;
        let mut attempt = 1;
        // The file stays open, and so locked, until it bears its name: nobody else may tidy it away.
        let (unfinished, _out, written) = loop {
            let (unfinished, mut out) =
                PartialArchive::begin(self, &path, encryption.is_some(), source.private_copies)?;
            let output = Output { unfinished: &unfinished, out: &mut *out, encryption: encryption.as_ref() };
            match self.write_archive(options, source, output, observer) {
                Ok(written) => break (unfinished, out, written),
                Err(error) => {
                    unfinished.discard(self);
                    // Part of a long file is in the archive already, which cannot be taken back.
                    if attempt == MAX_ATTEMPTS || !matches!(error, Error::FileBusy { .. }) {
                        return Err(error);
                    }
                }
            }
            attempt += 1;
        };
        let WrittenArchive { manifest, keys, redacted, restarts } = written;
        let placed = self.place_archive(&unfinished, &path);
        let (size, status) = placed.inspect_err(|_| unfinished.discard(self))?;
        let lock = encryption.map(|encryption| encryption.scheme());
        Ok(BackupReport { path, size, manifest, lock, status, keys, redacted, snapshot_restarts: restarts })
    }

    /// How a backup is to be encrypted; nothing where that is allowed.
    pub(crate) fn encryption(&self, wanted: &EncryptionChoice) -> Result<Option<EncryptionMethod>, Error> {
        let configured = &self.protection.recipients;
        let recipients = match wanted {
            EncryptionChoice::With(encryption) => return Ok(Some(encryption.clone())),
            EncryptionChoice::Not => Vec::new(),
            EncryptionChoice::AsConfigured => configured.clone(),
            EncryptionChoice::AlsoFor(more) => {
                let mut all = configured.clone();
                for recipient in more {
                    if !all.contains(recipient) {
                        all.push(recipient.clone());
                    }
                }
                all
            }
        };
        if recipients.is_empty() && self.protection.required {
            let why = match wanted {
                EncryptionChoice::Not => "this one was asked for without encryption",
                _ => "there is nobody to encrypt them for",
            };
            return Err(Error::EncryptionRequired { why });
        }
        if recipients.len() > MAX_RECIPIENTS {
            return Err(Error::TooManyRecipients { found: recipients.len(), limit: MAX_RECIPIENTS });
        }
        Ok((!recipients.is_empty()).then_some(EncryptionMethod::Recipients(recipients)))
    }

    /// An archive inside the static files would be part of the next one, and of itself.
    fn refuse_among_files(&self, folder: &Path) -> Result<(), Error> {
        let real = |path: &Path| path.canonicalize().ok();
        let Some(output) = real(folder) else { return Ok(()) };
        let inside = |kind: FileKind| {
            real(&self.places.static_files.join(kind.folder())).is_some_and(|files| output.starts_with(files))
        };
        if FileKind::ALL.into_iter().any(inside) {
            return Err(Error::OutputAmongFiles { path: folder.to_owned() });
        }
        Ok(())
    }

    /// Gives a finished archive its name, as the last thing: what bears it is complete and durable,
    /// and what is known about it lies beside it.
    fn place_archive(&self, unfinished: &PartialArchive, path: &Path) -> Result<(u64, Status), Error> {
        let archive = &unfinished.archive;
        let size = archive.metadata().map_err(Error::storage("read", archive))?.len();
        let status = self.note_verified(archive, path)?;
        let renamed = self.disk.rename_new(archive, path);
        renamed.inspect_err(|_| drop(self.disk.remove(&status_file(path))))?;
        let synced = self.disk.sync_folder(folder_of(path));
        synced.inspect_err(|_| drop(self.remove_archive(path)))?;
        Ok((size, status))
    }

    /// Removes an archive and what is noted beside it.
    pub(crate) fn remove_archive(&self, path: &Path) -> Result<(), Error> {
        let status = status_file(path);
        if status.exists() {
            self.disk.remove(&status)?;
        }
        Ok(self.disk.remove(path)?)
    }
}

fn is_missing(folder: &Path) -> bool {
    folder.metadata().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}

/// Bytes of a name at most. What bears the longest name is the note beside the archive while it is written,
/// `NAME.zip.age.status.json.partial`, and no file system of today takes more than 255.
const MAX_NAME: usize = 255 - ".zip.age.status.json.partial".len();

fn check_name(name: Option<&str>) -> Result<(), Error> {
    let Some(name) = name else { return Ok(()) };
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(allowed) {
        return Err(Error::Name { name: name.to_owned(), limit: MAX_NAME });
    }
    Ok(())
}

/// MakerMatrix 1.x takes what is called so for encrypted, and would ask for a password that there is not.
fn refuse_misleading(name: Option<&str>, encrypted: bool) -> Result<(), Error> {
    match name {
        Some(name) if !encrypted && name.contains("_encrypted") => {
            Err(Error::MisleadingName { name: name.to_owned() })
        }
        _ => Ok(()),
    }
}

/// A path that is free: never is an archive overwritten. A name that was asked for must be free as
/// it is; a default one gets a number when two backups fall into one second.
fn free_name(folder: &Path, name: &str, exact: bool, encrypted: bool) -> Result<PathBuf, Error> {
    for attempt in 1_u32.. {
        let candidate = if attempt == 1 { name.to_owned() } else { format!("{name}_{attempt}") };
        let path = folder.join(archive_name(&candidate, encrypted));
        if path.symlink_metadata().is_err() {
            return Ok(path);
        }
        if exact {
            return Err(Error::NameTaken { path });
        }
    }
    unreachable!("a folder cannot hold so many files")
}
