//! The backup file: a zip with a manifest (`backup_info.json`) and `SHA256SUMS`, written and read
//! as a stream, whatever its size. `docs/archive-format.md` describes it for other programs.
//!
//! What this crate must never know: databases, servers, configuration, or any path outside the
//! archive. It takes `Read`, `Write` and `Seek`, and hands out names that are safe to use.
//!
//! Reading order: [`name`] (what an entry may be called), [`manifest`] (what `backup_info.json`
//! says), [`writer`], then [`reader`] with [`limits`], [`keys`] and [`encryption`] around both, and [`error`] for every way to be refused.

pub mod encryption;
pub mod error;
mod hashing;
pub mod keys;
pub mod limits;
pub mod manifest;
pub mod name;
pub mod reader;
mod sums;
pub mod writer;

pub use encryption::{Encryption, Sealed};
pub use error::{Corruption, Error, KeyFault, Lock, Refusal};
pub use hashing::{Hashing, Sha256Hex};
pub use keys::{Identity, Keys, Recipient};
pub use limits::Limits;
pub use manifest::{FileRecord, Info, LeftOut, LegacyInfo, Manifest, TableRecord};
pub use name::Role;
pub use reader::{Entry, Format, Outside, Reader};
pub use writer::{Facts, Writer};

/// The version of the format this crate writes. Its history, newest first:
///
/// * `3.0`: the layout of 2.0 with sub-folders, plus `SHA256SUMS`, and in `backup_info.json` the
///   size and SHA-256 of each file and the row count and digest of each table.
///
/// Formats 2.0 and older are those of MakerMatrix 1.x: no checksums, top-level files only.
pub const FORMAT_VERSION: &str = "3.0";

/// The name of the database inside every archive, whatever it was called on disk.
pub const DATABASE: &str = "makers_matrix.db";
/// The name of the manifest.
pub const MANIFEST: &str = "backup_info.json";
/// The name of the list of hashes, in the format of `sha256sum`.
pub const CHECKSUMS: &str = "SHA256SUMS";
/// The name of the environment file, present only on request.
pub const ENV: &str = ".env";
