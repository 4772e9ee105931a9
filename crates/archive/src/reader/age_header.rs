//! Opens the header of an age file with the keys at hand.

use std::io::{self, BufReader, Read};
use std::sync::{Mutex, PoisonError};

use age::stream::StreamReader;
use age::{DecryptError, Decryptor, scrypt};
use age_core::format::{FileKey, Stanza};

use crate::error::{Corruption, Error, KeyFault, Refusal, from_io};
use crate::keys::{Identity, Keys, copy_file_key};
use crate::limits::MAX_WORK_FACTOR;
use crate::scheme::EncryptionScheme;

/// The first bytes of an age file.
pub(super) const MAGIC: &[u8] = b"age-encryption.org/";
/// The first bytes of an age file in ASCII armor.
pub(super) const ARMOR: &[u8] = b"-----BEGIN AGE ENCRYPTED FILE";

/// What the header of an age file revealed.
#[derive(Default)]
pub(super) struct HeaderInfo {
    recipients: usize,
    passphrase: bool,
    /// Whether there was a key of the kind that the header asks for.
    tried: bool,
    pub(super) file_key: Option<FileKey>,
}

impl HeaderInfo {
    pub(super) fn scheme(&self) -> EncryptionScheme {
        if self.passphrase {
            EncryptionScheme::Passphrase
        } else {
            EncryptionScheme::Recipients(self.recipients)
        }
    }
}

/// Decrypts the file key and returns the reader of the payload.
///
/// # Errors
/// [`KeyFault`] when no key fits, [`Corruption`] when the header is damaged.
pub(super) fn open<R: Read>(file: R, keys: &Keys) -> Result<(StreamReader<BufReader<R>>, HeaderInfo), Error> {
    let decryptor = Decryptor::new_buffered(BufReader::new(file)).map_err(header_error)?;
    let identity = RecordingIdentity { keys, info: Mutex::default() };
    let opened = decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity));
    let info = identity.info.into_inner().unwrap_or_else(PoisonError::into_inner);
    match opened {
        Ok(stream) => Ok((stream, info)),
        Err(error) => Err(key_error(error, &info)),
    }
}

/// All keys as one identity, which records what the header asks for and the file key.
struct RecordingIdentity<'a> {
    keys: &'a Keys,
    info: Mutex<HeaderInfo>,
}

impl RecordingIdentity<'_> {
    fn unwrap(&self, stanzas: &[Stanza], info: &mut HeaderInfo) -> Option<Result<FileKey, DecryptError>> {
        if let Some(key) = &self.keys.file_key {
            return Some(Ok(copy_file_key(key)));
        }
        if info.passphrase {
            let mut identity = scrypt::Identity::new(self.keys.passphrase.clone()?);
            identity.set_max_work_factor(MAX_WORK_FACTOR);
            info.tried = true;
            return age::Identity::unwrap_stanzas(&identity, stanzas);
        }
        info.tried = !self.keys.identities.is_empty();
        self.keys.identities.iter().find_map(|Identity(key)| age::Identity::unwrap_stanzas(key, stanzas))
    }
}

impl age::Identity for RecordingIdentity<'_> {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        self.unwrap_stanzas(std::slice::from_ref(stanza))
    }

    fn unwrap_stanzas(&self, stanzas: &[Stanza]) -> Option<Result<FileKey, DecryptError>> {
        let mut info = self.info.lock().unwrap_or_else(PoisonError::into_inner);
        info.passphrase = stanzas.iter().any(|stanza| stanza.tag == "scrypt");
        // Stanzas of kinds that cannot be opened here count as recipients too. Those whose tag ends in
        // "-grease" do not: they only test that readers ignore unknown stanzas.
        info.recipients = stanzas.iter().filter(|stanza| !stanza.tag.ends_with("-grease")).count();
        let unwrapped = self.unwrap(stanzas, &mut info);
        if let Some(Ok(key)) = &unwrapped {
            info.file_key = Some(copy_file_key(key));
        }
        unwrapped
    }
}

/// Converts an error about the header itself.
fn header_error(error: DecryptError) -> Error {
    match error {
        DecryptError::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Corruption::Truncated.into()
        }
        DecryptError::Io(error) => from_io(error),
        DecryptError::InvalidMac => Corruption::AgeHeader { why: "it has been changed" }.into(),
        _ => Corruption::AgeHeader { why: "it is not a header of age" }.into(),
    }
}

/// Converts an error about opening a valid header with the keys.
fn key_error(error: DecryptError, info: &HeaderInfo) -> Error {
    match error {
        DecryptError::ExcessiveWork { required, .. } => {
            Refusal::TooMuchWork { found: required, limit: MAX_WORK_FACTOR }.into()
        }
        DecryptError::NoMatchingKeys | DecryptError::KeyDecryptionFailed | DecryptError::DecryptionFailed => {
            let fault = if info.tried { KeyFault::Wrong } else { KeyFault::Missing };
            fault(info.scheme()).into()
        }
        other => header_error(other),
    }
}
