//! Writes an archive as a stream. It never seeks, and its memory does not depend on the size of the
//! data.

mod compression;
mod content;
mod pack;
mod randomness;
mod zip;

use std::io::{self, Read, Write};

use rawzip::CompressionMethod;

use crate::error::{Error, Refusal};
use crate::hashing::Sha256Hex;
use crate::limits::{MAX_LINE, MAX_LISTED};
use crate::manifest::{
    FORMAT_VERSION, FileRecord, Manifest, ManifestWithFiles, Omission, TableRecord, mebibytes, two_places,
};
use crate::modified::ModifiedTime;
use crate::name::{self, CHECKSUMS, DATABASE, ENV, MANIFEST, Role};
use crate::{parallel, sums};

use compression::{Compressor, Prepared};
use pack::{TextWriter, copy_long, deflate_long, prepare_file, store_long};
use zip::ZipWriter;

pub use content::{AddedFile, Content, Packing};
pub use pack::SourceChanged;

/// The number of short files that are prepared, or wait to be written: enough to keep several cores busy, few enough to bound memory. Each
/// is at most [`compression::CHUNK`] long.
const AHEAD: usize = 16;

/// What the manifest states besides the files.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is the field of the same name in Manifest")]
pub struct BackupMetadata {
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
    pub left_out: Vec<Omission>,
    pub damaged: Option<String>,
}

/// Writes an archive: add the database first, then the files, then call [`Writer::finish`]. If it is
/// dropped before that, no reader accepts the output.
pub struct Writer<W: Write> {
    zip: ZipWriter<W>,
    files: Vec<StatedFile>,
    created: u32,
}

/// What the manifest states about a file besides its name, which the directory of the zip has.
struct StatedFile {
    size: u64,
    sha256: Sha256Hex,
    modified: Option<ModifiedTime>,
}

impl StatedFile {
    fn record<'a>(&self, name: &'a str) -> FileRecord<'a> {
        FileRecord { path: name.into(), size: self.size, sha256: self.sha256, modified: self.modified }
    }
}

impl<W: Write> Writer<W> {
    /// Begins an archive. `created`, in UTC, becomes the time of every entry that has none of its own.
    pub fn new(out: W, created: chrono::NaiveDateTime) -> Self {
        Self::with_capacity(out, created, 0)
    }

    /// Begins an archive with room for this number of files, because lists that grow take more memory
    /// than their content.
    pub fn with_capacity(out: W, created: chrono::NaiveDateTime, files: usize) -> Self {
        Self {
            zip: ZipWriter::new(out),
            files: Vec::with_capacity(files),
            created: u32::try_from(created.and_utc().timestamp()).unwrap_or_default(),
        }
    }

    /// Adds a file without a modification time under `name`, and reads `source` to its end. `progress` is called with the number of
    /// bytes of each step.
    ///
    /// # Errors
    /// A name that no reader would accept, an error of the output, or, as [`Error::Source`], one of
    /// `source`.
    pub fn add(
        &mut self,
        name: &str,
        source: &mut (dyn Read + Send),
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), Error> {
        check_name(name)?;
        let prepared = Compressor::new().prepare(source).map_err(Error::source(name))?;
        self.append(name, prepared, None, source, progress)?;
        Ok(())
    }

