//! Receives archives into the backup folder, and removes them from it.

use std::io::ErrorKind;
use std::path::PathBuf;

use durable::{DiskFile, FileMode, folder_of, is_being_written};
use inventory::{Actor, Permission};

use crate::create::{check_name, partial};
use crate::permission::require;
use crate::places::{ENCRYPTED, PLAIN};
use crate::{Engine, Error, Summary, space};

/// The received bytes between two checks of the free space.
const SPACE_CHECK_INTERVAL: u64 = 16 << 20;

/// An archive that is being received. It has its final name only after [`Upload::finish`]. Dropping it removes what was
/// received; what a killed process leaves behind has a name that the next backup or [`Engine::tidy_backup_folder`] recognises.
pub struct Upload {
    engine: Engine,
    path: PathBuf,
    partial: PathBuf,
    /// The open file is locked, which tells other processes that it is still being written.
    out: Box<dyn DiskFile>,
    received: u64,
    limit: u64,
    placed: bool,
}

impl Engine {
    /// Begins to receive an archive of at most `limit` bytes. `name` is its file name. `expected` is its size if it is known.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::UploadName`], [`Error::Name`], [`Error::NameTaken`], [`Error::UploadTooLarge`],
    /// [`Error::Storage`] when there is too little space.
    pub fn receive_backup(
        &self,
        actor: &Actor,
        name: &str,
        expected: Option<u64>,
        limit: u64,
    ) -> Result<Upload, Error> {
        require(actor, "uploading a backup", Permission::BackupManage)?;
        let stem = name.strip_suffix(ENCRYPTED).or_else(|| name.strip_suffix(PLAIN));
        check_name(Some(stem.ok_or_else(|| Error::UploadName { name: name.to_owned() })?))?;
        let folder = &self.places.backups;
        let path = folder.join(name);
        if path.symlink_metadata().is_ok() {
            return Err(Error::NameTaken { path });
        }
        if expected.is_some_and(|size| size > limit) {
            return Err(Error::UploadTooLarge { limit });
        }
        self.disk.create_folder(folder)?;
        space::require(folder, expected.unwrap_or(SPACE_CHECK_INTERVAL))?;
        let partial = partial(&path);
        if partial.symlink_metadata().is_ok() && !is_being_written(&partial) {
            self.disk.remove(&partial)?;
        }
        let out = self.disk.create(&partial, FileMode::Private).map_err(|source| match source.kind() {
            ErrorKind::AlreadyExists => Error::NameTaken { path: path.clone() },
            _ => source.into(),
        })?;
        Ok(Upload { engine: self.clone(), path, partial, out, received: 0, limit, placed: false })
    }

    /// Removes an archive from the backup folder, with its status.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NoSuchArchive`], [`Error::Storage`].
    pub fn remove_backup(&self, actor: &Actor, name: &str) -> Result<(), Error> {
        require(actor, "removing a backup", Permission::BackupManage)?;
        let path = self.archive_in_folder(name)?;
        self.remove_archive(&path)?;
        Ok(self.disk.sync_folder(&self.places.backups)?)
    }

    /// Removes the unfinished archives that killed processes left in the backup folder.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Storage`].
    pub fn tidy_backup_folder(&self, actor: &Actor) -> Result<(), Error> {
        require(actor, "removing unfinished backups", Permission::BackupCreate)?;
        match self.places.backups.is_dir() {
            true => self.remove_unfinished(&self.places.backups),
            false => Ok(()),
        }
    }
}

impl Upload {
    /// Appends to the archive.
    ///
    /// # Errors
    /// [`Error::UploadTooLarge`], [`Error::Storage`].
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let before = self.received;
        self.received = before.saturating_add(bytes.len() as u64);
        if self.received > self.limit {
            return Err(Error::UploadTooLarge { limit: self.limit });
        }
        if before / SPACE_CHECK_INTERVAL != self.received / SPACE_CHECK_INTERVAL {
            space::require(folder_of(&self.partial), SPACE_CHECK_INTERVAL)?;
        }
        self.out.write_all(bytes).map_err(Error::storage("write", &self.partial))
    }

    /// Makes the archive durable and gives it its final name, if it looks like an archive. Nothing in it has been verified.
    ///
    /// # Errors
    /// Any fault of the directory of the archive, [`Error::NameTaken`], [`Error::Storage`].
    pub fn finish(mut self) -> Result<Summary, Error> {
        let (engine, path) = (self.engine.clone(), self.path.clone());
        self.out.sync().map_err(Error::storage("write", &self.partial))?;
        let summary = engine.summary_of(&self.partial).map_err(|error| match error {
            Error::Archive { source, .. } => Error::Archive { path: path.clone(), source },
            other => other,
        })?;
        engine.disk.rename_new(&self.partial, &path).map_err(|source| match source.kind() {
            ErrorKind::AlreadyExists => Error::NameTaken { path: path.clone() },
            _ => source.into(),
        })?;
        self.placed = true;
        engine.disk.sync_folder(&engine.places.backups)?;
        Ok(Summary { path, ..summary })
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if !self.placed {
            // What cannot be removed now is recognised by its name later.
            let _ = self.engine.disk.remove(&self.partial);
        }
    }
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upload")
            .field("path", &self.path)
            .field("received", &self.received)
            .finish_non_exhaustive()
    }
}
