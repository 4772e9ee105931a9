//! Looking at archives without unpacking them: one (`show`), or all of the folder (`list`).

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Seek};
use std::path::{Component, Path, PathBuf};

use archive::{ArchiveProbe, EncryptionScheme, Entry, Format, Info, KeyFault, Reader, Role};

use durable::with_suffix;

use inventory::{Actor, Permission};

use crate::create::is_safety_backup;
use crate::open_archive::{OpenArchive, probe};
use crate::permission::require;
use crate::places::{ENCRYPTED, PLAIN, is_archive_name};
use crate::{Engine, Error, Status, status};

/// The name by which people ask for the newest backup.
pub const LATEST: &str = "latest";

/// What an archive says about itself.
#[derive(Debug)]
pub struct Summary {
    /// The archive.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size: u64,
    /// How it is encrypted, if it is.
    pub lock: Option<EncryptionScheme>,
    /// What is inside; nothing where that takes a key that is not in hand.
    pub contents: Option<Contents>,
    /// When it was verified, if it was and has not changed since.
    pub status: Option<Status>,
}

/// What is inside an archive, by its own word.
#[derive(Debug)]
pub struct Contents {
    /// The layout, where the manifest could be read.
    pub format: Option<Format>,
    /// The manifest.
    pub info: Info,
    /// Rows of each table; empty for formats that do not state them.
    pub rows: BTreeMap<String, u64>,
    /// Bytes of the database.
    pub database_size: u64,
    /// Number and bytes of the datasheets.
    pub datasheets: (u64, u64),
    /// Number and bytes of the images.
    pub images: (u64, u64),
    /// Each file, with its hash where the archive states one.
    pub files: Vec<(String, u64, Option<archive::Sha256Hex>)>,
}

/// An archive in the folder of backups; an unreadable one keeps its place in the list.
#[derive(Debug)]
pub struct ListedArchive {
    /// The archive.
    pub path: PathBuf,
    /// What it says, or why it does not.
    pub summary: Result<Summary, Error>,
    /// When it was made: by its own word, or else by the time of the file. For sorting.
    pub created: String,
}

impl Engine {
    /// What is inside an archive. Reads its directory and manifest only, so it proves nothing. Without
    /// the key of an encrypted one, what can be told from outside.
    ///
    /// # Errors
    /// [`Error::Forbidden`], and those of opening an archive.
    pub fn show(&self, actor: &Actor, path: &Path) -> Result<Summary, Error> {
        require(actor, "looking at a backup", Permission::BackupCreate)?;
        self.summary_of(path)
    }

    pub(crate) fn summary_of(&self, path: &Path) -> Result<Summary, Error> {
        self.summary(path, |fault| matches!(fault, KeyFault::Missing(_)))
    }

    /// `from_outside` says for which want of a key it is enough to look from outside.
    fn summary(&self, path: &Path, from_outside: fn(KeyFault) -> bool) -> Result<Summary, Error> {
        let (lock, contents) = match self.open(path) {
            Ok(OpenArchive { reader, .. }) => (reader.encryption(), Some(Contents::of(&reader))),
            Err(error) if error.key_fault().is_some_and(from_outside) => {
                let ArchiveProbe { encryption: lock, entries } = probe(path)?;
                let shown = !entries.is_empty();
                (lock, shown.then(|| Contents::from_entries(None, Info::Legacy(None), &entries)))
            }
            Err(error) => return Err(error),
        };
        let size = path.metadata().map_err(Error::storage("read", path))?.len();
        Ok(Summary { path: path.to_owned(), size, lock, contents, status: status::read(path) })
    }

    /// Finds the archive that a person names: an existing file; or else one in the folder of backups, with or
    /// without `.zip` or `.zip.age`; or `latest`, see [`Engine::latest`].
    ///
    /// # Errors
    /// [`Error::NoSuchArchive`] for a bare name that nothing bears, [`Error::AmbiguousArchive`] when several files
    /// do. A path with folders in it is returned as it is; opening it says what is wrong with it.
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

    /// Returns the newest backup in the folder of backups, by the time that it states itself. Safety backups do not
    /// count: they hold what somebody replaced on purpose. Nor do files that are no usable archive.
    ///
    /// # Errors
    /// [`Error::NoBackups`] when there is none.
    pub fn latest(&self, actor: &Actor) -> Result<PathBuf, Error> {
        require(actor, "looking for a backup", Permission::BackupCreate)?;
        self.newest()
    }

    fn newest(&self) -> Result<PathBuf, Error> {
        let counts = |item: &ListedArchive| !is_safety_backup(&item.path) && item.is_usable();
        let newest = self.archives()?.into_iter().find(counts);
        newest.map(|item| item.path).ok_or_else(|| Error::NoBackups { folder: self.places.backups.clone() })
    }

    /// Lists the archives in the folder of backups, newest first.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Storage`]. An archive that cannot be read has its place in the list.
    pub fn list(&self, actor: &Actor) -> Result<Vec<ListedArchive>, Error> {
        require(actor, "listing the backups", Permission::BackupCreate)?;
        self.archives()
    }

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
            // The keys in hand are not those of all archives.
            let summary = self.summary(&path, |_| true);
            let stated =
                summary.as_ref().ok().and_then(|summary| summary.contents.as_ref()?.info.created_at());
            let created = stated.map_or_else(|| modified(&path), str::to_owned);
            listed.push(ListedArchive { path, summary, created });
        }
        listed.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| b.path.cmp(&a.path)));
        Ok(listed)
    }
}

impl ListedArchive {
    /// Returns whether the file is an archive that can be restored, as far as can be told without unpacking it.
    fn is_usable(&self) -> bool {
        let Ok(summary) = &self.summary else { return false };
        let manifest = summary.contents.as_ref().and_then(|contents| contents.info.v3());
        manifest.is_none_or(|manifest| manifest.damaged.is_none())
    }
}

impl Contents {
    fn of<R: Read + Seek>(reader: &Reader<R>) -> Self {
        Self::from_entries(Some(reader.format()), reader.info().clone(), reader.entries())
    }

    fn from_entries(format: Option<Format>, info: Info, entries: &[Entry]) -> Self {
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
            files: entries.iter().map(|e| (e.name.clone(), e.size, e.sha256)).collect(),
            info,
        }
    }
}

/// The time of a file as archives write theirs: local, ISO 8601.
fn modified(path: &Path) -> String {
    let time = path.metadata().and_then(|found| found.modified());
    time.map_or_else(
        |_| String::new(),
        |time| chrono::DateTime::<chrono::Local>::from(time).format("%Y-%m-%dT%H:%M:%S%.6f").to_string(),
    )
}
