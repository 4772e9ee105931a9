//! Every way in which an archive is turned down.
//!
//! Three kinds matter to the user: *refused* (the file is whole, but we must not or cannot use it),
//! *corrupt* (it is not what was written), and *key* (it is encrypted, and nobody knows yet). Each
//! message names the entry concerned.

use std::io;

use crate::name::NameFault;

/// Why an archive could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The archive is whole but not acceptable.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The archive is not what was once written.
    #[error(transparent)]
    Corrupt(#[from] Corruption),
    /// The archive is encrypted, and the key is missing or wrong.
    #[error(transparent)]
    Key(#[from] KeyFault),
    /// What was to go into an entry could not be read.
    #[error("entry {name:?}: {source}")]
    Source {
        /// The name of the entry.
        name: String,
        /// What reading it failed with; inside it may be a [`crate::writer::SourceChanged`].
        source: io::Error,
    },
    /// The operating system failed while reading or writing the archive.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Error {
    pub(crate) fn source(name: &str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Source { name: name.to_owned(), source }
    }
}

/// How an archive is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    /// With age, for so many recipients.
    Recipients(usize),
    /// With age and a passphrase.
    Passphrase,
    /// Entry by entry, with the cipher of PKZIP 2. It can be broken in seconds.
    ZipCrypto,
    /// Entry by entry, with AES, as WinZip and 7-Zip do. The hashes of short passwords can be tried fast.
    WinZipAes,
}

impl Lock {
    /// Whether a passphrase opens it, and not a key.
    pub fn takes_passphrase(self) -> bool {
        !matches!(self, Self::Recipients(_))
    }
}

impl std::fmt::Display for Lock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Recipients(1) => f.write_str("age, for one key"),
            Self::Recipients(count) => write!(f, "age, for {count} keys"),
            Self::Passphrase => f.write_str("age, with a passphrase"),
            Self::ZipCrypto => f.write_str("ZipCrypto, with a password"),
            Self::WinZipAes => f.write_str("WinZip AES, with a password"),
        }
    }
}

/// Why an encrypted archive cannot be opened although nothing is known to be wrong with it.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub enum KeyFault {
    /// No key or passphrase of the right sort was given.
    #[error("it is encrypted ({0}), and {missing} was given", missing = if .0.takes_passphrase() { "no passphrase" } else { "no key" })]
    None(Lock),
    /// The one given is another one.
    #[error("{wrong} (it is encrypted with {0})", wrong = if .0.takes_passphrase() { "the passphrase is wrong" } else { "none of the keys given opens it" })]
    Wrong(Lock),
}

impl KeyFault {
    /// How the archive is encrypted.
    pub fn lock(self) -> Lock {
        match self {
            Self::None(lock) | Self::Wrong(lock) => lock,
        }
    }
}

