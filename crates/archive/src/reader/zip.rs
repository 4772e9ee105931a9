//! Opens a zip, and reads the content of its entries.

use std::io::{self, BufReader, Read, Seek};

use rawzip::{ZipArchive, ZipLocator};
use serde::de::DeserializeSeed;

use crate::error::{Corruption, Error, from_io};
use crate::keys::{ExposeSecret, SecretString};

use super::content::EntryReader;
use super::entry::Entry;
use super::headers::Body;
use super::positioned::Positioned;
use super::zip_encryption::Decrypted;

/// How many bytes of the manifest and of the hashes are buffered.
pub(super) const BUFFER: usize = 64 << 10;

/// A zip whose directory has been found, with the password of entries that are encrypted one by one.
pub(super) struct Zip<R> {
    pub(super) archive: ZipArchive<Positioned<R>>,
    pub(super) password: Option<SecretString>,
    /// Whether bytes that belong to no entry may follow one. They may in archives of older formats.
    pub(super) may_have_gaps: bool,
}

impl<R: Read + Seek> Zip<R> {
    pub(super) fn open(source: R, length: u64, password: Option<SecretString>) -> Result<Self, Error> {
        let mut buffer = vec![0; rawzip::RECOMMENDED_BUFFER_SIZE];
        let source = Positioned::new(source, length);
        let located = ZipLocator::new().locate_in_reader(source, &mut buffer, length);
        let archive = located.map_err(|(_, error)| error)?;
        Ok(Self { archive, password, may_have_gaps: true })
    }

    /// Streams the content of an entry. The last `read` fails unless headers, size and checksums are right.
    pub(super) fn read<'a>(&'a self, entry: &'a Entry) -> Result<EntryReader<'a, R>, Error> {
        let body = Body::open(&self.archive, entry)?;
        let password = self.password.as_ref().map_or("", |password| password.expose_secret());
        let decrypted = Decrypted::open(body.reader(), entry.cipher, entry.body_size(), password.as_bytes());
        match decrypted.map_err(from_io)? {
            Some(decrypted) => Ok(EntryReader::new(decrypted, body, entry, self.may_have_gaps)),
            None => {
                let why = "the header of its encryption is damaged";
                Err(Corruption::Decrypt { entry: entry.name.clone(), why }.into())
            }
        }
    }

    /// Reads an entry to its end, which checks all of it.
    pub(super) fn check_content(&self, entry: &Entry) -> Result<(), Error> {
        io::copy(&mut self.read(entry)?, &mut io::sink()).map_err(from_io)?;
        Ok(())
    }

    /// Parses the manifest as a stream, because it is long when there are many files.
    pub(super) fn parse<T: for<'de> DeserializeSeed<'de, Value = V>, V>(
        &self,
        manifest: &Entry,
        seed: T,
    ) -> Result<V, Error> {
        let text = BufReader::with_capacity(BUFFER, self.read(manifest)?);
        let mut json = serde_json::Deserializer::from_reader(text);
        let parsed = seed.deserialize(&mut json).and_then(|value| json.end().map(|()| value));
        parsed.map_err(|error| {
            if error.is_io() {
                return from_io(error.into());
            }
            let why = durable::printable(&error.to_string());
            self.damage_or(manifest, Corruption::Manifest { why }.into())
        })
    }

    /// Returns the damage of an entry if its bytes are damaged, and otherwise `error`, which is about
    /// their meaning. An error of the operating system is returned as it is.
    pub(super) fn damage_or(&self, entry: &Entry, error: Error) -> Error {
        match error {
            Error::Io(_) => error,
            _ => self.check_content(entry).err().unwrap_or(error),
        }
    }
}
