//! Writes an archive as a stream: no seeking, memory independent of the size of the data.

use std::io::{Read, Write};

use flate2::{Compress, Compression, FlushCompress, Status};
use rawzip::{CompressionMethod, DataDescriptorOutput, ZipArchiveWriter, time::UtcDateTime};
use sha2::{Digest, Sha256};

use crate::error::{Error, Refusal};
use crate::hashing::Sha256Hex;
use crate::limits::Limits;
use crate::manifest::{FileRecord, LeftOut, Manifest, TableRecord, mebibytes, two_places};
use crate::name::{self, Role};
use crate::{CHECKSUMS, DATABASE, ENV, FORMAT_VERSION, MANIFEST, sums};

/// A file up to this size is read whole before its compression method is chosen.
const CHUNK: usize = 1 << 20;
/// How much of a file is tried to see whether it shrinks.
const SAMPLE: usize = 32 << 10;
/// Deflate level, as `zip` and the original use.
const LEVEL: u32 = 6;

/// What the archive says about itself beyond its files.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is the field of the same name in Manifest")]
pub struct Facts {
    pub backup_name: String,
    pub created_at: chrono::NaiveDateTime,
    pub created_at_utc: chrono::NaiveDateTime,
    pub makermatrix_version: String,
    pub schema_version: String,
    pub datasheets_included: bool,
    pub images_included: bool,
    pub source_engine: String,
    pub source_engine_version: String,
    pub migrations: Vec<String>,
    pub tables: std::collections::BTreeMap<String, TableRecord>,
    pub foreign_key_violations: u64,
    pub dangling: Vec<String>,
    pub left_out: Vec<LeftOut>,
    pub damaged: Option<String>,
}

/// An archive being written. Add the database first, then the files, then [`Writer::finish`].
/// Dropped earlier, it leaves something no reader accepts.
pub struct Writer<W: Write> {
    zip: ZipArchiveWriter<W>,
    files: Vec<FileRecord>,
    sums: String,
    modified: UtcDateTime,
    chunk: Vec<u8>,
    packed: Vec<u8>,
    deflate: Compress,
}

impl<W: Write> Writer<W> {
    /// Starts an archive; `modified` (UTC) becomes the time of every entry.
    pub fn new(out: W, modified: chrono::NaiveDateTime) -> Self {
        Self {
            zip: ZipArchiveWriter::new(out),
            files: Vec::new(),
            sums: String::new(),
            modified: UtcDateTime::from_unix(modified.and_utc().timestamp()),
            chunk: Vec::with_capacity(CHUNK),
            packed: Vec::with_capacity(CHUNK),
            deflate: Compress::new(Compression::new(LEVEL), false),
        }
    }

    /// Adds a file under `name`, reading `source` to its end. `progress` hears of each step in bytes.
    ///
    /// # Errors
    /// A name no reader would accept, or a failing `source` or output.
    pub fn add(
        &mut self,
        name: &str,
        source: &mut dyn Read,
        progress: &mut dyn FnMut(u64),
    ) -> Result<&FileRecord, Error> {
        if let Err(fault) = name::check(name) {
            return Err(Refusal::Name { name: name.to_owned(), fault }.into());
        }
        let record = self.entry(name, source, progress)?;
        self.sums.push_str(&sums::line(name, &record.sha256));
        self.files.push(record);
        Ok(self.files.last().expect("just pushed"))
    }

    /// Writes the manifest, the hashes and the directory, and returns the output with the manifest.
    /// The caller makes it durable.
    pub fn finish(mut self, facts: Facts) -> Result<(W, Manifest), Error> {
        let manifest = manifest(facts, std::mem::take(&mut self.files));
        let json = serde_json::to_vec_pretty(&manifest).map_err(std::io::Error::from)?;
        let record = self.entry(MANIFEST, &mut json.as_slice(), &mut |_| {})?;
        let mut sums = std::mem::take(&mut self.sums);
        sums.push_str(&sums::line(MANIFEST, &record.sha256));
        self.entry(CHECKSUMS, &mut sums.as_bytes(), &mut |_| {})?;
        Ok((self.zip.finish()?, manifest))
    }

    fn entry(
        &mut self,
        name: &str,
        source: &mut dyn Read,
        progress: &mut dyn FnMut(u64),
    ) -> Result<FileRecord, Error> {
        let Self { zip, chunk, packed, deflate, .. } = self;
        fill(source, chunk)?;
        let whole = chunk.len() < CHUNK;
        let shrinks = if whole {
            sampled(chunk, packed, deflate) && {
                pack(chunk, packed, deflate);
                packed.len() < chunk.len()
            }
        } else {
            sampled(chunk, packed, deflate)
        };
        let method = if shrinks { CompressionMethod::DEFLATE } else { CompressionMethod::STORE };
        let (mut entry, _) = zip
            .new_file(name)
            .compression_method(method)
            .last_modified(self.modified)
            .unix_permissions(0o100_644)
            .start()?;
        let mut seen = Seen::default();
        if whole {
            seen.update(chunk, progress);
            entry.write_all(if shrinks { packed } else { chunk })?;
        } else {
            let mut stream = shrinks.then(|| Deflating::new(deflate, packed));
            while !chunk.is_empty() {
                seen.update(chunk, progress);
                match &mut stream {
                    Some(stream) => stream.write(chunk, &mut entry)?,
                    None => entry.write_all(chunk)?,
                }
                fill(source, chunk)?;
            }
            if let Some(stream) = stream {
                stream.finish(&mut entry)?;
            }
        }
        entry.finish(DataDescriptorOutput::new(seen.crc.finalize(), seen.bytes))?;
        Ok(FileRecord {
            path: name.to_owned(),
            size: seen.bytes,
            sha256: Sha256Hex(seen.sha.finalize().into()),
        })
    }
}

