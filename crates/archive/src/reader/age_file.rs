//! The file that contains the zip: the zip itself, or an age file around it. Reading an age file
//! yields only bytes that have been authenticated.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use age::stream::StreamReader;
use age_core::format::FileKey;
use age_core::primitives::hkdf;
use age_core::secrecy::ExposeSecret;
use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher, StreamCipherSeek};

use crate::error::{Corruption, Error, Refusal, into_io};
use crate::keys::Keys;
use crate::scheme::EncryptionScheme;

use super::age_header;

/// The most bytes of a header, which is room for 600 recipients. A longer one is hostile.
const MAX_HEADER: u64 = 64 << 10;
/// The length of the nonce from which, with the file key, the key of the payload is derived.
const NONCE: usize = 16;
/// The length of the authentication tag at the end of each chunk.
const TAG: usize = 16;
/// The length of an encrypted chunk.
const CHUNK: u64 = (64 << 10) + TAG as u64;

/// The source of the bytes of a zip.
pub(super) enum Source<R: Read + Seek> {
    Plain(R),
    Age(Box<ChunkReader<R>>),
}

impl<R: Read + Seek> Source<R> {
    /// Opens an age file, and authenticates its last chunk as the last one.
    pub(super) fn decrypt(
        mut file: R,
        keys: &Keys,
    ) -> Result<(Self, EncryptionScheme, Option<FileKey>), Error> {
        let last_chunk = LastChunk::read(&mut file)?;
        file.seek(SeekFrom::Start(0))?;
        let (mut stream, info) = age_header::open(file, keys)?;
        match stream.seek(SeekFrom::End(0)) {
            Ok(length) => {
                let scheme = info.scheme();
                Ok((Self::Age(Box::new(ChunkReader::new(stream, length))), scheme, info.file_key))
            }
            Err(error) if is_damage(&error) => {
                let file_key = info.file_key.as_ref().expect("the payload is open");
                Err(last_chunk.diagnose(file_key).into())
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl<R: Read + Seek> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(file) => file.read(buffer),
            Self::Age(chunks) => chunks
                .read(buffer)
                .map_err(|error| if is_damage(&error) { into_io(Corruption::AgePayload) } else { error }),
        }
    }
}

impl<R: Read + Seek> Seek for Source<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Self::Plain(file) => file.seek(to),
            Self::Age(chunks) => chunks.seek(to),
        }
    }
}

/// Reads the payload of an age file, and caches a few decrypted chunks. Reading a zip alternates
/// between its directory and headers elsewhere, so without a cache each header would cost the
/// decryption of two chunks.
pub(super) struct ChunkReader<R> {
    stream: StreamReader<BufReader<R>>,
    length: u64,
    position: u64,
    /// The number and content of each cached chunk, the most recently used one last.
    cache: Vec<(u64, Vec<u8>)>,
}

impl<R: Read + Seek> ChunkReader<R> {
    /// One chunk for the directory, one for a header, one for data, and one to spare.
    const CACHED_CHUNKS: usize = 4;
    /// The length of a decrypted chunk.
    const SIZE: u64 = CHUNK - TAG as u64;

    fn new(stream: StreamReader<BufReader<R>>, length: u64) -> Self {
        Self { stream, length, position: 0, cache: Vec::new() }
    }

    fn chunk(&mut self, number: u64) -> io::Result<&[u8]> {
        if let Some(index) = self.cache.iter().position(|(cached, _)| *cached == number) {
            let chunk = self.cache.remove(index);
            self.cache.push(chunk);
        } else {
            let full = self.cache.len() == Self::CACHED_CHUNKS;
            let mut chunk = if full { self.cache.remove(0).1 } else { Vec::new() };
            let begin = number * Self::SIZE;
            chunk.resize((self.length - begin).min(Self::SIZE) as usize, 0);
            // Seek only to the beginning of a chunk, and never read zero bytes: at the end of a chunk,
            // the library would lose track of which one it is in.
            self.stream.seek(SeekFrom::Start(begin))?;
            self.stream.read_exact(&mut chunk)?;
            self.cache.push((number, chunk));
        }
        Ok(&self.cache.last().expect("a chunk has just been pushed").1)
    }
}

