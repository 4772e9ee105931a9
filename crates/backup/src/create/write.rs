//! Writes an archive with the database and the files of one moment, and reads it back.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use archive::writer::SourceChanged;
use archive::{
    ArchiveSink, BackupMetadata, EncryptionMethod, Keys, Manifest, Omission, OmissionReason, Sha256Hex,
    TableRecord, Writer,
};
use durable::DiskFile;
use inventory::NameList;
use inventory::migration::{self, SchemaState};
use inventory::sqlite::{self, Inspection, RedactedPasswords};
use inventory::static_files::FileKind;

use crate::damage::recheck_damage;
use crate::engine::SCHEMA_VERSION;
use crate::event::Meter;
use crate::stable_file::{Cancelled, StableFile};
use crate::status::{Fingerprint, identity};
use crate::{Engine, Error, Event, Note, Observer, Step};

use super::files::{dangling_references, list_files, list_unarchived, select_files};
use super::unfinished::PartialArchive;
use super::{BackupOptions, Source};

/// The destination of an archive and its encryption.
pub(super) struct Output<'a> {
    pub(super) unfinished: &'a PartialArchive,
    pub(super) out: &'a mut dyn DiskFile,
    pub(super) encryption: Option<&'a EncryptionMethod>,
}

/// An archive that has been written and read back.
pub(super) struct WrittenArchive {
    pub(super) manifest: Manifest,
    pub(super) keys: Keys,
    pub(super) fingerprint: Fingerprint,
    pub(super) redacted: Vec<RedactedPasswords>,
    /// How often SQLite restarted the copy of the database.
    pub(super) restarts: u32,
}

impl Engine {
    /// Writes the archive, makes it durable, and reads it back.
    pub(super) fn write_archive(
        &self,
        options: &BackupOptions,
        source: &Source<'_>,
        Output { unfinished, out, encryption }: Output<'_>,
        observer: &mut dyn Observer,
    ) -> Result<WrittenArchive, Error> {
        let archive_path = &unfinished.archive;
        let static_files = source.files(self);
        // The files of another program are only read, and that program does not defer its deletes.
        let can_be_locked = source.can_be_locked;
        let deletion_guard = match can_be_locked {
            true => {
                static_files.sweep().map_err(source.failed())?;
                Some(static_files.defer_deletions().map_err(source.failed())?)
            }
            false => None,
        };

        // This order makes the backup consistent: list the files, then copy the database, then list the
        // files again and add the new ones to which the copy refers.
        let kinds = FileKind::ALL.into_iter().filter(|kind| options.includes(*kind)).collect::<Vec<_>>();
        let before = list_files(&static_files, &kinds)?;
        let copy = &unfinished.database;
        let copied = self.copy_database(source, copy, observer)?;
        let after = list_files(&static_files, &kinds)?;
        let references = match &copied.inspection {
            Some(_) => recheck_damage(copy, || sqlite::references(copy)).map_err(source.failed())?,
            None => Vec::new(),
        };
        let files = select_files(before.files, after.files, &references);
        let dangling = dangling_references(&static_files, &references)?;
        let mut left_out = list_unarchived(&static_files, source.display_path)?;
        left_out.extend(after.left_out);
        drop(references);
        let generated = sqlite::generated_column_names(&copied.stripped);
        let not_restorable =
            copied.stripped.iter().filter(|object| !sqlite::may_be_recreated(object, &generated));
        left_out.extend(not_restorable.map(|object| omission(object, OmissionReason::NotRestored)));
        left_out.extend(copied.redacted.iter().map(|redacted| omission(redacted, OmissionReason::Password)));
        self.cancellation.check()?;
        report_notes(observer, &dangling, &left_out, copied.inspection.as_ref());

        observer.event(Event::Step(Step::Pack));
        let database_size = copy.metadata().map_or(0, |found| found.len());
        let bytes: u64 = files.iter().map(|(_, file)| file.size).sum();
        let meter = Meter::new(&self.cancellation, observer, bytes + database_size);
        let mut names: Vec<String> =
            // Allocates no more than the name takes, unlike `format!`.
            files.into_iter().map(|(kind, file)| [kind.folder(), "/", &file.path].concat()).collect();
        names.shrink_to_fit();
        // Plus the database, the environment file, the manifest and the list of hashes.
        let entries = names.len() + 4;
        let buffered = BufWriter::with_capacity(256 << 10, &mut *out);
        let (sink, keys) =
            ArchiveSink::begin(buffered, encryption).map_err(Error::storage("write", archive_path))?;
        let mut writer = Writer::with_capacity(sink, self.ambient.utc(), entries);
        let read = |path: &Path| {
            StableFile::open(path, &self.cancellation).map_err(|source| match source.kind() {
                io::ErrorKind::NotFound => Error::Vanished { path: path.to_owned() },
                _ => Error::storage("read", path)(source),
            })
        };
        let mut progress = |bytes| meter.add(bytes);
        // The name of an entry is the path of its file below the static folder.
        let path_of = |name: &str| match name {
            archive::DATABASE => copy.clone(),
            archive::ENV => self.places.env_file.clone(),
            _ => source.static_files.join(name),
        };
        let write_failed = |error| write_error(error, archive_path, &path_of);
        if copy.exists() {
            writer.add(archive::DATABASE, &mut read(copy)?, &mut progress).map_err(write_failed)?;
        }
        let open = |name: &str| {
            let file = read(&path_of(name))?;
            let modified = file.modified();
            Ok((file, modified))
        };
        let added = writer.add_all(names, open, &mut progress);
        added.map_err(|error: AddError| error.explain(archive_path, &path_of))?;
        if options.env {
            writer
                .add(archive::ENV, &mut read(&path_of(archive::ENV))?, &mut progress)
                .map_err(write_failed)?;
        }
        drop(deletion_guard);
        if can_be_locked {
            static_files.sweep().map_err(source.failed())?;
        }

        let metadata =
            self.metadata(options, unfinished, copied.inspection, copied.damaged, dangling, left_out);
        let (sink, manifest) = writer.finish(metadata).map_err(write_failed)?;
        let flushed = sink.finish().and_then(|mut buffered| buffered.flush());
        flushed.map_err(Error::storage("write", archive_path))?;
        out.sync().map_err(Error::storage("write", archive_path))?;
        if copy.exists() {
            self.disk.remove(copy)?;
        }
        let fingerprint = self.clone().with_keys(keys.clone()).read_back(unfinished, observer)?;
        let (redacted, restarts) = (copied.redacted, copied.restarts);
        Ok(WrittenArchive { manifest, keys, fingerprint, redacted, restarts })
    }

