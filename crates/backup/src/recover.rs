//! Recovery: finishes or discards an interrupted restore before anything opens the database. The marker
//! in the live database decides. If the marker of the journal is there, the database has been replaced, and the
//! restore is finished. If not, the database is still the old one, and the restore is discarded.
//!
//! Every use case that changes something starts with the recovery.

use inventory::{Actor, Permission, restore_names};

use crate::lock::Lock;
use crate::permission::require;
use crate::places::file_stages;
use crate::settle::{Journal, discard, finish};
use crate::{Engine, Error};

/// The outcome of recovering an interrupted restore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recovery {
    /// The restore of this archive had replaced the database, and has now been completed.
    Finished(String),
    /// The restore of this archive had not replaced the database, and has been undone.
    Discarded(String),
}

impl std::fmt::Display for Recovery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Finished(archive) => write!(f, "an interrupted restore of {archive} has been completed"),
            Self::Discarded(archive) => {
                write!(
                    f,
                    "an interrupted restore of {archive} has been discarded; everything is as it was before it"
                )
            }
        }
    }
}

impl Engine {
    /// Settles interrupted restores. Call it at every start, before opening the database. Does nothing, and
    /// takes no lock, if no restore was interrupted.
    ///
    /// # Errors
    /// [`Error::Locked`] when a restore is still running.
    pub fn recover(&self, actor: &Actor) -> Result<Vec<Recovery>, Error> {
        require(actor, "completing an interrupted restore", Permission::BackupCreate)?;
        let beside = restore_names::beside(&self.places.database);
        if beside.map_err(Error::storage("look for restores beside", &self.places.database))?.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.session("a recovery")?.recovered)
    }

    /// Settles interrupted restores. Requires the lock, so only a session calls it.
    pub(crate) fn settle_interrupted(&self, _lock: &Lock) -> Result<Vec<Recovery>, Error> {
        let database = &self.places.database;
        let failed = || Error::storage("look for restores beside", database);
        let mut recovered = Vec::new();
        for (path, name) in restore_names::beside(database).map_err(failed())? {
            if !name.ends_with(".json") {
                continue;
            }
            let journal = Journal::read(&path)?;
            let committed = self.database().has_marker(&journal.id).map_err(Error::live(database))?;
            if committed {
                finish(self, &journal)?;
                recovered.push(Recovery::Finished(journal.archive));
            } else {
                discard(self, &journal)?;
                recovered.push(Recovery::Discarded(journal.archive));
            }
        }
        self.remove_leftovers()?;
        Ok(recovered)
    }

    /// Removes staging folders without a journal. Their restores had not begun to change anything, or had ended. The
    /// lock guarantees that no other process is staging for this database. Another database may share the static
    /// files, so only folders with the id of a staging folder beside this database are removed.
    fn remove_leftovers(&self) -> Result<(), Error> {
        let database = &self.places.database;
        let beside =
            restore_names::beside(database).map_err(Error::storage("look for restores beside", database))?;
        let stages = file_stages(&self.places.static_files)
            .map_err(Error::storage("look for restores in", &self.places.static_files))?;
        for (path, id) in stages {
            if beside.iter().any(|(_, ours)| *ours == id) {
                self.remove_file_stage(&path)?;
            }
        }
        for (path, _) in beside {
            let removed = if path.is_dir() { self.disk.remove_tree(&path) } else { self.disk.remove(&path) };
            removed?;
        }
        Ok(())
    }
}
