//! Taking a backup: one moment of database and files, into an archive that has been read back
//! before anyone is told that it exists.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use archive::{Facts, LeftOut, Manifest, Sha256Hex, TableRecord, Writer};
use inventory::disk::{Readers, folder_of, is_being_written, with_suffix};
use inventory::migration::{self, SchemaState};
use inventory::sqlite::{self, Inspection, Live, Reference};
use inventory::static_files::{FileKind, StaticFile};
use inventory::{Actor, StaticFiles};

use crate::engine::SCHEMA_VERSION;
use crate::event::Meter;
use crate::{Engine, Error, Event, Note, Observer, Status, Step, space};

/// What to back up, and under which name.
#[derive(Debug, Clone)]
pub struct BackupOptions {
    /// The name without extension; by default one with the time in it.
    pub name: Option<String>,
    /// The folder for the archive; by default that of all backups.
    pub output: Option<PathBuf>,
    /// Include the datasheets.
    pub datasheets: bool,
    /// Include the images.
    pub images: bool,
    /// Include the environment file.
    pub env: bool,
    /// Write the environment file although the archive is not encrypted.
    pub env_in_the_clear: bool,
}

impl Default for BackupOptions {
    fn default() -> Self {
        Self { name: None, output: None, datasheets: true, images: true, env: false, env_in_the_clear: false }
    }
}

/// Why a backup is made; its default name says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Somebody asked for it.
    Manual,
    /// Before a restore replaces what is there.
    BeforeRestore,
    /// Before the schema is changed.
    BeforeMigration,
}

impl Purpose {
    fn prefix(self) -> &'static str {
        match self {
            Self::Manual => "makermatrix_backup",
            Self::BeforeRestore => "safety_backup_before_restore",
            Self::BeforeMigration => "safety_backup_before_migration",
        }
    }
}

/// A backup that exists, is durable, and has been read back.
#[derive(Debug)]
pub struct BackupReport {
    /// The archive.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size: u64,
    /// What it says about itself.
    pub manifest: Manifest,
    /// That it was verified, and when.
    pub status: Status,
    /// How often the copy of the database had to begin again; 0 while the moment stays pinned.
    pub snapshot_restarts: u32,
}

impl Engine {
    /// Takes a backup.
    ///
    /// # Errors
    /// On any error no archive of this name exists, and nothing else is left behind.
    pub fn backup(
        &self,
        actor: &Actor,
        options: &BackupOptions,
        observer: &mut dyn Observer,
    ) -> Result<BackupReport, Error> {
        require(actor, "making a backup", "backup:create")?;
        check_name(options.name.as_deref())?;
        if !self.places.database.exists() {
            return Err(Error::NoDatabase { path: self.places.database.clone() });
        }
        let lock = self.lock("a backup")?;
        self.recover_locked(&lock)?;
        self.backup_locked(options, Purpose::Manual, observer)
    }

    /// Brings the live database up to date, after a backup of it as it is. Returns the migrations
    /// applied and the backup; nothing is done when nothing is pending.
    pub fn migrate(
        &self,
        actor: &Actor,
        observer: &mut dyn Observer,
    ) -> Result<Option<(Vec<String>, BackupReport)>, Error> {
        require(actor, "migrating the database", "backup:create")?;
        let database = &self.places.database;
        if !database.exists() {
            return Err(Error::NoDatabase { path: database.clone() });
        }
        let lock = self.lock("a migration")?;
        self.recover_locked(&lock)?;
        match migration::pending(database).map_err(Error::live(database))? {
            SchemaState::Current => return Ok(None),
            SchemaState::Newer(found) => {
                return Err(Error::live(database)(inventory::Error::Newer { found }));
            }
            SchemaState::Behind(_) => {}
        }
        let report = self.backup_locked(&BackupOptions::default(), Purpose::BeforeMigration, observer)?;
        let applied = migration::migrate(database).map_err(Error::live(database))?;
        Ok(Some((applied, report)))
    }

