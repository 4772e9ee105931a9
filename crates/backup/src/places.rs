//! The paths of an inventory, and the names of the engine's own files there.
//!
//! The state of a restore is stored beside its database, under a name that starts with that of the
//! database. So the next start finds it whatever else is configured, and several databases can
//! share a folder.

use std::path::{Path, PathBuf};

use durable::{folder_of, is_id, resolve, with_suffix};
use inventory::DatabaseUrl;
use inventory::restore_names::RESTORE_MARKER;
use inventory::static_files::FileKind;

use crate::Error;

/// The paths of one inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// The SQLite database.
    pub database: PathBuf,
    /// The folder with `datasheets/` and `images/`.
    pub static_files: PathBuf,
    /// The backup folder, where archives are written and listed.
    pub backups: PathBuf,
    /// The environment file that a backup may include.
    pub env_file: PathBuf,
}

impl Places {
    /// Returns the default layout in one folder.
    pub fn in_folder(data: &Path) -> Self {
        Self {
            database: data.join(archive::DATABASE),
            static_files: data.join("static"),
            backups: data.join("backups"),
            env_file: data.join(".env"),
        }
    }

    /// Replaces the path of the database by that of a `DATABASE_URL`: `sqlite:///relative/path` or
    /// `sqlite:////absolute/path`, the format of the original.
    ///
    /// # Errors
    /// [`Error::DatabaseUrl`] for anything else, [`Error::EngineNotSupported`] for PostgreSQL.
    pub fn with_database_url(mut self, url: &str) -> Result<Self, Error> {
        let shown = || hide_password(url);
        self.database = match url.parse::<DatabaseUrl>() {
            Ok(DatabaseUrl::Sqlite(path)) => path,
            Ok(DatabaseUrl::Postgres(_)) => {
                return Err(Error::EngineNotSupported { url: shown(), engine: "PostgreSQL" });
            }
            Err(problem) => return Err(Error::DatabaseUrl { url: shown(), problem }),
        };
        Ok(self)
    }

    /// Resolves the symbolic links in the paths. Lock, journal and staging folders are named after the
    /// database, so every process has to use the same path of the database.
    #[must_use]
    pub fn resolved(self) -> Self {
        // A path that cannot be resolved cannot be opened either, and opening it reports the error.
        let real = |path: PathBuf| resolve(&path).unwrap_or(path);
        Self {
            database: real(self.database),
            static_files: real(self.static_files),
            backups: real(self.backups),
            env_file: self.env_file,
        }
    }

    /// Refuses a database whose path is not Unicode, because the database library takes paths as text.
    pub(crate) fn require_text(&self) -> Result<(), Error> {
        match self.database.to_str() {
            Some(_) => Ok(()),
            None => Err(Error::PathNotText { path: self.database.clone() }),
        }
    }

    /// Refuses a database with an unsuitable path: one that is not Unicode, or has several hard links.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.require_text()?;
        self.refuse_hard_links()
    }

    /// Refuses a database with several hard links. SQLite stores its log beside one of the names, and so does
    /// the engine with its lock and journals. A process that opens the database by another name misses these
    /// files and damages the database (<https://sqlite.org/howtocorrupt.html>, 2.6).
    fn refuse_hard_links(&self) -> Result<(), Error> {
        #[cfg(unix)]
        if let Ok(found) = self.database.metadata() {
            let names = std::os::unix::fs::MetadataExt::nlink(&found);
            if found.is_file() && names > 1 {
                return Err(Error::HardLinks { path: self.database.clone(), names });
            }
        }
        Ok(())
    }

    /// Returns the path of the file that is locked while the inventory is backed up or restored.
    pub(crate) fn lock_file(&self) -> PathBuf {
        with_suffix(&self.database, ".lock")
    }

    /// Returns the path of the journal of a restore.
    pub(crate) fn journal(&self, id: &str) -> PathBuf {
        with_suffix(&self.database, &format!("{RESTORE_MARKER}{id}.json"))
    }

    /// Returns the folder in which the database of a restore is staged.
    pub(crate) fn database_stage(&self, id: &str) -> PathBuf {
        with_suffix(&self.database, &format!("{RESTORE_MARKER}{id}"))
    }

    /// Returns the path of the staged database of a restore.
    pub(crate) fn staged_database(&self, id: &str) -> PathBuf {
        self.database_stage(id).join(archive::DATABASE)
    }

    /// Returns the path of a confidential copy of a database: one for an encrypted archive, or one of a database that
    /// is imported. The copy is beside the live database. Beside the archive, an unencrypted copy could end up on a
    /// removable medium.
    pub(crate) fn private_copy(&self, id: &str) -> PathBuf {
        with_suffix(&self.database, &format!("{COPY_MARKER}{id}"))
    }

    /// Returns the private copies that killed backups and imports left behind. The caller must hold the lock, so that
    /// no other process is making such a copy.
    pub(crate) fn abandoned_copies(&self) -> std::io::Result<Vec<PathBuf>> {
        let folder = folder_of(&self.database);
        let marker =
            format!("{}{COPY_MARKER}", self.database.file_name().unwrap_or_default().to_string_lossy());
        let mut found = Vec::new();
        if folder.exists() {
            for entry in std::fs::read_dir(folder)? {
                let entry = entry?;
                let name = entry.file_name().to_string_lossy().into_owned();
                // The files that SQLite creates beside a copy start with the same name.
                let id = name.strip_prefix(&marker).and_then(|rest| rest.get(..36));
                if id.is_some_and(is_id) {
                    found.push(entry.path());
                }
            }
        }
        Ok(found)
    }

    /// Returns the path to which an unusable live database is moved.
    pub(crate) fn set_aside(&self, id: &str) -> PathBuf {
        with_suffix(&self.database, &format!(".damaged-{id}"))
    }
}

