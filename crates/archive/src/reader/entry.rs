//! One entry, as the directory of an archive describes it.

use rawzip::ZipArchiveEntryWayfinder;

use crate::hashing::Sha256Hex;
use crate::modified::ModifiedTime;
use crate::name::Role;

use super::headers::StatedHeader;
use super::zip_encryption::Cipher;

/// One file in an archive.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The name, which [`crate::name::check`] has accepted.
    pub name: String,
    /// What the entry is.
    pub role: Role,
    /// Size in bytes after decompression.
    pub size: u64,
    /// The hash of the content, if the archive states one.
    pub sha256: Option<Sha256Hex>,
    /// When the file was last modified, if the manifest states it.
    pub modified: Option<ModifiedTime>,
    pub(super) deflated: bool,
    pub(super) cipher: Option<Cipher>,
    pub(super) crc: u32,
    pub(super) stated: StatedHeader,
    /// The offset of the local header.
    pub(super) start: u64,
    /// The offset of the next entry, or of the directory behind the last one.
    pub(super) end: u64,
    pub(super) location: ZipArchiveEntryWayfinder,
}

impl Entry {
    /// Returns the size in bytes in the archive, including what encryption adds.
    pub fn compressed_size(&self) -> u64 {
        self.location.compressed_size_hint()
    }

    /// Returns the size in the archive without what encryption adds.
    pub(super) fn body_size(&self) -> u64 {
        self.compressed_size() - self.cipher.map_or(0, Cipher::overhead)
    }

    /// Returns the first of `entries` with this role.
    pub(super) fn with_role(entries: &[Self], role: Role) -> Option<&Self> {
        entries.iter().find(|entry| entry.role == role)
    }
}