    /// Only under the lock.
    pub(crate) fn backup_locked(
        &self,
        options: &BackupOptions,
        purpose: Purpose,
        observer: &mut dyn Observer,
    ) -> Result<BackupReport, Error> {
        if options.env && !options.env_in_the_clear {
            return Err(Error::EnvInTheClear);
        }
        if options.env && !self.places.env_file.exists() {
            return Err(Error::NoEnv { path: self.places.env_file.clone() });
        }
        let folder = options.output.as_deref().unwrap_or(&self.places.backups);
        self.disk.create_folder(folder).map_err(Error::storage("create", folder))?;
        self.remove_unfinished(folder)?;
        let now = self.ambient.local();
        let name = options
            .name
            .clone()
            .unwrap_or_else(|| format!("{}_{}", purpose.prefix(), now.format("%Y%m%d_%H%M%S")));
        let path = free_name(folder, &name, options.name.is_some())?;
        let unfinished = Unfinished::new(&path);
        let made = self.write_archive(options, purpose, &unfinished, observer);
        let (manifest, snapshot_restarts) = made.inspect_err(|_| unfinished.discard(self))?;
        let placed = self
            .disk
            .rename_new(&unfinished.archive, &path)
            .and_then(|()| self.disk.sync_folder(folder))
            .map_err(Error::storage("place", &path));
        placed.inspect_err(|_| unfinished.discard(self))?;
        let status = self.note_verified(&path)?;
        let size = path.metadata().map_err(Error::storage("read", &path))?.len();
        Ok(BackupReport { path, size, manifest, status, snapshot_restarts })
    }

    fn write_archive(
        &self,
        options: &BackupOptions,
        purpose: Purpose,
        unfinished: &Unfinished,
        observer: &mut dyn Observer,
    ) -> Result<(Manifest, u32), Error> {
        let archive_path = &unfinished.archive;
        let mut out =
            self.disk.create(archive_path, Readers::Owner).map_err(Error::storage("create", archive_path))?;
        let static_files = self.static_files();
        static_files.sweep().map_err(Error::live(&self.places.database))?;
        let lease = static_files.lease().map_err(Error::live(&self.places.database))?;

        // The order is what makes it one moment: files that were there before it, then the
        // database, then those files that the database refers to and that came in between.
        let kinds = FileKind::ALL.into_iter().filter(|kind| options.includes(*kind)).collect::<Vec<_>>();
        let before = list(&static_files, &kinds)?;
        let copy = &unfinished.database;
        let copied = self.copy_database(copy, purpose, observer)?;
        let after = list(&static_files, &kinds)?;
        let references = match &copied.inspection {
            Some(_) => sqlite::references(copy).map_err(Error::live(&self.places.database))?,
            None => Vec::new(),
        };
        let files = choose(&before, &after, &references);
        let dangling = dangling(&static_files, &references)?;
        let mut left_out = after.left_out;
        left_out.extend(
            copied
                .stripped
                .into_iter()
                .map(|what| LeftOut { what, why: "archives hold tables and indexes only".to_owned() }),
        );
        tell(observer, &dangling, &left_out, copied.inspection.as_ref());

        observer.event(Event::Step(Step::Pack));
        let database_size = copy.metadata().map_or(0, |found| found.len());
        let bytes: u64 = files.iter().map(|(_, file)| file.size).sum();
        let mut meter = Meter::new(observer, bytes + database_size);
        let mut writer = Writer::new(BufWriter::with_capacity(256 << 10, &mut *out), self.ambient.utc());
        let read = |path: &Path| {
            File::open(path).map_err(|source| match source.kind() {
                io::ErrorKind::NotFound => Error::Vanished { path: path.to_owned() },
                _ => Error::storage("read", path)(source),
            })
        };
        let mut progress = |bytes| meter.add(bytes);
        let write_failed = |error| write_error(error, archive_path);
        if copy.exists() {
            writer.add(archive::DATABASE, &mut read(copy)?, &mut progress).map_err(write_failed)?;
        }
        let names: Vec<String> =
            files.iter().map(|(kind, file)| format!("{}/{}", kind.folder(), file.path)).collect();
        // An entry is called as the file is below the static folder.
        let open = |name: &str| Ok(read(&self.places.static_files.join(name))?);
        let added = writer.add_all(&names, open, &mut progress);
        added.map_err(|error: AddError| error.explain(archive_path))?;
        if options.env {
            writer
                .add(archive::ENV, &mut read(&self.places.env_file)?, &mut progress)
                .map_err(write_failed)?;
        }
        drop(lease);
        static_files.sweep().map_err(Error::live(&self.places.database))?;

        let facts = self.facts(options, unfinished, copied.inspection, copied.damaged, dangling, left_out);
        let (mut buffered, manifest) =
            writer.finish(facts).map_err(|error| write_error(error, archive_path))?;
        buffered.flush().map_err(Error::storage("write", archive_path))?;
        drop(buffered);
        out.sync().map_err(Error::storage("write", archive_path))?;
        if copy.exists() {
            self.disk.remove(copy).map_err(Error::storage("remove", copy))?;
        }
        self.read_back(unfinished, observer)?;
        Ok((manifest, copied.restarts))
    }