impl<R: Read + Seek> Read for ChunkReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() || self.position >= self.length {
            return Ok(0);
        }
        let position = self.position;
        let rest = &self.chunk(position / Self::SIZE)?[(position % Self::SIZE) as usize..];
        let n = rest.len().min(buffer.len());
        buffer[..n].copy_from_slice(&rest[..n]);
        self.position += n as u64;
        Ok(n)
    }
}

impl<R: Read + Seek> Seek for ChunkReader<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (base, offset) = match to {
            SeekFrom::Start(position) => (position, 0),
            SeekFrom::Current(offset) => (self.position, offset),
            SeekFrom::End(offset) => (self.length, offset),
        };
        self.position = base.checked_add_signed(offset).ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

/// Returns whether the error is the one by which the library reports a chunk that is not authentic.
fn is_damage(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof)
}

/// The last chunk of an age file, read before the file is opened. If it is not authentic, it is
/// either damaged or not the last one that was written, and the owner has to know which.
struct LastChunk {
    nonce: [u8; NONCE],
    number: u64,
    bytes: Vec<u8>,
}

impl LastChunk {
    fn read(file: &mut (impl Read + Seek)) -> Result<Self, Error> {
        let mut start = Vec::new();
        file.seek(SeekFrom::Start(0))?;
        file.take(MAX_HEADER).read_to_end(&mut start)?;
        let payload = header_length(&start).ok_or_else(|| match start.len() as u64 {
            MAX_HEADER => Error::from(Corruption::AgeHeader { why: "it has no end" }),
            _ => Corruption::Truncated.into(),
        })?;
        let nonce = start.get(payload..payload + NONCE).ok_or(Corruption::Truncated)?;
        let nonce = nonce.try_into().expect("the slice has this length");
        let begin = (payload + NONCE) as u64;
        let length = file.seek(SeekFrom::End(0))?.saturating_sub(begin);
        let number = length.saturating_sub(1) / CHUNK;
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(begin + number * CHUNK))?;
        file.take(CHUNK).read_to_end(&mut bytes)?;
        if !start.starts_with(b"age-encryption.org/v1\n") {
            let looks_like = "an age file of a version that makermatrix does not know";
            return Err(Refusal::NotAnArchive { looks_like }.into());
        }
        Ok(Self { nonce, number, bytes })
    }

    /// Tells a damaged last chunk from a missing one. Without authentication, the cipher alone shows
    /// whether a zip ends in this chunk. The unauthenticated bytes are used for nothing else.
    fn diagnose(mut self, file_key: &FileKey) -> Corruption {
        const END: [u8; 4] = *b"PK\x05\x06";
        const END_LENGTH: usize = 22;
        /// The first block of the key stream is the key of the authentication tag.
        const BLOCK: u64 = 64;
        let key = hkdf(&self.nonce, b"payload", file_key.expose_secret());
        let mut nonce = [0; 12];
        nonce[3..11].copy_from_slice(&self.number.to_be_bytes());
        nonce[11] = 1;
        self.bytes.truncate(self.bytes.len().saturating_sub(TAG));
        let mut cipher = ChaCha20::new(&key.into(), &nonce.into());
        cipher.seek(BLOCK);
        cipher.apply_keystream(&mut self.bytes);
        let bytes = &self.bytes;
        let end = bytes.len().checked_sub(END_LENGTH).map(|at| &bytes[at..at + END.len()]);
        // One byte of the signature may be the damaged one, and bytes may have been appended.
        let equal = end.map_or(0, |end| end.iter().zip(END).filter(|(found, byte)| **found == *byte).count());
        let before = bytes.windows(END.len()).rposition(|found| found == END);
        let zip_ends_here = equal + 1 >= END.len() || before.is_some_and(|at| at + END_LENGTH <= bytes.len());
        if zip_ends_here { Corruption::AgePayload } else { Corruption::Truncated }
    }
}

/// Returns the length of the header, whose last line begins with three dashes.
fn header_length(start: &[u8]) -> Option<usize> {
    let last = start.windows(4).position(|bytes| bytes == b"\n---")? + 1;
    let line = start[last..].iter().position(|&byte| byte == b'\n')?;
    Some(last + line + 1)
}
