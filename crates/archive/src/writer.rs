//! Writes an archive as a stream: no seeking, memory independent of the size of the data.

mod packing;

use std::io::{self, BufWriter, Read, Write};
use std::thread;

use rawzip::path::EntryPath;
use rawzip::time::UtcDateTime;
use rawzip::{CompressionMethod, DataDescriptorOutput, ZipArchiveWriter, ZipEntryWriter};
use sha2::Digest;

use crate::error::{Error, Refusal};
use crate::hashing::Sha256Hex;
use crate::limits::{MAX_LINE, MAX_LISTED};
use crate::manifest::{FileRecord, LeftOut, Manifest, TableRecord, mebibytes, two_places};
use crate::name::{self, Role};
use crate::{CHECKSUMS, DATABASE, ENV, FORMAT_VERSION, MANIFEST, sums};

use packing::{Begun, Deflating, Packer, Seen, Text, begin_all, fill};

/// Files that are packed side by side: enough to keep some cores busy, few enough to bound memory
/// (each is held whole, packed and unpacked, so twice a [`CHUNK`] at most).
const BATCH: usize = 16;
/// Threads that pack, at most.
const MOST_THREADS: usize = 8;

/// What the read of a source fails with, as the inner error of an [`io::Error`], when its content was
/// changed while it was read, so that what was read never existed as a whole.
#[derive(Debug, thiserror::Error)]
#[error("it changed while it was read")]
pub struct SourceChanged;

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
    modified: UtcDateTime,
    packers: Vec<Packer>,
}

impl<W: Write> Writer<W> {
    /// Starts an archive; `modified` (UTC) becomes the time of every entry.
    pub fn new(out: W, modified: chrono::NaiveDateTime) -> Self {
        Self::with_capacity(out, modified, 0)
    }

    /// The same, with room for so many files: lists that grow take more memory than they hold.
    pub fn with_capacity(out: W, modified: chrono::NaiveDateTime, files: usize) -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self {
            zip: ZipArchiveWriter::builder().with_capacity(files).build(out),
            files: Vec::with_capacity(files),
            modified: UtcDateTime::from_unix(modified.and_utc().timestamp()),
            packers: (0..cores.min(MOST_THREADS)).map(|_| Packer::new()).collect(),
        }
    }

    /// Adds a file under `name`, reading `source` to its end. `progress` hears of each step in bytes.
    ///
    /// # Errors
    /// A name no reader would accept, a failing output, or, as [`Error::Source`], a failing `source`.
    pub fn add(
        &mut self,
        name: &str,
        source: &mut dyn Read,
        progress: &mut dyn FnMut(u64),
    ) -> Result<&FileRecord, Error> {
        check_name(name)?;
        let begun = self.packers[0].begin(source).map_err(Error::source(name))?;
        self.add_begun(name.to_owned(), begun, source, progress)
    }

    /// Adds several files in this order, packing some at a time, on as many threads as there are
    /// cores. `open` is called on those threads, and once more for a short file whose source ended
    /// in [`SourceChanged`]: nothing of it has been written by then.
    ///
    /// # Errors
    /// As [`Writer::add`], and whatever `open` returns.
    pub fn add_all<R: Read + Send, E: From<Error> + Send>(
        &mut self,
        names: Vec<String>,
        open: impl Fn(&str) -> Result<R, E> + Sync,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), E> {
        let mut names = names.into_iter();
        loop {
            let batch: Vec<String> = names.by_ref().take(BATCH).collect();
            if batch.is_empty() {
                return Ok(());
            }
            batch.iter().try_for_each(|name| check_name(name))?;
            let all_begun = begin_all(&mut self.packers, &batch, &open);
            for (name, begun) in batch.into_iter().zip(all_begun) {
                let (begun, mut source) = begun?;
                self.add_begun(name, begun, &mut source, progress)?;
            }
        }
    }

    fn add_begun(
        &mut self,
        path: String,
        begun: Begun,
        source: &mut dyn Read,
        progress: &mut dyn FnMut(u64),
    ) -> Result<&FileRecord, Error> {
        let (size, sha256) = self.entry(&path, begun, source, progress)?;
        self.files.push(FileRecord { path, size, sha256 });
        Ok(self.files.last().expect("just pushed"))
    }

    /// Writes the manifest, the hashes and the directory, and returns the output with the manifest
    /// (without its list of files). The caller makes it durable.
    pub fn finish(mut self, facts: Facts) -> Result<(W, Manifest), Error> {
        let mut manifest = manifest(facts, std::mem::take(&mut self.files));
        let hash = self.text(MANIFEST, |out| Ok(serde_json::to_writer_pretty(out, &manifest)?))?;
        let files = std::mem::take(&mut manifest.files);
        let listed = files.iter().map(|file| (file.path.as_str(), &file.sha256));
        let mut lines = listed.chain([(MANIFEST, &hash)]).map(|(name, hash)| sums::line(name, hash));
        self.text(CHECKSUMS, |out| lines.try_for_each(|line| out.write_all(line.as_bytes())))?;
        Ok((self.zip.finish()?, manifest))
    }

    /// Adds a text that is made while it is packed, since it can be long.
    fn text(
        &mut self,
        name: &str,
        make: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<Sha256Hex, Error> {
        const STEP: usize = 64 << 10;
        let mut entry = start(&mut self.zip, name, CompressionMethod::DEFLATE, self.modified)?;
        let Packer { packed, deflate } = &mut self.packers[0];
        let text =
            Text { deflating: Deflating::new(deflate, packed), seen: Seen::default(), out: &mut entry };
        let mut buffered = BufWriter::with_capacity(STEP, text);
        make(&mut buffered)?;
        let Text { deflating, seen, .. } = buffered.into_inner().map_err(io::IntoInnerError::into_error)?;
        deflating.finish(&mut entry)?;
        entry.finish(DataDescriptorOutput::new(seen.crc.finalize(), seen.bytes))?;
        Ok(Sha256Hex(seen.sha.finalize().into()))
    }

    fn entry(
        &mut self,
        name: &str,
        begun: Begun,
        source: &mut dyn Read,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(u64, Sha256Hex), Error> {
        let Begun { mut chunk, method, packed, mut seen } = begun;
        let mut entry = start(&mut self.zip, name, method, self.modified)?;
        if let Some(packed) = packed {
            progress(seen.bytes);
            entry.write_all(&packed)?;
        } else {
            let Packer { packed, deflate } = &mut self.packers[0];
            let mut stream = (method == CompressionMethod::DEFLATE).then(|| Deflating::new(deflate, packed));
            progress(seen.bytes);
            loop {
                match &mut stream {
                    Some(stream) => stream.write(&chunk, &mut entry)?,
                    None => entry.write_all(&chunk)?,
                }
                fill(source, &mut chunk).map_err(Error::source(name))?;
                if chunk.is_empty() {
                    break;
                }
                seen.update(&chunk);
                progress(chunk.len() as u64);
            }
            if let Some(stream) = stream {
                stream.finish(&mut entry)?;
            }
        }
        entry.finish(DataDescriptorOutput::new(seen.crc.finalize(), seen.bytes))?;
        Ok((seen.bytes, Sha256Hex(seen.sha.finalize().into())))
    }
}

fn start<'a, W: Write>(
    zip: &'a mut ZipArchiveWriter<W>,
    name: &str,
    method: CompressionMethod,
    modified: UtcDateTime,
) -> Result<ZipEntryWriter<'a, W>, Error> {
    let file = zip.new_file(path_of(name)).compression_method(method).last_modified(modified);
    Ok(file.unix_permissions(0o100_644).start()?.0)
}

