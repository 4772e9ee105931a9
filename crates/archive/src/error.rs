//! The reasons to reject an archive.
//!
//! Users must tell three kinds apart. *Refused*: the file is intact, but must not or cannot be used.
//! *Corrupt*: the file is not what was written. *Key*: it is encrypted, and the key is missing or
//! wrong, so nothing else is known. Each message names the entry concerned. Text from the archive is
//! stored as it is and made printable when it is displayed.

use std::io;

use durable::{counted, printable};

use crate::hashing::Sha256Hex;
use crate::name::{CHECKSUMS, DATABASE, MANIFEST, NameFault};
use crate::scheme::EncryptionScheme;

/// Why an archive could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The archive is intact but not acceptable.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The archive is not what was once written.
    #[error(transparent)]
    Corrupt(#[from] Corruption),
    /// The archive is encrypted, and the key is missing or wrong.
    #[error(transparent)]
    Key(#[from] KeyFault),
    /// The content of a new entry could not be read.
    #[error("entry \"{}\": {source}", printable(.name))]
    Source {
        /// The name of the entry.
        name: String,
        /// The error of the source, which may contain a [`crate::writer::SourceChanged`].
        source: io::Error,
    },
    /// The operating system failed while reading or writing the archive.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Error {
    /// Converts an error of the source of an entry.
    pub(crate) fn source(name: &str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Source { name: name.to_owned(), source }
    }
}

/// Why an encrypted archive cannot be opened although no damage is known.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub enum KeyFault {
    /// No key or passphrase of the kind that the archive needs was given.
    #[error("it is encrypted ({0}), and {missing} was given", missing = if .0.takes_passphrase() { "no passphrase" } else { "no key" })]
    Missing(EncryptionScheme),
    /// A key or passphrase was given, but it does not open the archive.
    #[error("{wrong} (it is encrypted with {0})", wrong = if .0.takes_passphrase() { "the passphrase is wrong" } else { "none of the keys given opens it" })]
    Wrong(EncryptionScheme),
}

impl KeyFault {
    /// Returns how the archive is encrypted.
    pub fn scheme(self) -> EncryptionScheme {
        match self {
            Self::Missing(scheme) | Self::Wrong(scheme) => scheme,
        }
    }
}

/// Why an archive is not acceptable although nothing in it is damaged.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the messages describe the fields")]
pub enum Refusal {
    /// The file has no bytes.
    #[error("the file is empty")]
    Empty,
    /// The file is something other than a zip.
    #[error("it is not a zip archive: it looks like {looks_like}")]
    NotAnArchive { looks_like: &'static str },
    /// The encryption of an entry is not supported.
    #[error("it is encrypted ({how}), which makermatrix cannot decrypt")]
    UnsupportedEncryption { how: &'static str },
    /// A passphrase would take too long to try.
    #[error("its passphrase takes 2^{found} rounds of scrypt, more than the 2^{limit} allowed")]
    TooMuchWork { found: u8, limit: u8 },
    /// A name could leave the folder, is ambiguous, or cannot be stored everywhere.
    #[error("entry \"{}\" has an unsafe name: {fault}", printable(.name))]
    Name { name: String, fault: NameFault },
    /// Two entries have one name.
    #[error("entry \"{}\" is in the archive twice", printable(.name))]
    Duplicate { name: String },
    /// A name is both that of a file and that of a folder.
    #[error("entry \"{}\" is a file, and other entries lie in a folder of that name", printable(.name))]
    FileAndFolder { name: String },
    /// Two entries share bytes, as those of some zip bombs do.
    #[error("entries \"{}\" and \"{}\" overlap in the file", printable(.first), printable(.second))]
    Overlap { first: String, second: String },
    /// An entry shares bytes with the next one or with the directory, because it takes up more than the directory shows.
    #[error("entry \"{}\" overlaps what follows it in the file", printable(.name))]
    OverlapsNext { name: String },
    /// An entry and the directory share bytes.
    #[error("entry \"{}\" overlaps the directory of the archive", printable(.name))]
    OverlapsDirectory { name: String },
    /// The entry is a symbolic link, a device, a socket or a named pipe.
    #[error("entry \"{}\" is a {kind}, not a regular file", printable(.name))]
    Special { name: String, kind: &'static str },
    /// The compression method is neither stored nor deflate.
    #[error(
        "entry \"{}\" uses compression method {method}; only stored (0) and deflate (8) are allowed",
        printable(.name)
    )]
    Method { name: String, method: u16 },
    /// The entry has no place in a backup.
    #[error("entry \"{}\" does not belong in a MakerMatrix backup", printable(.name))]
    Unexpected { name: String },
    /// There are more entries than the limit.
    #[error("it has {}, more than the {limit} allowed", counted(*.found, "entry"))]
    TooManyEntries { found: u64, limit: u64 },
    /// There are more bytes than the limit.
    #[error("it would unpack to {}, more than the {limit} allowed", counted(*.found, "byte"))]
    TooLarge { found: u64, limit: u64 },
    /// An entry unpacks to far more bytes than it takes up.
    #[error(
        "entry \"{}\" would unpack to {ratio} times its size, more than the {limit} times allowed",
        printable(.name)
    )]
    Ratio { name: String, ratio: u64, limit: u64 },
    /// All entries together unpack to far more bytes than the archive takes up.
    #[error(
        "all entries together would unpack to {ratio} times the size of the archive, more than the {limit} times allowed"
    )]
    TotalRatio { ratio: u64, limit: u64 },
    /// The manifest or the list of hashes is longer than that of any real archive.
    #[error("entry \"{name}\" is {} long, more than the {limit} allowed", counted(*.found, "byte"))]
    EntryTooLarge { name: &'static str, found: u64, limit: u64 },
    /// There are bytes before the first entry, between entries, or after the end.
    #[error("it has {} outside of its entries, at offset {offset}", counted(*.bytes, "byte"))]
    StrayBytes { offset: u64, bytes: u64 },
    /// The file is one part of an archive that was split.
    #[error("it is one part of an archive split over several files")]
    Split,
    /// There is no database to restore.
    #[error("it holds no {}: it is not a MakerMatrix backup", DATABASE)]
    NoDatabase,
    /// A later version made the archive.
    #[error(
        "it has format version \"{}\", which is newer than this version of makermatrix can read (3.x, 2.0 and older)",
        printable(.found)
    )]
    NewerFormat { found: String },
}

