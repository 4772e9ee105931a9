//! Reads the content of one entry: decompresses it, and compares it with what the headers state.

use std::io::{self, BufReader, Read, Seek};

use flate2::bufread::DeflateDecoder;
use rawzip::ZipReader;

use crate::error::{Corruption, Error, Refusal, from_io, into_io};
use crate::hashing::{EntryDigest, Sha256Hex};

use super::entry::Entry;
use super::headers::Body;
use super::positioned::Positioned;
use super::zip_encryption::{Cipher, Decrypted};

/// The content of one entry. Reading it to its end checks size, CRC-32, hash and descriptor; reading only a part
/// of it checks nothing.
pub struct EntryReader<'a, R: Read + Seek> {
    source: Decompressor<BufReader<Packed<'a, R>>>,
    body: Body<'a, Positioned<R>>,
    entry: &'a Entry,
    may_have_gaps: bool,
    digest: EntryDigest,
    finished: bool,
}

type Packed<'a, R> = Decrypted<ZipReader<&'a Positioned<R>>>;

enum Decompressor<R> {
    Stored(R),
    Deflated(DeflateDecoder<R>),
}

impl<'a, R: Read + Seek> EntryReader<'a, R> {
    pub(super) fn new(
        packed: Packed<'a, R>,
        body: Body<'a, Positioned<R>>,
        entry: &'a Entry,
        may_have_gaps: bool,
    ) -> Self {
        const BUFFER: u64 = 64 << 10;
        let buffer = usize::try_from(entry.body_size().clamp(1, BUFFER)).expect("at most BUFFER");
        let packed = BufReader::with_capacity(buffer, packed);
        let source = match entry.deflated {
            true => Decompressor::Deflated(DeflateDecoder::new(packed)),
            false => Decompressor::Stored(packed),
        };
        Self { source, body, entry, may_have_gaps, digest: EntryDigest::default(), finished: false }
    }

    fn decompress(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.source {
            Decompressor::Stored(stored) => stored.read(buffer),
            Decompressor::Deflated(deflated) => deflated.read(buffer).map_err(|error| match error.kind() {
                io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
                    into_io(Corruption::Unpack { entry: self.entry.name.clone(), why: error.to_string() })
                }
                _ => error,
            }),
        }
    }

    fn check_end(&mut self) -> Result<(), Error> {
        let name = || self.entry.name.clone();
        let gap = self.body.check_end()?;
        if self.digest.bytes() != self.entry.size {
            return Err(Corruption::Size { entry: name(), expected: self.entry.size }.into());
        }
        let decrypted = match &mut self.source {
            Decompressor::Stored(stored) => stored.get_mut(),
            Decompressor::Deflated(deflated) if deflated.total_in() != self.entry.body_size() => {
                let why = "bytes are left over after its end".to_owned();
                return Err(Corruption::Unpack { entry: name(), why }.into());
            }
            Decompressor::Deflated(deflated) => deflated.get_mut().get_mut(),
        };
        if !decrypted.is_authentic().map_err(from_io)? {
            let why = "its bytes have been changed or damaged";
            return Err(Corruption::Decrypt { entry: name(), why }.into());
        }
        // The encryption may leave out the CRC-32.
        if self.entry.cipher.is_none_or(Cipher::has_crc) && self.digest.crc() != self.entry.crc {
            return Err(Corruption::Crc { entry: name() }.into());
        }
        let found = self.digest.sha256();
        if let Some(expected) = self.entry.sha256.filter(|expected| *expected != found) {
            return Err(Corruption::Hash { entry: name(), expected, found }.into());
        }
        match gap {
            Some((offset, bytes)) if !self.may_have_gaps => Err(Refusal::StrayBytes { offset, bytes }.into()),
            _ => Ok(()),
        }
    }

    /// Returns the hash of the content once it has been read to its end.
    pub fn hash(&self) -> Option<Sha256Hex> {
        self.finished.then(|| self.digest.sha256())
    }
}

impl<R: Read + Seek> Read for EntryReader<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.finished || buffer.is_empty() {
            return Ok(0);
        }
        let n = self.decompress(buffer)?;
        self.digest.update(&buffer[..n]);
        if self.digest.bytes() > self.entry.size {
            let entry = self.entry.name.clone();
            return Err(into_io(Corruption::Size { entry, expected: self.entry.size }));
        }
        if n == 0 {
            self.check_end().map_err(into_io)?;
            self.finished = true;
        }
        Ok(n)
    }
}
