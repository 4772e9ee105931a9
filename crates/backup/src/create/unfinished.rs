//! The files of a backup in the making: how they are named, and how they go away when it fails, or
//! when it was killed.

use std::fs;
use std::path::{Path, PathBuf};

use inventory::disk::{folder_of, is_being_written, with_suffix};

use crate::{Engine, Error};

const PARTIAL: &str = ".zip.partial";
const PARTIAL_DATABASE: &str = ".db";

/// The files of a backup in the making, next to where it will be.
pub(super) struct Unfinished {
    pub(super) name: String,
    pub(super) archive: PathBuf,
    pub(super) database: PathBuf,
}

impl Unfinished {
    pub(super) fn new(path: &Path) -> Self {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let archive = folder_of(path).join(format!(".{name}{PARTIAL}"));
        Self { name, database: with_suffix(&archive, PARTIAL_DATABASE), archive }
    }

    /// Best effort: what stays behind bears a name that says what it is, and the next backup
    /// removes it.
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

impl Engine {
    /// Archives that a crash left unfinished. Those that somebody is writing stay.
    pub(super) fn remove_unfinished(&self, folder: &Path) -> Result<(), Error> {
        let failed = || Error::storage("read", folder);
        for entry in fs::read_dir(folder).map_err(failed())? {
            let path = entry.map_err(failed())?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let archive = match name.split_once(PARTIAL) {
                Some((stem, rest))
                    if stem.starts_with('.') && (rest.is_empty() || rest.starts_with(PARTIAL_DATABASE)) =>
                {
                    folder.join(format!("{stem}{PARTIAL}"))
                }
                _ => continue,
            };
            if !is_being_written(&archive) {
                self.disk.remove(&path).map_err(Error::storage("remove", &path))?;
            }
        }
        Ok(())
    }
}
