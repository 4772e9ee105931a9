//! Decides whether a file is stored or deflated, and deflates so that no reader takes the result for a zip bomb.

use std::io::{self, Read, Write};
use std::ops::Range;

use flate2::{Compress, Compression, FlushCompress};
use libdeflater::{CompressionLvl, Compressor as Deflate};
use rawzip::CompressionMethod;

use crate::hashing::EntryDigest;
use crate::limits::Limits;

use super::content::Packing;
use super::randomness::{looks_random, mostly_random};

/// The size below which a file is read whole and deflated at once, and the size of the first chunk of a longer one.
pub(super) const CHUNK: usize = 1 << 20;
/// The deflate level, the same as that of `zip` and of the original.
const LEVEL: i32 = 6;
/// The level that is tried first. It is several times as fast, and enough for files that hardly shrink.
const FAST_LEVEL: i32 = 1;
/// How far back deflate looks.
pub(super) const WINDOW: usize = 32 << 10;

/// The beginning of a file that has been read.
pub(super) enum Prepared {
    /// The whole of a file that is shorter than a chunk, as it is written.
    Whole { body: Vec<u8>, packing: Packing },
    /// The first chunk of a longer file.
    Long { first: Vec<u8>, deflates: bool },
    /// Nothing of a longer file that is packed already.
    Packed(Packing),
}

impl Prepared {
    /// Returns how the file is stored.
    pub(super) fn method(&self) -> CompressionMethod {
        match self {
            Self::Whole { packing, .. } | Self::Packed(packing) => packing.method(),
            Self::Long { deflates: true, .. } => CompressionMethod::DEFLATE,
            Self::Long { deflates: false, .. } => CompressionMethod::STORE,
        }
    }
}

/// The state with which one thread compresses.
pub(super) struct Compressor {
    chunk: Vec<u8>,
    output: Vec<u8>,
    fast: Deflate,
    /// Made when it is needed, like the next one: each takes some hundred kilobytes.
    thorough: Option<Deflate>,
    stretches: Option<ChunkCompressor>,
}

impl Compressor {
    pub(super) fn new() -> Self {
        Self {
            chunk: Vec::new(),
            output: Vec::new(),
            fast: deflate_at(FAST_LEVEL),
            thorough: None,
            stretches: None,
        }
    }

    /// Reads the first chunk of a file, and decides how the file is stored.
    pub(super) fn prepare(&mut self, source: &mut dyn Read) -> io::Result<Prepared> {
        read_chunk(source, CHUNK, &mut self.chunk)?;
        if self.chunk.len() == CHUNK {
            let first = std::mem::take(&mut self.chunk);
            let deflates = !looks_random(&first);
            return Ok(Prepared::Long { first, deflates });
        }
        let mut digest = EntryDigest::default();
        digest.update(&self.chunk);
        let chunk = std::mem::take(&mut self.chunk);
        let deflated = self.deflate(&chunk).filter(|deflated| !looks_like_a_bomb(&chunk, deflated));
        let (deflated, body) = match deflated {
            Some(deflated) => (true, deflated.to_vec()),
            None => (false, chunk.clone()),
        };
        self.chunk = chunk;
        let packing = Packing { deflated, packed_size: body.len() as u64, content: digest.checksums() };
        Ok(Prepared::Whole { body, packing })
    }

    /// Deflates all of `bytes`, unless that does not make them shorter. Deflate of random bytes is slow and in vain, and where little is
    /// gained at the fast level, no other gains more.
    fn deflate(&mut self, bytes: &[u8]) -> Option<&[u8]> {
        if looks_random(bytes) {
            return None;
        }
        if let Some(stretches) = mostly_random(bytes) {
            let compressor = self.stretches.get_or_insert_with(ChunkCompressor::new);
            self.output = compressor.deflate_stretches(bytes, &stretches, true);
            return (self.output.len() < bytes.len()).then_some(&self.output);
        }
        self.output.resize(bytes.len().saturating_sub(1), 0);
        let length = self.fast.deflate_compress(bytes, &mut self.output).ok()?;
        if length > bytes.len() / 10 * 9 {
            return Some(&self.output[..length]);
        }
        let thorough = self.thorough.get_or_insert_with(|| deflate_at(LEVEL));
        let length = thorough.deflate_compress(bytes, &mut self.output).ok()?;
        Some(&self.output[..length])
    }
}

fn deflate_at(level: i32) -> Deflate {
    Deflate::new(CompressionLvl::new(level).expect("a level of the library"))
}

