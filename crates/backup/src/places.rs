//! Where an inventory keeps its things, and what the engine calls its own files there.
//!
//! State of a restore lies beside the database it belongs to, under the database's own name, so
//! that the next start finds it whatever else was configured, and so that several databases can
//! share a folder.

use std::path::{Path, PathBuf};

use durable::{folder_of, is_id, resolve, with_suffix};
use inventory::restore_names::RESTORE_MARKER;
use inventory::static_files::FileKind;

use crate::Error;

/// The places of one inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// The SQLite database.
    pub database: PathBuf,
    /// The folder with `datasheets/` and `images/`.
    pub static_files: PathBuf,
    /// The folder archives are written to and listed from.
    pub backups: PathBuf,
    /// The environment file that a backup may include.
    pub env_file: PathBuf,
}

impl Places {
    /// The usual layout in one folder.
    pub fn in_folder(data: &Path) -> Self {
        Self {
            database: data.join(archive::DATABASE),
            static_files: data.join("static"),
            backups: data.join("backups"),
            env_file: data.join(".env"),
        }
    }

    /// Replaces the database by the one a `DATABASE_URL` names: `sqlite:///relative/path` or
    /// `sqlite:////absolute/path`, as the original writes it.
    ///
    /// # Errors
    /// [`Error::DatabaseUrl`] for anything else.
    pub fn with_database_url(mut self, url: &str) -> Result<Self, Error> {
        let wrong = |why: &str| Error::DatabaseUrl { url: hide_password(url), why: why.to_owned() };
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Err(wrong("PostgreSQL is not supported by this version yet"));
        }
        let path = url.strip_prefix("sqlite://").and_then(|rest| rest.strip_prefix('/'));
        let path = path.ok_or_else(|| wrong("it is neither sqlite:///relative nor sqlite:////absolute"))?;
        if path.is_empty() || path == ":memory:" {
            return Err(wrong("it names no file"));
        }
        if path.contains('?') {
            return Err(wrong("it has parameters, which are not supported"));
        }
        self.database = PathBuf::from(path);
        Ok(self)
    }

    /// The same places without symbolic links in their paths. Lock, journal and staging folders lie
    /// beside the database under its name, so everybody has to call the database the same.
    #[must_use]
    pub fn resolved(self) -> Self {
        // What cannot be resolved cannot be opened either, and that is told then.
        let real = |path: PathBuf| resolve(&path).unwrap_or(path);
        Self {
            database: real(self.database),
            static_files: real(self.static_files),
            backups: real(self.backups),
            env_file: self.env_file,
        }
    }

    /// Refuses a database whose path is not Unicode: the library that runs the use cases takes text.
    pub(crate) fn require_text(&self) -> Result<(), Error> {
        match self.database.to_str() {
            Some(_) => Ok(()),
            None => Err(Error::PathNotText { path: self.database.clone() }),
        }
    }

    /// Refuses a database that cannot be worked with because of its path.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.require_text()?;
        self.refuse_hard_links()
    }

    /// Refuses a database that has several names. SQLite keeps its log, and the engine its lock and its
    /// journals, beside one of them; what is opened by another misses all of that, and is damaged
    /// (<https://sqlite.org/howtocorrupt.html>, 2.6).
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

    /// Held while the inventory is backed up or restored.
    pub(crate) fn lock_file(&self) -> PathBuf {
        with_suffix(&self.database, ".lock")
    }

    pub(crate) fn journal(&self, id: &str) -> PathBuf {
        with_suffix(&self.database, &format!("{RESTORE_MARKER}{id}.json"))
    }

    /// Where the database of a restore is staged.
    pub(crate) fn database_stage(&self, id: &str) -> PathBuf {
        with_suffix(&self.database, &format!("{RESTORE_MARKER}{id}"))
    }

    pub(crate) fn staged_database(&self, id: &str) -> PathBuf {
        self.database_stage(id).join(archive::DATABASE)
    }

    /// A copy of a database that nobody else is to see: one that goes into an encrypted archive, or one of
    /// another program that is imported. It lies where the data lies, and not in the clear beside the
    /// archive, perhaps on a medium that is meant to be lost one day.
    pub(crate) fn private_copy(&self, id: &str) -> PathBuf {
        with_suffix(&self.database, &format!("{COPY}{id}"))
    }

    /// What killed backups and imports left of those copies. To be asked under the lock, when nobody is making one.
    pub(crate) fn abandoned_copies(&self) -> std::io::Result<Vec<PathBuf>> {
        let folder = folder_of(&self.database);
        let mark = format!("{}{COPY}", self.database.file_name().unwrap_or_default().to_string_lossy());
        let mut found = Vec::new();
        if folder.exists() {
            for entry in std::fs::read_dir(folder)? {
                let entry = entry?;
                let name = entry.file_name().to_string_lossy().into_owned();
                // SQLite's own files beside it have the same beginning.
                let id = name.strip_prefix(&mark).and_then(|rest| rest.get(..36));
                if id.is_some_and(is_id) {
                    found.push(entry.path());
                }
            }
        }
        Ok(found)
    }

    /// Where an unusable live database is kept.
    pub(crate) fn set_aside(&self, id: &str) -> PathBuf {
        with_suffix(&self.database, &format!(".damaged-{id}"))
    }
}

/// Between the name of the database and the id of a backup.
const COPY: &str = ".backup-";

/// What the names of our archives end with.
pub(crate) const PLAIN: &str = ".zip";
pub(crate) const ENCRYPTED: &str = ".zip.age";

/// The name of an archive in a file.
pub(crate) fn archive_name(name: &str, encrypted: bool) -> String {
    format!("{name}{}", if encrypted { ENCRYPTED } else { PLAIN })
}

/// The name of a backup: that of its file without what all have.
pub(crate) fn backup_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.strip_suffix(ENCRYPTED).or_else(|| name.strip_suffix(PLAIN));
    stem.unwrap_or(&name).to_owned()
}

/// Whether a file is called as archives are. What it is, only its content tells.
pub(crate) fn is_archive_name(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with(PLAIN) || name.ends_with(ENCRYPTED)
}

/// Starts with what listings of static files pass over.
const STAGE_PREFIX: &str = ".mm-restore-";

/// Where the files of a restore are staged: inside the folder they go to, so that moving them is a
/// rename even where that folder is a mount of its own.
pub(crate) fn file_stage(static_root: &Path, kind: FileKind, id: &str) -> PathBuf {
    static_root.join(kind.folder()).join(format!("{STAGE_PREFIX}{id}"))
}

/// The staging folders below a static folder, whoever left them.
pub(crate) fn file_stages(static_root: &Path) -> std::io::Result<Vec<(PathBuf, String)>> {
    let mut found = Vec::new();
    for kind in FileKind::ALL {
        let folder = static_root.join(kind.folder());
        // What else lies there is named by whoever needs the folder.
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
