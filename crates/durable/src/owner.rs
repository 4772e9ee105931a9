//! Whose files are. A program that root runs leaves files of root's, which the user whose data it worked on can
//! neither read nor lock. So what root creates gets the owner of the data that it belongs to.

use std::fs::Metadata;
use std::io;

/// A user and a group, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    user: u32,
    group: u32,
}

impl Owner {
    pub(crate) fn of(found: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self { user: found.uid(), group: found.gid() }
    }

    /// Gives an open file or folder to this owner. By its descriptor, since whoever owns the folder could put
    /// something else under its name.
    pub(crate) fn give(self, file: &std::fs::File) -> io::Result<()> {
        if Self::of(&file.metadata()?) == self {
            return Ok(());
        }
        std::os::unix::fs::fchown(file, Some(self.user), Some(self.group))
    }
}
