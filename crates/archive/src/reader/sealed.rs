//! The file that an archive lies in: as it is, or inside an age file. Reading the latter yields only
//! what has been authenticated.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use age::stream::StreamReader;
use age::{DecryptError, Decryptor};
use age_core::format::FileKey;
use age_core::primitives::hkdf;
use age_core::secrecy::ExposeSecret;
use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher, StreamCipherSeek};

use crate::encryption::{MOST_WORK, Opener, Seen};
use crate::error::{Corruption, Error, KeyFault, Lock, Refusal, from_io, into_io};
use crate::keys::Keys;

/// What an age file begins with.
pub(super) const MAGIC: &[u8] = b"age-encryption.org/";
/// The same, as text.
pub(super) const ARMOR: &[u8] = b"-----BEGIN AGE ENCRYPTED FILE";

/// A header that is longer is hostile: this has room for 600 recipients.
const LONGEST_HEADER: u64 = 64 << 10;
/// What goes into the key of the pieces besides the file key.
const NONCE: usize = 16;
/// What authenticates a piece, at its end.
const TAG: usize = 16;
/// A piece, encrypted.
const PIECE: u64 = (64 << 10) + TAG as u64;

/// Where the bytes of an archive come from.
pub(super) enum Source<R: Read + Seek> {
    Plain(R),
    Age(Box<Pieces<R>>),
}

impl<R: Read + Seek> Source<R> {
    /// Opens an age file, and proves that its end is there.
    pub(super) fn unlock(mut file: R, keys: &Keys) -> Result<(Self, Lock), Error> {
        let end = End::read(&mut file)?;
        file.seek(SeekFrom::Start(0))?;
        if !end.known_version {
            let looks_like = "an age file of a version that makermatrix does not know";
            return Err(Refusal::NotAnArchive { looks_like }.into());
        }
        let decryptor = Decryptor::new_buffered(BufReader::new(file)).map_err(broken)?;
        let opener = Opener::new(keys);
        let opened = decryptor.decrypt(std::iter::once(&opener as &dyn age::Identity));
        let seen = opener.into_seen();
        let mut stream = opened.map_err(|error| locked(error, &seen))?;
        match stream.seek(SeekFrom::End(0)) {
            Ok(length) => Ok((Self::Age(Box::new(Pieces::new(stream, length))), lock(&seen))),
            Err(error) if is_damage(&error) => {
                Err(end.what_is_wrong(seen.file_key.as_ref().expect("the stream is open")).into())
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl<R: Read + Seek> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(file) => file.read(buffer),
            Self::Age(pieces) => pieces.read(buffer).map_err(damaged),
        }
    }
}

impl<R: Read + Seek> Seek for Source<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Self::Plain(file) => file.seek(to),
            Self::Age(pieces) => pieces.seek(to),
        }
    }
}

/// The pieces of an age file, decrypted as they are needed. A zip is read here and there: its directory,
/// and for each line of it a header elsewhere. Some pieces are kept, so that none is decrypted for every
/// one of them.
pub(super) struct Pieces<R> {
    stream: StreamReader<BufReader<R>>,
    length: u64,
    at: u64,
    /// The number and content of each; what was asked for last comes last.
    kept: Vec<(u64, Vec<u8>)>,
}

impl<R: Read + Seek> Pieces<R> {
    /// One for the directory, one for a header, one for data, and one more.
    const KEPT: usize = 4;
    const SIZE: u64 = PIECE - TAG as u64;

    fn new(stream: StreamReader<BufReader<R>>, length: u64) -> Self {
        Self { stream, length, at: 0, kept: Vec::new() }
    }

    fn piece(&mut self, number: u64) -> io::Result<&[u8]> {
        if let Some(place) = self.kept.iter().position(|(kept, _)| *kept == number) {
            let piece = self.kept.remove(place);
            self.kept.push(piece);
        } else {
            let full = self.kept.len() == Self::KEPT;
            let mut piece = if full { self.kept.remove(0).1 } else { Vec::new() };
            let begin = number * Self::SIZE;
            piece.resize((self.length - begin).min(Self::SIZE) as usize, 0);
            // Always to the beginning of a piece, and never for nothing: the library forgets the piece it
            // is in where it is asked for no bytes at its end.
            self.stream.seek(SeekFrom::Start(begin))?;
            self.stream.read_exact(&mut piece)?;
            self.kept.push((number, piece));
        }
        Ok(&self.kept.last().expect("just put there").1)
    }
}

impl<R: Read + Seek> Read for Pieces<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() || self.at >= self.length {
            return Ok(0);
        }
        let at = self.at;
        let left = &self.piece(at / Self::SIZE)?[(at % Self::SIZE) as usize..];
        let n = left.len().min(buffer.len());
        buffer[..n].copy_from_slice(&left[..n]);
        self.at += n as u64;
        Ok(n)
    }
}

