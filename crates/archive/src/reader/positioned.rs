//! Reading at an offset, over anything that can seek: `rawzip` wants the former, callers have the
//! latter (a file, a buffer, a decrypted stream).

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Mutex, PoisonError};

use rawzip::ReaderAt;

pub(super) struct Positioned<R> {
    inner: Mutex<R>,
    length: u64,
}

impl<R> Positioned<R> {
    /// `length` is how many bytes there are.
    pub(super) fn new(inner: R, length: u64) -> Self {
        Self { inner: Mutex::new(inner), length }
    }
}

impl<R: Read + Seek> ReaderAt for Positioned<R> {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        // A header can name any offset. Behind the end there is nothing; a system would call those that it
        // cannot count to an invalid argument, and a decrypted stream those that it does not have damage.
        if offset >= self.length {
            return Ok(0);
        }
        // Each call seeks first, so a panic in another one leaves nothing half-done.
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.seek(SeekFrom::Start(offset))?;
        inner.read(buffer)
    }
}
