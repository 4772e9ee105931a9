//! The lock that allows one backup or restore of an inventory at a time, across processes. It is a
//! `flock` on a file beside the database, so it is released whenever and however its process ends.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};

use durable::{folder_of, open_lock_file};

use crate::{Engine, Error};

/// The lock, held until it is dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Engine {
    /// Takes the lock for `what`.
    ///
    /// # Errors
    /// [`Error::Locked`], with the current holder, when another process holds the lock.
    pub(crate) fn lock(&self, what: &str) -> Result<Lock, Error> {
        self.places.check()?;
        let path = self.places.lock_file();
        let folder = folder_of(&path);
        self.disk.create_folder(folder)?;
        let mut file = open_lock_file(&self.disk, &path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = file.read_to_string(&mut holder);
                let holder = if holder.is_empty() { "by another process".to_owned() } else { holder };
                return Err(Error::Locked { holder });
            }
            Err(TryLockError::Error(source)) => return Err(Error::storage("lock", &path)(source)),
        }
        // The text is only for the message above. The lock does not depend on it.
        let _ = file.set_len(0).and_then(|()| file.rewind());
        let since = self.ambient.local().format("%Y-%m-%d %H:%M:%S");
        let _ = write!(file, "{what}, process {}, since {since}", std::process::id());
        Ok(Lock { _file: file })
    }
}
