//! Finds the static files to which no row refers, and the rows that refer to a missing file.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::time::{Duration, SystemTime};

use inventory::StaticFiles;
use inventory::sqlite::Reference;
use inventory::static_files::{FileKind, StaticFile};

use crate::file_references::FileReferences;
use crate::{Engine, Error};

/// The time for which a file may exist before its row: its upload may not be complete.
const UPLOAD_TIME: Duration = Duration::from_secs(60 * 60);

/// The differences between the static files and the rows that refer to them. The paths are below the static folder, and sorted.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct FileCheck {
    /// The files to which no row refers, and their sizes in bytes. A program that was killed during an upload leaves such a file,
    /// complete or not, and other programs may have put files there. Omits files younger than an hour, whose upload may not be
    /// complete, and those whose deletion waits for a backup.
    pub orphans: Vec<(String, u64)>,
    /// The files to which a row refers, and which do not exist.
    pub missing: Vec<String>,
}

impl Engine {
    /// Lists the static files of both kinds.
    pub(super) fn list_all_files(&self) -> Result<Vec<(FileKind, StaticFile)>, Error> {
        let root = &self.places.static_files;
        let files = StaticFiles::new(root);
        let mut listed = Vec::new();
        for kind in FileKind::ALL {
            let found = files.list(kind).map_err(Error::live(root))?.files;
            listed.extend(found.into_iter().map(|file| (kind, file)));
        }
        Ok(listed)
    }

    /// Compares the references of a copy of the database with the files. `before` has the files from before the copy: those that are
    /// deleted meanwhile are not missing, and those that are added meanwhile are found here.
    pub(super) fn check_files(
        &self,
        before: &[(FileKind, StaticFile)],
        references: &[Reference],
    ) -> Result<FileCheck, Error> {
        let root = &self.places.static_files;
        let files = StaticFiles::new(root);
        let mut compared = FileReferences::new(references);
        for (kind, file) in before {
            compared.mark(*kind, &file.path);
        }
        let deferred = files.deferred().map_err(Error::live(root))?;
        let deferred: HashSet<_> = deferred.iter().map(|(kind, path)| (*kind, path.as_str())).collect();
        let mut unreferenced = self.list_all_files()?;
        unreferenced.retain(|(kind, file)| {
            !compared.mark(*kind, &file.path) && !deferred.contains(&(*kind, file.path.as_str()))
        });
        for kind in FileKind::ALL {
            let unfinished = files.unfinished(kind).map_err(Error::live(root))?;
            unreferenced.extend(unfinished.into_iter().map(|file| (kind, file)));
        }
        let mut orphans = Vec::new();
        for (kind, file) in unreferenced {
            if self.is_older_than_an_upload(&files, (kind, &file.path))? {
                orphans.push((format!("{}/{}", kind.folder(), file.path), file.size));
            }
        }
        orphans.sort();
        Ok(FileCheck { orphans, missing: compared.missing() })
    }

    /// Returns whether a file exists and was not written within the last hour. A time in the future counts as old.
    fn is_older_than_an_upload(
        &self,
        files: &StaticFiles,
        (kind, path): (FileKind, &str),
    ) -> Result<bool, Error> {
        let path = files.below(kind, path).map_err(Error::live(files.root()))?;
        let written = match fs::symlink_metadata(&path).and_then(|found| found.modified()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            other => other.map_err(Error::storage("read", &path))?,
        };
        let now = SystemTime::from(self.ambient.utc().and_utc());
        Ok(now.duration_since(written).map_or(true, |age| age >= UPLOAD_TIME))
    }
}
