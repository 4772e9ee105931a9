//! Reads and unpacks the entries of an open archive on one thread.

use std::io::{self, Read, Write};
use std::path::Path;

use archive::{Entry, Handle, Reader, Sha256Hex};
use durable::{Disk, FileMode, FileView};

use crate::Error;
use crate::event::Meter;

/// The size of the buffer in bytes.
const BUFFER: usize = 128 << 10;

/// Reads and unpacks entries. Each thread has its own.
pub(crate) struct Unpacker<'a> {
    path: &'a Path,
    file: &'a FileView,
    reader: &'a Reader<FileView>,
    /// Opened with the first entry.
    handle: Option<Handle<FileView>>,
    buffer: Vec<u8>,
}

impl<'a> Unpacker<'a> {
    /// Creates what reads the entries that `reader` has found in a file.
    pub(crate) fn new(path: &'a Path, file: &'a FileView, reader: &'a Reader<FileView>) -> Self {
        Self { path, file, reader, handle: None, buffer: vec![0; BUFFER] }
    }

    /// Reads an entry to its end and returns its hash.
    pub(crate) fn drain(&mut self, entry: &Entry, meter: &Meter<'_>) -> Result<Sha256Hex, Error> {
        self.copy(entry, meter, &mut |_| Ok(()))
    }

    /// Writes an entry to a new file, which gets the modification time that the archive states, and returns its hash.
    /// The caller makes the file durable.
    pub(crate) fn unpack(
        &mut self,
        entry: &Entry,
        disk: &Disk,
        (target, mode): (&Path, FileMode),
        meter: &Meter<'_>,
    ) -> Result<Sha256Hex, Error> {
        let mut file = disk.create(target, mode)?;
        let write = &mut |bytes: &[u8]| file.write_all(bytes).map_err(Error::storage("write", target));
        let hash = self.copy(entry, meter, write)?;
        if let Some(modified) = entry.modified {
            // A file system that cannot store the time is no reason to fail: the content matters.
            let _ = file.set_modified(modified.to_system());
        }
        Ok(hash)
    }

    /// Passes the content of an entry to `sink` and returns its hash.
    fn copy(
        &mut self,
        entry: &Entry,
        meter: &Meter<'_>,
        sink: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<Sha256Hex, Error> {
        let Self { path, file, reader, .. } = *self;
        let failed = |error: io::Error| Error::archive(path)(archive::error::from_io(error));
        let handle = match &mut self.handle {
            Some(handle) => handle,
            none => none.insert(reader.handle(file.clone()).map_err(Error::archive(path))?),
        };
        let mut content = handle.read(entry).map_err(Error::archive(path))?;
        loop {
            let n = content.read(&mut self.buffer).map_err(failed)?;
            if n == 0 {
                return Ok(content.hash().expect("read to its end"));
            }
            sink(&self.buffer[..n])?;
            meter.add_or_stop(n as u64)?;
        }
    }
}
