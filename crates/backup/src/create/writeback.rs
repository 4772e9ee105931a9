//! Has the disk write while the archive is being made, and read when the archive is read back.

use std::fs::File;
use std::io::{self, Write};
use std::num::NonZeroU64;
use std::path::Path;

/// The number of bytes after which the kernel is asked to write them.
const INTERVAL: u64 = 8 << 20;

/// Asks the kernel to begin writing what has been written, so that less is left to do when the file is synced at the end.
pub(super) struct EarlyWriteback<W> {
    out: W,
    /// The file behind `out`; `None` if it cannot be opened, which only costs time.
    file: Option<File>,
    written: u64,
    begun: u64,
}

impl<W: Write> EarlyWriteback<W> {
    /// Wraps the output into the file at `path`.
    pub(super) fn new(out: W, path: &Path) -> Self {
        Self { out, file: File::open(path).ok(), written: 0, begun: 0 }
    }
}

impl<W: Write> Write for EarlyWriteback<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.out.write(bytes)?;
        self.written += n as u64;
        if self.written - self.begun >= INTERVAL {
            if let Some(file) = &self.file {
                drop_cached(file, self.begun, NonZeroU64::new(self.written - self.begun));
            }
            self.begun = self.written;
        }
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Asks the kernel to drop its cached pages of a file, so that reading it back reads from the disk.
pub(super) fn forget(path: &Path) {
    if let Ok(file) = File::open(path) {
        drop_cached(&file, 0, None);
    }
}

/// Asks the kernel to drop its cached pages of a part of a file, or of all of it. Those that have not been written yet, it begins to write.
fn drop_cached(file: &File, offset: u64, length: Option<NonZeroU64>) {
    #[cfg(target_os = "linux")]
    let _ = rustix::fs::fadvise(file, offset, length, rustix::fs::Advice::DontNeed);
    #[cfg(not(target_os = "linux"))]
    let _ = (file, offset, length);
}