    /// The database as of now, checked, in a file of its own. Before a restore a damaged one is
    /// taken as it is: it is what the user wants to be rid of, and still all there is of the data.
    fn copy_database(
        &self,
        copy: &Path,
        purpose: Purpose,
        observer: &mut dyn Observer,
    ) -> Result<CopiedDatabase, Error> {
        let live = &self.places.database;
        let state = sqlite::live_state(live).map_err(Error::live(live))?;
        let rescue = purpose == Purpose::BeforeRestore;
        let damaged = |why: String, observer: &mut dyn Observer| {
            observer.event(Event::Note(Note::LiveDamaged { why: why.clone() }));
            Ok(CopiedDatabase { damaged: Some(why), ..CopiedDatabase::default() })
        };
        if rescue && let Live::Unusable(why) = state {
            return damaged(why, observer);
        }
        if rescue && matches!(state, Live::Missing | Live::Empty { .. }) {
            return Ok(CopiedDatabase {
                damaged: Some("there was none".to_owned()),
                ..CopiedDatabase::default()
            });
        }
        if let Ok(found) = live.metadata() {
            space::require(folder_of(copy), found.len())?;
        }
        self.create_private(copy)?;
        match self.copy_checked(live, copy, observer) {
            Ok(copied) => Ok(copied),
            Err(error) if rescue && is_damage(&error) => {
                let _ = self.disk.remove(copy);
                self.create_private(copy)?;
                sqlite::salvage(live, copy).map_err(Error::live(live))?;
                damaged(error.to_string(), observer)
            }
            Err(error) => Err(Error::live(live)(error)),
        }
    }

    /// The empty file that SQLite then fills: it would make one that everybody may read.
    fn create_private(&self, copy: &Path) -> Result<(), Error> {
        self.disk.create(copy, Readers::Owner).map_err(Error::storage("create", copy)).map(drop)
    }

    fn copy_checked(
        &self,
        live: &Path,
        copy: &Path,
        observer: &mut dyn Observer,
    ) -> Result<CopiedDatabase, inventory::Error> {
        observer.event(Event::Step(Step::Snapshot));
        let copied = sqlite::snapshot(live, copy, &mut |done, total| {
            observer.event(Event::Progress { done, total });
        })?;
        observer.event(Event::Step(Step::CheckCopy));
        let stripped = sqlite::strip(copy)?;
        let inspection = sqlite::inspect(copy)?;
        if let SchemaState::Newer(found) = inspection.schema {
            return Err(inventory::Error::Newer { found });
        }
        Ok(CopiedDatabase {
            inspection: Some(inspection),
            damaged: None,
            stripped,
            restarts: copied.restarts,
        })
    }

