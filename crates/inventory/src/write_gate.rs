//! The gate that write transactions on a SQLite database pass, across processes. A restore closes it, so that no write
//! commits between the safety backup and the replacement of the database, where it would be lost.
//!
//! The gate consists of two files beside the database that exist only to be locked: each write transaction holds a shared
//! lock on the first one, and a closed gate holds an exclusive lock on it. The second one is a turnstile: a write
//! transaction locks it for a moment before it begins, and whoever closes the gate locks it first. Without the turnstile,
//! a steady stream of writers would never leave a moment for the exclusive lock.
//!
//! Other programs do not know the gate, so a restore detects their writes as well, see `snapshot::ChangeDetector`.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use durable::{Disk, OwnedDisk, RealDisk, open_lock_file, resolve, with_suffix};

use crate::Error;

/// The longest time that a write transaction waits for a closed gate.
const MAX_WAIT_TO_WRITE: Duration = Duration::from_secs(10);
/// The longest time that closing the gate waits for the write transactions that have begun.
const MAX_WAIT_TO_CLOSE: Duration = Duration::from_secs(30);
/// The bounds of the time between two attempts to take a lock.
const MIN_PAUSE: Duration = Duration::from_millis(1);
const MAX_PAUSE: Duration = Duration::from_millis(50);

/// The gate of a database.
#[derive(Clone, Debug)]
pub(crate) struct WriteGate {
    disk: Disk,
    database: PathBuf,
}

/// The permit of a write transaction. The gate cannot be closed until it is dropped.
#[derive(Debug)]
pub(crate) struct WritePermit {
    /// `None` if the folder of the database cannot hold a lock file.
    _writers: Option<File>,
}

/// A closed gate. Write transactions wait until it is dropped.
#[derive(Debug)]
pub struct ClosedGate {
    _writers: File,
    _turnstile: File,
}

impl WriteGate {
    /// Creates the gate of a database. Lock files that root creates belong to the owner of the database.
    pub(crate) fn new(database: &Path) -> Self {
        let disk = OwnedDisk::for_root(Arc::new(RealDisk), database, Path::new(""));
        Self::with_disk(database, Disk::new(disk))
    }

    /// Creates the gate of a database. Lock files are created through `disk`.
    pub(crate) fn with_disk(database: &Path, disk: Disk) -> Self {
        // Every process must use the same files, whatever links lead it to the database.
        let database = resolve(database).unwrap_or_else(|_| database.to_owned());
        Self { disk, database }
    }

    /// Waits until the gate is open, and returns a permit.
    ///
    /// # Errors
    /// [`Error::Busy`] when the gate stays closed, [`Error::Io`].
    pub(crate) async fn enter(&self) -> Result<WritePermit, Error> {
        self.enter_within(MAX_WAIT_TO_WRITE).await
    }

    async fn enter_within(&self, longest: Duration) -> Result<WritePermit, Error> {
        let began = Instant::now();
        let mut pause = MIN_PAUSE;
        loop {
            match self.try_enter() {
                Ok(Some(permit)) => return Ok(permit),
                Ok(None) if began.elapsed() < longest => {}
                Ok(None) => return Err(Error::Busy { path: self.database.clone() }),
                Err(error) if is_lockless(&error) => return Ok(WritePermit { _writers: None }),
                Err(error) => return Err(Error::io(&self.database, error)),
            }
            tokio::time::sleep(pause).await;
            pause = MAX_PAUSE.min(pause * 2);
        }
    }

    /// Returns a permit, or `None` if the gate is closed.
    fn try_enter(&self) -> io::Result<Option<WritePermit>> {
        let turnstile = self.open(TURNSTILE)?;
        if !is_taken(turnstile.try_lock_shared())? {
            return Ok(None);
        }
        let writers = self.open(WRITERS)?;
        Ok(is_taken(writers.try_lock_shared())?.then_some(WritePermit { _writers: Some(writers) }))
    }

    /// Closes the gate: waits for the write transactions that have begun, while no others begin. Blocks. Gives up as soon
    /// as `keep_waiting` returns false.
    ///
    /// # Errors
    /// [`Error::Busy`] when a write transaction lasts too long, or `keep_waiting` returned false; [`Error::Io`].
    pub(crate) fn close(&self, keep_waiting: &dyn Fn() -> bool) -> Result<ClosedGate, Error> {
        self.close_within(MAX_WAIT_TO_CLOSE, keep_waiting)
    }