    /// Returns the metadata for the manifest.
    fn metadata(
        &self,
        options: &BackupOptions,
        unfinished: &PartialArchive,
        inspection: Option<Inspection>,
        damaged: Option<String>,
        dangling: Vec<String>,
        left_out: Vec<Omission>,
    ) -> BackupMetadata {
        let now = self.ambient.now();
        let pending = match inspection.as_ref().map(|inspection| &inspection.schema) {
            Some(SchemaState::Current) => Vec::new(),
            Some(SchemaState::Behind(pending)) => pending.clone(),
            Some(SchemaState::Newer(_)) | None => migration::names().into_iter().map(str::to_owned).collect(),
        };
        let migrations = migration::names().into_iter().filter(|name| !pending.iter().any(|p| p == name));
        let (tables, violations) = match inspection {
            Some(inspection) => (inspection.tables, inspection.violation_count),
            None => (BTreeMap::new(), 0),
        };
        BackupMetadata {
            backup_name: unfinished.name.clone(),
            created_at: now.local,
            created_at_utc: now.utc,
            makermatrix_version: self.version.clone(),
            schema_version: SCHEMA_VERSION.to_owned(),
            datasheets_included: options.datasheets,
            images_included: options.images,
            source_engine: "sqlite".to_owned(),
            source_engine_version: sqlite::version().to_owned(),
            migrations: migrations.map(str::to_owned).collect(),
            tables: tables
                .into_iter()
                .map(|(name, found)| {
                    (name, TableRecord { rows: found.rows, digest: Sha256Hex(found.sha256) })
                })
                .collect(),
            foreign_key_violations: violations,
            dangling,
            left_out,
            damaged,
        }
    }

    /// Verifies the archive that has just been written, and returns its fingerprint.
    fn read_back(
        &self,
        unfinished: &PartialArchive,
        observer: &mut dyn Observer,
    ) -> Result<Fingerprint, Error> {
        observer.event(Event::Step(Step::ReadBack));
        let PartialArchive { archive, database, .. } = unfinished;
        forget_cached(archive);
        let before = identity(archive).ok_or_else(|| Error::ArchiveNotFound { path: archive.clone() })?;
        self.verify_and_fingerprint(archive, before, database, observer)?.1
    }
}

/// Reports missing files, left-out items and broken foreign keys to the observer.
fn report_notes(
    observer: &mut dyn Observer,
    dangling: &[String],
    left_out: &[Omission],
    inspection: Option<&Inspection>,
) {
    if let Some(files) = dangling.iter().collect::<NameList>().non_empty() {
        observer.event(Event::Note(Note::Dangling { files }));
    }
    let mut by_reason: BTreeMap<&OmissionReason, NameList> = BTreeMap::new();
    for Omission { what, why } in left_out {
        by_reason.entry(why).or_default().add(what);
    }
    for (why, what) in by_reason {
        observer.event(Event::Note(Note::Omitted { what, why: why.clone() }));
    }
    match inspection.map_or(0, |inspection| inspection.violation_count) {
        0 => {}
        count => observer.event(Event::Note(Note::Violations { count })),
    }
}

/// Returns the omission of an item for a reason.
fn omission(what: impl ToString, why: OmissionReason) -> Omission {
    Omission { what: what.to_string(), why }
}

/// Asks the kernel to drop its cached pages of a file, so that reading it back reads from the disk.
fn forget_cached(path: &Path) {
    #[cfg(target_os = "linux")]
    if let Ok(file) = File::open(path) {
        let _ = rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = path;
}

/// Converts an error of writing the archive at `path`. `source_of` returns the file of an entry.
fn write_error(error: archive::Error, path: &Path, source_of: &impl Fn(&str) -> PathBuf) -> Error {
    match error {
        archive::Error::Source { name, source } => {
            let path = source_of(&name);
            match source.get_ref() {
                Some(inner) if inner.is::<Cancelled>() => Error::Cancelled,
                Some(inner) if inner.is::<SourceChanged>() => Error::FileBusy { path },
                _ => Error::storage("read", &path)(source),
            }
        }
        archive::Error::Io(source) => Error::storage("write", path)(source),
        other => Error::archive(path)(other),
    }
}

/// An error of adding files: of a file, or of the archive.
enum AddError {
    File(Error),
    Archive(archive::Error),
}

impl AddError {
    /// Converts the error, see [`write_error`].
    fn explain(self, path: &Path, source_of: &impl Fn(&str) -> PathBuf) -> Error {
        match self {
            Self::File(error) => error,
            Self::Archive(error) => write_error(error, path, source_of),
        }
    }
}

impl From<Error> for AddError {
    fn from(error: Error) -> Self {
        Self::File(error)
    }
}

impl From<archive::Error> for AddError {
    fn from(error: archive::Error) -> Self {
        Self::Archive(error)
    }
}
