//! Writes and reads the backup file: a zip with a manifest (`backup_info.json`) and `SHA256SUMS`,
//! optionally inside an age file. Both directions are streams, so memory does not grow with the
//! data. `docs/archive-format.md` specifies the format for other programs.
//!
//! What this crate must never know: databases, servers, configuration, or any path outside the
//! archive. It takes `Read`, `Write` and `Seek`, and returns entry names that are safe to use.
//!
//! Reading order: [`limits`], [`name`] (what an entry may be called), [`modified`], [`manifest`] (what
//! `backup_info.json` states), [`error`] (why an archive is rejected), [`keys`], [`encryption`],
//! [`parallel`], then [`writer`] and [`reader`]. Each uses only those before it, and the small private ones:
//! `hashing`, `sums` (the format of `SHA256SUMS`) and `scheme` (how an archive is encrypted).

pub mod encryption;
pub mod error;
mod hashing;
pub mod keys;
pub mod limits;
pub mod manifest;
pub mod modified;
pub mod name;
pub mod parallel;
pub mod reader;
mod scheme;
mod sums;
pub mod writer;

pub use encryption::{ArchiveSink, EncryptionMethod};
pub use error::{Corruption, Error, KeyFault, Refusal};
pub use hashing::{Checksums, HashingReader, Sha256Hex};
pub use keys::{Identity, Keys, Recipient};
pub use limits::Limits;
pub use manifest::{FORMAT_VERSION, Info, LegacyInfo, Manifest, Omission, OmissionReason, TableRecord};
pub use modified::ModifiedTime;
pub use name::{CHECKSUMS, DATABASE, ENV, MANIFEST, Role};
pub use reader::{ArchiveProbe, Entry, Format, Handle, Reader};
pub use scheme::EncryptionScheme;
pub use writer::{BackupMetadata, Writer};
