//! Stages a restore: unpacks the archive beside the live data, on the same file system, and checks it.
//! Changes no live data.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;

use archive::{EncryptionScheme, Entry, HashingReader, OmissionReason, Reader, Role, Sha256Hex};
use durable::{FileMode, FileView, folder_of, regular_file};
use inventory::sqlite::{
    self, DatabaseState, ObjectKind, PartChanges, Preparation, RecreatedObjects, SchemaObject,
};
use inventory::static_files::{FileKind, StaticFile};
use inventory::{Census, NameList};

use crate::damage::{recheck_damage, recheck_error};
use crate::event::Meter;
use crate::file_changes::FileChanges;
use crate::open_archive::OpenArchive;
use crate::places::file_stage;
use crate::settle::CommitBy;
use crate::unpacker::Unpacker;
use crate::{Engine, Error, Event, Note, Observer, Step, space};

use super::RestoreOptions;
use super::plan::{Plan, Totals};
use super::unchanged::UnchangedFiles;

impl Engine {
    /// Stages the database and the files of an archive, and returns the plan.
    pub(super) fn stage(
        &self,
        options: &RestoreOptions,
        archive: &OpenArchive,
        id: &str,
        live: &DatabaseState,
        to: &Destination,
        observer: &mut dyn Observer,
    ) -> Result<StagedParts, Error> {
        let reader = &archive.reader;
        if let Some(rescue) = archive.rescue() {
            return Err(rescue);
        }
        self.report_omissions(reader, observer);
        self.create_stages(reader, id, to)?;

        observer.event(Event::Step(Step::Stage));
        let commit = match live {
            DatabaseState::Usable { .. } | DatabaseState::Empty { .. } => CommitBy::Transaction,
            DatabaseState::Missing | DatabaseState::Unusable(_) => CommitBy::Rename,
        };
        let (live_files, mut changes) = self.live_files(reader)?;
        let meter = Meter::new(&self.cancellation, observer, archive.unpacked_size());
        let stage_entry = |unpacker: &mut Unpacker<'_>, entry: &Entry| match kind_of(entry.role) {
            _ if entry.role == Role::Database => {
                let target = (&*to.database, FileMode::Private);
                unpacker.unpack(entry, &self.disk, target, &meter).map(|_| None)
            }
            Some(kind) => {
                let id = to.stages_files.then_some(id);
                self.stage_file(unpacker, entry, kind, id, &live_files[&kind], &meter).map(Some)
            }
            None => unpacker.drain(entry, &meter).map(|_| None),
        };
        // The events of the database, which is staged beside the files, are emitted after those of the files.
        let stage_database = || {
            let mut events = Vec::new();
            let mut collect = |event| events.push(event);
            let plan = self.stage_database(options, archive, id, live, &to.database, &mut collect);
            (plan, events)
        };
        let staged = thread::scope(|scope| {
            let mut staging = None;
            archive.for_each(archive.entries().iter(), stage_entry, |entry, staged| {
                if entry.role == Role::Database {
                    staging = thread::Builder::new().spawn_scoped(scope, stage_database).ok();
                }
                if let (Some(staged), Some(kind)) = (staged, kind_of(entry.role)) {
                    let changes = changes.get_mut(&kind).expect("every folder with entries is listed");
                    changes.record(path_in_folder(entry), staged);
                }
                Ok(())
            })?;
            meter.step(Step::CheckDatabase);
            Ok::<_, Error>(match staging {
                Some(staging) => staging.join().unwrap_or_else(|panic| resume_unwind(panic)),
                None => stage_database(),
            })
        });
        drop(live_files);
        let (plan, events) = staged?;
        events.into_iter().for_each(|event| observer.event(event));
        let mut plan = plan?;
        let mut unchanged = Vec::new();
        plan.totals.before.files =
            reader.entries().iter().filter(|entry| entry.role.is_static()).count() as u64;
        for (kind, folder_changes) in changes {
            let FileChanges { add, replace, remove, unchanged: same, .. } = &folder_changes.changes;
            plan.totals.after.files += (add.len() + replace.len()) as u64 + same;
            plan.replaces_something |= !replace.is_empty() || !remove.is_empty();
            if to.stages_files && (!add.is_empty() || !replace.is_empty()) {
                let stage = file_stage(&self.places.static_files, kind, id);
                self.disk.sync_tree(&stage)?;
            }
            unchanged.push(folder_changes.unchanged.shrunk());
            plan.files.push(folder_changes.changes);
        }
        Ok(StagedParts { plan, commit, unchanged })
    }

    /// Reports what the restore will leave out.
    fn report_omissions(&self, reader: &Reader<FileView>, observer: &mut dyn Observer) {
        for (role, folder) in [(Role::Datasheet, "datasheets"), (Role::Image, "images")] {
            if !reader.includes(role) {
                observer.event(Event::Note(Note::FolderKept { folder }));
            }
        }
        if reader.entry(Role::Env).is_some() {
            let encrypted = matches!(
                reader.encryption(),
                Some(EncryptionScheme::Recipients(_) | EncryptionScheme::Passphrase)
            );
            observer.event(Event::Note(Note::EnvNotRestored { encrypted }));
        }
        if let Some(names) = reader.ignored().iter().collect::<NameList>().non_empty() {
            observer.event(Event::Note(Note::Ignored { names }));
        }
    }

    /// Creates the staging folders, and checks that the disks have enough space.
    fn create_stages(&self, reader: &Reader<FileView>, id: &str, to: &Destination) -> Result<(), Error> {
        let database_stage = folder_of(&to.database);
        let create = |folder: &Path| self.disk.create_folder(folder);
        create(database_stage)?;
        // Space for the staged copy, for its rewriting by migrations, and for the write-ahead log of the commit.
        let database = reader.entry(Role::Database).map_or(0, |entry| entry.size);
        space::require(database_stage, database.saturating_mul(3))?;
        for kind in included_kinds(reader) {
            let stage = file_stage(&self.places.static_files, kind, id);
            if to.stages_files {
                create(&stage)?;
            }
            let needed = self.missing_bytes(reader, kind);
            space::require_near(&stage, needed)?;
        }
        Ok(())
    }

    /// Returns the total bytes of the files that are missing or have another size, and so must be staged.
    fn missing_bytes(&self, reader: &Reader<FileView>, kind: FileKind) -> u64 {
        let folder = self.places.static_files.join(kind.folder());
        let entries = reader.entries().iter().filter(|entry| kind_of(entry.role) == Some(kind));
        let missing = entries.filter(|entry| {
            fs::metadata(folder.join(path_in_folder(entry))).map_or(true, |found| found.len() != entry.size)
        });
        missing.map(|entry| entry.size).sum()
    }

    /// Lists the live files of the folders that the archive includes, and begins the changes to them.
    fn live_files(&self, reader: &Reader<FileView>) -> Result<(LiveFiles, Changes), Error> {
        let static_files = self.static_files();
        let (mut all, mut changes) = (LiveFiles::new(), Changes::new());
        for kind in included_kinds(reader) {
            let mut files = static_files.list(kind).map_err(Error::live(static_files.root()))?.files;
            // Ignore files that a backup would leave out.
            let nameable = |path: &str| archive::name::check(&format!("{}/{path}", kind.folder())).is_ok();
            files.retain(|file| nameable(&file.path));
            let entries = reader.entries().iter().filter(|entry| kind_of(entry.role) == Some(kind));
            let mut kept: Vec<&str> = entries.map(path_in_folder).collect();
            kept.sort_unstable();
            let removed = files.iter().filter(|file| kept.binary_search(&file.path.as_str()).is_err());
            let remove = removed.map(|file| file.path.clone()).collect();
            let changed = FileChanges { kind, add: Vec::new(), replace: Vec::new(), remove, unchanged: 0 };
            all.insert(kind, LiveFolder(files));
            changes.insert(kind, FolderChanges { changes: changed, unchanged: UnchangedFiles::of(kind) });
        }
        Ok((all, changes))
    }

    /// Stages a file, unless the live file is identical.
    fn stage_file(
        &self,
        unpacker: &mut Unpacker<'_>,
        entry: &Entry,
        kind: FileKind,
        id: Option<&str>,
        live_files: &LiveFolder,
        meter: &Meter<'_>,
    ) -> Result<StagedFile, Error> {
        let name = path_in_folder(entry);
        let live = self.places.static_files.join(kind.folder()).join(name);
        self.ensure_path_free(kind, name, live_files)?;
        let same_size = match live_files.size_of(name) {
            Some(size) if size == entry.size => {
                // Read the metadata before hashing, so that a change during hashing is detected.
                let metadata = live.symlink_metadata().map_err(Error::storage("read", &live))?;
                Some((hash_of(&live)?, metadata))
            }
            _ => None,
        };
        let is_live = |hash: &Sha256Hex| same_size.as_ref().is_some_and(|(live, _)| live == hash);
        let target = id.map(|id| file_stage(&self.places.static_files, kind, id).join(name));
        let hash = match &target {
            Some(target) if !entry.sha256.is_some_and(|hash| is_live(&hash)) => {
                self.disk.create_folder(folder_of(target))?;
                let hash = unpacker.unpack(entry, &self.disk, (target, FileMode::Default), meter)?;
                if is_live(&hash) {
                    self.disk.remove(target)?;
                }
                hash
            }
            // Read an identical entry to its end all the same: the whole archive is checked before live data is changed.
            _ => unpacker.drain(entry, meter)?,
        };
        Ok(match same_size {
            Some((live, metadata)) if live == hash => StagedFile::Unchanged(metadata),
            _ if live_files.size_of(name).is_some() => StagedFile::Replaces,
            _ => StagedFile::New,
        })
    }

    /// Refuses a file whose path is blocked: by a folder, link or special file of its name, or by a file in place of
    /// a folder above it.
    fn ensure_path_free(&self, kind: FileKind, name: &str, live_files: &LiveFolder) -> Result<(), Error> {
        let folder = self.places.static_files.join(kind.folder());
        let in_the_way = |path: PathBuf, why| {
            Err(Error::InTheWay { path, name: format!("{}/{name}", kind.folder()), why })
        };
        for (slash, _) in name.match_indices('/') {
            let above = folder.join(&name[..slash]);
            match above.symlink_metadata() {
                Err(_) => break,
                Ok(found) if found.is_dir() => {}
                Ok(_) => return in_the_way(above, "it is not a folder"),
            }
        }
        let path = folder.join(name);
        if live_files.size_of(name).is_none() && path.symlink_metadata().is_ok() {
            return in_the_way(path, "it is a folder, a link or a special file");
        }
        Ok(())
    }

    /// Checks the staged database, prepares it to go live, and makes it durable.
    fn stage_database(
        &self,
        options: &RestoreOptions,
        archive: &OpenArchive,
        id: &str,
        live: &DatabaseState,
        staged: &Path,
        observer: &mut dyn Observer,
    ) -> Result<Plan, Error> {
        let path = &archive.path;
        let (found, stripped) = archive.check_database(staged)?;
        if found.violation_count > 0 && !options.allow_violations {
            let (violations, count) = (found.violations, found.violation_count);
            return Err(Error::Violations { path: path.clone(), violations, count });
        }
        let archive_name = path.file_name().unwrap_or_default().to_string_lossy();
        let page_size = match live {
            DatabaseState::Usable { page_size } | DatabaseState::Empty { page_size } => Some(*page_size),
            DatabaseState::Missing | DatabaseState::Unusable(_) => None,
        };
        // Archives of this program carry the definitions of restorable objects as text. Any other object was added to
        // the archive by hand, and is not restored.
        let manifest = archive.reader.info().v3();
        let objects = if manifest.is_none() { stripped.as_slice() } else { &[] };
        let replaced = matches!(live, DatabaseState::Usable { .. }).then_some(self.places.database.as_path());
        let now = self.ambient.utc();
        let preparation =
            Preparation { restore_id: id, archive: &archive_name, now, page_size, objects, live: replaced };
        let inspect = || sqlite::inspect(staged);
        let prepared = sqlite::prepare(staged, &preparation)
            .map_err(|error| recheck_error(staged, error, || inspect().map(drop)))
            .map_err(Error::archived(path))?;
        let mut left_out: Vec<String> = prepared.recreated.skipped.iter().map(ToString::to_string).collect();
        if let Some(manifest) = manifest {
            left_out.extend(stripped.iter().map(ToString::to_string));
            let missing = manifest.left_out.iter().filter(|left| left.why == OmissionReason::NotArchived);
            left_out.extend(missing.map(|left| durable::printable(&left.what)));
        }
        if let Some(what) = left_out.iter().collect::<NameList>().non_empty() {
            let why = OmissionReason::NotRestored;
            observer.event(Event::Note(Note::Omitted { what, why }));
        }
        let dropped = match replaced {
            Some(database) => {
                let live = self.database().schema_objects().map_err(Error::live(database))?;
                dropped_objects(&live, &prepared.recreated)
            }
            None => Vec::new(),
        };
        // Inspect the database again after the migrations, so that the plan describes what goes live.
        let after = Census::of_copy(staged).map_err(Error::archived(path))?;
        let found = recheck_damage(staged, inspect).map_err(Error::archived(path))?;
        self.disk.sync_file(staged)?;
        let folder = folder_of(staged);
        self.disk.sync_folder(folder)?;
        let rows_now = match live {
            DatabaseState::Usable { .. } => self.database().row_counts().ok(),
            _ => None,
        };
        // The row changes are only for display, so a live database that cannot be compared is no error.
        let row_changes = match rows_now {
            Some(_) => self.database().row_changes(staged).unwrap_or_default(),
            None => BTreeMap::new(),
        };
        // Without a comparison of the rows, the databases may have other encodings.
        let part_changes = match row_changes.contains_key("partmodel") {
            true => self.database().part_changes(staged).unwrap_or_default(),
            false => PartChanges::default(),
        };
        Ok(Plan {
            part_changes,
            rows_now,
            row_changes,
            rows_after: found.tables.into_iter().map(|(name, table)| (name, table.rows)).collect(),
            migrations: prepared.migrated.applied,
            adjustments: prepared.migrated.adjustments,
            totals: Totals { before: prepared.migrated.before, after },
            cancelled_tasks: prepared.cancelled_tasks,
            redacted: prepared.redacted,
            kept_password: prepared.kept_password,
            violations: found.violation_count,
            put_back: prepared.recreated.done.iter().map(ToString::to_string).collect(),
            left_out,
            dropped,
            files: Vec::new(),
            replaces_something: !matches!(live, DatabaseState::Missing | DatabaseState::Empty { .. }),
        })
    }
}