/// Returns whether many files like this one would look like a zip bomb. ([`ChunkWriter`] prevents this for long files.)
fn looks_like_a_bomb(bytes: &[u8], deflated: &[u8]) -> bool {
    const HARMLESS: usize = 16 << 10;
    let ratio = usize::try_from(Limits::default().ratio / 2).expect("a small number");
    bytes.len() > HARMLESS && bytes.len() / ratio > deflated.len()
}

/// Reads until the chunk has `size` bytes or the source ends.
pub(super) fn read_chunk(source: &mut dyn Read, size: usize, chunk: &mut Vec<u8>) -> io::Result<()> {
    chunk.clear();
    source.take(size as u64).read_to_end(chunk).map(drop)
}

/// One chunk of a long file.
pub(super) struct Chunk {
    /// The end of the chunk before it, to which deflate may refer.
    pub(super) before: Vec<u8>,
    pub(super) bytes: Vec<u8>,
    pub(super) is_last: bool,
}

/// Deflates the chunks of long files, each of which can be deflated by another thread.
pub(super) struct ChunkCompressor(Compress);

impl ChunkCompressor {
    pub(super) fn new() -> Self {
        Self(Compress::new(Compression::new(LEVEL.unsigned_abs()), false))
    }

    /// Returns a chunk as blocks of deflate that end at a whole byte.
    pub(super) fn deflate(&mut self, chunk: &Chunk) -> Vec<u8> {
        let Chunk { before, bytes, is_last } = chunk;
        if let Some(stretches) = mostly_random(bytes) {
            return self.deflate_stretches(bytes, &stretches, *is_last);
        }
        let mut output = Vec::with_capacity(bytes.len() / 2 + 64);
        self.append(before, bytes, *is_last, &mut output);
        output
    }

    /// Returns bytes as blocks of deflate, in which the random stretches are stored. Trying to shorten those is slow and in vain.
    fn deflate_stretches(
        &mut self,
        bytes: &[u8],
        stretches: &[(bool, Range<usize>)],
        is_last: bool,
    ) -> Vec<u8> {
        let mut output = Vec::with_capacity(bytes.len());
        for (is_random, range) in stretches {
            let is_last = is_last && range.end == bytes.len();
            match is_random {
                true => store(&bytes[range.clone()], is_last, &mut output),
                false => self.append(&[], &bytes[range.clone()], is_last, &mut output),
            }
        }
        output
    }

    /// Appends bytes as blocks of deflate that may refer to the bytes `before` them.
    fn append(&mut self, before: &[u8], bytes: &[u8], is_last: bool, output: &mut Vec<u8>) {
        let Self(deflate) = self;
        deflate.reset();
        if !before.is_empty() {
            deflate.set_dictionary(before).expect("nothing has been deflated yet");
        }
        let flush = if is_last { FlushCompress::Finish } else { FlushCompress::Sync };
        loop {
            output.reserve(bytes.len() / 4 + 64);
            let done = usize::try_from(deflate.total_in()).expect("no more than there are");
            deflate.compress_vec(&bytes[done..], output, flush).expect("from memory to memory");
            if output.len() < output.capacity() {
                return;
            }
        }
    }
}

/// Writes the deflated chunks of one file in their order. If the data is so regular that a reader would take it for a zip bomb, the rest
/// is stored in blocks of the same stream, because no archive of this program may ever be refused.
#[derive(Default)]
pub(super) struct ChunkWriter {
    read: u64,
    written: u64,
    stores: bool,
}

impl ChunkWriter {
    pub(super) fn write(&mut self, chunk: &Chunk, deflated: &[u8], out: &mut impl Write) -> io::Result<()> {
        if self.stores {
            let mut stored = Vec::new();
            store(&chunk.bytes, chunk.is_last, &mut stored);
            return out.write_all(&stored);
        }
        out.write_all(deflated)?;
        self.read += chunk.bytes.len() as u64;
        self.written += deflated.len() as u64;
        let limits = Limits::default();
        self.stores = self.read > limits.ratio_floor / 2 && self.read / (limits.ratio / 2) > self.written;
        Ok(())
    }
}

/// Appends bytes as blocks of deflate that are not compressed.
fn store(bytes: &[u8], is_last: bool, out: &mut Vec<u8>) {
    /// The most bytes of such a block.
    const BLOCK: usize = 0xffff;
    let blocks = bytes.len().div_ceil(BLOCK).max(1);
    out.reserve(bytes.len() + 5 * blocks);
    for number in 0..blocks {
        let block = &bytes[number * BLOCK..bytes.len().min((number + 1) * BLOCK)];
        let [low, high] = u16::try_from(block.len()).expect("at most BLOCK").to_le_bytes();
        let is_final = u8::from(is_last && number + 1 == blocks);
        out.extend([is_final, low, high, !low, !high]);
        out.extend(block);
    }
}
