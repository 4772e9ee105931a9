//! How an archive is encrypted.

use std::fmt;

/// The ways in which an archive can be encrypted, with what each of them reveals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncryptionScheme {
    /// As an age file, for this number of recipients.
    Recipients(usize),
    /// As an age file, with a passphrase.
    Passphrase,
    /// Each entry by itself, with the cipher of PKZIP 2. It can be broken in seconds.
    ZipCrypto,
    /// Each entry by itself, with AES, as WinZip and 7-Zip do. Short passwords can be guessed fast.
    WinZipAes,
}

impl EncryptionScheme {
    /// Returns whether a passphrase opens the archive, rather than a key.
    pub fn takes_passphrase(self) -> bool {
        !matches!(self, Self::Recipients(_))
    }
}

impl fmt::Display for EncryptionScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recipients(1) => f.write_str("age, for one key"),
            Self::Recipients(count) => write!(f, "age, for {count} keys"),
            Self::Passphrase => f.write_str("age, with a passphrase"),
            Self::ZipCrypto => f.write_str("ZipCrypto, with a password"),
            Self::WinZipAes => f.write_str("WinZip AES, with a password"),
        }
    }
}