/// Returns the schema objects of the live database that will no longer exist after the restore.
fn dropped_objects(live: &[SchemaObject], recreated: &RecreatedObjects) -> Vec<String> {
    let is_put_back = |object: &SchemaObject| {
        recreated.done.iter().any(|restored| match object.kind {
            ObjectKind::GeneratedColumn if restored.kind == ObjectKind::Table => {
                restored.table == object.table
            }
            kind => restored.kind == kind && restored.name == object.name,
        })
    };
    live.iter().filter(|object| !is_put_back(object)).map(ToString::to_string).collect()
}

/// The destination of an unpacked archive.
pub(super) struct Destination {
    /// The path for the database.
    pub(super) database: PathBuf,
    /// Whether to stage the files that differ from the live ones. If not, files are only compared.
    pub(super) stages_files: bool,
}

/// The live files of each folder.
type LiveFiles = BTreeMap<FileKind, LiveFolder>;

/// The live files of one folder, in the order of their paths. (There can be many, and a map takes more memory.)
struct LiveFolder(Vec<StaticFile>);

impl LiveFolder {
    /// Returns the size of a file, if it exists.
    fn size_of(&self, path: &str) -> Option<u64> {
        let place = self.0.binary_search_by(|file| file.path.as_str().cmp(path)).ok()?;
        Some(self.0[place].size)
    }
}

