//! An inventory held for one change: nobody else backs it up, restores or migrates it meanwhile, and what an
//! interrupted restore left has been settled. The use cases that change something are methods of a session, so
//! that none can forget either.

use crate::lock::Lock;
use crate::recover::Recovery;
use crate::{Engine, Error};

/// Holds an inventory until it is dropped.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) engine: Engine,
    /// What was done about an interrupted restore.
    pub(crate) recovered: Vec<Recovery>,
    _lock: Lock,
}

impl Engine {
    /// Takes the lock and settles an interrupted restore. `what` tells others who has the lock, as in "a backup".
    ///
    /// # Errors
    /// [`Error::Locked`] when somebody else has the lock; what kept the restore from being settled.
    pub(crate) fn session(&self, what: &str) -> Result<Session, Error> {
        let lock = self.lock(what)?;
        let recovered = self.settle_interrupted(&lock)?;
        self.remove_abandoned_copies()?;
        Ok(Session { engine: self.clone(), recovered, _lock: lock })
    }

    /// Removes the copies of databases that killed backups and imports left. Under the lock nobody is making one.
    fn remove_abandoned_copies(&self) -> Result<(), Error> {
        let database = &self.places.database;
        for copy in self.places.abandoned_copies().map_err(Error::storage("read", database))? {
            self.disk.remove(&copy)?;
        }
        Ok(())
    }
}
