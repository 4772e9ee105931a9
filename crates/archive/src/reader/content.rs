//! Reading one entry: unpack, count, and compare with what was announced.

use std::io::{self, BufReader, Read};

use flate2::bufread::DeflateDecoder;
use sha2::{Digest, Sha256};

use crate::error::{Corruption, Error, from_io, into_io};
use crate::hashing::Sha256Hex;

use super::Entry;
use super::locked::{Cipher, Unlocked};

/// The content of one entry. Reading it to the end proves size, CRC-32 and hash; stopping early
/// proves nothing.
pub struct EntryReader<R> {
    source: Source<BufReader<Unlocked<R>>>,
    name: String,
    size: u64,
    body: u64,
    /// Where it is stated.
    crc: Option<u32>,
    sha256: Option<Sha256Hex>,
    seen: u64,
    seen_crc: crc32fast::Hasher,
    seen_sha: Sha256,
    done: bool,
}

enum Source<R> {
    Stored(R),
    Deflated(DeflateDecoder<R>),
}

impl<R: Read> EntryReader<R> {
    pub(super) fn new(packed: Unlocked<R>, entry: &Entry) -> Self {
        let packed = BufReader::with_capacity(64 << 10, packed);
        Self {
            source: if entry.deflated {
                Source::Deflated(DeflateDecoder::new(packed))
            } else {
                Source::Stored(packed)
            },
            name: entry.name.clone(),
            size: entry.size,
            body: entry.body(),
            crc: entry.cipher.is_none_or(Cipher::has_crc).then_some(entry.crc),
            sha256: entry.sha256,
            seen: 0,
            seen_crc: crc32fast::Hasher::new(),
            seen_sha: Sha256::new(),
            done: false,
        }
    }

    fn unpack(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.source {
            Source::Stored(stored) => stored.read(buffer),
            Source::Deflated(deflated) => deflated.read(buffer).map_err(|error| match error.kind() {
                io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
                    into_io(Corruption::Unpack { entry: self.name.clone(), why: error.to_string() })
                }
                _ => error,
            }),
        }
    }

    fn check_end(&mut self) -> Result<(), Error> {
        let entry = || self.name.clone();
        let all_used = match &self.source {
            Source::Stored(_) => true,
            Source::Deflated(deflated) => deflated.total_in() == self.body,
        };
        if self.seen != self.size {
            return Err(Corruption::Size { entry: entry(), expected: self.size }.into());
        }
        if !all_used {
            let why = "bytes are left over after its end".to_owned();
            return Err(Corruption::Unpack { entry: entry(), why }.into());
        }
        let source = match &mut self.source {
            Source::Stored(stored) => stored.get_mut(),
            Source::Deflated(deflated) => deflated.get_mut().get_mut(),
        };
        source.check_end().map_err(from_io)?;
        if self.crc.is_some_and(|crc| self.seen_crc.clone().finalize() != crc) {
            return Err(Corruption::Crc { entry: entry() }.into());
        }
        let found = Sha256Hex(self.seen_sha.clone().finalize().into());
        match self.sha256 {
            Some(expected) if expected != found => Err(Corruption::Hash {
                entry: entry(),
                expected: expected.to_string(),
                found: found.to_string(),
            }
            .into()),
            _ => Ok(()),
        }
    }

    /// The hash of the content, once it has been read to its end.
    pub fn hash(&self) -> Option<Sha256Hex> {
        self.done.then(|| Sha256Hex(self.seen_sha.clone().finalize().into()))
    }
}

impl<R: Read> Read for EntryReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.done || buffer.is_empty() {
            return Ok(0);
        }
        let n = self.unpack(buffer)?;
        self.seen += n as u64;
        if self.seen > self.size {
            return Err(into_io(Corruption::Size { entry: self.name.clone(), expected: self.size }));
        }
        self.seen_crc.update(&buffer[..n]);
        self.seen_sha.update(&buffer[..n]);
        if n == 0 {
            self.check_end().map_err(into_io)?;
            self.done = true;
        }
        Ok(n)
    }
}