/// The changes to each folder.
type Changes = BTreeMap<FileKind, FolderChanges>;

/// The changes to the files of one folder.
struct FolderChanges {
    changes: FileChanges,
    unchanged: UnchangedFiles,
}

impl FolderChanges {
    /// Records what staging a file has found.
    fn record(&mut self, name: &str, staged: StagedFile) {
        match staged {
            StagedFile::New => self.changes.add.push(name.to_owned()),
            StagedFile::Replaces => self.changes.replace.push(name.to_owned()),
            StagedFile::Unchanged(metadata) => {
                self.changes.unchanged += 1;
                self.unchanged.add(name, &metadata);
            }
        }
    }
}

/// A file of the archive, compared with the live files.
enum StagedFile {
    /// No live file has its name.
    New,
    /// The live file of its name has another content.
    Replaces,
    /// The live file is identical, and has this metadata.
    Unchanged(Metadata),
}

/// The result of staging.
pub(super) struct StagedParts {
    pub(super) plan: Plan,
    pub(super) commit: CommitBy,
    pub(super) unchanged: Vec<UnchangedFiles>,
}

/// Returns the kind of the files with this role; `None` for other roles.
fn kind_of(role: Role) -> Option<FileKind> {
    match role {
        Role::Datasheet => Some(FileKind::Datasheets),
        Role::Image => Some(FileKind::Images),
        _ => None,
    }
}

/// Returns the kinds of files that the archive includes.
fn included_kinds(reader: &Reader<FileView>) -> impl Iterator<Item = FileKind> + '_ {
    let roles = [(FileKind::Datasheets, Role::Datasheet), (FileKind::Images, Role::Image)];
    let here = move |role| reader.includes(role) || reader.entry(role).is_some();
    roles.into_iter().filter(move |(_, role)| here(*role)).map(|(kind, _)| kind)
}

/// Returns the path of a static file below its folder.
fn path_in_folder(entry: &Entry) -> &str {
    entry.name.split_once('/').map_or(entry.name.as_str(), |(_, path)| path)
}

/// Returns the hash of a file.
pub(crate) fn hash_of(path: &Path) -> Result<Sha256Hex, Error> {
    let failed = || Error::storage("read", path);
    let mut file = HashingReader::new(regular_file::open(path).map_err(failed())?);
    std::io::copy(&mut file, &mut std::io::sink()).map_err(failed())?;
    Ok(file.finish().1)
}
