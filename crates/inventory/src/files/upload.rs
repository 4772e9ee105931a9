//! Reads the content of an upload, with limits, and tells its type from the content.

use std::io::{self, Cursor, Read};

use sha2::{Digest, Sha256};

use super::{FileRef, FileStore, MAX_DATASHEET, MAX_IMAGE};
use crate::error::FileProblem;
use crate::static_files::{FileKind, StaticFile};
use crate::{Error, images};

/// The number of bytes within which a PDF document begins, as its readers accept.
const PDF_HEADER: u64 = 1024;

/// A file that was stored, and to which no row refers yet.
pub(super) struct StoredUpload {
    pub(super) file: FileRef,
    /// The size of the file in bytes.
    pub(super) size: u64,
    /// The SHA-256 of what was sent, which is not that of the file if the content was encoded again.
    pub(super) digest: [u8; 32],
}

impl StoredUpload {
    fn new(kind: FileKind, stored: StaticFile, digest: Sha256) -> Self {
        let StaticFile { path, size } = stored;
        Self { file: FileRef { kind, path }, size, digest: digest.finalize().into() }
    }
}

/// Stores a PDF document as a stream.
pub(super) fn store_pdf(store: &FileStore, mut content: impl Read) -> Result<StoredUpload, Error> {
    let read_failed = |source| Error::io(&store.files.folder(FileKind::Datasheets), source);
    let mut head = Vec::new();
    content.by_ref().take(PDF_HEADER).read_to_end(&mut head).map_err(read_failed)?;
    if !head.windows(5).any(|part| part == b"%PDF-") {
        return Err(Error::BadFile { problem: FileProblem::NotAPdf });
    }
    let content = Cursor::new(head).chain(content);
    let mut limited = Limited { content, left: MAX_DATASHEET, digest: Sha256::new() };
    let stored = store.files.store(FileKind::Datasheets, "", "pdf", &mut limited, store.inventory.ambient());
    let stored = stored.map_err(|error| match error {
        Error::Io { source, .. } if source.kind() == io::ErrorKind::FileTooLarge => {
            Error::BadFile { problem: FileProblem::TooLarge { max: MAX_DATASHEET } }
        }
        error => error,
    })?;
    Ok(StoredUpload::new(FileKind::Datasheets, stored, limited.digest))
}

/// Stores an image, encoded again.
pub(super) fn store_image(store: &FileStore, bytes: &[u8]) -> Result<StoredUpload, Error> {
    if bytes.len() as u64 > MAX_IMAGE {
        return Err(Error::BadFile { problem: FileProblem::TooLarge { max: MAX_IMAGE } });
    }
    let image = images::clean(bytes)?;
    let mut content = &image.bytes[..];
    let ambient = store.inventory.ambient();
    let stored = store.files.store(FileKind::Images, "", image.extension, &mut content, ambient)?;
    Ok(StoredUpload::new(FileKind::Images, stored, Sha256::new_with_prefix(bytes)))
}

/// A reader that hashes what it reads, and fails when there is more than allowed.
struct Limited<R> {
    content: R,
    left: u64,
    digest: Sha256,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.content.read(buffer)?;
        let left = self.left.checked_sub(count as u64);
        self.left = left.ok_or_else(|| io::Error::from(io::ErrorKind::FileTooLarge))?;
        self.digest.update(&buffer[..count]);
        Ok(count)
    }
}
