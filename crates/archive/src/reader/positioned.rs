//! Adapts what can seek (a file, a buffer, a decrypted stream) to reading at an offset, which
//! `rawzip` requires.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Mutex, PoisonError};

use rawzip::ReaderAt;

/// A source that is read at offsets.
pub(super) struct Positioned<R> {
    inner: Mutex<R>,
    length: u64,
}

impl<R> Positioned<R> {
    /// Wraps a source of `length` bytes.
    pub(super) fn new(inner: R, length: u64) -> Self {
        Self { inner: Mutex::new(inner), length }
    }
}

impl<R: Read + Seek> ReaderAt for Positioned<R> {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        // A header can state any offset, and beyond the end there is nothing to read. Without this check,
        // the operating system would report a huge offset as an invalid argument, and a decrypted stream
        // would report an offset beyond its end as damage.
        if offset >= self.length {
            return Ok(0);
        }
        // Each call seeks first, so a lock that a panic has poisoned is safe to use.
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.seek(SeekFrom::Start(offset))?;
        inner.read(buffer)
    }
}
