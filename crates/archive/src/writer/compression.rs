//! Decides by trial whether a file is stored or deflated, and deflates so that no reader takes the
//! result for a zip bomb.

use std::io::{self, Read, Write};
use std::thread;

use flate2::{Compress, Compression, FlushCompress, Status};
use rawzip::CompressionMethod;

use crate::error::{Error, into_io};
use crate::hashing::EntryDigest;
use crate::limits::Limits;
use crate::modified::ModifiedTime;

/// The size below which a file is read whole before its compression method is chosen, and the size of
/// the chunks in which a longer file is streamed.
pub(super) const CHUNK: usize = 1 << 20;
/// How many bytes of a chunk are compressed at each of three places to see whether it shrinks.
const SAMPLE: usize = 32 << 10;
/// The deflate level, the same as that of `zip` and of the original.
const LEVEL: u32 = 6;

/// How many times a short file is read at most if it changes in the meantime.
const MAX_READS: u32 = 3;

/// The inner error of the [`io::Error`] that a source returns when its content was changed while it was
/// read, so that the bytes that were read never existed as a whole.
#[derive(Debug, thiserror::Error)]
#[error("it changed while it was read")]
pub struct SourceChanged;

/// A file whose first [`CHUNK`] has been read and hashed.
pub(super) struct PreparedEntry {
    pub(super) chunk: Vec<u8>,
    pub(super) method: CompressionMethod,
    /// The whole file, deflated, if it is shorter than a chunk and worth deflating.
    pub(super) compressed: Option<Vec<u8>>,
    pub(super) digest: EntryDigest,
}

/// The state with which one thread compresses.
pub(super) struct Compressor {
    output: Vec<u8>,
    deflate: Compress,
}

impl Compressor {
    pub(super) fn new() -> Self {
        Self { output: Vec::new(), deflate: Compress::new(Compression::new(LEVEL), false) }
    }

    /// Reads the first chunk of a file, and decides how the file is stored.
    pub(super) fn prepare(&mut self, source: &mut dyn Read) -> io::Result<PreparedEntry> {
        let mut chunk = Vec::new();
        read_chunk(source, &mut chunk)?;
        let mut digest = EntryDigest::default();
        digest.update(&chunk);
        let mut method = CompressionMethod::STORE;
        let mut compressed = None;
        if self.shrinks(&chunk) {
            if chunk.len() == CHUNK {
                method = CompressionMethod::DEFLATE;
            } else {
                self.deflate_whole(&chunk);
                if self.output.len() < chunk.len() && !looks_like_a_bomb(&chunk, &self.output) {
                    method = CompressionMethod::DEFLATE;
                    compressed = Some(self.output.clone());
                }
            }
        }
        Ok(PreparedEntry { chunk, method, compressed, digest })
    }

    /// Returns whether deflate is worth trying, judged by samples from the beginning, the middle and
    /// the end. A short input always is; the caller deflates all of it and compares.
    fn shrinks(&mut self, bytes: &[u8]) -> bool {
        if bytes.len() <= 3 * SAMPLE {
            return true;
        }
        let middle = bytes.len() / 2;
        let samples = [&bytes[..SAMPLE], &bytes[middle..middle + SAMPLE], &bytes[bytes.len() - SAMPLE..]];
        samples.into_iter().any(|sample| {
            self.deflate_whole(sample);
            self.output.len() < SAMPLE / 50 * 49
        })
    }

    /// Deflates all of `bytes` into `output`.
    fn deflate_whole(&mut self, bytes: &[u8]) {
        let Self { output, deflate } = self;
        deflate.reset();
        output.clear();
        output.reserve(bytes.len() + bytes.len() / 1000 + 64);
        loop {
            let done = usize::try_from(deflate.total_in()).expect("no more than the input");
            let status = deflate.compress_vec(&bytes[done..], output, FlushCompress::Finish);
            if status.expect("deflating from memory cannot fail") == Status::StreamEnd {
                return;
            }
            output.reserve(4096);
        }
    }
}

/// Returns whether many files like this one would look like a zip bomb. ([`StreamCompressor`] prevents
/// this for long files.)
fn looks_like_a_bomb(bytes: &[u8], compressed: &[u8]) -> bool {
    const HARMLESS: usize = 16 << 10;
    let ratio = usize::try_from(Limits::default().ratio / 2).expect("a small number");
    bytes.len() > HARMLESS && bytes.len() / ratio > compressed.len()
}

/// The beginning of a file, the rest of its content, and its modification time.
pub(super) type PreparedFile<R> = (PreparedEntry, R, Option<ModifiedTime>);

