//! Packs the content of one entry: reads it, and deflates the chunks of a long one on several threads.

use std::io::{self, Read, Write};

use crate::error::Error;
use crate::hashing::{Checksums, EntryDigest};
use crate::modified::ModifiedTime;
use crate::parallel;

use super::compression::{
    CHUNK, Chunk, ChunkCompressor, ChunkWriter, Compressor, Prepared, WINDOW, read_chunk,
};
use super::content::{Content, Packing, read_packed};

/// How many times a short file is read at most if it changes in the meantime.
const MAX_READS: u32 = 3;
/// The size of the chunks of a long file after the first one. They are smaller, so that some fit into memory at the same time.
const NEXT_CHUNK: usize = 256 << 10;
/// The number of chunks of a long file that are deflated at the same time, or wait to be written.
const CHUNKS_AHEAD: usize = 4;

/// The inner error of the [`io::Error`] that a source returns when its content was changed while it was
/// read, so that the bytes that were read never existed as a whole.
#[derive(Debug, thiserror::Error)]
#[error("it changed while it was read")]
pub struct SourceChanged;

/// The beginning of a file, the rest of its content, and its modification time.
pub(super) type PreparedFile<R> = (Prepared, R, Option<ModifiedTime>);

/// Opens and prepares one file, again if it changes while it is read.
pub(super) fn prepare_file<R: Read, E: From<Error>>(
    compressor: &mut Compressor,
    name: &str,
    open: impl Fn() -> Result<(Content<R>, Option<ModifiedTime>), E>,
) -> Result<PreparedFile<R>, E> {
    let mut reads = 0;
    loop {
        let (content, modified) = open()?;
        reads += 1;
        let (prepared, source) = match content {
            Content::Unpacked(mut source) => (compressor.prepare(&mut source), source),
            Content::Packed(mut source, packing) => (prepare_packed(&mut source, packing), source),
        };
        match prepared {
            Ok(prepared) => return Ok((prepared, source, modified)),
            Err(error) if reads < MAX_READS && has_changed(&error) => {}
            Err(error) => return Err(Error::source(name)(error).into()),
        }
    }
}

/// Reads the packed bytes of a file unless they are many.
fn prepare_packed(source: &mut dyn Read, packing: Packing) -> io::Result<Prepared> {
    if packing.packed_size >= CHUNK as u64 {
        return Ok(Prepared::Packed(packing));
    }
    Ok(Prepared::Whole { body: read_packed(source, &packing)?, packing })
}

fn has_changed(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<SourceChanged>())
}

/// An error of packing: of the content, or of the output.
pub(super) enum PackError {
    Source(io::Error),
    Output(io::Error),
}

impl PackError {
    /// Returns the error of packing the entry `name`.
    pub(super) fn of(self, name: &str) -> Error {
        match self {
            Self::Source(error) => Error::source(name)(error),
            Self::Output(error) => error.into(),
        }
    }
}

/// Copies the packed bytes of a long file.
pub(super) fn copy_long(
    packed_size: u64,
    source: &mut dyn Read,
    out: &mut impl Write,
    progress: &mut dyn FnMut(u64),
) -> Result<(), PackError> {
    let mut chunk = Vec::new();
    let mut left = packed_size;
    while left > 0 {
        let size = usize::try_from(left).map_or(CHUNK, |left| left.min(CHUNK));
        read_chunk(source, size, &mut chunk).map_err(PackError::Source)?;
        if chunk.len() < size {
            return Err(PackError::Source(io::ErrorKind::UnexpectedEof.into()));
        }
        out.write_all(&chunk).map_err(PackError::Output)?;
        progress(size as u64);
        left -= size as u64;
    }
    Ok(())
}

/// Writes a long file as it is.
pub(super) fn store_long(
    first: Vec<u8>,
    rest: &mut (dyn Read + Send),
    out: &mut impl Write,
    progress: &mut dyn FnMut(u64),
) -> Result<Checksums, PackError> {
    let mut digest = EntryDigest::default();
    let mut chunk = first;
    while !chunk.is_empty() {
        digest.update(&chunk);
        progress(chunk.len() as u64);
        out.write_all(&chunk).map_err(PackError::Output)?;
        read_chunk(rest, CHUNK, &mut chunk).map_err(PackError::Source)?;
    }
    Ok(digest.checksums())
}

