//! Finds interrupted restores that have not been settled. Use cases that change something settle them first, see
//! [`crate::recover`]. Use cases that only read report them.

use std::path::PathBuf;

use inventory::{Actor, Permission, restore_names};

use crate::settle::Journal;
use crate::{Engine, Error};

/// A restore that was interrupted and has been neither finished nor discarded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingRestore {
    /// The archive that was being restored; `None` if the journal cannot be read.
    pub archive: Option<String>,
    /// The journal of the restore.
    pub journal: PathBuf,
}

impl Engine {
    /// Returns the interrupted restores of this inventory, but not one that is still running. Changes nothing.
    ///
    /// # Errors
    /// [`Error::Storage`] when the folder of the database cannot be read.
    pub fn pending_restores(&self, actor: &Actor) -> Result<Vec<PendingRestore>, Error> {
        crate::permission::require(actor, "looking for interrupted restores", Permission::BackupCreate)?;
        let database = &self.places.database;
        let failed = || Error::storage("look for restores beside", database);
        let beside = restore_names::beside(database).map_err(failed())?;
        let journals: Vec<PathBuf> =
            beside.into_iter().filter(|(_, name)| name.ends_with(".json")).map(|(path, _)| path).collect();
        if journals.is_empty() || self.is_busy().map_err(failed())? {
            return Ok(Vec::new());
        }
        let pending = journals.into_iter().map(|journal| {
            let archive = Journal::read(&journal).ok().map(|read| read.archive);
            PendingRestore { archive, journal }
        });
        Ok(pending.collect())
    }
}
