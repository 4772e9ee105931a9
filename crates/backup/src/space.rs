//! Is there room? Asked before the work starts, so that a full disk is met early and by name.

use std::io;
use std::path::Path;

use crate::Error;

/// As [`require`], for a folder that may not exist yet.
pub(crate) fn require_near(folder: &Path, needed: u64) -> Result<(), Error> {
    let existing = folder.ancestors().find(|above| above.is_dir());
    existing.map_or(Ok(()), |folder| require(folder, needed))
}

/// Refuses when the file system of `folder` has less than `needed` bytes free for us.
pub(crate) fn require(folder: &Path, needed: u64) -> Result<(), Error> {
    // Where it cannot be asked, the writing itself will tell.
    let Ok(found) = rustix::fs::statvfs(folder) else { return Ok(()) };
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    if free < needed {
        let why = format!("{} MiB are needed and {} MiB free", needed.div_ceil(1 << 20), free >> 20);
        return Err(Error::storage("write to", folder)(io::Error::new(io::ErrorKind::StorageFull, why)));
    }
    Ok(())
}
