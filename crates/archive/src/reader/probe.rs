//! Finds out what can be known of an archive without a key.

use std::io::{Read, Seek, SeekFrom};

use crate::error::Error;
use crate::keys::Keys;
use crate::limits::Limits;
use crate::scheme::EncryptionScheme;

use super::age_file::Source;
use super::central_directory;
use super::detect::{Container, detect};
use super::entry::Entry;
use super::zip::Zip;
use super::zip_encryption::Cipher;

/// What can be known of an archive without a key.
#[derive(Debug)]
pub struct ArchiveProbe {
    /// How the archive is encrypted, if it is.
    pub encryption: Option<EncryptionScheme>,
    /// The files. An archive that is encrypted as a whole shows none.
    pub entries: Vec<Entry>,
}

impl ArchiveProbe {
    /// Reads what is not encrypted: the header of an age file, or the directory of a zip.
    ///
    /// # Errors
    /// Those of [`crate::Reader::open`] that can be found without a key.
    pub fn open(mut source: impl Read + Seek, limits: &Limits) -> Result<Self, Error> {
        let length = source.seek(SeekFrom::End(0))?;
        if detect(&mut source, length)? == Container::Age {
            let scheme = match Source::decrypt(source, &Keys::default()) {
                Err(Error::Key(fault)) => fault.scheme(),
                opened => opened?.1,
            };
            return Ok(Self { encryption: Some(scheme), entries: Vec::new() });
        }
        let zip = Zip::open(source, length, None)?;
        let entries = central_directory::check(&zip.archive, length, limits)?.entries;
        let encryption = entries.iter().find_map(|entry| entry.cipher).map(Cipher::scheme);
        Ok(Self { encryption, entries })
    }
}
