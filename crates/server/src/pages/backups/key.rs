//! The fields for the key of an encrypted archive. What was entered is used once, and never shown again.

use backup::Summary;

use super::archives::needs_key;
use crate::api::archive_key::ArchiveKey;

/// Which key an archive takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::pages) enum KeyField {
    /// None, or one that the server has.
    None,
    Passphrase,
    Identity,
}

impl KeyField {
    /// Returns the field that an archive takes.
    pub(super) fn of(summary: &Summary) -> Self {
        match summary.encryption {
            Some(encryption) if needs_key(summary) && encryption.takes_passphrase() => Self::Passphrase,
            Some(_) if needs_key(summary) => Self::Identity,
            _ => Self::None,
        }
    }
}

/// Returns the key that was entered.
pub(super) fn entered(identity: &str, passphrase: &str) -> Option<ArchiveKey> {
    ArchiveKey::entered(identity, passphrase)
}
