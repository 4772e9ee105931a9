//! The content of a file that is added to an archive: its bytes, or its packed bytes out of an earlier archive.

use std::io::{self, ErrorKind, Read};

use rawzip::CompressionMethod;
use serde::{Deserialize, Serialize};

use crate::hashing::Checksums;

/// The content of a file that is added.
#[derive(Debug)]
pub enum Content<R> {
    /// The bytes of the file.
    Unpacked(R),
    /// The packed bytes, and how they are packed. Nothing of this is checked when the file is added, only when the archive is read.
    Packed(R, Packing),
}

/// How a file is packed in an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packing {
    /// Whether the packed bytes are deflated. If not, they are the content.
    pub deflated: bool,
    /// Number of packed bytes.
    pub packed_size: u64,
    /// The checksums of the content.
    #[serde(flatten)]
    pub content: Checksums,
}

impl Packing {
    pub(super) fn method(&self) -> CompressionMethod {
        if self.deflated { CompressionMethod::DEFLATE } else { CompressionMethod::STORE }
    }
}

/// A file that has been added.
#[derive(Debug)]
pub struct AddedFile<'a, R> {
    /// The name of the entry.
    pub name: &'a str,
    /// The source of the content.
    pub source: R,
    /// The position of the packed bytes in the archive.
    pub offset: u64,
    /// How the file is packed.
    pub packing: Packing,
}

/// Reads all packed bytes of a file.
pub(super) fn read_packed(source: &mut dyn Read, packing: &Packing) -> io::Result<Vec<u8>> {
    let mut body = vec![0; usize::try_from(packing.packed_size).map_err(|_| ErrorKind::OutOfMemory)?];
    source.read_exact(&mut body)?;
    Ok(body)
}