/// The part of a private copy's name between the name of the database and the id of the backup.
const COPY_MARKER: &str = ".backup-";

/// The extensions of archives of this program.
pub(crate) const PLAIN: &str = ".zip";
pub(crate) const ENCRYPTED: &str = ".zip.age";

/// Returns the file name of the archive of a backup.
pub(crate) fn archive_name(name: &str, encrypted: bool) -> String {
    format!("{name}{}", if encrypted { ENCRYPTED } else { PLAIN })
}

/// Returns the name of a backup: its file name without extension.
pub(crate) fn backup_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.strip_suffix(ENCRYPTED).or_else(|| name.strip_suffix(PLAIN));
    stem.unwrap_or(&name).to_owned()
}

/// Returns whether the name of a file has the extension of an archive. Says nothing about the content.
pub(crate) fn is_archive_name(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with(PLAIN) || name.ends_with(ENCRYPTED)
}

/// The prefix of staging folders. Listings of static files skip names that start with a dot.
const STAGE_PREFIX: &str = ".mm-restore-";

/// Returns the folder in which the files of a restore are staged. It is inside their destination folder, so that
/// a rename moves them even if that folder is a mount point.
pub(crate) fn file_stage(static_root: &Path, kind: FileKind, id: &str) -> PathBuf {
    static_root.join(kind.folder()).join(format!("{STAGE_PREFIX}{id}"))
}

/// Returns all staging folders below a static folder, with the ids of their restores.
pub(crate) fn file_stages(static_root: &Path) -> std::io::Result<Vec<(PathBuf, String)>> {
    let mut found = Vec::new();
    for kind in FileKind::ALL {
        let folder = static_root.join(kind.folder());
        // Anything other than a folder is reported by the code that needs the folder.
        if folder.is_dir() {
            for entry in std::fs::read_dir(folder)? {
                let entry = entry?;
                if let Some(id) = entry.file_name().to_string_lossy().strip_prefix(STAGE_PREFIX) {
                    found.push((entry.path(), id.to_owned()));
                }
            }
        }
    }
    Ok(found)
}

/// Replaces the user name and the password in a URL by an ellipsis.
fn hide_password(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(start), Some(end)) if start < end => format!("{}://…{}", &url[..start], &url[end..]),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn database_urls_are_read_as_the_original_reads_them() {
        let places = Places::in_folder(Path::new("data"));
        let read = |url: &str| places.clone().with_database_url(url).map(|places| places.database);
        assert_eq!(read("sqlite:///shop.db").unwrap(), Path::new("shop.db"));
        assert_eq!(read("sqlite:////srv/shop.db").unwrap(), Path::new("/srv/shop.db"));
        for url in
            ["sqlite://", "sqlite:///", "sqlite:///:memory:", "mysql://x", "shop.db", "sqlite:///a?b=c"]
        {
            assert!(read(url).is_err(), "{url}");
        }
        let message = read("postgres://me:secret@host/db").unwrap_err().to_string();
        assert!(message.contains("PostgreSQL") && !message.contains("secret"), "{message}");
    }
}
