//! A session locks an inventory for one change. While it lasts, no other process backs up, restores or migrates the
//! inventory, and interrupted restores have been settled. Use cases that change something are methods of a session,
//! so none of them can forget the lock or the recovery.

use crate::lock::Lock;
use crate::recover::Recovery;
use crate::{Engine, Error};

/// Locks an inventory until the session is dropped.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) engine: Engine,
    /// What was done about interrupted restores.
    pub(crate) recovered: Vec<Recovery>,
    _lock: Lock,
}

impl Engine {
    /// Takes the lock and settles interrupted restores. `what` tells other processes who holds the lock, for
    /// example "a backup".
    ///
    /// # Errors
    /// [`Error::Locked`] when another process holds the lock, and any error that stops the recovery.
    pub(crate) fn session(&self, what: &str) -> Result<Session, Error> {
        let lock = self.lock(what)?;
        let recovered = self.settle_interrupted(&lock)?;
        self.remove_abandoned_copies()?;
        Ok(Session { engine: self.clone(), recovered, _lock: lock })
    }

    /// Removes the copies of databases that killed backups and imports left behind. The lock guarantees that no other
    /// process is making such a copy.
    fn remove_abandoned_copies(&self) -> Result<(), Error> {
        let database = &self.places.database;
        for copy in self.places.abandoned_copies().map_err(Error::storage("read", database))? {
            self.disk.remove(&copy)?;
        }
        Ok(())
    }
}
