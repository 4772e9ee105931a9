//! The journal of a restore. It is written before the first live file is changed, and removed when the last
//! file is in place. While it exists, the marker in the live database decides whether the restore is finished or
//! discarded.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use durable::{folder_of, regular_file};
use inventory::static_files::FileKind;
use serde::{Deserialize, Serialize};

use crate::file_changes::FileChanges;
use crate::{Engine, Error};

/// The version of the journal's format.
const FORMAT: u32 = 1;

/// The changes that a restore is about to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Journal {
    format: u32,
    /// The id of the restore. It is the marker in the database, and part of the names of all staging folders.
    pub(crate) id: String,
    /// The path of the archive, for messages.
    pub(crate) archive: String,
    /// The absolute path of the static files at the time of the restore.
    #[serde(with = "path")]
    pub(crate) static_files: PathBuf,
    /// How the database is replaced.
    pub(crate) commit: CommitBy,
    /// Files that do not exist yet.
    pub(crate) add: Vec<FileName>,
    /// Files whose content changes.
    pub(crate) replace: Vec<FileName>,
    /// Files to remove.
    pub(crate) remove: Vec<FileName>,
}

/// Serializes a path as text if it is Unicode, and as bytes otherwise.
mod path {
    use std::path::{Path, PathBuf};

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Stored {
        Text(String),
        Bytes(Vec<u8>),
    }

    pub(super) fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
        let stored = match path.to_str() {
            Some(text) => Stored::Text(text.to_owned()),
            None => Stored::Bytes(path.as_os_str().as_encoded_bytes().to_vec()),
        };
        stored.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
        match Stored::deserialize(deserializer)? {
            Stored::Text(text) => Ok(text.into()),
            #[cfg(unix)]
            Stored::Bytes(bytes) => {
                Ok(<std::ffi::OsString as std::os::unix::ffi::OsStringExt>::from_vec(bytes).into())
            }
            #[cfg(not(unix))]
            Stored::Bytes(_) => Err(serde::de::Error::custom("a path of another system")),
        }
    }
}

/// How the database is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CommitBy {
    /// One SQLite transaction that replaces every page.
    Transaction,
    /// A rename, if there is no database that SQLite can use.
    Rename,
}

/// The name of a static file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileName {
    folder: Cow<'static, str>,
    pub(crate) path: String,
}

impl FileName {
    pub(crate) fn new(kind: FileKind, path: &str) -> Self {
        Self { folder: kind.folder().into(), path: path.to_owned() }
    }

    /// Returns the kind of the file. A damaged journal may name another folder; then `None`.
    pub(crate) fn kind(&self) -> Option<FileKind> {
        FileKind::ALL.into_iter().find(|kind| kind.folder() == self.folder)
    }
}

impl Journal {
    /// Returns the journal of a restore that makes these changes to the files.
    pub(crate) fn new(
        id: &str,
        archive: &Path,
        static_files: &Path,
        commit: CommitBy,
        changes: &[FileChanges],
    ) -> Self {
        let names = |of: fn(&FileChanges) -> &[String]| {
            let names = |changes: &FileChanges| {
                of(changes).iter().map(|path| FileName::new(changes.kind, path)).collect::<Vec<_>>()
            };
            changes.iter().flat_map(names).collect()
        };
        Self {
            format: FORMAT,
            id: id.to_owned(),
            archive: archive.display().to_string(),
            static_files: std::path::absolute(static_files).unwrap_or_else(|_| static_files.to_owned()),
            commit,
            add: names(|changes| &changes.add),
            replace: names(|changes| &changes.replace),
            remove: names(|changes| &changes.remove),
        }
    }

    /// Writes the journal durably.
    pub(crate) fn write(&self, engine: &Engine) -> Result<(), Error> {
        let path = engine.places.journal(&self.id);
        let json = serde_json::to_vec_pretty(self).expect("a plain struct becomes JSON");
        Ok(engine.disk.write_durably(&path, &json)?)
    }

    /// Reads a journal and checks its format and its file names.
    ///
    /// # Errors
    /// [`Error::Journal`], [`Error::Storage`].
    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        let wrong = |why: String| Error::Journal { path: path.to_owned(), why };
        let bytes = regular_file::read(path).map_err(Error::storage("read", path))?;
        let journal: Self = serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
        if journal.format != FORMAT {
            return Err(wrong(format!(
                "it has format {}, but this version reads format {FORMAT} only",
                journal.format
            )));
        }
        let files = journal.add.iter().chain(&journal.replace).chain(&journal.remove);
        for file in files {
            if file.kind().is_none()
                || archive::name::check(&format!("{}/{}", file.folder, file.path)).is_err()
            {
                return Err(wrong(format!("it names the file {:?}", file.path)));
            }
        }
        Ok(journal)
    }

    /// Removes the journal durably.
    pub(crate) fn remove(&self, engine: &Engine) -> Result<(), Error> {
        let path = engine.places.journal(&self.id);
        engine.disk.remove(&path)?;
        Ok(engine.disk.sync_folder(folder_of(&path))?)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::ffi::OsStringExt;

    use super::*;

    #[test]
    fn a_journal_keeps_any_path() {
        for bytes in [&b"/srv/static"[..], b"/srv/\xff/static"] {
            let folder = PathBuf::from(std::ffi::OsString::from_vec(bytes.to_vec()));
            let journal = Journal::new("id", Path::new("x.zip"), &folder, CommitBy::Transaction, &[]);
            let json = serde_json::to_vec(&journal).unwrap();
            assert_eq!(serde_json::from_slice::<Journal>(&json).unwrap(), journal);
        }
    }
}
