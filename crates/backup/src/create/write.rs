//! Writes an archive with the database and the files of one moment, and reads it back.

use std::collections::BTreeMap;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use archive::{
    ArchiveSink, BackupMetadata, EncryptionMethod, Keys, Manifest, Omission, OmissionReason, Sha256Hex,
    TableRecord,
};
use durable::DiskFile;
use inventory::NameList;
use inventory::migration::{self, SchemaState};
use inventory::sqlite::{self, Inspection, RedactedPasswords};
use inventory::static_files::{FileKind, StaticFile};

use crate::damage::recheck_damage;
use crate::engine::SCHEMA_VERSION;
use crate::files_cache::{FilesCache, FilesCacheWriter};
use crate::status::{Fingerprint, identity};
use crate::{Engine, Error, Event, Note, Observer, Step};

use super::database::DatabaseCopy;
use super::files::{dangling_references, list_files, list_unarchived, select_files};
use super::pack::{Caches, Packer, write_error};
use super::unfinished::PartialArchive;
use super::writeback::{self, EarlyWriteback};
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
    /// The files cache for the next backup.
    pub(super) recording: Option<FilesCacheWriter>,
    /// Number of files that were taken over from an earlier archive.
    pub(super) unchanged: u64,
}

/// What belongs to one moment.
struct Selection {
    files: Vec<(FileKind, StaticFile)>,
    copied: DatabaseCopy,
    dangling: Vec<String>,
    left_out: Vec<Omission>,
}

impl Engine {
    /// Writes the archive, makes it durable, and reads it back. Takes over what has not changed from the archive of `cache`.
    pub(super) fn write_archive(
        &self,
        options: &BackupOptions,
        source: &Source<'_>,
        Output { unfinished, out, encryption }: Output<'_>,
        cache: Option<&mut FilesCache>,
        observer: &mut dyn Observer,
    ) -> Result<WrittenArchive, Error> {
        let archive_path = &unfinished.archive;
        let failed = || Error::storage("write", archive_path);
        // Files that are written to from now on are not recorded.
        let begun = self.ambient.utc();
        let static_files = source.files(self);
        // The files of another program are only read, and that program does not defer its deletes.
        let deletion_guard = match source.can_be_locked {
            true => {
                static_files.sweep().map_err(source.failed())?;
                Some(static_files.defer_deletions().map_err(source.failed())?)
            }
            false => None,
        };
        let Selection { files, copied, dangling, left_out } =
            self.select(options, source, unfinished, observer)?;

        observer.event(Event::Step(Step::Pack));
        let buffered = BufWriter::with_capacity(256 << 10, EarlyWriteback::new(&mut *out, archive_path));
        let (sink, keys) = ArchiveSink::begin(buffered, encryption).map_err(failed())?;
        // The names and the hashes of an encrypted archive must not be written anywhere in the clear.
        let mut recording = encryption.is_none().then(|| {
            let begun = begun.and_utc().into();
            FilesCacheWriter::begin(&self.disk, &unfinished.files_cache, begun)
        });
        let caches = Caches { last: cache, next: recording.as_mut() };
        let packer = Packer { engine: self, options, source, unfinished };
        let (writer, unchanged) = packer.pack(sink, files, caches, observer)?;
        drop(deletion_guard);
        if source.can_be_locked {
            static_files.sweep().map_err(source.failed())?;
        }

        let DatabaseCopy { inspection, damaged, redacted, restarts, .. } = copied;
        let metadata = self.metadata(options, unfinished, inspection, damaged, dangling, left_out);
        let finished = writer.finish(metadata);
        let (sink, manifest) =
            finished.map_err(|error| write_error(error, archive_path, |name| PathBuf::from(name)))?;
        sink.finish().and_then(|mut buffered| buffered.flush()).map_err(failed())?;
        out.sync().map_err(failed())?;
        let copy = &unfinished.database;
        if copy.exists() {
            self.disk.remove(copy)?;
        }
        let fingerprint = self.clone().with_keys(keys.clone()).read_back(unfinished, observer)?;
        Ok(WrittenArchive { manifest, keys, fingerprint, redacted, restarts, recording, unchanged })
    }

    /// Copies the database, and selects the files that belong to the copy.
    fn select(
        &self,
        options: &BackupOptions,
        source: &Source<'_>,
        unfinished: &PartialArchive,
        observer: &mut dyn Observer,
    ) -> Result<Selection, Error> {
        let static_files = source.files(self);
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
        let generated = sqlite::generated_column_names(&copied.stripped);
        let not_restorable =
            copied.stripped.iter().filter(|object| !sqlite::may_be_recreated(object, &generated));
        left_out.extend(not_restorable.map(|object| omission(object, OmissionReason::NotRestored)));
        left_out.extend(copied.redacted.iter().map(|redacted| omission(redacted, OmissionReason::Password)));
        self.cancellation.check()?;
        report_notes(observer, &dangling, &left_out, copied.inspection.as_ref());
        Ok(Selection { files, copied, dangling, left_out })
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
        writeback::forget(archive);
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
