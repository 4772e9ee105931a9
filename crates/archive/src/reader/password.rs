//! Whether a password is the right one for entries that are encrypted one by one.
//!
//! The header of an entry lets one wrong password in 256 pass (with AES one in 65,536), and a damaged
//! entry lets a right one fail. So one entry has to be read with it: what comes out right could not
//! have come out of a wrong password. Only when none does is it asked how many headers agree.

use std::io::{Read, Seek};

use crate::encryption::ExposeSecret;
use crate::error::{Error, KeyFault, from_io};
use crate::name::Role;

use super::locked::{Opened, Unlocked};
use super::{Entry, Reader};

/// Entries whose headers are looked at.
const LOOKED_AT: usize = 64;
/// Entries that are read whole, and how long they may be.
const READ: usize = 8;
const SHORT: u64 = 1 << 20;

impl<R: Read + Seek> Reader<R> {
    /// Whether the password in hand is the right one. What is wrong with an entry is told when it is read.
    pub(super) fn check_password(&self) -> Result<(), Error> {
        let mut locked: Vec<&Entry> = self.entries.iter().filter(|entry| entry.cipher.is_some()).collect();
        let Some(lock) = locked.first().and_then(|entry| Some(entry.cipher?.lock())) else { return Ok(()) };
        let Some(password) = &self.password else { return Err(KeyFault::None(lock).into()) };
        // The database tells by its first bytes; of the others the shortest are read.
        locked.sort_by_key(|entry| (entry.role != Role::Database, entry.size));
        locked.truncate(LOOKED_AT);
        let mut fitting = Vec::new();
        for entry in &locked {
            let packed = self.zip.get_entry(entry.at)?.reader();
            if let Opened::Yes(_) =
                Unlocked::open(packed, entry, password.expose_secret().as_bytes()).map_err(from_io)?
            {
                fitting.push(*entry);
            }
        }
        let proving = fitting.iter().filter(|entry| entry.role == Role::Database || entry.size <= SHORT);
        for entry in proving.take(READ) {
            if self.comes_out_right(entry)? {
                return Ok(());
            }
        }
        // A wrong password fits by chance, and hardly ever more often than not.
        let by_chance = locked.len() < 4 || fitting.len() * 2 <= locked.len();
        if by_chance { Err(KeyFault::Wrong(lock).into()) } else { Ok(()) }
    }

    /// Whether an entry is, decrypted, what it should be.
    fn comes_out_right(&self, entry: &Entry) -> Result<bool, Error> {
        const SQLITE: &[u8] = b"SQLite format 3\0";
        let mut content = self.read(entry)?;
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
