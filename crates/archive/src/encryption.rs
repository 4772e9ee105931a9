//! Encrypting an archive as a whole, with age (<https://age-encryption.org/v1>): writing it, and opening
//! its header.
//!
//! An age file begins with a header: for each recipient, the file key encrypted to them. The rest is
//! the archive, in pieces of 64 KiB that are encrypted and authenticated one by one. Who only writes
//! needs only public keys. To be able to read back what was written, the writer keeps the file key of
//! that one file, in memory, as long as it takes.

use std::collections::HashSet;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use age::stream::StreamWriter;
use age::{DecryptError, EncryptError, scrypt};
use age_core::format::{FileKey, Stanza};

use crate::Lock;
use crate::keys::{ExposeSecret, Identity, Keys, Recipient, SecretString};

/// The work factor of passphrases: scrypt with N = 2^18 takes about a second and 256 MiB for a guess.
/// It is that of `age -p`.
const WORK_FACTOR: u8 = 18;
/// The most that is done for a passphrase when reading: four seconds and 1 GiB.
pub(crate) const MOST_WORK: u8 = 20;

/// How an archive is to be encrypted.
#[derive(Debug, Clone)]
pub enum Encryption {
    /// For these keys; each of them opens it. At least one.
    Recipients(Vec<Recipient>),
    /// With a passphrase.
    Passphrase(SecretString),
}

impl Encryption {
    /// What an archive so encrypted looks like.
    pub fn lock(&self) -> Lock {
        match self {
            Self::Recipients(recipients) => Lock::Recipients(recipients.len()),
            Self::Passphrase(_) => Lock::Passphrase,
        }
    }
}

/// An output that encrypts what goes through it, or lets it through.
pub enum Sealed<W: Write> {
    /// As it is.
    Plain(W),
    /// Inside an age file.
    Age(StreamWriter<W>),
}

impl<W: Write> Sealed<W> {
    /// Begins an output, and returns what opens it again.
    ///
    /// # Errors
    /// Those of `out`. A passphrase takes about a second and 256 MiB.
    pub fn begin(out: W, encryption: Option<&Encryption>) -> io::Result<(Self, Keys)> {
        let Some(encryption) = encryption else { return Ok((Self::Plain(out), Keys::default())) };
        let seen = Mutex::new(None);
        let recipients: Vec<Box<dyn age::Recipient>> = match encryption {
            Encryption::Recipients(recipients) => {
                recipients.iter().map(|Recipient(to)| Box::new(to.clone()) as _).collect()
            }
            Encryption::Passphrase(passphrase) => {
                let mut to = scrypt::Recipient::new(passphrase.clone());
                to.set_work_factor(WORK_FACTOR);
                vec![Box::new(to)]
            }
        };
        let watched: Vec<Watched<'_>> =
            recipients.iter().map(|to| Watched { to: &**to, seen: &seen }).collect();
        let encryptor = age::Encryptor::with_recipients(watched.iter().map(|to| to as &dyn age::Recipient));
        let out = encryptor.map_err(io::Error::other)?.wrap_output(out)?;
        let file_key = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok((Self::Age(out), Keys { file_key: file_key.map(Arc::new), ..Keys::default() }))
    }

    /// Writes what is left. Without this, the file counts as truncated.
    pub fn finish(self) -> io::Result<W> {
        match self {
            Self::Plain(out) => Ok(out),
            Self::Age(out) => out.finish(),
        }
    }
}

impl<W: Write> Write for Sealed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(out) => out.write(bytes),
            Self::Age(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(out) => out.flush(),
            Self::Age(out) => out.flush(),
        }
    }
}

/// A recipient, and the file key that it was given.
struct Watched<'a> {
    to: &'a dyn age::Recipient,
    seen: &'a Mutex<Option<FileKey>>,
}

impl age::Recipient for Watched<'_> {
    fn wrap_file_key(&self, key: &FileKey) -> Result<(Vec<Stanza>, HashSet<String>), EncryptError> {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(copy(key));
        self.to.wrap_file_key(key)
    }
}

/// The keys in hand as one identity. It tells what the header asks for, and which file key came out.
pub(crate) struct Opener<'a> {
    keys: &'a Keys,
    seen: Mutex<Seen>,
}

/// What an [`Opener`] has seen of a header.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) recipients: usize,
    pub(crate) passphrase: bool,
    /// Whether any key was of a sort that the header asks for.
    pub(crate) tried: bool,
    pub(crate) file_key: Option<FileKey>,
}

impl<'a> Opener<'a> {
    pub(crate) fn new(keys: &'a Keys) -> Self {
        Self { keys, seen: Mutex::default() }
    }

    pub(crate) fn into_seen(self) -> Seen {
        self.seen.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self, stanzas: &[Stanza], seen: &mut Seen) -> Option<Result<FileKey, DecryptError>> {
        if let Some(key) = &self.keys.file_key {
            return Some(Ok(copy(key)));
        }
        if seen.passphrase {
            let mut identity = scrypt::Identity::new(self.keys.passphrase.clone()?);
            identity.set_max_work_factor(MOST_WORK);
            seen.tried = true;
            return age::Identity::unwrap_stanzas(&identity, stanzas);
        }
        seen.tried = !self.keys.identities.is_empty();
        self.keys.identities.iter().find_map(|Identity(key)| age::Identity::unwrap_stanzas(key, stanzas))
    }
}

impl age::Identity for Opener<'_> {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        self.unwrap_stanzas(std::slice::from_ref(stanza))
    }

    fn unwrap_stanzas(&self, stanzas: &[Stanza]) -> Option<Result<FileKey, DecryptError>> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let of = |tag: &str| stanzas.iter().filter(|stanza| stanza.tag == tag).count();
        seen.passphrase = of("scrypt") > 0;
        // Others may be of kinds that we cannot open; those that are there only to keep readers honest
        // end in "-grease".
        seen.recipients = stanzas.iter().filter(|stanza| !stanza.tag.ends_with("-grease")).count();
        let opened = self.open(stanzas, &mut seen);
        if let Some(Ok(key)) = &opened {
            seen.file_key = Some(copy(key));
        }
        opened
    }
}

fn copy(key: &FileKey) -> FileKey {
    FileKey::new(Box::new(*key.expose_secret()))
}
