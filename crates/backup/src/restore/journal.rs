//! The journal of a restore: written before the first live file is touched, removed when the last
//! one is in place. Between the two, the mark in the live database says which way to go.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};

use durable::{folder_of, write_durably};
use inventory::static_files::FileKind;
use serde::{Deserialize, Serialize};

use crate::{Engine, Error};

use super::plan::FileChanges;

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
    pub(crate) fn new(id: &str, archive: &Path, static_files: &Path, commit: CommitBy) -> Self {
        Self {
            format: FORMAT,
            id: id.to_owned(),
            archive: archive.display().to_string(),
            static_files: std::path::absolute(static_files).unwrap_or_else(|_| static_files.to_owned()),
            commit,
            add: Vec::new(),
            replace: Vec::new(),
            remove: Vec::new(),
        }
    }

    /// Notes what happens to the files.
    pub(crate) fn list(&mut self, changes: &[FileChanges]) {
        for FileChanges { kind, add, replace, remove, .. } in changes {
            let lists = [(&mut self.add, add), (&mut self.replace, replace), (&mut self.remove, remove)];
            for (names, files) in lists {
                names.extend(files.iter().map(|file| FileName::new(*kind, file)));
            }
        }
    }

    pub(crate) fn write(&self, engine: &Engine) -> Result<(), Error> {
        let path = engine.places.journal(&self.id);
        let json = serde_json::to_vec_pretty(self).expect("a plain struct becomes JSON");
        write_durably(&*engine.disk, &path, &json).map_err(Error::storage("write", &path))
    }

    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        let wrong = |why: String| Error::Journal { path: path.to_owned(), why };
        let bytes = fs::read(path).map_err(Error::storage("read", path))?;
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
        engine.disk.remove(&path).map_err(Error::storage("remove", &path))?;
        engine.disk.sync_folder(folder_of(&path)).map_err(Error::storage("write", folder_of(&path)))
    }
}
