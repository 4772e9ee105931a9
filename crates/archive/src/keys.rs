//! Keys: those that archives are encrypted for, and those that open them. Formatting a key never
//! shows it, and no error repeats one.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use age::x25519;
use age_core::format::FileKey;

pub use age::secrecy::{ExposeSecret, SecretString};

/// A public key that archives are encrypted for, `age1…`.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient(pub(crate) x25519::Recipient);

/// Why a text is not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyTextFault {
    /// It is a secret key, but a public one is needed.
    #[error(
        "that is a secret key. Give the public key, which begins with age1. Anybody who has seen this secret key can read your backups"
    )]
    Secret,
    /// It is a public key, but a secret one is needed.
    #[error("that is a public key. Give the secret key, which begins with AGE-SECRET-KEY-1")]
    Public,
    /// It is a key of SSH or of a plugin of age.
    #[error(
        "that is a key of another kind. Only the native keys of age are supported, age1 and 58 more characters, \
         not those of SSH or of plugins"
    )]
    Unsupported,
    /// It is no key at all.
    #[error(
        "it is not a whole key: a public key is age1 and 58 more characters, a secret key AGE-SECRET-KEY-1 and 58"
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

/// A secret key, which opens archives that are encrypted for its recipient.
#[derive(Clone)]
pub struct Identity(pub(crate) x25519::Identity);

impl Identity {
    /// Generates a secret key from the randomness of the operating system.
    pub fn generate() -> Self {
        Self(x25519::Identity::generate())
    }

    /// Returns the text of the key, `AGE-SECRET-KEY-1…`. Show it to its owner only.
    pub fn to_text(&self) -> SecretString {
        self.0.to_string()
    }

    /// Returns the public key that belongs to this secret key.
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

/// Returns whether a text begins like a key that age supports and this program does not: `ssh-ed25519 …`,
/// the first line of an OpenSSH file, or `age1NAME1…` and `AGE-PLUGIN-NAME-1…` of a plugin.
fn is_of_another_kind(text: &str) -> bool {
    let other = ["ssh-", "ecdsa-", "sk-ssh-", "-----BEGIN ", "AGE-PLUGIN-"];
    let plugin = text.strip_prefix("age1").and_then(|rest| rest.split_once('1'));
    other.iter().any(|start| text.starts_with(start)) || plugin.is_some_and(|(name, _)| !name.is_empty())
}

fn is_secret(text: &str) -> bool {
    text.get(..15).is_some_and(|start| start.eq_ignore_ascii_case("AGE-SECRET-KEY-"))
}

/// The keys to open archives with. Each one that fits an archive is tried.
#[derive(Clone, Default)]
pub struct Keys {
    /// Secret keys, for age.
    pub identities: Vec<Identity>,
    /// A passphrase, for age files and for encrypted zips of other programs.
    pub passphrase: Option<SecretString>,
    /// The key of an age file that this process has just written.
    pub(crate) file_key: Option<Arc<FileKey>>,
}

impl Keys {
    /// Returns keys that consist of one passphrase.
    pub fn passphrase(passphrase: impl Into<String>) -> Self {
        Self { passphrase: Some(SecretString::from(passphrase.into())), ..Self::default() }
    }

    /// Returns keys that consist of one secret key.
    pub fn identity(identity: Identity) -> Self {
        Self { identities: vec![identity], ..Self::default() }
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let passphrase = if self.passphrase.is_some() { " and a passphrase" } else { "" };
        let identities = if self.identities.len() == 1 { "identity" } else { "identities" };
        write!(f, "{} {identities}{passphrase}", self.identities.len())
    }
}

/// Copies a file key, which is not `Clone`.
pub(crate) fn copy_file_key(key: &FileKey) -> FileKey {
    FileKey::new(Box::new(*key.expose_secret()))
}
