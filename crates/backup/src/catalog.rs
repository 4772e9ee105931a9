//! Describes archives without unpacking them: a single one (`show`), or all in the backup folder (`list`).

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Seek};
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use archive::{ArchiveProbe, EncryptionScheme, Entry, Format, Info, KeyFault, Reader, Role};

use durable::with_suffix;

use inventory::{Actor, Permission};

use crate::create::is_safety_backup;
use crate::open_archive::{OpenArchive, probe};
use crate::permission::require;
use crate::places::{ENCRYPTED, PLAIN, is_archive_name};
use crate::{Engine, Error, Status};

/// The name that stands for the newest backup.
pub const LATEST: &str = "latest";

/// The description of an archive.
#[derive(Debug)]
pub struct Summary {
    /// The archive.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size: u64,
    /// How the archive is encrypted; `None` if it is not.
    pub encryption: Option<EncryptionScheme>,
    /// The contents; `None` if reading them takes a key that was not given.
    pub contents: Option<Contents>,
    /// The recorded status; `None` if the archive was never verified, or has changed since.
    pub status: Option<Status>,
}

/// The contents of an archive, as its own manifest and directory state them.
#[derive(Debug)]
pub struct Contents {
    /// The format; `None` if the manifest could not be read.
    pub format: Option<Format>,
    /// The manifest.
    pub info: Info,
    /// Number of rows per table; empty for formats that do not record it.
    pub rows: BTreeMap<String, u64>,
    /// Size of the database in bytes.
    pub database_size: u64,
    /// Number and total bytes of the datasheets.
    pub datasheets: (u64, u64),
    /// Number and total bytes of the images.
    pub images: (u64, u64),
    /// The entries; empty in a list of archives, where they would take too much memory.
    pub files: Vec<Entry>,
}

/// An archive in the backup folder. Unreadable archives are listed, too.
#[derive(Debug)]
pub struct ListedArchive {
    /// The archive.
    pub path: PathBuf,
    /// The description of the archive, or why it could not be read.
    pub summary: Result<Summary, Error>,
    /// When the archive was made, for sorting: as its manifest states, or else the modification time of the file.
    pub created: String,
}

impl Engine {
    /// Describes an archive. Reads only its directory and manifest, so the result proves nothing about its
    /// content. If the key of an encrypted archive is missing, describes what is readable without the key.
    ///
    /// # Errors
    /// [`Error::Forbidden`], and the errors of opening an archive.
    pub fn show(&self, actor: &Actor, path: &Path) -> Result<Summary, Error> {
        require(actor, "looking at a backup", Permission::BackupCreate)?;
        let summary = self.summary_of(path)?;
        Ok(Summary { status: self.status_of(path), ..summary })
    }

    /// Describes an archive without its status.
    pub(crate) fn summary_of(&self, path: &Path) -> Result<Summary, Error> {
        self.summary(path, |fault| matches!(fault, KeyFault::Missing(_)))
    }

    /// Describes an archive without its status. For the key faults that `probe_if` accepts, describes what is readable without a key.
    fn summary(&self, path: &Path, probe_if: fn(KeyFault) -> bool) -> Result<Summary, Error> {
        let (encryption, contents) = match self.open(path) {
            Ok(OpenArchive { reader, .. }) => (reader.encryption(), Some(Contents::of(reader))),
            Err(error) if error.key_fault().is_some_and(probe_if) => {
                let ArchiveProbe { encryption, entries } = probe(path)?;
                let shown = !entries.is_empty();
                (encryption, shown.then(|| Contents::from_entries(None, Info::Legacy(None), entries)))
            }
            Err(error) => return Err(error),
        };
        let size = path.metadata().map_err(Error::storage("read", path))?.len();
        Ok(Summary { path: path.to_owned(), size, encryption, contents, status: None })
    }

