//! Makes a backup: writes the database and the files, as they were at one moment, into an archive, and
//! reads the archive back before reporting success.

mod database;
mod files;
mod pack;
mod source;
mod unfinished;
mod write;
mod writeback;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use archive::{EncryptionMethod, EncryptionScheme, Keys, Manifest, Recipient};
use durable::folder_of;
use inventory::sqlite::RedactedPasswords;
use inventory::static_files::FileKind;
use inventory::{Actor, Permission};

use crate::database_files::copy_database;
use crate::files_cache::FilesCache;
use crate::places::archive_name;
use crate::session::Session;
use crate::status::{Fingerprint, status_file};
use crate::{Engine, Error, Event, Note, Observer, Status};

pub(crate) use source::Source;
use unfinished::PartialArchive;
pub(crate) use unfinished::{partial, unfinished_archive};
use write::{Output, WrittenArchive};

/// The options of a backup.
#[derive(Debug, Clone)]
pub struct BackupOptions {
    /// The name without extension. The default contains the current time.
    pub name: Option<String>,
    /// The folder for the archive. The default is the backup folder.
    pub output: Option<PathBuf>,
    /// Whether to include the datasheets.
    pub datasheets: bool,
    /// Whether to include the images.
    pub images: bool,
    /// Whether to include the environment file.
    pub env: bool,
    /// Whether to include the environment file even if the archive is not encrypted.
    pub env_in_the_clear: bool,
    /// Whether to read every file, also those that have not changed since the last backup. An encrypted backup always does.
    pub rescan: bool,
    /// How to encrypt the archive.
    pub encrypt: EncryptionChoice,
}

/// Maximum number of recipients. Each takes about 100 bytes of the header, which may have 64 KiB.
const MAX_RECIPIENTS: usize = 500;

/// Maximum number of attempts to write an archive when files change while they are read.
const MAX_ATTEMPTS: u32 = 3;

/// How one backup is encrypted.
#[derive(Debug, Clone, Default)]
pub enum EncryptionChoice {
    /// As the [`crate::EncryptionPolicy`] of the engine says.
    #[default]
    AsConfigured,
    /// For these recipients in addition to those of the policy.
    AlsoFor(Vec<Recipient>),
    /// With this method, regardless of the policy.
    With(EncryptionMethod),
    /// Without encryption.
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
            rescan: false,
            encrypt: EncryptionChoice::AsConfigured,
        }
    }
}

/// Why a backup is made. The purpose determines its default name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A user requested the backup.
    Manual,
    /// A safety backup before a restore.
    BeforeRestore,
    /// A safety backup before a migration of the schema.
    BeforeMigration,
    /// A backup of another inventory that is to be imported. That inventory is only read.
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

/// Returns whether an archive is a safety backup, judging by its name.
pub(crate) fn is_safety_backup(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    [Purpose::BeforeRestore, Purpose::BeforeMigration]
        .iter()
        .any(|purpose| name.starts_with(purpose.prefix()))
}

/// The report of a finished backup, which is durable and has been read back.
#[derive(Debug)]
pub struct BackupReport {
    /// The archive.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size: u64,
    /// Its manifest.
    pub manifest: Manifest,
    /// How the archive is encrypted; `None` if it is not.
    pub encryption: Option<EncryptionScheme>,
    /// The recorded status, with the time of verification.
    pub status: Status,
    /// Number of unchanged files that were taken over from the last backup in the same folder.
    pub unchanged: u64,
    /// Keys that open the archive in this process, even if it was encrypted for somebody else.
    pub(crate) keys: Keys,
    /// The passwords that were left out of the archive. They stay in the live database, because the original encrypts
    /// its scheduled backups with one of them.
    pub redacted: Vec<RedactedPasswords>,
    /// How often SQLite restarted the copy of the database. 0 as long as the snapshot stays pinned.
    pub snapshot_restarts: u32,
}

