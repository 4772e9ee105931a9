//! The history of the last restores of an inventory, stored in `restores.json` in the backup folder, so that the last
//! restore can be undone. A restore is recorded before it is committed. The marker in the database shows whether it
//! was committed, so the history is correct whenever the process ends.

use std::fs;
use std::io;
use std::path::PathBuf;

use inventory::{Actor, Permission};
use serde::{Deserialize, Serialize};

use crate::{Engine, Error};

/// The name of the history file in the backup folder.
const NAME: &str = "restores.json";

/// The version of the file's format.
const FORMAT: u32 = 1;

/// Maximum number of recorded restores. Older records are dropped.
const MAX_RESTORES: usize = 20;

/// A restore that replaced the inventory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoreRecord {
    /// The id of the restore, which is also its marker in the database.
    pub id: String,
    /// When it was committed, local time, `YYYY-MM-DD HH:MM:SS`.
    pub at: String,
    /// The path of the restored archive, as the user gave it.
    pub archive: String,
    /// The file name of the safety backup in the backup folder; `None` if none was made.
    pub safety_backup: Option<String>,
}

/// The restore to undo, and the archive that undoes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undo {
    /// The restore to undo.
    pub restore: RestoreRecord,
    /// The safety backup that was made before the restore.
    pub safety_backup: PathBuf,
}

#[derive(Debug, Serialize, Deserialize)]
struct History {
    format: u32,
    /// The recorded restores, the newest last.
    restores: Vec<RestoreRecord>,
}

impl Engine {
    /// Finds the last restore of this inventory and the archive that undoes it. Undoing is itself a restore, so it can
    /// be undone, too.
    ///
    /// # Errors
    /// [`Error::NothingToUndo`] when no restore is recorded, and [`Error::NoSafetyBackup`] when the last restore made
    /// no safety backup, or its safety backup no longer exists.
    pub fn find_undo(&self, actor: &Actor) -> Result<Undo, Error> {
        crate::permission::require(actor, "undoing a restore", Permission::BackupRestore)?;
        let database = &self.places.database;
        let mut last = None;
        for restore in self.history()?.restores.into_iter().rev() {
            if self.database().has_marker(&restore.id).map_err(Error::live(database))? {
                last = Some(restore);
                break;
            }
        }
        let Some(restore) = last else {
            return Err(Error::NothingToUndo { folder: self.places.backups.clone() });
        };
        let safety_backup = restore.safety_backup.as_ref().map(|name| self.places.backups.join(name));
        match safety_backup {
            Some(safety_backup) if safety_backup.exists() => Ok(Undo { restore, safety_backup }),
            missing => Err(Error::NoSafetyBackup { archive: restore.archive, at: restore.at, missing }),
        }
    }

    /// Records a restore that is about to be committed. A restore without a safety backup cannot be undone, so a
    /// failure to record it is ignored.
    pub(super) fn note_restore(&self, restore: RestoreRecord) -> Result<(), Error> {
        let required = restore.safety_backup.is_some();
        if !required && !self.places.backups.exists() {
            return Ok(());
        }
        match self.write_history(restore) {
            Err(_) if !required => Ok(()),
            written => written,
        }
    }

    fn write_history(&self, restore: RestoreRecord) -> Result<(), Error> {
        let mut history = self.history()?;
        history.restores.push(restore);
        let forgotten = history.restores.len().saturating_sub(MAX_RESTORES);
        history.restores.drain(..forgotten);
        let json = serde_json::to_vec_pretty(&history).expect("a plain struct becomes JSON");
        let path = self.places.backups.join(NAME);
        Ok(self.disk.write_durably(&path, &json)?)
    }

    /// Reads the history. Treats a file that cannot be parsed as empty: only undo needs the history, and a damaged
    /// history must not prevent a restore.
    fn history(&self) -> Result<History, Error> {
        let path = self.places.backups.join(NAME);
        let none = History { format: FORMAT, restores: Vec::new() };
        match fs::read(&path) {
            Ok(bytes) => {
                let read = serde_json::from_slice(&bytes).ok();
                Ok(read.filter(|history: &History| history.format == FORMAT).unwrap_or(none))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(none),
            Err(source) => Err(Error::storage("read", &path)(source)),
        }
    }
}
