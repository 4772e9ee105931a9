//! Checks the free disk space before the work starts, so that a full disk is reported early and with its path.

use std::io;
use std::path::Path;

use crate::Error;

/// Checks the free space like [`require`], for a folder that may not exist yet.
pub(crate) fn require_near(folder: &Path, needed: u64) -> Result<(), Error> {
    let existing = folder.ancestors().find(|above| above.is_dir());
    existing.map_or(Ok(()), |folder| require(folder, needed))
}

/// Fails if the file system of `folder` has less than `needed` bytes available.
pub(crate) fn require(folder: &Path, needed: u64) -> Result<(), Error> {
    // If the free space is unknown, writing reports a full disk.
    let Ok(found) = rustix::fs::statvfs(folder) else { return Ok(()) };
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    if free < needed {
        let why = format!("{} MiB are needed and {} MiB free", needed.div_ceil(1 << 20), free >> 20);
        return Err(Error::storage("write to", folder)(io::Error::new(io::ErrorKind::StorageFull, why)));
    }
    Ok(())
}