/// Opens and prepares a batch of files, distributed evenly over one thread per compressor. The work of a
/// thread that cannot be started is done by this one.
pub(super) fn prepare_batch<R: Read + Send, E: From<Error> + Send>(
    compressors: &mut [Compressor],
    names: &[String],
    open: &(impl Fn(&str) -> Result<(R, Option<ModifiedTime>), E> + Sync),
) -> Vec<Result<PreparedFile<R>, E>> {
    let threads = compressors.len();
    let mut slots: Vec<Option<Result<PreparedFile<R>, E>>> = names.iter().map(|_| None).collect();
    let work = |first: usize, compressor: &mut Compressor| {
        let of_thread = names.iter().skip(first).step_by(threads);
        of_thread.map(|name| prepare_file(compressor, name, open)).collect::<Vec<_>>()
    };
    let work = &work;
    thread::scope(|scope| {
        let (own, others) = compressors.split_first_mut().expect("there is at least one");
        let spawn = |(index, compressor)| {
            let job = move || work(index, compressor);
            (index, thread::Builder::new().spawn_scoped(scope, job))
        };
        // Collecting spawns all threads before the first is joined.
        let workers: Vec<_> = (1..).zip(others).map(spawn).collect();
        let mut store = |first: usize, results: Vec<Result<PreparedFile<R>, E>>| {
            for (slot, result) in slots.iter_mut().skip(first).step_by(threads).zip(results) {
                *slot = Some(result);
            }
        };
        store(0, work(0, own));
        for (first, worker) in workers {
            let results = match worker {
                Ok(worker) => worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                Err(_) => work(first, own),
            };
            store(first, results);
        }
    });
    slots.into_iter().map(|slot| slot.expect("every name belongs to one thread")).collect()
}

/// Opens and prepares one file, again if it changes while it is read.
fn prepare_file<R: Read, E: From<Error>>(
    compressor: &mut Compressor,
    name: &str,
    open: &impl Fn(&str) -> Result<(R, Option<ModifiedTime>), E>,
) -> Result<PreparedFile<R>, E> {
    let mut reads = 0;
    loop {
        let (mut source, modified) = open(name)?;
        reads += 1;
        match compressor.prepare(&mut source) {
            Ok(prepared) => return Ok((prepared, source, modified)),
            Err(error) if reads < MAX_READS && has_changed(&error) => {}
            Err(error) => return Err(Error::source(name)(error).into()),
        }
    }
}

fn has_changed(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<SourceChanged>())
}

/// Reads until the chunk is full or the source ends.
pub(super) fn read_chunk(source: &mut dyn Read, chunk: &mut Vec<u8>) -> io::Result<()> {
    chunk.clear();
    source.take(CHUNK as u64).read_to_end(chunk).map(drop)
}

/// Deflates a stream. If the data is so regular that a reader would take it for a zip bomb, the rest is
/// stored in blocks of the same stream, because no archive of this program may ever be refused.
pub(super) struct StreamCompressor<'a> {
    deflate: &'a mut Compress,
    output: &'a mut Vec<u8>,
    read: u64,
    written: u64,
    /// A compressor that only stores. Its blocks refer to nothing before them, so they may follow those
    /// of `deflate`, once that has been flushed to a whole byte.
    storing: Option<Compress>,
}

impl<'a> StreamCompressor<'a> {
    pub(super) fn new(compressor: &'a mut Compressor) -> Self {
        let Compressor { output, deflate } = compressor;
        deflate.reset();
        output.clear();
        output.reserve(CHUNK);
        Self { deflate, output, read: 0, written: 0, storing: None }
    }

    pub(super) fn write(&mut self, bytes: &[u8], out: &mut impl Write) -> Result<(), Error> {
        self.run(bytes, FlushCompress::None, out)?;
        self.read += bytes.len() as u64;
        let limits = Limits::default();
        let regular = self.read > limits.ratio_floor / 2 && self.read / (limits.ratio / 2) > self.written;
        if regular && self.storing.is_none() {
            self.run(&[], FlushCompress::Full, out)?;
            self.storing = Some(Compress::new(Compression::none(), false));
        }
        Ok(())
    }

    pub(super) fn finish(mut self, out: &mut impl Write) -> Result<(), Error> {
        self.run(&[], FlushCompress::Finish, out)
    }

    /// Runs deflate until it has consumed all of `bytes` and has no more output.
    fn run(&mut self, bytes: &[u8], flush: FlushCompress, out: &mut impl Write) -> Result<(), Error> {
        let deflate = self.storing.as_mut().unwrap_or(self.deflate);
        let start = deflate.total_in();
        loop {
            let done = usize::try_from(deflate.total_in() - start).expect("no more than the input");
            self.output.clear();
            deflate.compress_vec(&bytes[done..], self.output, flush).map_err(std::io::Error::from)?;
            out.write_all(self.output)?;
            self.written += self.output.len() as u64;
            if self.output.len() < self.output.capacity() {
                return Ok(());
            }
        }
    }
}

/// Deflates and hashes what is written to it.
pub(super) struct TextWriter<'a, W> {
    stream: StreamCompressor<'a>,
    digest: EntryDigest,
    out: W,
}

impl<'a, W: Write> TextWriter<'a, W> {
    pub(super) fn new(compressor: &'a mut Compressor, out: W) -> Self {
        Self { stream: StreamCompressor::new(compressor), digest: EntryDigest::default(), out }
    }

    /// Writes what is left, and returns the digest of the text.
    pub(super) fn finish(mut self) -> Result<EntryDigest, Error> {
        self.stream.finish(&mut self.out)?;
        Ok(self.digest)
    }
}

impl<W: Write> Write for TextWriter<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.digest.update(bytes);
        self.stream.write(bytes, &mut self.out).map_err(into_io)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
