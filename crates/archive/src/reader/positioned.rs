//! Reading at an offset, over anything that can seek: `rawzip` wants the former, callers have the
//! latter (a file, a buffer, a decrypted stream).

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Mutex, PoisonError};

use rawzip::ReaderAt;

pub(super) struct Positioned<R>(Mutex<R>);

impl<R> Positioned<R> {
    pub(super) fn new(inner: R) -> Self {
        Self(Mutex::new(inner))
    }
}

impl<R: Read + Seek> ReaderAt for Positioned<R> {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        // A header can name any offset. Behind the end there is nothing; the system would call those
        // that it cannot count to an invalid argument.
        if i64::try_from(offset).is_err() {
            return Ok(0);
        }
        // Each call seeks first, so a panic in another one leaves nothing half-done.
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.seek(SeekFrom::Start(offset))?;
        inner.read(buffer)
    }
}
