//! Keys: those that archives are encrypted for, and those that open them. None of them is ever shown by
//! formatting it, and no error repeats one.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use age::x25519;
use age_core::format::FileKey;

use crate::{Encryption, Lock};

pub use age::secrecy::{ExposeSecret, SecretString};

/// Whom an archive is encrypted for: a public key, `age1…`.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient(pub(crate) x25519::Recipient);

/// Why a text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyTextFault {
    /// A secret one where a public one belongs.
    #[error(
        "that is a secret key. Give the public one, which begins with age1; whoever saw this one can read your backups"
    )]
    Secret,
    /// A public one where a secret one belongs.
    #[error("that is a public key; it takes the secret one, which begins with AGE-SECRET-KEY-1")]
    Public,
    /// A key of SSH, or one for a plugin of age.
    #[error(
        "that is a key of another kind. Only the keys that age itself makes are supported: age1 and 58 more characters, \
         no keys of SSH and of plugins"
    )]
    Unsupported,
    /// Anything else.
    #[error(
        "it is not a whole key: a public one is age1 and 58 more characters, a secret one AGE-SECRET-KEY-1 and 58"
    )]
    Malformed,
}

impl FromStr for Recipient {
    type Err = KeyTextFault;

    fn from_str(text: &str) -> Result<Self, KeyTextFault> {
        match text.parse() {
            Ok(recipient) => Ok(Self(recipient)),
            Err(_) if is_secret(text) => Err(KeyTextFault::Secret),
            Err(_) if is_of_another_kind(text) => Err(KeyTextFault::Unsupported),
            Err(_) => Err(KeyTextFault::Malformed),
        }
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The secret key that opens what is encrypted for its recipient.
#[derive(Clone)]
pub struct Identity(pub(crate) x25519::Identity);

impl Identity {
    /// A new one, from the randomness of the operating system.
    pub fn generate() -> Self {
        Self(x25519::Identity::generate())
    }

    /// Its text, `AGE-SECRET-KEY-1…`. To be shown to its owner and to nobody else.
    pub fn to_text(&self) -> SecretString {
        self.0.to_string()
    }

    /// The public key that belongs to it.
    pub fn recipient(&self) -> Recipient {
        Recipient(self.0.to_public())
    }
}

impl FromStr for Identity {
    type Err = KeyTextFault;

    fn from_str(text: &str) -> Result<Self, KeyTextFault> {
        match text.parse() {
            Ok(identity) => Ok(Self(identity)),
            Err(_) if Recipient::from_str(text).is_ok() => Err(KeyTextFault::Public),
            Err(_) if is_of_another_kind(text) => Err(KeyTextFault::Unsupported),
            Err(_) => Err(KeyTextFault::Malformed),
        }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the identity of {}", self.recipient())
    }
}

/// Tells by how it begins that a text is a key which age takes and this program does not: `ssh-ed25519 …`, the first
/// line of a file of OpenSSH, `age1NAME1…` and `AGE-PLUGIN-NAME-1…` of a plugin.
fn is_of_another_kind(text: &str) -> bool {
    let other = ["ssh-", "ecdsa-", "sk-ssh-", "-----BEGIN ", "AGE-PLUGIN-"];
    let plugin = text.strip_prefix("age1").and_then(|rest| rest.split_once('1'));
    other.iter().any(|start| text.starts_with(start)) || plugin.is_some_and(|(name, _)| !name.is_empty())
}

fn is_secret(text: &str) -> bool {
    text.get(..15).is_some_and(|start| start.eq_ignore_ascii_case("AGE-SECRET-KEY-"))
}

/// What may open an archive. All that fit are tried.
#[derive(Clone, Default)]
pub struct Keys {
    /// Secret keys, for age.
    pub identities: Vec<Identity>,
    /// A passphrase, for age and for zip archives of other programs.
    pub passphrase: Option<SecretString>,
    /// Of a file that has just been written.
    pub(crate) file_key: Option<Arc<FileKey>>,
}

impl Keys {
    /// A passphrase alone.
    pub fn passphrase(passphrase: impl Into<String>) -> Self {
        Self { passphrase: Some(SecretString::from(passphrase.into())), ..Self::default() }
    }

    /// A secret key alone.
    pub fn identity(identity: Identity) -> Self {
        Self { identities: vec![identity], ..Self::default() }
    }

    /// How to encrypt so that what opened `lock` opens it, too.
    pub fn encryption_like(&self, lock: Lock) -> Option<Encryption> {
        if lock.takes_passphrase() {
            return self.passphrase.clone().map(Encryption::Passphrase);
        }
        let recipients: Vec<_> = self.identities.iter().map(Identity::recipient).collect();
        (!recipients.is_empty()).then_some(Encryption::Recipients(recipients))
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let passphrase = if self.passphrase.is_some() { " and a passphrase" } else { "" };
        write!(f, "{} identities{passphrase}", self.identities.len())
    }
}