impl<R: Read + Seek> Seek for Pieces<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (from, by) = match to {
            SeekFrom::Start(at) => (at, 0),
            SeekFrom::Current(by) => (self.at, by),
            SeekFrom::End(by) => (self.length, by),
        };
        self.at = from.checked_add_signed(by).ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

/// The library tells so of pieces that are not what was written.
fn is_damage(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof)
}

fn damaged(error: io::Error) -> io::Error {
    if is_damage(&error) { into_io(Corruption::Sealed) } else { error }
}

fn lock(seen: &Seen) -> Lock {
    if seen.passphrase { Lock::Passphrase } else { Lock::Recipients(seen.recipients) }
}

/// What is wrong with a header.
fn broken(error: DecryptError) -> Error {
    let header = |why: &str| Corruption::SealedHeader { why: why.to_owned() }.into();
    match error {
        DecryptError::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Corruption::Truncated.into()
        }
        DecryptError::Io(error) => from_io(error),
        DecryptError::InvalidMac => header("it has been changed"),
        _ => header("it is not one of age"),
    }
}

/// Why a header does not lead to a key.
fn locked(error: DecryptError, seen: &Seen) -> Error {
    use DecryptError as Of;
    match error {
        Of::ExcessiveWork { required, .. } => {
            Refusal::TooMuchWork { found: required, limit: MOST_WORK }.into()
        }
        Of::NoMatchingKeys | Of::KeyDecryptionFailed | Of::DecryptionFailed if seen.tried => {
            KeyFault::Wrong(lock(seen)).into()
        }
        Of::NoMatchingKeys | Of::KeyDecryptionFailed | Of::DecryptionFailed => {
            KeyFault::None(lock(seen)).into()
        }
        other => broken(other),
    }
}

/// The end of an age file, kept from before it was opened. A last piece that is not authentic can be
/// damaged, or only the beginning of what was written; which of both decides what the owner does next.
struct End {
    known_version: bool,
    nonce: [u8; NONCE],
    /// Which piece it is.
    number: u64,
    piece: Vec<u8>,
}

impl End {
    fn read(file: &mut (impl Read + Seek)) -> Result<Self, Error> {
        let mut start = Vec::new();
        file.seek(SeekFrom::Start(0))?;
        file.take(LONGEST_HEADER).read_to_end(&mut start)?;
        let payload = header_length(&start).ok_or_else(|| match start.len() as u64 {
            LONGEST_HEADER => Error::from(Corruption::SealedHeader { why: "it has no end".to_owned() }),
            _ => Corruption::Truncated.into(),
        })?;
        let nonce = start.get(payload..payload + NONCE).ok_or(Corruption::Truncated)?;
        let nonce = nonce.try_into().expect("it has this length");
        let begin = (payload + NONCE) as u64;
        let length = file.seek(SeekFrom::End(0))?.saturating_sub(begin);
        let number = length.saturating_sub(1) / PIECE;
        let mut piece = Vec::new();
        file.seek(SeekFrom::Start(begin + number * PIECE))?;
        file.take(PIECE).read_to_end(&mut piece)?;
        let known_version = start.starts_with(b"age-encryption.org/v1\n");
        Ok(Self { known_version, nonce, number, piece })
    }

    /// The cipher alone, without the proof, shows whether a zip ends here. Nothing else is done with
    /// what comes out.
    fn what_is_wrong(mut self, file_key: &FileKey) -> Corruption {
        const END: [u8; 4] = *b"PK\x05\x06";
        const END_LENGTH: usize = 22;
        /// The first block of the key stream makes the key of the proof.
        const BLOCK: u64 = 64;
        let key = hkdf(&self.nonce, b"payload", file_key.expose_secret());
        let mut nonce = [0; 12];
        nonce[3..11].copy_from_slice(&self.number.to_be_bytes());
        nonce[11] = 1;
        self.piece.truncate(self.piece.len().saturating_sub(TAG));
        let mut cipher = ChaCha20::new(&key.into(), &nonce.into());
        cipher.seek(BLOCK);
        cipher.apply_keystream(&mut self.piece);
        let piece = &self.piece;
        let end = piece.len().checked_sub(END_LENGTH).map(|at| &piece[at..at + END.len()]);
        // One of its bytes may be the damaged one; and something may have been put behind it.
        let alike = end.map_or(0, |end| end.iter().zip(END).filter(|(found, byte)| **found == *byte).count());
        let before = piece.windows(END.len()).rposition(|found| found == END);
        let is_there = alike + 1 >= END.len() || before.is_some_and(|at| at + END_LENGTH <= piece.len());
        if is_there { Corruption::Sealed } else { Corruption::Truncated }
    }
}

/// Where the header ends: with a line that begins with three dashes.
fn header_length(start: &[u8]) -> Option<usize> {
    let last = start.windows(4).position(|bytes| bytes == b"\n---")? + 1;
    let line = start[last..].iter().position(|&byte| byte == b'\n')?;
    Some(last + line + 1)
}