    /// Adds several files in this order. `open` returns the content of a file and its modification time; as many threads as there are cores
    /// call it, and compress. A short file is opened and read again if its source ends in [`SourceChanged`], because nothing of it has been
    /// written by then. `added` is called for each file that has been written.
    ///
    /// # Errors
    /// Those of [`Writer::add`], and those of `open`.
    pub fn add_all<T: Send, R: Read + Send, E: From<Error> + Send>(
        &mut self,
        files: impl Iterator<Item = (String, T)> + Send,
        open: impl Fn(&str, &T) -> Result<(Content<R>, Option<ModifiedTime>), E> + Sync,
        mut added: impl FnMut(AddedFile<'_, R>),
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), E> {
        let prepare = |compressor: &mut Compressor, (name, item): (String, T)| {
            let prepared = check_name(&name)
                .map_err(E::from)
                .and_then(|()| prepare_file(compressor, &name, || open(&name, &item)));
            (name, prepared)
        };
        parallel::in_order(files, AHEAD, Compressor::new, prepare, |(name, prepared)| {
            let (prepared, mut source, modified) = prepared?;
            let (offset, packing) = self.append(&name, prepared, modified, &mut source, progress)?;
            added(AddedFile { name: &name, source, offset, packing });
            Ok(())
        })
    }

    /// Writes the manifest, the hashes and the directory. Returns the output, which the caller makes
    /// durable, and the manifest without its list of files.
    pub fn finish(mut self, metadata: BackupMetadata) -> Result<(W, Manifest), Error> {
        let files = std::mem::take(&mut self.files);
        let directory = self.zip.take_directory();
        let records = || directory.names().zip(&files).map(|(name, file)| file.record(name));
        let manifest = manifest(metadata, records);
        let with_files = ManifestWithFiles::new(&manifest, records);
        let hash = self.append_text(MANIFEST, |out| Ok(serde_json::to_writer_pretty(out, &with_files)?))?;
        self.append_text(CHECKSUMS, |out| {
            records().try_for_each(|file| out.write_all(sums::line(&file.path, &file.sha256).as_bytes()))?;
            out.write_all(sums::line(MANIFEST, &hash).as_bytes())
        })?;
        Ok((self.zip.finish(directory)?, manifest))
    }

    /// Appends a file whose first chunk has been prepared, and the rest of `source`. Returns where and how it is packed.
    fn append(
        &mut self,
        name: &str,
        prepared: Prepared,
        modified: Option<ModifiedTime>,
        source: &mut (dyn Read + Send),
        progress: &mut dyn FnMut(u64),
    ) -> Result<(u64, Packing), Error> {
        let time = modified.map_or(self.created, ModifiedTime::seconds);
        let method = prepared.method();
        let mut entry = self.zip.start(name, method, time)?;
        let offset = entry.data_start();
        let packed = match prepared {
            Prepared::Whole { body, packing } => {
                entry.write_all(&body)?;
                progress(packing.content.size);
                Ok(packing.content)
            }
            Prepared::Packed(packing) => {
                copy_long(packing.packed_size, source, &mut entry, progress).map(|()| packing.content)
            }
            Prepared::Long { first, deflates: true } => deflate_long(first, source, &mut entry, progress),
            Prepared::Long { first, deflates: false } => store_long(first, source, &mut entry, progress),
        };
        let content = packed.map_err(|error| error.of(name))?;
        let deflated = method == CompressionMethod::DEFLATE;
        let packing = Packing { deflated, packed_size: entry.packed_size(), content };
        entry.finish(&content)?;
        self.files.push(StatedFile { size: content.size, sha256: content.sha256, modified });
        Ok((offset, packing))
    }

    /// Appends a text, and compresses it while `make` writes it, because it can be long.
    fn append_text(
        &mut self,
        name: &str,
        make: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<Sha256Hex, Error> {
        let mut entry = self.zip.start(name, CompressionMethod::DEFLATE, self.created)?;
        let mut text = TextWriter::new(&mut entry);
        make(&mut text)?;
        let content = text.finish()?;
        entry.finish(&content)?;
        Ok(content.sha256)
    }
}

fn check_name(name: &str) -> Result<(), Error> {
    name::check(name).map_err(|fault| Refusal::Name { name: name.to_owned(), fault }.into())
}

/// Limits the length of an item of the manifest. The name of a file in the database can have any length.
fn shorten(line: &mut String) {
    const ELLIPSIS: char = '…';
    if line.len() > MAX_LINE {
        line.truncate(line.floor_char_boundary(MAX_LINE - ELLIPSIS.len_utf8()));
        line.push(ELLIPSIS);
    }
}

/// Returns the manifest without its list of files.
fn manifest<'a, I: Iterator<Item = FileRecord<'a>>>(
    mut metadata: BackupMetadata,
    records: impl Fn() -> I,
) -> Manifest {
    // Long enough to show what happened, and never too long for a reader.
    metadata.dangling.truncate(MAX_LISTED);
    metadata.left_out.truncate(MAX_LISTED);
    metadata
        .dangling
        .iter_mut()
        .chain(metadata.left_out.iter_mut().map(|left| &mut left.what))
        .for_each(shorten);
    let total = |role: Role| {
        let of_role = records().filter(|file| Role::of(&file.path) == role);
        of_role.fold((0, 0), |(count, bytes), file| (count + 1, bytes + file.size))
    };
    let (databases, database_bytes) = total(Role::Database);
    let (datasheets_count, datasheets_bytes) = total(Role::Datasheet);
    let (images_count, images_bytes) = total(Role::Image);
    let (envs, env_bytes) = total(Role::Env);
    Manifest {
        backup_name: metadata.backup_name,
        created_at: metadata.created_at.format("%Y-%m-%dT%H:%M:%S%.6f").to_string(),
        makermatrix_version: metadata.makermatrix_version,
        schema_version: metadata.schema_version,
        backup_format_version: "2.0".to_owned(),
        python_version: String::new(),
        password_protected: false,
        credential_storage: "plain_text_in_database".to_owned(),
        credential_protection: "os_file_permissions".to_owned(),
        database_included: databases > 0,
        datasheets_included: metadata.datasheets_included,
        images_included: metadata.images_included,
        env_included: envs > 0,
        database_size_mb: mebibytes(database_bytes),
        datasheets_count,
        datasheets_size_mb: mebibytes(datasheets_bytes),
        images_count,
        images_size_mb: mebibytes(images_bytes),
        env_size_kb: two_places(env_bytes as f64 / 1024.0),
        total_size_mb: records().map(|file| file.size).sum::<u64>() >> 20,
        database_path: DATABASE.to_owned(),
        datasheets_path: "datasheets/".to_owned(),
        images_path: "images/".to_owned(),
        env_path: ENV.to_owned(),
        format_version: FORMAT_VERSION.to_owned(),
        created_at_utc: metadata.created_at_utc.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string(),
        source_engine: metadata.source_engine,
        source_engine_version: metadata.source_engine_version,
        migrations: metadata.migrations,
        tables: metadata.tables,
        foreign_key_violations: metadata.foreign_key_violations,
        dangling: metadata.dangling,
        left_out: metadata.left_out,
        damaged: metadata.damaged,
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