/// What shows that an archive is not what was written.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the messages describe the fields")]
pub enum Corruption {
    /// The end of the archive is missing.
    #[error(
        "the end of the archive is missing: the file is truncated, perhaps an interrupted download or copy"
    )]
    Truncated,
    /// A chunk of an age file is not authentic.
    #[error("the encrypted bytes have been changed or damaged")]
    AgePayload,
    /// The header of an age file is invalid.
    #[error("the header of the encryption is damaged: {why}")]
    AgeHeader { why: &'static str },
    /// The directory of the zip is invalid.
    #[error("the directory of the archive is damaged: {why}")]
    Directory { why: String },
    /// The two headers of an entry differ.
    #[error("the two headers of entry \"{}\" disagree about its {about}", printable(.entry))]
    Headers { entry: String, about: &'static str },
    /// The encrypted bytes of an entry are not what was written.
    #[error("entry \"{}\" cannot be decrypted: {why}", printable(.entry))]
    Decrypt { entry: String, why: &'static str },
    /// The compressed bytes of an entry are invalid.
    #[error("entry \"{}\" cannot be unpacked: {why}", printable(.entry))]
    Unpack { entry: String, why: String },
    /// An entry has more or fewer bytes than its header states.
    #[error("entry \"{}\" does not have the {} it should have", printable(.entry), counted(*.expected, "byte"))]
    Size { entry: String, expected: u64 },
    /// The CRC-32 of an entry differs.
    #[error("entry \"{}\" has the wrong checksum (CRC-32)", printable(.entry))]
    Crc { entry: String },
    /// The SHA-256 of an entry differs.
    #[error(
        "entry \"{}\" has the wrong hash (SHA-256): expected {expected}, found {found}",
        printable(.entry)
    )]
    Hash { entry: String, expected: Sha256Hex, found: Sha256Hex },
    /// An entry is listed in the manifest or in `SHA256SUMS`, but the archive does not contain it.
    #[error("entry \"{}\" is listed in {list} but missing from the archive", printable(.entry))]
    Missing { entry: String, list: &'static str },
    /// An archive of format 3.0 has no `SHA256SUMS`.
    #[error("{} is missing from the archive, although its format is 3.0", CHECKSUMS)]
    NoChecksums,
    /// The archive contains an entry that is not listed.
    #[error("entry \"{}\" is in the archive but not listed in {list}", printable(.entry))]
    Unlisted { entry: String, list: &'static str },
    /// The manifest is invalid or contradicts the archive.
    #[error("{} is damaged: {why}", MANIFEST)]
    Manifest { why: String },
    /// `SHA256SUMS` does not follow its format.
    #[error("{} is damaged: {why}", CHECKSUMS)]
    Checksums { why: String },
}

impl From<rawzip::Error> for Error {
    fn from(error: rawzip::Error) -> Self {
        match error.into_kind() {
            rawzip::ErrorKind::IO(io) if io.kind() == io::ErrorKind::UnexpectedEof => {
                Corruption::Truncated.into()
            }
            rawzip::ErrorKind::IO(io) => from_io(io),
            rawzip::ErrorKind::Eof | rawzip::ErrorKind::MissingEndOfCentralDirectory => {
                Corruption::Truncated.into()
            }
            other => Corruption::Directory { why: other.to_string() }.into(),
        }
    }
}

/// Wraps an error into an [`io::Error`], the only one that `Read` can return. [`from_io`] unwraps it.
pub(crate) fn into_io(error: impl Into<Error>) -> io::Error {
    match error.into() {
        Error::Io(io) => io,
        other => io::Error::new(io::ErrorKind::InvalidData, other),
    }
}

/// Unwraps the error of this crate from one that reading an entry returned.
pub fn from_io(error: io::Error) -> Error {
    if error.get_ref().is_some_and(|inner| inner.is::<Error>()) {
        let inner = error.into_inner().and_then(|inner| inner.downcast::<Error>().ok());
        return *inner.expect("its presence and type have been checked");
    }
    Error::Io(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_show_hostile_text_from_an_archive_in_printable_form() {
        let hostile = "images/\u{1b}[2J\u{202e}gnp.exe".to_owned();
        let messages = [
            Refusal::Duplicate { name: hostile.clone() }.to_string(),
            Refusal::NewerFormat { found: hostile.clone() }.to_string(),
            Corruption::Missing { entry: hostile, list: CHECKSUMS }.to_string(),
        ];
        for message in messages {
            assert!(message.contains("\"images/\\u{1b}[2J\\u{202e}gnp.exe\""), "{message}");
            assert!(!message.contains(['\u{1b}', '\u{202e}']), "{message}");
        }
    }

    #[test]
    fn a_message_about_one_byte_is_in_the_singular() {
        assert_eq!(
            Refusal::StrayBytes { offset: 7, bytes: 1 }.to_string(),
            "it has 1 byte outside of its entries, at offset 7"
        );
    }
}
