//! Owners of files. Files that root creates belong to root, and the user who owns the data can neither read nor lock
//! them. So a file that root creates gets the owner of the data it belongs to.

use std::fs::Metadata;
use std::io;

/// The numeric ids of a user and a group.
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

    /// Changes the owner of an open file or folder. Uses the descriptor, since the owner of the parent folder could
    /// replace the file under its name.
    pub(crate) fn apply_to(self, file: &std::fs::File) -> io::Result<()> {
        if Self::of(&file.metadata()?) == self {
            return Ok(());
        }
        std::os::unix::fs::fchown(file, Some(self.user), Some(self.group))
    }
}