    fn close_within(&self, longest: Duration, keep_waiting: &dyn Fn() -> bool) -> Result<ClosedGate, Error> {
        let failed = |error| Error::io(&self.database, error);
        let began = Instant::now();
        let lock = |suffix: &str| -> Result<File, Error> {
            let file = self.open(suffix).map_err(failed)?;
            while !is_taken(file.try_lock()).map_err(failed)? {
                if began.elapsed() >= longest || !keep_waiting() {
                    return Err(Error::Busy { path: self.database.clone() });
                }
                std::thread::sleep(MIN_PAUSE);
            }
            Ok(file)
        };
        let turnstile = lock(TURNSTILE)?;
        Ok(ClosedGate { _writers: lock(WRITERS)?, _turnstile: turnstile })
    }

    fn open(&self, suffix: &str) -> io::Result<File> {
        let path = with_suffix(&self.database, suffix);
        match open_lock_file(&self.disk, &path) {
            Ok(file) => Ok(file),
            // A file that another user created can be locked as long as it can be read.
            Err(error) => File::open(&path).map_err(|_| error.source),
        }
    }
}

/// The suffixes of the lock files.
const WRITERS: &str = ".writers.lock";
const TURNSTILE: &str = ".turnstile.lock";

/// Returns whether a lock was taken. Any error except for a lock of somebody else is returned.
fn is_taken(result: Result<(), TryLockError>) -> io::Result<bool> {
    match result {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Returns whether the error means that the place cannot hold a lock file. Nobody can restore there either.
fn is_lockless(error: &io::Error) -> bool {
    use ErrorKind::{NotFound, PermissionDenied, ReadOnlyFilesystem, Unsupported};
    matches!(error.kind(), NotFound | PermissionDenied | ReadOnlyFilesystem | Unsupported)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(30);

    fn gate(name: &str) -> (testkit::TestFolder, WriteGate) {
        let folder = testkit::TestFolder::new();
        let gate = WriteGate::new(&folder.path().join(name));
        (folder, gate)
    }

    #[tokio::test]
    async fn a_closed_gate_lets_no_writer_in_until_it_is_dropped() {
        let (_folder, gate) = gate("x.db");
        let closed = gate.close(&|| true).unwrap();
        let other_process = WriteGate::new(&gate.database);
        assert!(matches!(other_process.enter_within(SHORT).await, Err(Error::Busy { .. })));
        drop(closed);
        other_process.enter_within(SHORT).await.unwrap();
    }

    #[tokio::test]
    async fn the_gate_closes_only_when_the_last_writer_has_left_and_lets_no_new_one_in_meanwhile() {
        let (_folder, gate) = gate("x.db");
        let (first, second) = (gate.enter().await.unwrap(), gate.enter().await.unwrap());
        assert!(matches!(gate.close_within(SHORT, &|| true), Err(Error::Busy { .. })));
        let (entered, closing) = (std::cell::Cell::new(true), std::cell::Cell::new(Some((first, second))));
        let closed = gate.close_within(Duration::from_secs(10), &|| {
            entered.set(gate.try_enter().unwrap().is_some());
            closing.take();
            true
        });
        closed.unwrap();
        assert!(!entered.get(), "somebody entered while the gate was closing");
    }

    #[tokio::test]
    async fn closing_the_gate_can_be_given_up() {
        let (_folder, gate) = gate("x.db");
        let _writer = gate.enter().await.unwrap();
        assert!(matches!(gate.close(&|| false), Err(Error::Busy { .. })));
        gate.enter_within(SHORT).await.unwrap();
    }

    #[tokio::test]
    async fn a_place_without_room_for_a_lock_file_keeps_nobody_from_writing() {
        let (_folder, gate) = gate("missing/x.db");
        assert!(gate.enter_within(SHORT).await.unwrap()._writers.is_none());
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_link_to_the_database_leads_to_the_same_gate() {
        let (folder, gate) = gate("x.db");
        std::fs::write(&gate.database, "").unwrap();
        let link = folder.path().join("link.db");
        std::os::unix::fs::symlink(&gate.database, &link).unwrap();
        let _closed = gate.close(&|| true).unwrap();
        assert!(matches!(WriteGate::new(&link).enter_within(SHORT).await, Err(Error::Busy { .. })));
    }
}
