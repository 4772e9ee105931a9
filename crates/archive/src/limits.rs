//! Limits on what an archive may demand. They are checked against the directory before anything is
//! decompressed, and again during decompression, because a directory can lie.

/// Upper bounds for one archive. [`Limits::default`] is generous for any real inventory.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Entries of any kind. Default: 1,000,000.
    pub entries: u64,
    /// Decompressed bytes of all entries together. Default: 4 TiB.
    pub total_size: u64,
    /// Decompressed bytes per compressed byte, for an entry above [`Limits::ratio_floor`]. Default:
    /// 200. Deflate reaches 1,032 on zeros; real data stays below 50. The writer of this crate never
    /// exceeds half of this limit.
    pub ratio: u64,
    /// Decompressed bytes up to which the ratio is not checked. Default: 64 MiB.
    pub ratio_floor: u64,
    /// Bytes of the manifest, and of the list of hashes, in addition to what the number and the names
    /// of the entries account for. Default: 4 MiB.
    pub manifest: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { entries: 1_000_000, total_size: 4 << 40, ratio: 200, ratio_floor: 64 << 20, manifest: 4 << 20 }
    }
}

/// The most items that `dangling` and `left_out` in the manifest have each.
pub const MAX_LISTED: usize = 1000;
/// The most bytes of one such item. JSON may need six bytes for one, and both lists must fit into
/// [`Limits::manifest`].
pub const MAX_LINE: usize = 300;
const _: () = assert!(2 * MAX_LISTED * (6 * MAX_LINE + 128) < 4 << 20, "including the JSON around each item");
/// The most folders above a file in an archive.
pub const MAX_DEPTH: usize = 32;
/// The most bytes of the name of an entry.
pub const MAX_NAME: usize = 1024;
/// The most bytes of one part of a name, which is the limit of common file systems.
pub const MAX_COMPONENT: usize = 255;
/// The highest scrypt work factor that is accepted for a passphrase: 2^20 takes four seconds and 1 GiB.
pub(crate) const MAX_WORK_FACTOR: u8 = 20;
