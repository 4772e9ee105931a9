//! How much an archive may ask of us. Checked from the directory before anything is unpacked, and
//! again while unpacking, since a directory can lie.

/// Upper bounds for one archive. [`Limits::default`] is generous to any real inventory.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Entries of any kind. Default: 1,000,000.
    pub entries: u64,
    /// Bytes after unpacking, all entries together. Default: 4 TiB.
    pub total_size: u64,
    /// Unpacked bytes per packed byte, beyond [`Limits::ratio_floor`]. Deflate reaches 1,032 on
    /// zeros; real data stays below 50. Our writer never exceeds half of this.
    pub ratio: u64,
    /// Below this many unpacked bytes the ratio does not matter. Default: 64 MiB.
    pub ratio_floor: u64,
    /// Bytes of the manifest, and of the list of hashes, beyond what the names of the entries account
    /// for. Default: 4 MiB.
    pub manifest: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { entries: 1_000_000, total_size: 4 << 40, ratio: 200, ratio_floor: 64 << 20, manifest: 4 << 20 }
    }
}

/// Lines of each list in the manifest that is not of files: what is missing, what was left out.
pub const MAX_LISTED: usize = 1000;
/// Bytes of such a line, at most. JSON may need six for one, and both lists have to fit into
/// [`Limits::manifest`].
pub const MAX_LINE: usize = 300;
const _: () = assert!(2 * MAX_LISTED * (6 * MAX_LINE + 128) < 4 << 20, "with what is around each line");
/// Folders above a file inside the archive, at most.
pub const MAX_DEPTH: usize = 32;
/// Bytes in the name of an entry, at most.
pub const MAX_NAME: usize = 1024;
/// Bytes in one part of a name: what file systems allow.
pub const MAX_COMPONENT: usize = 255;