    fn facts(
        &self,
        options: &BackupOptions,
        unfinished: &Unfinished,
        inspection: Option<Inspection>,
        damaged: Option<String>,
        dangling: Vec<String>,
        left_out: Vec<LeftOut>,
    ) -> Facts {
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
        Facts {
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

    fn read_back(&self, unfinished: &Unfinished, observer: &mut dyn Observer) -> Result<(), Error> {
        observer.event(Event::Step(Step::ReadBack));
        forget_cached(&unfinished.archive);
        match self.verify_with(&unfinished.archive, &unfinished.database, observer) {
            Ok(_) | Err(Error::Rescue { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Removes an archive and what is noted beside it.
    pub(crate) fn remove_archive(&self, path: &Path) -> Result<(), Error> {
        let status = crate::status::file_of(path);
        if status.exists() {
            self.disk.remove(&status).map_err(Error::storage("remove", &status))?;
        }
        self.disk.remove(path).map_err(Error::storage("remove", path))
    }

    /// Archives that a crash left unfinished. Those that somebody is writing stay.
    fn remove_unfinished(&self, folder: &Path) -> Result<(), Error> {
        let failed = || Error::storage("read", folder);
        for entry in fs::read_dir(folder).map_err(failed())? {
            let path = entry.map_err(failed())?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let archive = match name.split_once(PARTIAL) {
                Some((stem, rest))
                    if stem.starts_with('.') && (rest.is_empty() || rest.starts_with(PARTIAL_DATABASE)) =>
                {
                    folder.join(format!("{stem}{PARTIAL}"))
                }
                _ => continue,
            };
            if !is_being_written(&archive) {
                self.disk.remove(&path).map_err(Error::storage("remove", &path))?;
            }
        }
        Ok(())
    }
}

fn write_error(error: archive::Error, path: &Path) -> Error {
    match error {
        archive::Error::Io(source) => Error::storage("write", path)(source),
        other => Error::archive(path)(other),
    }
}

/// Adding many files fails on the side of the files or on that of the archive.
enum AddError {
    File(Error),
    Archive(archive::Error),
}

impl AddError {
    fn explain(self, path: &Path) -> Error {
        match self {
            Self::File(error) => error,
            Self::Archive(error) => write_error(error, path),
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

#[derive(Default)]
struct CopiedDatabase {
    inspection: Option<Inspection>,
    damaged: Option<String>,
    stripped: Vec<String>,
    restarts: u32,
}

impl BackupOptions {
    fn includes(&self, kind: FileKind) -> bool {
        match kind {
            FileKind::Datasheets => self.datasheets,
            FileKind::Images => self.images,
        }
    }
}

const PARTIAL: &str = ".zip.partial";
const PARTIAL_DATABASE: &str = ".db";

/// The files of a backup in the making, next to where it will be.
struct Unfinished {
    name: String,
    archive: PathBuf,
    database: PathBuf,
}

impl Unfinished {
    fn new(path: &Path) -> Self {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let archive = folder_of(path).join(format!(".{name}{PARTIAL}"));
        Self { name, database: with_suffix(&archive, PARTIAL_DATABASE), archive }
    }

    /// Best effort: what stays behind bears a name that says what it is, and the next backup
    /// removes it.
    fn discard(&self, engine: &Engine) {
        for suffix in ["-journal", "-wal", "-shm", ""] {
            let file = with_suffix(&self.database, suffix);
            if file.exists() {
                let _ = engine.disk.remove(&file);
            }
        }
        let _ = engine.disk.remove(&self.archive);
    }
}

/// The files of the included folders, and what could not be taken.
struct Listed {
    files: BTreeSet<(FileKind, StaticFile)>,
    left_out: Vec<LeftOut>,
}

fn list(static_files: &StaticFiles, kinds: &[FileKind]) -> Result<Listed, Error> {
    let mut listed = Listed { files: BTreeSet::new(), left_out: Vec::new() };
    for &kind in kinds {
        let found = static_files.list(kind).map_err(Error::live(static_files.root()))?;
        let mut leave = |path: &str, why: String| {
            listed.left_out.push(LeftOut { what: format!("{}/{path}", kind.folder()), why });
        };
        found.unusable.iter().for_each(|(path, why)| leave(path, (*why).to_owned()));
        for file in found.files {
            match archive::name::check(&format!("{}/{}", kind.folder(), file.path)) {
                Ok(()) => drop(listed.files.insert((kind, file))),
                Err(fault) => leave(&file.path, fault.to_string()),
            }
        }
    }
    Ok(listed)
}

/// Files that were there before the moment of the snapshot, and those that its rows refer to.
fn choose(before: &Listed, after: &Listed, references: &[Reference]) -> Vec<(FileKind, StaticFile)> {
    let referenced = |kind: FileKind, path: &str| {
        references.iter().any(|reference| reference.kind == kind && reference.matches(path))
    };
    let known: HashSet<(FileKind, &str)> =
        before.files.iter().map(|(kind, file)| (*kind, file.path.as_str())).collect();
    // A file that is only in `before` stays in the list: reading it then tells that it vanished.
    let mut files: Vec<(FileKind, StaticFile)> = before.files.iter().cloned().collect();
    let newcomers = after.files.iter().filter(|(kind, file)| !known.contains(&(*kind, file.path.as_str())));
    files.extend(newcomers.filter(|(kind, file)| referenced(*kind, &file.path)).cloned());
    files.sort();
    files
}

/// References to files that do not exist, in whichever folder.
fn dangling(static_files: &StaticFiles, references: &[Reference]) -> Result<Vec<String>, Error> {
    let mut missing = Vec::new();
    for kind in FileKind::ALL {
        let listing = static_files.list(kind).map_err(Error::live(static_files.root()))?;
        let mut present: HashSet<&str> = HashSet::new();
        for file in &listing.files {
            present.insert(&file.path);
            if kind == FileKind::Images {
                let name_at = file.path.rfind('/').map_or(0, |slash| slash + 1);
                present.extend(file.path[name_at..].find('.').map(|dot| &file.path[..name_at + dot]));
            }
        }
        let of_kind = references.iter().filter(|reference| reference.kind == kind);
        let absent = of_kind.filter(|reference| !present.contains(reference.path.as_str()));
        missing.extend(absent.map(|reference| format!("{}/{}", kind.folder(), reference.path)));
    }
    Ok(missing)
}

fn tell(
    observer: &mut dyn Observer,
    dangling: &[String],
    left_out: &[LeftOut],
    inspection: Option<&Inspection>,
) {
    for path in dangling {
        observer.event(Event::Note(Note::Dangling { path: path.clone() }));
    }
    for LeftOut { what, why } in left_out {
        observer.event(Event::Note(Note::LeftOut { what: what.clone(), why: why.clone() }));
    }
    match inspection.map_or(0, |inspection| inspection.violation_count) {
        0 => {}
        count => observer.event(Event::Note(Note::Violations { count })),
    }
}

fn is_damage(error: &inventory::Error) -> bool {
    matches!(
        error,
        inventory::Error::Damaged { .. }
            | inventory::Error::NotADatabase { .. }
            | inventory::Error::Foreign { .. }
            | inventory::Error::Newer { .. }
            | inventory::Error::Sqlite(_)
    )
}

pub(crate) fn require(actor: &Actor, what: &'static str, permission: &str) -> Result<(), Error> {
    actor.require(permission).map_err(|_| Error::Forbidden { what, permission: permission.to_owned() })
}

fn check_name(name: Option<&str>) -> Result<(), Error> {
    let Some(name) = name else { return Ok(()) };
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if name.is_empty() || name.len() > 255 || !name.bytes().all(allowed) {
        return Err(Error::Name { name: name.to_owned() });
    }
    Ok(())
}

/// A path that is free: never is an archive overwritten. A name that was asked for must be free as
/// it is; a default one gets a number when two backups fall into one second.
fn free_name(folder: &Path, name: &str, exact: bool) -> Result<PathBuf, Error> {
    for attempt in 1_u32.. {
        let candidate = if attempt == 1 { name.to_owned() } else { format!("{name}_{attempt}") };
        let path = folder.join(format!("{candidate}.zip"));
        if path.symlink_metadata().is_err() {
            return Ok(path);
        }
        if exact {
            return Err(Error::NameTaken { path });
        }
    }
    unreachable!("a folder cannot hold so many files")
}

/// Reading back must reach the disk, not what the kernel remembers of the writing.
fn forget_cached(path: &Path) {
    #[cfg(target_os = "linux")]
    if let Ok(file) = File::open(path) {
        let _ = rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = path;
}
