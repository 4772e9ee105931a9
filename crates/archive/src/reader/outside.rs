//! What an archive is, without a key to it.

use std::io::{Read, Seek, SeekFrom};

use crate::error::{Error, Lock};
use crate::keys::Keys;
use crate::limits::Limits;

use super::locked::Cipher;
use super::sealed::Source;
use super::start::{Kind, look_at_start};
use super::{Entry, directory, structure};

/// What can be told of an archive without a key.
#[derive(Debug)]
pub struct Outside {
    /// How it is encrypted; nothing when it is not.
    pub lock: Option<Lock>,
    /// Its files. An archive that is encrypted as a whole shows none.
    pub entries: Vec<Entry>,
}

impl Outside {
    /// Looks at an archive from outside.
    ///
    /// # Errors
    /// As [`Reader::open`], of what can be told.
    pub fn look(mut source: impl Read + Seek, limits: &Limits) -> Result<Self, Error> {
        let length = source.seek(SeekFrom::End(0))?;
        if look_at_start(&mut source, length)? == Kind::Age {
            return match Source::unlock(source, &Keys::default()) {
                Err(Error::Key(fault)) => Ok(Self { lock: Some(fault.lock()), entries: Vec::new() }),
                Err(error) => Err(error),
                Ok((_, lock)) => Ok(Self { lock: Some(lock), entries: Vec::new() }),
            };
        }
        let zip = directory(source, length)?;
        let entries = structure::check(&zip, length, limits)?.entries;
        let lock = entries.iter().find_map(|entry| entry.cipher).map(Cipher::lock);
        Ok(Self { lock, entries })
    }
}