    /// Finds the archive that a user named. `named` is an existing file; or the name of an archive in the backup
    /// folder, with or without `.zip` or `.zip.age`; or `latest`, see [`Engine::latest`]. A path that contains
    /// folders is returned unchanged, and opening it reports what is wrong with it.
    ///
    /// # Errors
    /// [`Error::NoSuchArchive`] when no file has that name, [`Error::AmbiguousArchive`] when several have.
    pub fn find_archive(&self, actor: &Actor, named: &Path) -> Result<PathBuf, Error> {
        require(actor, "looking for a backup", Permission::BackupCreate)?;
        let bare = matches!(named.components().collect::<Vec<_>>().as_slice(), [Component::Normal(_)]);
        if !bare || named.metadata().is_ok_and(|found| !found.is_dir()) {
            return Ok(named.to_owned());
        }
        let folder = &self.places.backups;
        let exact = folder.join(named);
        if exact.is_file() && is_archive_name(&exact) {
            return Ok(exact);
        }
        let candidates = [PLAIN, ENCRYPTED, ".age"].map(|ending| with_suffix(&exact, ending));
        let is_archive = |path: &PathBuf| path.is_file() && is_archive_name(path);
        let mut found: Vec<PathBuf> = candidates.into_iter().filter(is_archive).collect();
        if named == Path::new(LATEST) {
            match self.newest() {
                Err(Error::NoBackups { .. }) if !found.is_empty() => {}
                Ok(latest) if found.contains(&latest) => {}
                latest => found.push(latest?),
            }
        }
        match found.len() {
            0 if named.exists() => Ok(named.to_owned()),
            0 => Err(Error::NoSuchArchive { name: named.to_owned(), folder: folder.clone() }),
            1 => Ok(found.remove(0)),
            _ => Err(Error::AmbiguousArchive { name: named.to_owned(), found }),
        }
    }

    /// Finds an archive in the backup folder by its file name, which must not contain folders.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NoSuchArchive`].
    pub fn listed_archive(&self, actor: &Actor, name: &str) -> Result<PathBuf, Error> {
        require(actor, "looking for a backup", Permission::BackupCreate)?;
        self.archive_in_folder(name)
    }

    pub(crate) fn archive_in_folder(&self, name: &str) -> Result<PathBuf, Error> {
        let folder = &self.places.backups;
        let bare = matches!(Path::new(name).components().collect::<Vec<_>>().as_slice(), [Component::Normal(only)] if *only == name);
        let path = folder.join(name);
        if bare && !name.starts_with('.') && is_archive_name(&path) && path.is_file() {
            return Ok(path);
        }
        Err(Error::NoSuchArchive { name: PathBuf::from(name), folder: folder.clone() })
    }

    /// Returns the newest backup in the backup folder, by the time that its manifest states. Skips safety backups,
    /// which hold data that was replaced on purpose, and files that cannot be restored.
    ///
    /// # Errors
    /// [`Error::NoBackups`] when there is no backup.
    pub fn latest(&self, actor: &Actor) -> Result<PathBuf, Error> {
        require(actor, "looking for a backup", Permission::BackupCreate)?;
        self.newest()
    }

    fn newest(&self) -> Result<PathBuf, Error> {
        let counts = |item: &ListedArchive| !item.is_safety_backup() && item.is_usable();
        let newest = self.archives()?.into_iter().find(counts);
        newest.map(|item| item.path).ok_or_else(|| Error::NoBackups { folder: self.places.backups.clone() })
    }

    /// Lists the archives in the backup folder, newest first, including those that cannot be read.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Storage`], [`Error::Cancelled`].
    pub fn list(&self, actor: &Actor) -> Result<Vec<ListedArchive>, Error> {
        require(actor, "listing the backups", Permission::BackupCreate)?;
        let mut listed = self.archives()?;
        for item in &mut listed {
            if let Ok(summary) = &mut item.summary {
                summary.status = self.status_of(&item.path);
            }
            self.cancellation.check()?;
        }
        Ok(listed)
    }

    /// Returns when the newest verified and the newest proven backup in the backup folder were made. Skips safety backups,
    /// which hold data that was replaced on purpose.
    ///
    /// # Errors
    /// The errors of [`Engine::list`].
    pub fn newest_checked(&self, actor: &Actor) -> Result<NewestChecked, Error> {
        Ok(NewestChecked::of(&self.list(actor)?))
    }

    /// Describes an archive in the backup folder as [`Engine::list`] does, also if it cannot be read.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NoSuchArchive`].
    pub fn describe(&self, actor: &Actor, name: &str) -> Result<ListedArchive, Error> {
        let mut listed = self.described(self.listed_archive(actor, name)?);
        if let Ok(summary) = &mut listed.summary {
            summary.status = self.status_of(&listed.path);
        }
        Ok(listed)
    }

