//! Whether a password is the right one for entries that are encrypted one by one.
//!
//! The header of an entry lets one wrong password in 256 pass (with AES one in 65,536), and some programs
//! give all entries the same. A damaged entry, on the other hand, lets a right one fail. So some entries
//! are read with it: one that comes out right could not have come out of a wrong password, and that
//! all of them are damaged is not what happens to archives.

use std::io::{Read, Seek};

use crate::error::{Error, KeyFault, from_io};
use crate::name::Role;

use super::{Entry, Reader};

/// Entries that are read, and how long they may be.
const READ: usize = 16;
const SHORT: u64 = 1 << 20;

impl<R: Read + Seek> Reader<R> {
    /// Whether the password in hand is the right one. What is wrong with an entry is told when it is read.
    pub(super) fn check_password(&self) -> Result<(), Error> {
        let mut locked: Vec<&Entry> = self.entries.iter().filter(|entry| entry.cipher.is_some()).collect();
        let Some(lock) = locked.first().and_then(|entry| Some(entry.cipher?.lock())) else { return Ok(()) };
        if self.password.is_none() {
            return Err(KeyFault::None(lock).into());
        }
        // The database tells by its first bytes; of the others the shortest are read.
        locked.sort_by_key(|entry| (entry.role != Role::Database, entry.size));
        // Nothing can be told by nothing.
        let telling = |entry: &&Entry| entry.role == Role::Database || (1..=SHORT).contains(&entry.size);
        let telling: Vec<&Entry> = locked.into_iter().filter(telling).take(READ).collect();
        for entry in &telling {
            if self.comes_out_right(entry)? {
                return Ok(());
            }
        }
        // Where none tells, reading them does.
        if telling.is_empty() { Ok(()) } else { Err(KeyFault::Wrong(lock).into()) }
    }

    /// Whether an entry is, decrypted, what it should be.
    fn comes_out_right(&self, entry: &Entry) -> Result<bool, Error> {
        const SQLITE: &[u8] = b"SQLite format 3\0";
        let mut content = match self.read(entry) {
            Err(Error::Corrupt(_)) => return Ok(false),
            opened => opened?,
        };
        let mut start = Vec::new();
        let result = if entry.role == Role::Database {
            content.by_ref().take(SQLITE.len() as u64).read_to_end(&mut start).map(|_| start == SQLITE)
        } else {
            std::io::copy(&mut content, &mut std::io::sink()).map(|_| true)
        };
        match result.map_err(from_io) {
            Ok(right) => Ok(right),
            Err(Error::Io(error)) => Err(error.into()),
            Err(_) => Ok(false),
        }
    }
}