/// Why an archive is not acceptable although nothing in it is damaged.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the messages say what each field is")]
pub enum Refusal {
    /// The file has no bytes.
    #[error("the file is empty")]
    Empty,
    /// The file is something else than a zip.
    #[error("it is not a zip archive: it looks like {looks_like}")]
    NotAnArchive { looks_like: &'static str },
    /// An entry is encrypted in a way that is not read.
    #[error("it is encrypted ({how}), which makermatrix cannot decrypt")]
    Encrypted { how: &'static str },
    /// A passphrase that takes too long to try.
    #[error("its passphrase takes 2^{found} rounds of scrypt, more than the 2^{limit} allowed")]
    TooMuchWork { found: u8, limit: u8 },
    /// A name that could escape, confuse or not be stored.
    #[error("entry {name:?} has an unsafe name: {fault}")]
    Name { name: String, fault: NameFault },
    /// Two entries with one name.
    #[error("entry {name:?} is in the archive twice")]
    Duplicate { name: String },
    /// A name that is both a file and a folder.
    #[error("entry {name:?} is a file, and other entries lie in a folder of that name")]
    FileAndFolder { name: String },
    /// Two entries share bytes, as bombs do.
    #[error("entries {first:?} and {second:?} overlap in the file")]
    Overlap { first: String, second: String },
    /// A symbolic link, device, socket or fifo.
    #[error("entry {name:?} is a {kind}, not a regular file")]
    Special { name: String, kind: &'static str },
    /// A compression method that is neither stored nor deflate.
    #[error("entry {name:?} uses compression method {method}; only stored (0) and deflate (8) are allowed")]
    Method { name: String, method: u16 },
    /// Something that has no place in a backup.
    #[error("entry {name:?} does not belong into a MakerMatrix backup")]
    Unexpected { name: String },
    /// More entries than the limit.
    #[error("it has {found} entries, more than the {limit} allowed")]
    TooManyEntries { found: u64, limit: u64 },
    /// More bytes than the limit.
    #[error("it would unpack to {found} bytes, more than the {limit} allowed")]
    TooLarge { found: u64, limit: u64 },
    /// An entry that unpacks to far more than it takes up.
    #[error("entry {name:?} would unpack to {ratio} times its size, more than the {limit} times allowed")]
    Ratio { name: String, ratio: u64, limit: u64 },
    /// The manifest or the list of hashes is larger than any real one.
    #[error("entry {name:?} is {found} bytes long, more than the {limit} allowed")]
    EntryTooLarge { name: &'static str, found: u64, limit: u64 },
    /// Bytes before the first entry, between entries, or after the end.
    #[error("it has {bytes} bytes that belong to no entry, at offset {offset}")]
    Stray { offset: u64, bytes: u64 },
    /// One disk of several.
    #[error("it is one part of an archive split over several files")]
    Split,
    /// There is no database to restore.
    #[error("it holds no {}: it is not a MakerMatrix backup", crate::DATABASE)]
    NoDatabase,
    /// Made by a later version.
    #[error(
        "it has format version {found:?}, which is newer than this version of makermatrix reads (3.x, 2.0 and older)"
    )]
    NewerFormat { found: String },
}

/// What shows that an archive is not what was written.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the messages say what each field is")]
pub enum Corruption {
    /// The end of the archive is missing.
    #[error(
        "the end of the archive is missing: the file is truncated, perhaps an interrupted download or copy"
    )]
    Truncated,
    /// A piece of an encrypted archive is not authentic.
    #[error("the encrypted bytes have been changed or damaged")]
    Sealed,
    /// The beginning of an encrypted archive makes no sense.
    #[error("the header of the encryption is damaged: {why}")]
    SealedHeader { why: String },
    /// The zip's own bookkeeping is broken.
    #[error("the directory of the archive is damaged: {why}")]
    Directory { why: String },
    /// The two headers of an entry differ.
    #[error("the two headers of entry {entry:?} disagree about its {about}")]
    Headers { entry: String, about: &'static str },
    /// The encrypted bytes of an entry are not what was written.
    #[error("entry {entry:?} cannot be decrypted: {why}")]
    Decrypt { entry: String, why: &'static str },
    /// The compressed bytes make no sense.
    #[error("entry {entry:?} cannot be unpacked: {why}")]
    Unpack { entry: String, why: String },
    /// More or fewer bytes than announced.
    #[error("entry {entry:?} does not have the {expected} bytes it should have")]
    Size { entry: String, expected: u64 },
    /// The CRC-32 differs.
    #[error("entry {entry:?} has the wrong checksum (CRC-32)")]
    Crc { entry: String },
    /// The SHA-256 differs.
    #[error("entry {entry:?} has the wrong hash (SHA-256): expected {expected}, found {found}")]
    Hash { entry: String, expected: String, found: String },
    /// Listed in the manifest or in `SHA256SUMS`, but not there.
    #[error("entry {entry:?} is listed in {list} but missing from the archive")]
    Missing { entry: String, list: &'static str },
    /// There, but not listed.
    #[error("entry {entry:?} is in the archive but not listed in {list}")]
    Unlisted { entry: String, list: &'static str },
    /// The manifest contradicts the archive.
    #[error("backup_info.json is damaged: {why}")]
    Manifest { why: String },
    /// `SHA256SUMS` does not follow its format.
    #[error("SHA256SUMS is damaged: {why}")]
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

/// `Read` can only fail with an [`io::Error`]; this carries ours through it and back.
pub(crate) fn into_io(error: impl Into<Error>) -> io::Error {
    match error.into() {
        Error::Io(io) => io,
        other => io::Error::new(io::ErrorKind::InvalidData, other),
    }
}

/// The other half of [`into_io`].
pub fn from_io(error: io::Error) -> Error {
    if error.get_ref().is_some_and(|inner| inner.is::<Error>()) {
        let inner = error.into_inner().and_then(|inner| inner.downcast::<Error>().ok());
        return *inner.expect("checked to be there and of this type");
    }
    Error::Io(error)
}