    /// Describes an archive without its status.
    fn described(&self, path: PathBuf) -> ListedArchive {
        // The given keys need not open every archive in the folder.
        let mut summary = self.summary(&path, |_| true);
        if let Ok(Summary { contents: Some(contents), .. }) = &mut summary {
            contents.files = Vec::new();
        }
        let stated = summary.as_ref().ok().and_then(|summary| summary.contents.as_ref()?.info.created_at());
        let created = stated.map_or_else(|| modification_time(&path), str::to_owned);
        ListedArchive { path, summary, created }
    }

    /// Describes the archives in the backup folder without their statuses, newest first.
    fn archives(&self) -> Result<Vec<ListedArchive>, Error> {
        let folder = &self.places.backups;
        let failed = || Error::storage("read", folder);
        if !folder.exists() {
            return Ok(Vec::new());
        }
        let mut listed = Vec::new();
        for entry in fs::read_dir(folder).map_err(failed())? {
            let path = entry.map_err(failed())?.path();
            let hidden = path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
            if hidden || !is_archive_name(&path) {
                continue;
            }
            listed.push(self.described(path));
        }
        listed.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| b.path.cmp(&a.path)));
        Ok(listed)
    }
}

/// When the newest checked backups were made, in seconds since 1970. `None` if there is no such backup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NewestChecked {
    /// The newest backup that was verified.
    pub verified: Option<i64>,
    /// The newest backup that was proven by a drill.
    pub proven: Option<i64>,
}

impl NewestChecked {
    /// Finds the newest checked backups in a list. Skips safety backups.
    pub fn of(listed: &[ListedArchive]) -> Self {
        let mut newest = Self::default();
        for item in listed.iter().filter(|item| !item.is_safety_backup()) {
            let Some(status) = item.summary.as_ref().ok().and_then(|summary| summary.status.as_ref()) else {
                continue;
            };
            let made = item.made_at();
            newest.verified = newest.verified.max(made);
            newest.proven = newest.proven.max(status.proven.as_ref().and(made));
        }
        newest
    }
}

impl ListedArchive {
    /// Returns when the archive was made, in seconds since 1970: as its manifest states, or else the modification time.
    pub fn made_at(&self) -> Option<i64> {
        let contents = self.summary.as_ref().ok().and_then(|summary| summary.contents.as_ref());
        let stated =
            contents.and_then(|contents| contents.info.v3()).map(|manifest| &manifest.created_at_utc);
        let stated = stated.and_then(|text| chrono::DateTime::parse_from_rfc3339(text).ok());
        let modified = || self.path.metadata().and_then(|found| found.modified()).ok();
        let seconds = |time: SystemTime| chrono::DateTime::<chrono::Utc>::from(time).timestamp();
        stated.map(|time| time.timestamp()).or_else(|| modified().map(seconds))
    }

    /// Returns whether the archive holds what a restore or a migration replaced, judging by its name.
    pub fn is_safety_backup(&self) -> bool {
        is_safety_backup(&self.path)
    }

    /// Returns whether the archive looks restorable, judging by its directory and manifest.
    pub fn is_usable(&self) -> bool {
        let Ok(summary) = &self.summary else { return false };
        let manifest = summary.contents.as_ref().and_then(|contents| contents.info.v3());
        manifest.is_none_or(|manifest| manifest.damaged.is_none())
    }
}

impl Contents {
    fn of<R: Read + Seek>(reader: Reader<R>) -> Self {
        Self::from_entries(Some(reader.format()), reader.info().clone(), reader.into_entries())
    }

    fn from_entries(format: Option<Format>, info: Info, entries: Vec<Entry>) -> Self {
        let total = |role: Role| {
            let of_role = entries.iter().filter(|entry| entry.role == role);
            of_role.fold((0, 0), |(count, bytes), entry| (count + 1, bytes + entry.size))
        };
        let rows = info
            .v3()
            .map(|manifest| manifest.tables.iter().map(|(name, table)| (name.clone(), table.rows)).collect());
        Self {
            format,
            rows: rows.unwrap_or_default(),
            database_size: total(Role::Database).1,
            datasheets: total(Role::Datasheet),
            images: total(Role::Image),
            files: entries,
            info,
        }
    }
}

/// Returns the modification time of a file in the format of manifests: local time, ISO 8601.
fn modification_time(path: &Path) -> String {
    let time = path.metadata().and_then(|found| found.modified());
    time.map_or_else(
        |_| String::new(),
        |time| chrono::DateTime::<chrono::Local>::from(time).format("%Y-%m-%dT%H:%M:%S%.6f").to_string(),
    )
}
