//! Encrypts an archive as a whole, as an age file (<https://age-encryption.org/v1>).
//!
//! An age file begins with a header, which contains the file key once for each recipient, encrypted
//! to that recipient. The rest is the archive, in chunks of 64 KiB that are encrypted and
//! authenticated one by one. Writing needs only public keys. To read back what was written, the
//! writer keeps the file key of that one file in memory until it is no longer needed.

use std::collections::HashSet;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use age::stream::StreamWriter;
use age::{EncryptError, scrypt};
use age_core::format::{FileKey, Stanza};

use crate::keys::{Identity, Keys, Recipient, SecretString, copy_file_key};
use crate::scheme::EncryptionScheme;

/// The scrypt work factor of passphrases, the same as that of `age -p`. With N = 2^18, each guess
/// takes about a second and 256 MiB.
const WORK_FACTOR: u8 = 18;

/// How to encrypt an archive.
#[derive(Debug, Clone)]
pub enum EncryptionMethod {
    /// For these public keys, at least one. Each of their secret keys opens the archive.
    Recipients(Vec<Recipient>),
    /// With a passphrase.
    Passphrase(SecretString),
}

impl EncryptionMethod {
    /// Returns the method by which the same `keys` that opened an archive of this `scheme` open the
    /// new one, or nothing when they contain none of that kind.
    pub fn matching(scheme: EncryptionScheme, keys: &Keys) -> Option<Self> {
        if scheme.takes_passphrase() {
            return keys.passphrase.clone().map(Self::Passphrase);
        }
        let recipients: Vec<_> = keys.identities.iter().map(Identity::recipient).collect();
        (!recipients.is_empty()).then_some(Self::Recipients(recipients))
    }

    /// Returns the scheme of an archive that is encrypted with this method.
    pub fn scheme(&self) -> EncryptionScheme {
        match self {
            Self::Recipients(recipients) => EncryptionScheme::Recipients(recipients.len()),
            Self::Passphrase(_) => EncryptionScheme::Passphrase,
        }
    }

    fn recipients(&self) -> Vec<Box<dyn age::Recipient>> {
        match self {
            Self::Recipients(recipients) => {
                recipients.iter().map(|Recipient(key)| Box::new(key.clone()) as _).collect()
            }
            Self::Passphrase(passphrase) => {
                let mut recipient = scrypt::Recipient::new(passphrase.clone());
                recipient.set_work_factor(WORK_FACTOR);
                vec![Box::new(recipient)]
            }
        }
    }
}

/// The output that an archive is written to, encrypted or not.
pub enum ArchiveSink<W: Write> {
    /// Passes the archive through unchanged.
    Plain(W),
    /// Encrypts the archive into an age file.
    Age(StreamWriter<W>),
}

impl<W: Write> ArchiveSink<W> {
    /// Begins the output, and returns it with the keys that can read it back.
    ///
    /// # Errors
    /// Those of `out`. With a passphrase, this takes about a second and 256 MiB.
    pub fn begin(out: W, encryption: Option<&EncryptionMethod>) -> io::Result<(Self, Keys)> {
        let Some(encryption) = encryption else { return Ok((Self::Plain(out), Keys::default())) };
        let file_key = Mutex::new(None);
        let recipients: Vec<RecordingRecipient<'_>> = encryption
            .recipients()
            .into_iter()
            .map(|recipient| RecordingRecipient { recipient, file_key: &file_key })
            .collect();
        let encryptor =
            age::Encryptor::with_recipients(recipients.iter().map(|each| each as &dyn age::Recipient));
        let out = encryptor.map_err(io::Error::other)?.wrap_output(out)?;
        drop(recipients);
        let file_key = file_key.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok((Self::Age(out), Keys { file_key: file_key.map(Arc::new), ..Keys::default() }))
    }

    /// Writes the last chunk and returns the output. Without this call, an age file counts as
    /// truncated.
    pub fn finish(self) -> io::Result<W> {
        match self {
            Self::Plain(out) => Ok(out),
            Self::Age(out) => out.finish(),
        }
    }
}

impl<W: Write> Write for ArchiveSink<W> {
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

/// Wraps a recipient and records the file key that is encrypted to it.
struct RecordingRecipient<'a> {
    recipient: Box<dyn age::Recipient>,
    file_key: &'a Mutex<Option<FileKey>>,
}

impl age::Recipient for RecordingRecipient<'_> {
    fn wrap_file_key(&self, key: &FileKey) -> Result<(Vec<Stanza>, HashSet<String>), EncryptError> {
        *self.file_key.lock().unwrap_or_else(PoisonError::into_inner) = Some(copy_file_key(key));
        self.recipient.wrap_file_key(key)
    }
}