fn check_name(name: &str) -> Result<(), Error> {
    name::check(name).map_err(|fault| Refusal::Name { name: name.to_owned(), fault }.into())
}

/// The name as it is. `rawzip` would take what precedes a colon for a drive and drop it, unless told
/// to leave the name alone; then, however, it does not set the flag for UTF-8. Programs that heed the
/// origin of an archive (`unzip` does) read such a name right all the same, and so do we. (The extra
/// field meant for this, 0x7075, makes Debian's `unzip` take the archive for a bomb.)
fn path_of(name: &str) -> EntryPath<'_> {
    if name.contains(':') { EntryPath::verbatim(name.as_bytes()) } else { EntryPath::conformant(name) }
}

/// What rows call a file can be of any length.
fn shorten(line: &mut String) {
    const MORE: char = '…';
    if line.len() > MAX_LINE {
        line.truncate(line.floor_char_boundary(MAX_LINE - MORE.len_utf8()));
        line.push(MORE);
    }
}

fn manifest(mut facts: Facts, files: Vec<FileRecord>) -> Manifest {
    // Long enough to see what is going on, and never too long for a reader.
    facts.dangling.truncate(MAX_LISTED);
    facts.left_out.truncate(MAX_LISTED);
    facts.dangling.iter_mut().chain(facts.left_out.iter_mut().map(|left| &mut left.what)).for_each(shorten);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_cut_between_two_characters() {
        for (line, length) in [("x".repeat(300), 300), ("x".repeat(301), 300), ("ü".repeat(400), 299)] {
            let mut cut = line.clone();
            shorten(&mut cut);
            assert_eq!(cut.len(), length, "{line}");
            assert!(cut == line || line.starts_with(cut.strip_suffix('…').unwrap()), "{cut}");
        }
    }
}
