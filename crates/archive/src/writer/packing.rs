//! Packing: how a file is stored, decided by trying, and deflate that never looks like a bomb.

use std::io::{self, Read, Write};
use std::thread;

use flate2::{Compress, Compression, FlushCompress, Status};
use rawzip::CompressionMethod;
use sha2::{Digest, Sha256};

use crate::error::{Error, into_io};
use crate::limits::Limits;

use super::SourceChanged;

/// A file up to this size is read whole before its compression method is chosen.
pub(super) const CHUNK: usize = 1 << 20;
/// How much of a file is tried to see whether it shrinks.
const SAMPLE: usize = 32 << 10;
/// Deflate level, as `zip` and the original use.
const LEVEL: u32 = 6;
/// The beginning of a file, read and hashed: all of it, if it is no longer than a [`CHUNK`].
pub(super) struct Begun {
    pub(super) chunk: Vec<u8>,
    pub(super) method: CompressionMethod,
    /// The whole file, deflated, where that is all there is to do.
    pub(super) packed: Option<Vec<u8>>,
    pub(super) seen: Seen,
}

/// What one thread packs with.
pub(super) struct Packer {
    pub(super) packed: Vec<u8>,
    pub(super) deflate: Compress,
}

impl Packer {
    pub(super) fn new() -> Self {
        Self { packed: Vec::new(), deflate: Compress::new(Compression::new(LEVEL), false) }
    }

    /// Reads the beginning of a file, and decides how it is stored.
    pub(super) fn begin(&mut self, source: &mut dyn Read) -> io::Result<Begun> {
        let mut chunk = Vec::new();
        fill(source, &mut chunk)?;
        let mut seen = Seen::default();
        seen.update(&chunk);
        let mut begun = Begun { chunk, method: CompressionMethod::STORE, packed: None, seen };
        if self.shrinks(&begun.chunk) {
            if begun.chunk.len() == CHUNK {
                begun.method = CompressionMethod::DEFLATE;
            } else {
                pack(&begun.chunk, &mut self.packed, &mut self.deflate);
                if self.packed.len() < begun.chunk.len() && !looks_like_a_bomb(&begun.chunk, &self.packed) {
                    begun.method = CompressionMethod::DEFLATE;
                    begun.packed = Some(self.packed.clone());
                }
            }
        }
        Ok(begun)
    }

    /// Whether deflate is worth it, judged by the beginning, middle and end of what is at hand. What
    /// is short is tried in full, by the caller.
    fn shrinks(&mut self, bytes: &[u8]) -> bool {
        if bytes.len() <= 3 * SAMPLE {
            return true;
        }
        let middle = bytes.len() / 2;
        let samples = [&bytes[..SAMPLE], &bytes[middle..middle + SAMPLE], &bytes[bytes.len() - SAMPLE..]];
        samples.into_iter().any(|sample| {
            pack(sample, &mut self.packed, &mut self.deflate);
            self.packed.len() < SAMPLE / 50 * 49
        })
    }
}

/// Whether a reader could take many files like this one for a bomb. (For large files [`Deflating`]
/// sees to it.)
fn looks_like_a_bomb(bytes: &[u8], packed: &[u8]) -> bool {
    const HARMLESS: usize = 16 << 10;
    let most = usize::try_from(Limits::default().ratio / 2).expect("a small number");
    bytes.len() > HARMLESS && bytes.len() / most > packed.len()
}

/// How often a short file is read at most when it changes meanwhile.
const MAX_READS: u32 = 3;

/// Begins a batch of files, each thread every so-manieth of them. A thread that cannot be started is
/// done without.
pub(super) fn begin_all<R: Read + Send, E: From<Error> + Send>(
    packers: &mut [Packer],
    names: &[String],
    open: &(impl Fn(&str) -> Result<R, E> + Sync),
) -> Vec<Result<(Begun, R), E>> {
    let threads = packers.len();
    let mut begun: Vec<Option<Result<(Begun, R), E>>> = names.iter().map(|_| None).collect();
    let work = |first: usize, packer: &mut Packer| {
        let of_thread = names.iter().skip(first).step_by(threads);
        of_thread.map(|name| begin_one(packer, name, open)).collect::<Vec<_>>()
    };
    let work = &work;
    thread::scope(|scope| {
        let (own, others) = packers.split_first_mut().expect("there is one at least");
        // All are started before the first is waited for.
        let others: Vec<_> = others
            .iter_mut()
            .enumerate()
            .map(|(index, packer)| {
                let begin = move || work(index + 1, packer);
                (index + 1, thread::Builder::new().spawn_scoped(scope, begin))
            })
            .collect();
        let mut fill_in = |first: usize, done: Vec<Result<(Begun, R), E>>| {
            for (slot, result) in begun.iter_mut().skip(first).step_by(threads).zip(done) {
                *slot = Some(result);
            }
        };
        fill_in(0, work(0, own));
        for (first, worker) in others {
            let done = match worker {
                Ok(worker) => worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                Err(_) => work(first, own),
            };
            fill_in(first, done);
        }
    });
    begun.into_iter().map(|slot| slot.expect("every name belongs to one thread")).collect()
}

