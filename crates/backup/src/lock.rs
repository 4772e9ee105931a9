//! One backup or restore of an inventory at a time, across processes: `flock` on a file beside the
//! database. The lock ends with the process that holds it, however that ends.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};

use durable::{folder_of, open_lock_file};

use crate::{Engine, Error};

/// Held while it lives.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Engine {
    /// Takes the lock for `what`, or says who has it.
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
        // Only for the message above; the lock holds without it.
        let _ = file.set_len(0).and_then(|()| file.rewind());
        let since = self.ambient.local().format("%Y-%m-%d %H:%M:%S");
        let _ = write!(file, "{what}, process {}, since {since}", std::process::id());
        Ok(Lock { _file: file })
    }
}
