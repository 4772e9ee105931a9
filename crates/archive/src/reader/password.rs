//! Checks the password of entries that are encrypted one by one.
//!
//! The header of an entry accepts one wrong password in 256 (with AES one in 65,536), and some
//! programs write the same header for all entries. The header of a damaged entry, on the other hand,
//! may reject the right password. So this module decrypts several entries. If one of them comes out
//! right, the password is right; that all of them are damaged is too unlikely to consider.

use std::io::{self, Read, Seek};

use crate::error::{Corruption, Error, KeyFault, from_io};
use crate::name::Role;

use super::entry::Entry;
use super::zip::Zip;

/// The most entries that are decrypted to check the password.
const MAX_TRIED: usize = 16;
/// The most bytes of such an entry.
const MAX_TRIED_SIZE: u64 = 1 << 20;

/// Checks the password against `entries`. Damage of an entry is not reported here but when the entry
/// is read.
pub(super) fn check<R: Read + Seek>(zip: &Zip<R>, entries: &[Entry]) -> Result<(), Error> {
    let mut encrypted: Vec<&Entry> = entries.iter().filter(|entry| entry.cipher.is_some()).collect();
    let Some(cipher) = encrypted.first().and_then(|entry| entry.cipher) else { return Ok(()) };
    if zip.password.is_none() {
        return Err(KeyFault::Missing(cipher.scheme()).into());
    }
    // The database first, since its first bytes are known; then the shortest entries. An empty entry
    // would come out right with any password.
    encrypted.sort_by_key(|entry| (entry.role != Role::Database, entry.size));
    let can_tell =
        |entry: &&Entry| entry.role == Role::Database || (1..=MAX_TRIED_SIZE).contains(&entry.size);
    let tried: Vec<&Entry> = encrypted.into_iter().filter(can_tell).take(MAX_TRIED).collect();
    let mut damaged_header = None;
    for entry in &tried {
        match decrypts(zip, entry) {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            Err(error @ Error::Corrupt(Corruption::Headers { .. })) => {
                damaged_header.get_or_insert(error);
            }
            Err(error) => return Err(error),
        }
    }
    // With no entry to try, a wrong password is found when the entries are read.
    match damaged_header {
        Some(error) => Err(error),
        None if tried.is_empty() => Ok(()),
        None => Err(KeyFault::Wrong(cipher.scheme()).into()),
    }
}

/// Returns whether the password decrypts an entry to its content.
fn decrypts<R: Read + Seek>(zip: &Zip<R>, entry: &Entry) -> Result<bool, Error> {
    const SQLITE: &[u8] = b"SQLite format 3\0";
    let mut content = match zip.read(entry) {
        Err(Error::Corrupt(Corruption::Decrypt { .. })) => return Ok(false),
        opened => opened?,
    };
    let mut start = Vec::new();
    let result = if entry.role == Role::Database {
        content.by_ref().take(SQLITE.len() as u64).read_to_end(&mut start).map(|_| start == SQLITE)
    } else {
        io::copy(&mut content, &mut io::sink()).map(|_| true)
    };
    match result.map_err(from_io) {
        Err(error @ (Error::Io(_) | Error::Corrupt(Corruption::Headers { .. }))) => Err(error),
        Err(_) => Ok(false),
        Ok(right) => Ok(right),
    }
}