fn begin_one<R: Read, E: From<Error>>(
    packer: &mut Packer,
    name: &str,
    open: &impl Fn(&str) -> Result<R, E>,
) -> Result<(Begun, R), E> {
    for attempt in 1.. {
        let mut source = open(name)?;
        match packer.begin(&mut source) {
            Ok(begun) => return Ok((begun, source)),
            Err(error) if attempt < MAX_READS && has_changed(&error) => {}
            Err(error) => return Err(Error::source(name)(error).into()),
        }
    }
    unreachable!("the last attempt returns")
}

fn has_changed(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<SourceChanged>())
}

/// What went into an entry so far.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) crc: crc32fast::Hasher,
    pub(super) sha: Sha256,
    pub(super) bytes: u64,
}

impl Seen {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.crc.update(bytes);
        self.sha.update(bytes);
        self.bytes += bytes.len() as u64;
    }
}

/// Reads until the chunk is full or the source ends.
pub(super) fn fill(source: &mut dyn Read, chunk: &mut Vec<u8>) -> io::Result<()> {
    chunk.clear();
    source.take(CHUNK as u64).read_to_end(chunk).map(drop)
}

/// Deflates `bytes` whole into `packed`.
fn pack(bytes: &[u8], packed: &mut Vec<u8>, deflate: &mut Compress) {
    deflate.reset();
    packed.clear();
    packed.reserve(bytes.len() + bytes.len() / 1000 + 64);
    loop {
        let done = usize::try_from(deflate.total_in()).expect("no more than was given");
        let status = deflate.compress_vec(&bytes[done..], packed, FlushCompress::Finish);
        if status.expect("deflating from memory cannot fail") == Status::StreamEnd {
            return;
        }
        packed.reserve(4096);
    }
}

/// Deflates a stream, and turns to storing inside it when the data is so regular that a reader
/// would take it for a bomb: our own archives must never be refused.
pub(super) struct Deflating<'a> {
    deflate: &'a mut Compress,
    packed: &'a mut Vec<u8>,
    read: u64,
    written: u64,
    /// Deflate that only stores. It refers to nothing before it, so its blocks may follow those of
    /// another one, once that has been flushed to a whole byte.
    storing: Option<Compress>,
}

impl<'a> Deflating<'a> {
    pub(super) fn new(deflate: &'a mut Compress, packed: &'a mut Vec<u8>) -> Self {
        deflate.reset();
        packed.clear();
        packed.reserve(CHUNK);
        Self { deflate, packed, read: 0, written: 0, storing: None }
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

    /// Runs deflate until it has taken all of `bytes` and has no more output to give.
    fn run(&mut self, bytes: &[u8], flush: FlushCompress, out: &mut impl Write) -> Result<(), Error> {
        let deflate = self.storing.as_mut().unwrap_or(self.deflate);
        let start = deflate.total_in();
        loop {
            let done = usize::try_from(deflate.total_in() - start).expect("no more than was given");
            self.packed.clear();
            deflate.compress_vec(&bytes[done..], self.packed, flush).map_err(std::io::Error::from)?;
            out.write_all(self.packed)?;
            self.written += self.packed.len() as u64;
            if self.packed.len() < self.packed.capacity() {
                return Ok(());
            }
        }
    }
}

/// Deflates and counts what is written to it.
pub(super) struct Text<'a, W> {
    pub(super) deflating: Deflating<'a>,
    pub(super) seen: Seen,
    pub(super) out: W,
}

impl<W: Write> Write for Text<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.seen.update(bytes);
        self.deflating.write(bytes, &mut self.out).map_err(into_io)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