/// Writes a long file deflated. While this thread hashes and writes, others deflate.
pub(super) fn deflate_long(
    first: Vec<u8>,
    rest: &mut (dyn Read + Send),
    out: &mut impl Write,
    progress: &mut dyn FnMut(u64),
) -> Result<Checksums, PackError> {
    let mut digest = EntryDigest::default();
    let mut writer = ChunkWriter::default();
    let deflate = |compressor: &mut ChunkCompressor, chunk: io::Result<Chunk>| {
        let chunk = chunk?;
        let deflated = compressor.deflate(&chunk);
        Ok((chunk, deflated))
    };
    parallel::in_order(Chunks::new(first, rest), CHUNKS_AHEAD, ChunkCompressor::new, deflate, |done| {
        let (chunk, deflated) = done.map_err(PackError::Source)?;
        digest.update(&chunk.bytes);
        progress(chunk.bytes.len() as u64);
        writer.write(&chunk, &deflated, out).map_err(PackError::Output)
    })?;
    Ok(digest.checksums())
}

/// Reads the chunks of a long file.
struct Chunks<'a> {
    before: Vec<u8>,
    /// The chunk that comes next, if there is one.
    next: Option<Vec<u8>>,
    rest: &'a mut (dyn Read + Send),
}

impl<'a> Chunks<'a> {
    fn new(first: Vec<u8>, rest: &'a mut (dyn Read + Send)) -> Self {
        Self { before: Vec::new(), next: Some(first), rest }
    }
}

impl Iterator for Chunks<'_> {
    type Item = io::Result<Chunk>;

    fn next(&mut self) -> Option<io::Result<Chunk>> {
        let bytes = self.next.take()?;
        // Which chunk is the last one is known when there is nothing behind it.
        let mut following = Vec::with_capacity(NEXT_CHUNK);
        if let Err(error) = read_chunk(self.rest, NEXT_CHUNK, &mut following) {
            return Some(Err(error));
        }
        let is_last = following.is_empty();
        self.next = (!is_last).then_some(following);
        let end = bytes[bytes.len().saturating_sub(WINDOW)..].to_vec();
        let before = std::mem::replace(&mut self.before, end);
        Some(Ok(Chunk { before, bytes, is_last }))
    }
}

/// The size of the chunks of a text, which is smaller, because much else is in memory when the manifest is written.
const TEXT_CHUNK: usize = 128 << 10;

/// Deflates and hashes what is written to it.
pub(super) struct TextWriter<W> {
    compressor: ChunkCompressor,
    writer: ChunkWriter,
    chunk: Chunk,
    digest: EntryDigest,
    out: W,
}

impl<W: Write> TextWriter<W> {
    pub(super) fn new(out: W) -> Self {
        Self {
            compressor: ChunkCompressor::new(),
            writer: ChunkWriter::default(),
            chunk: Chunk { before: Vec::new(), bytes: Vec::with_capacity(TEXT_CHUNK), is_last: false },
            digest: EntryDigest::default(),
            out,
        }
    }

    /// Writes what is left, and returns the checksums of the text.
    pub(super) fn finish(mut self) -> io::Result<Checksums> {
        self.chunk.is_last = true;
        self.write_chunk()?;
        Ok(self.digest.checksums())
    }

    fn write_chunk(&mut self) -> io::Result<()> {
        let chunk = &mut self.chunk;
        self.digest.update(&chunk.bytes);
        self.writer.write(chunk, &self.compressor.deflate(chunk), &mut self.out)?;
        chunk.before.clear();
        chunk.before.extend(&chunk.bytes[chunk.bytes.len().saturating_sub(WINDOW)..]);
        chunk.bytes.clear();
        Ok(())
    }
}

impl<W: Write> Write for TextWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.chunk.bytes.len() == TEXT_CHUNK {
            self.write_chunk()?;
        }
        let taken = bytes.len().min(TEXT_CHUNK - self.chunk.bytes.len());
        self.chunk.bytes.extend(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
