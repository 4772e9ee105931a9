//! Recovery: what an interrupted restore left is finished or discarded, before anything opens the
//! database. The mark in the live database decides: if it is the one of the journal, the new state
//! is in and the rest follows; if not, the old state is still in and the rest goes away.
//!
//! Every use case that changes something does this first, so there is nothing to remember.

use inventory::{Actor, Permission, restore_names};

use crate::lock::Lock;
use crate::permission::require;
use crate::places::file_stages;
use crate::settle::{Journal, discard, finish};
use crate::{Engine, Error};

/// What was done about an interrupted restore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recovery {
    /// The restore of this archive had happened, and its last files are now in place.
    Finished(String),
    /// The restore of this archive had not happened, and nothing of it is left.
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
    /// To be called at every start, before the database is opened. Does nothing, and takes no
    /// lock, when nothing was interrupted.
    ///
    /// # Errors
    /// [`Error::Locked`] when the restore is not interrupted but running.
    pub fn recover(&self, actor: &Actor) -> Result<Vec<Recovery>, Error> {
        require(actor, "completing an interrupted restore", Permission::BackupCreate)?;
        let beside = restore_names::beside(&self.places.database);
        if beside.map_err(Error::storage("look for restores beside", &self.places.database))?.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.session("a recovery")?.recovered)
    }

    /// Only a session does this, since it takes the lock.
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

    /// Staging folders without a journal: of restores that had not begun to change anything, or
    /// had ended. Under the lock nobody else is staging for this database; those of another
    /// database that shares the static files are known by its own staging folder.
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
