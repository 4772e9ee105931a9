//! Reads the content of one entry: decompresses it, and compares it with what the headers state.

use std::io::{self, BufReader, Read};

use flate2::bufread::DeflateDecoder;

use crate::error::{Corruption, Error, from_io, into_io};
use crate::hashing::{EntryDigest, Sha256Hex};

use super::entry::Entry;
use super::zip_encryption::{Cipher, Decrypted};

/// The content of one entry. Reading it to its end checks size, CRC-32 and hash; reading only a part
/// of it checks nothing.
pub struct EntryReader<R> {
    source: Decompressor<BufReader<Decrypted<R>>>,
    name: String,
    size: u64,
    body_size: u64,
    /// The CRC-32 that the headers state, unless the encryption leaves it out.
    crc: Option<u32>,
    sha256: Option<Sha256Hex>,
    digest: EntryDigest,
    finished: bool,
}

enum Decompressor<R> {
    Stored(R),
    Deflated(DeflateDecoder<R>),
}

impl<R: Read> EntryReader<R> {
    pub(super) fn new(body: Decrypted<R>, entry: &Entry) -> Self {
        const BUFFER: u64 = 64 << 10;
        let buffer = usize::try_from(entry.body_size().clamp(1, BUFFER)).expect("at most BUFFER");
        let body = BufReader::with_capacity(buffer, body);
        Self {
            source: if entry.deflated {
                Decompressor::Deflated(DeflateDecoder::new(body))
            } else {
                Decompressor::Stored(body)
            },
            name: entry.name.clone(),
            size: entry.size,
            body_size: entry.body_size(),
            crc: entry.cipher.is_none_or(Cipher::has_crc).then_some(entry.crc),
            sha256: entry.sha256,
            digest: EntryDigest::default(),
            finished: false,
        }
    }

    fn decompress(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.source {
            Decompressor::Stored(stored) => stored.read(buffer),
            Decompressor::Deflated(deflated) => deflated.read(buffer).map_err(|error| match error.kind() {
                io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
                    into_io(Corruption::Unpack { entry: self.name.clone(), why: error.to_string() })
                }
                _ => error,
            }),
        }
    }

    fn check_end(&mut self) -> Result<(), Error> {
        let entry = || self.name.clone();
        if self.digest.bytes() != self.size {
            return Err(Corruption::Size { entry: entry(), expected: self.size }.into());
        }
        let decrypted = match &mut self.source {
            Decompressor::Stored(stored) => stored.get_mut(),
            Decompressor::Deflated(deflated) if deflated.total_in() != self.body_size => {
                let why = "bytes are left over after its end".to_owned();
                return Err(Corruption::Unpack { entry: entry(), why }.into());
            }
            Decompressor::Deflated(deflated) => deflated.get_mut().get_mut(),
        };
        if !decrypted.is_authentic().map_err(from_io)? {
            let why = "its bytes have been changed or damaged";
            return Err(Corruption::Decrypt { entry: entry(), why }.into());
        }
        if self.crc.is_some_and(|crc| self.digest.crc() != crc) {
            return Err(Corruption::Crc { entry: entry() }.into());
        }
        let found = self.digest.sha256();
        match self.sha256 {
            Some(expected) if expected != found => {
                Err(Corruption::Hash { entry: entry(), expected, found }.into())
            }
            _ => Ok(()),
        }
    }

    /// Returns the hash of the content once it has been read to its end.
    pub fn hash(&self) -> Option<Sha256Hex> {
        self.finished.then(|| self.digest.sha256())
    }
}

impl<R: Read> Read for EntryReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.finished || buffer.is_empty() {
            return Ok(0);
        }
        let n = self.decompress(buffer)?;
        self.digest.update(&buffer[..n]);
        if self.digest.bytes() > self.size {
            return Err(into_io(Corruption::Size { entry: self.name.clone(), expected: self.size }));
        }
        if n == 0 {
            self.check_end().map_err(into_io)?;
            self.finished = true;
        }
        Ok(n)
    }
}
