//! The temporary files of a backup: their names, and their removal after a failed or killed backup.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use durable::{DiskFile, FileMode, folder_of, is_being_written, with_suffix};

use crate::places::{backup_name, is_archive_name};
use crate::status::archive_of_status;
use crate::{Engine, Error};

const PARTIAL: &str = ".partial";
const PARTIAL_DATABASE: &str = ".db";
const PARTIAL_FILES_CACHE: &str = ".files";

/// The temporary files of a backup, beside its final path.
pub(super) struct PartialArchive {
    pub(super) name: String,
    pub(super) archive: PathBuf,
    pub(super) database: PathBuf,
    pub(super) files_cache: PathBuf,
}

impl PartialArchive {
    /// Creates the partial archive, readable by its owner only.
    ///
    /// # Errors
    /// [`Error::NameTaken`] when another process is writing an archive of the same name.
    pub(super) fn begin(
        engine: &Engine,
        path: &Path,
        encrypted: bool,
        private_copies: Option<&Path>,
    ) -> Result<(Self, Box<dyn DiskFile>), Error> {
        let name = backup_name(path);
        let archive = partial(path);
        let out = engine.disk.create(&archive, FileMode::Private).map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => Error::NameTaken { path: path.to_owned() },
            _ => source.into(),
        })?;
        let database = match (encrypted, private_copies) {
            (true, Some(folder)) => folder.join("copy.db"),
            (true, None) => engine.places.private_copy(&engine.ambient.uuid().to_string()),
            (false, _) => with_suffix(&archive, PARTIAL_DATABASE),
        };
        let files_cache = with_suffix(&archive, PARTIAL_FILES_CACHE);
        Ok((Self { name, database, archive, files_cache }, out))
    }

    /// Removes the temporary files. Ignores errors: the next backup recognises the remaining files by their
    /// names and removes them.
    pub(super) fn discard(&self, engine: &Engine) {
        for suffix in ["-journal", "-wal", "-shm", ""] {
            let file = with_suffix(&self.database, suffix);
            if file.exists() {
                let _ = engine.disk.remove(&file);
            }
        }
        let _ = engine.disk.remove(&self.archive);
    }
}

/// Returns the path of the archive at `path` while it is being written.
pub(crate) fn partial(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    folder_of(path).join(format!(".{name}{PARTIAL}"))
}

impl Engine {
    /// Removes partial archives that crashes left behind, and status files of archives that do not exist. Keeps
    /// those that another process is writing.
    pub(crate) fn remove_unfinished(&self, folder: &Path) -> Result<(), Error> {
        let failed = || Error::storage("read", folder);
        for entry in fs::read_dir(folder).map_err(failed())? {
            let path = entry.map_err(failed())?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let archive = match (unfinished_archive(&name), archive_of_status(&path)) {
                (Some(unfinished), _) => folder.join(unfinished),
                (None, Some(gone)) if gone.symlink_metadata().is_err() => partial(&gone),
                (None, _) => continue,
            };
            if !is_being_written(&archive) {
                self.disk.remove(&path)?;
            }
        }
        Ok(())
    }
}

/// Returns the name of the partial archive to which a file of this name belongs: the archive itself, its database, or its part of the
/// files cache.
pub(crate) fn unfinished_archive(name: &str) -> Option<String> {
    let (archive, rest) = name.strip_prefix('.')?.split_once(PARTIAL)?;
    let is_part = rest.is_empty() || rest.starts_with(PARTIAL_DATABASE) || rest == PARTIAL_FILES_CACHE;
    let ours = is_archive_name(Path::new(archive)) && is_part;
    ours.then(|| format!(".{archive}{PARTIAL}"))
}
