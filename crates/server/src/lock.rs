//! The lock that allows one server for an inventory. Two would have two limits for guessing passwords, and each would take the
//! tasks of the other for interrupted ones. It is a `flock` on a file beside the database, so it is released whenever and however
//! its process ends.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use durable::{Disk, open_lock_file};

use crate::error::Error;

/// The lock, held until it is dropped.
#[derive(Debug)]
pub struct ServerLock {
    _file: File,
}

impl ServerLock {
    /// Takes the lock of the inventory with this database, whose folder must exist.
    ///
    /// # Errors
    /// [`Error::AlreadyServed`], [`Error::Lock`].
    pub fn take(database: &Path) -> Result<Self, Error> {
        let path = database.with_extension("server.lock");
        let failed = |source: std::io::Error| Error::Lock { path: path.clone(), source };
        let opened = open_lock_file(&Disk::real(), &path);
        let mut file = opened.map_err(|error| failed(std::io::Error::other(error)))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut process = String::new();
                // The id is only for the message.
                let _ = file.read_to_string(&mut process);
                return Err(Error::AlreadyServed { process });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let _ = file.set_len(0).and_then(|()| file.rewind());
        let _ = write!(file, "{}", std::process::id());
        Ok(Self { _file: file })
    }
}