/// What went into an entry so far.
#[derive(Default)]
struct Seen {
    crc: crc32fast::Hasher,
    sha: Sha256,
    bytes: u64,
}

impl Seen {
    fn update(&mut self, bytes: &[u8], progress: &mut dyn FnMut(u64)) {
        self.crc.update(bytes);
        self.sha.update(bytes);
        self.bytes += bytes.len() as u64;
        progress(bytes.len() as u64);
    }
}

/// Reads until the chunk is full or the source ends.
fn fill(source: &mut dyn Read, chunk: &mut Vec<u8>) -> Result<(), Error> {
    chunk.clear();
    source.take(CHUNK as u64).read_to_end(chunk)?;
    Ok(())
}

/// Whether deflate is worth it, judged by the beginning, middle and end of what is at hand. What
/// shrinks to next to nothing is tried in full, by the caller or by the guard in [`Deflating`].
fn sampled(bytes: &[u8], packed: &mut Vec<u8>, deflate: &mut Compress) -> bool {
    if bytes.len() <= 3 * SAMPLE {
        return true;
    }
    let middle = bytes.len() / 2;
    [&bytes[..SAMPLE], &bytes[middle..middle + SAMPLE], &bytes[bytes.len() - SAMPLE..]].into_iter().any(
        |sample| {
            pack(sample, packed, deflate);
            packed.len() < sample.len() / 50 * 49
        },
    )
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
struct Deflating<'a> {
    deflate: &'a mut Compress,
    packed: &'a mut Vec<u8>,
    read: u64,
    written: u64,
    /// Deflate that only stores. It refers to nothing before it, so its blocks may follow those of
    /// another one, once that has been flushed to a whole byte.
    storing: Option<Compress>,
}

impl<'a> Deflating<'a> {
    fn new(deflate: &'a mut Compress, packed: &'a mut Vec<u8>) -> Self {
        deflate.reset();
        packed.clear();
        packed.reserve(CHUNK);
        Self { deflate, packed, read: 0, written: 0, storing: None }
    }

    fn write(&mut self, bytes: &[u8], out: &mut impl Write) -> Result<(), Error> {
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

    fn finish(mut self, out: &mut impl Write) -> Result<(), Error> {
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

fn manifest(facts: Facts, files: Vec<FileRecord>) -> Manifest {
    let total = |role: Role| {
        let of_role = files.iter().filter(move |file| Role::of(&file.path) == role);
        of_role.fold((0, 0), |(count, bytes), file| (count + 1, bytes + file.size))
    };
    let (databases, database_bytes) = total(Role::Database);
    let (datasheets_count, datasheets_bytes) = total(Role::Datasheet);
    let (images_count, images_bytes) = total(Role::Image);
    let (envs, env_bytes) = total(Role::Env);
    Manifest {
        backup_name: facts.backup_name,
        created_at: facts.created_at.format("%Y-%m-%dT%H:%M:%S%.6f").to_string(),
        makermatrix_version: facts.makermatrix_version,
        schema_version: facts.schema_version,
        backup_format_version: "2.0".to_owned(),
        python_version: String::new(),
        password_protected: false,
        credential_storage: "plain_text_in_database".to_owned(),
        credential_protection: "os_file_permissions".to_owned(),
        database_included: databases > 0,
        datasheets_included: facts.datasheets_included,
        images_included: facts.images_included,
        env_included: envs > 0,
        database_size_mb: mebibytes(database_bytes),
        datasheets_count,
        datasheets_size_mb: mebibytes(datasheets_bytes),
        images_count,
        images_size_mb: mebibytes(images_bytes),
        env_size_kb: two_places(env_bytes as f64 / 1024.0),
        total_size_mb: files.iter().map(|file| file.size).sum::<u64>() >> 20,
        database_path: DATABASE.to_owned(),
        datasheets_path: "datasheets/".to_owned(),
        images_path: "images/".to_owned(),
        env_path: ENV.to_owned(),
        format_version: FORMAT_VERSION.to_owned(),
        created_at_utc: facts.created_at_utc.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string(),
        source_engine: facts.source_engine,
        source_engine_version: facts.source_engine_version,
        migrations: facts.migrations,
        tables: facts.tables,
        foreign_key_violations: facts.foreign_key_violations,
        dangling: facts.dangling,
        left_out: facts.left_out,
        damaged: facts.damaged,
        files,
    }
}