impl Engine {
    /// Makes a backup.
    ///
    /// # Errors
    /// After any error there is no archive of that name, and no temporary file remains.
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
            // Only if the lock file itself cannot be written: otherwise the inventory can be locked, and has to be.
            Err(Error::Storage { path, source, .. })
                if source.kind() == ErrorKind::ReadOnlyFilesystem && path == self.places.lock_file() =>
            {
                self.backup_of_read_only_mount(actor, options, observer)
            }
            session => session?.backup(options, Purpose::Manual, observer),
        }
    }

    /// Backs up an inventory on a read-only file system. Nothing can be locked there, and SQLite cannot open a
    /// database with a log, so SQLite works on a copy of the files.
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
            display_path: database,
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
    /// Writes an archive of `source`. The caller must hold a session if the source is the inventory of this engine, or
    /// if the archive goes into its backup folder.
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
            // The medium may not be mounted, or the path mistyped. Creating the folder would write to another disk.
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
        let mut cache = match encryption {
            None if !options.rescan => FilesCache::open(folder),
            _ => None,
        };
        let mut attempt = 1;
        // The file stays open, and thereby locked, until it has its final name, so that no other process removes it.
        let (unfinished, _out, written) = loop {
            let (unfinished, mut out) =
                PartialArchive::begin(self, &path, encryption.is_some(), source.private_copies)?;
            let output = Output { unfinished: &unfinished, out: &mut *out, encryption: encryption.as_ref() };
            match self.write_archive(options, source, output, cache.as_mut(), observer) {
                Ok(written) => break (unfinished, out, written),
                Err(error) => {
                    unfinished.discard(self);
                    // What is wrong may have been taken over. Of the next archive, every file is read.
                    let last = cache.take().filter(|_| matches!(error, Error::Archive { .. }));
                    if let Some(last) = &last {
                        let path = last.archive().to_owned();
                        observer.event(Event::Note(Note::NotTakenOver { path }));
                    }
                    // The partly written file cannot be removed from the archive, so the archive is written anew.
                    let again = last.is_some() || matches!(error, Error::FileBusy { .. });
                    if attempt == MAX_ATTEMPTS || !again {
                        return Err(error);
                    }
                }
            }
            attempt += 1;
        };
        let WrittenArchive { manifest, keys, fingerprint, redacted, restarts, recording, unchanged } =
            written;
        let placed = self.place_archive(&unfinished, &fingerprint, &path);
        let (size, status) = placed.inspect_err(|_| unfinished.discard(self))?;
        if let Some(recording) = recording {
            recording.finish(&path, fingerprint.identity);
        }
        let encryption = encryption.map(|encryption| encryption.scheme());
        Ok(BackupReport {
            path,
            size,
            manifest,
            encryption,
            status,
            unchanged,
            keys,
            redacted,
            snapshot_restarts: restarts,
        })
    }

    /// Returns the encryption method for a backup; `None` for no encryption.
    ///
    /// # Errors
    /// [`Error::EncryptionRequired`], [`Error::TooManyRecipients`].
    pub(crate) fn encryption(&self, wanted: &EncryptionChoice) -> Result<Option<EncryptionMethod>, Error> {
        let configured = &self.encryption_policy.recipients;
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
        if recipients.is_empty() && self.encryption_policy.required {
            let why = match wanted {
                EncryptionChoice::Not => "this backup was requested without encryption",
                _ => "no recipients are configured",
            };
            return Err(Error::EncryptionRequired { why });
        }
        if recipients.len() > MAX_RECIPIENTS {
            return Err(Error::TooManyRecipients { found: recipients.len(), limit: MAX_RECIPIENTS });
        }
        Ok((!recipients.is_empty()).then_some(EncryptionMethod::Recipients(recipients)))
    }

    /// Refuses a backup folder inside the static files: each archive would become part of the next one, and of itself.
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

    /// Writes the status file, then renames a finished archive to its final name. An archive with a final name is
    /// therefore complete and durable. Returns its size and status.
    fn place_archive(
        &self,
        unfinished: &PartialArchive,
        fingerprint: &Fingerprint,
        path: &Path,
    ) -> Result<(u64, Status), Error> {
        let archive = &unfinished.archive;
        let size = archive.metadata().map_err(Error::storage("read", archive))?.len();
        let status = self.note_verified(archive, fingerprint, path)?;
        let renamed = self.disk.rename_new(archive, path);
        renamed.inspect_err(|_| drop(self.disk.remove(&status_file(path))))?;
        let synced = self.disk.sync_folder(folder_of(path));
        synced.inspect_err(|_| drop(self.remove_archive(path)))?;
        Ok((size, status))
    }

    /// Removes an archive, its status file and its files cache.
    pub(crate) fn remove_archive(&self, path: &Path) -> Result<(), Error> {
        FilesCache::remove_with(&self.disk, path);
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

/// Maximum length of a backup name in bytes. File systems allow file names of 255 bytes, and the longest name derived
/// from that of a backup is the partial status file, `NAME.zip.age.status.json.partial`.
const MAX_NAME: usize = 255 - ".zip.age.status.json.partial".len();

/// Refuses a name that is empty, too long, or has characters other than ASCII letters, digits, `-` and `_`.
pub(crate) fn check_name(name: Option<&str>) -> Result<(), Error> {
    let Some(name) = name else { return Ok(()) };
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(allowed) {
        return Err(Error::Name { name: name.to_owned(), limit: MAX_NAME });
    }
    Ok(())
}

/// Refuses a name with `_encrypted` for an unencrypted backup. MakerMatrix 1.x goes by the name, and would ask for a
/// password that does not exist.
fn refuse_misleading(name: Option<&str>, encrypted: bool) -> Result<(), Error> {
    match name {
        Some(name) if !encrypted && name.contains("_encrypted") => {
            Err(Error::MisleadingName { name: name.to_owned() })
        }
        _ => Ok(()),
    }
}

/// Returns a free path for an archive, so that no archive is ever overwritten. An `exact` name is not altered.
/// A default name gets a number if it is taken, as when two backups start within the same second.
///
/// # Errors
/// [`Error::NameTaken`] when an `exact` name is taken.
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
