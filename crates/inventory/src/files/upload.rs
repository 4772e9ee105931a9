//! Reads the content of an upload, with limits, and tells its type from the content.

use std::io::{self, Cursor, Read};

use super::{FileStore, MAX_DATASHEET, MAX_IMAGE};
use crate::error::FileProblem;
use crate::static_files::{FileKind, StaticFile};
use crate::{Error, images};

/// The number of bytes within which a PDF document begins, as its readers accept.
const PDF_HEADER: u64 = 1024;

/// Stores a PDF document as a stream.
pub(super) fn store_pdf(store: &FileStore, mut content: impl Read) -> Result<StaticFile, Error> {
    let read_failed = |source| Error::io(&store.files.folder(FileKind::Datasheets), source);
    let mut head = Vec::new();
    content.by_ref().take(PDF_HEADER).read_to_end(&mut head).map_err(read_failed)?;
    if !head.windows(5).any(|part| part == b"%PDF-") {
        return Err(Error::BadFile { problem: FileProblem::NotAPdf });
    }
    let mut limited = Limited { content: Cursor::new(head).chain(content), left: MAX_DATASHEET };
    let stored = store.files.store(FileKind::Datasheets, "", "pdf", &mut limited, store.inventory.ambient());
    stored.map_err(|error| match error {
        Error::Io { source, .. } if source.kind() == io::ErrorKind::FileTooLarge => {
            Error::BadFile { problem: FileProblem::TooLarge { max: MAX_DATASHEET } }
        }
        error => error,
    })
}

/// Stores an image, encoded again.
pub(super) fn store_image(store: &FileStore, bytes: &[u8]) -> Result<StaticFile, Error> {
    if bytes.len() as u64 > MAX_IMAGE {
        return Err(Error::BadFile { problem: FileProblem::TooLarge { max: MAX_IMAGE } });
    }
    let image = images::clean(bytes)?;
    let mut content = &image.bytes[..];
    store.files.store(FileKind::Images, "", image.extension, &mut content, store.inventory.ambient())
}

/// A reader that fails when there is more than allowed.
struct Limited<R> {
    content: R,
    left: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.content.read(buffer)?;
        let left = self.left.checked_sub(count as u64);
        self.left = left.ok_or_else(|| io::Error::from(io::ErrorKind::FileTooLarge))?;
        Ok(count)
    }
}
