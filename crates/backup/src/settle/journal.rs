//! The journal of a restore: written before the first live file is touched, removed when the last
//! one is in place. Between the two, the mark in the live database says which way to go.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use durable::{folder_of, regular_file};
use inventory::static_files::FileKind;
use serde::{Deserialize, Serialize};

use crate::file_changes::FileChanges;
use crate::{Engine, Error};

/// The version of the journal's format; it only has to outlive one restart.
const FORMAT: u32 = 1;

/// What a restore is about to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Journal {
    format: u32,
    /// The id of the restore: the mark in the database, and part of every name.
    pub(crate) id: String,
    /// The archive, for messages.
    pub(crate) archive: String,
    /// The folder of the static files at that time, absolute.
    #[serde(with = "path")]
    pub(crate) static_files: PathBuf,
    /// How the database is put in place.
    pub(crate) commit: CommitBy,
    /// Files with names that are free.
    pub(crate) add: Vec<FileName>,
    /// Files whose content changes.
    pub(crate) replace: Vec<FileName>,
    /// Files that go away.
    pub(crate) remove: Vec<FileName>,
}

/// A path in JSON: as text where it is text, and else as its bytes.
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

/// How the database is put in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CommitBy {
    /// One SQLite transaction that replaces every page.
    Transaction,
    /// A rename, where there is no database that SQLite could work with.
    Rename,
}

/// A static file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileName {
    folder: Cow<'static, str>,
    pub(crate) path: String,
}

impl FileName {
    pub(crate) fn new(kind: FileKind, path: &str) -> Self {
        Self { folder: kind.folder().into(), path: path.to_owned() }
    }

    /// The folder; journals are ours, but a damaged one must not lead anywhere else.
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

    pub(crate) fn write(&self, engine: &Engine) -> Result<(), Error> {
        let path = engine.places.journal(&self.id);
        let json = serde_json::to_vec_pretty(self).expect("a plain struct becomes JSON");
        Ok(engine.disk.write_durably(&path, &json)?)
    }

    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        let wrong = |why: String| Error::Journal { path: path.to_owned(), why };
        let bytes = regular_file::read(path).map_err(Error::storage("read", path))?;
        let journal: Self = serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
        if journal.format != FORMAT {
            return Err(wrong(format!("it has format {}, and this version knows {FORMAT}", journal.format)));
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
