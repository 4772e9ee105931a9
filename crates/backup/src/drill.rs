//! The drill: an archive is restored for real, by the very code of a restore, into an inventory of
//! its own that is thrown away afterwards. What came out is opened and compared with the archive,
//! table by table and file by file. Only an archive that has passed this is called proven.
//!
//! The live inventory is neither touched nor locked: a drill may run while people work.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use archive::Role;
use durable::{FileMode, ScratchFolder, folder_of};
use inventory::sqlite::{self, TableDigest};
use inventory::static_files::FileKind;
use inventory::{Actor, Census, Difference, Inventory, LiveDatabase, Permission, migration};

use crate::confirm::confirmed;
use crate::event::Meter;
use crate::open_archive::OpenArchive;
use crate::restore::hash_of;
use crate::{Engine, Error, Event, Observer, Places, Plan, RestoreOptions, Status, Step, Totals, status};

/// What to drill with.
#[derive(Debug, Clone)]
pub struct DrillOptions {
    /// The archive.
    pub archive: PathBuf,
    /// The folder for the scratch inventory; by default that of the database, so that it takes as long
    /// as a real restore.
    pub scratch: Option<PathBuf>,
    /// Take rows with broken foreign keys as they are.
    pub allow_violations: bool,
}

/// An archive that has been restored, and was what it should be.
#[derive(Debug)]
pub struct DrillReport {
    /// Tables whose rows are the same, by digest.
    pub tables: u64,
    /// Tables that restoring changes: by a migration, or because tasks that were running are cancelled, or because
    /// passwords are taken out. None has fewer rows.
    pub changed_tables: Vec<String>,
    /// What people added to the schema and a restore does not put back.
    pub left_out: Vec<String>,
    /// The totals of the archive and of what was restored.
    pub totals: Totals,
    /// Rows altogether.
    pub rows: u64,
    /// Files with the same content.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How long the restore took, from opening the archive to the last file in its place.
    pub took: Duration,
    /// What is now noted beside the archive; nothing where that cannot be written, or
    /// where another file has taken the name of the archive.
    pub status: Option<Status>,
}

impl Engine {
    /// Restores an archive into a scratch inventory and compares what came out of it.
    ///
    /// # Errors
    /// Those of a restore, and [`Error::NotProven`].
    pub fn drill(
        &self,
        actor: &Actor,
        options: &DrillOptions,
        observer: &mut dyn Observer,
    ) -> Result<DrillReport, Error> {
        crate::permission::require(actor, "drilling a backup", Permission::BackupRestore)?;
        let before = status::identity(&options.archive);
        // What cannot be opened needs no scratch inventory.
        drop(self.open(&options.archive)?);
        let scratch =
            self.scratch_folder(&scratch_parent(self, options.scratch.as_deref()), SCRATCH_MARKER)?;
        let drilled = self.drill_in(&scratch, actor, options, observer)?;
        scratch.remove()?;
        // Only a note, as after verifying: that the archive is proven stands without it.
        let same = status::identity(&options.archive) == before;
        let status = if same { self.note_proven(&options.archive, drilled.took).ok() } else { None };
        Ok(DrillReport { status, ..drilled })
    }

    fn drill_in(
        &self,
        scratch: &ScratchFolder,
        actor: &Actor,
        options: &DrillOptions,
        observer: &mut dyn Observer,
    ) -> Result<DrillReport, Error> {
        let engine = engine_in(self, scratch.path())?;
        let archive = options.archive.clone();
        let restore =
            RestoreOptions { archive, safety_backup: false, allow_violations: options.allow_violations };
        let begun = Instant::now();
        let plan = engine.stage_restore(actor, &restore, observer)?.commit(observer)?.plan;
        let took = begun.elapsed();
        observer.event(Event::Step(Step::Compare));
        let archive = engine.open(&options.archive)?;
        let comparison = Comparison { archive: &archive, engine: &engine, scratch: scratch.path() };
        let bytes = archive.files().map(|entry| entry.size).sum();
        let database = archive.reader.entry(Role::Database).map_or(0, |entry| entry.size);
        let mut meter = Meter::new(&self.cancellation, observer, bytes + database);
        let files = comparison.files(&mut meter)?;
        let (rows, same, changed_tables) = comparison.tables(&plan, &mut meter)?;
        let totals = comparison.totals(files)?;
        let left_out = plan.left_out;
        Ok(DrillReport {
            tables: same,
            changed_tables,
            left_out,
            totals,
            rows,
            files,
            bytes,
            took,
            status: None,
        })
    }
}

/// Between an archive and what restoring it has led to.
struct Comparison<'a> {
    archive: &'a OpenArchive,
    engine: &'a Engine,
    scratch: &'a Path,
}

impl Comparison<'_> {
    fn differs(&self, what: String) -> Error {
        Error::NotProven { path: self.archive.path.clone(), scratch: self.scratch.to_owned(), what }
    }

    /// Every file of the archive is there with its content, and no other.
    fn files(&self, meter: &mut Meter<'_>) -> Result<u64, Error> {
        let mut expected = BTreeSet::new();
        for entry in self.archive.files() {
            let archived = self.archive.drain(entry, meter)?;
            let restored = self.engine.places.static_files.join(&entry.name);
            if !restored.is_file() || hash_of(&restored)? != archived {
                return Err(self.differs(entry.name.clone()));
            }
            expected.insert(entry.name.as_str());
        }
        let static_files = self.engine.static_files();
        for kind in FileKind::ALL {
            let listing = static_files.list(kind).map_err(Error::live(static_files.root()))?;
            for file in listing.files {
                let name = format!("{}/{}", kind.folder(), file.path);
                if !expected.contains(name.as_str()) {
                    return Err(self.differs(format!("{name}, which is not in it,")));
                }
            }
        }
        Ok(expected.len() as u64)
    }

    /// The program opens the database, and every table is what it is in the archive: unpacked once
    /// more, and never in contact with the restore. Returns all rows, the number of tables that are the
    /// same, and the names of those that restoring changes.
    fn tables(&self, plan: &Plan, meter: &mut Meter<'_>) -> Result<(u64, u64, Vec<String>), Error> {
        let restored = &self.engine.places.database;
        Inventory::try_open(restored, &self.engine.ambient).map_err(Error::live(restored))?;
        let restored = confirmed(restored, || sqlite::inspect(restored));
        let restored = restored.map_err(Error::live(&self.engine.places.database))?.tables;
        let archived = self.archived_tables(meter)?;
        let (mut rows, mut same, mut changed) = (0, 0, Vec::new());
        for (name, archived) in archived {
            let differs = || self.differs(format!("table {name}"));
            let restored = restored.get(&name).ok_or_else(differs)?;
            rows += archived.rows;
            if *restored == archived {
                same += 1;
            } else if restoring_changes(&name, plan) && has_expected_rows(&name, plan, restored, &archived) {
                changed.push(name);
            } else {
                return Err(differs());
            }
        }
        Ok((rows, same, changed))
    }

    /// The totals are those of the archive, whatever migrations did to the tables. Only stock that lay nowhere may
    /// have been put somewhere.
    fn totals(&self, files: u64) -> Result<Totals, Error> {
        let archived = self.archived_copy();
        let restored = &self.engine.places.database;
        let before = Census::of_copy(&archived).map_err(Error::archived(&self.archive.path))?;
        let after = Census::of_copy(restored).map_err(Error::live(restored))?;
        let totals = Totals { before: Census { files, ..before }, after: Census { files, ..after } };
        match totals.differences().into_iter().find(Difference::is_wrong) {
            Some(wrong) => Err(self.differs(wrong.to_string())),
            None => Ok(totals),
        }
    }

    /// The database of the archive, unpacked once more.
    fn archived_copy(&self) -> PathBuf {
        self.scratch.join("archived.db")
    }

    fn archived_tables(&self, meter: &mut Meter<'_>) -> Result<BTreeMap<String, TableDigest>, Error> {
        let entry = self.archive.reader.entry(Role::Database).expect("without one nothing is restored");
        let copy = self.archived_copy();
        self.archive.unpack(entry, &self.engine.disk, (&copy, FileMode::Private), meter)?;
        let mut tables = self.archive.check_database(&copy)?.0.tables;
        // Its rows are the marks of restores, which do not travel.
        tables.remove("mm_restore");
        // A restore removes from it what it has put back.
        tables.remove(sqlite::OBJECTS_TABLE);
        Ok(tables)
    }
}

/// Tells whether a table has as many rows as before, or more where a migration may have added some.
fn has_expected_rows(table: &str, plan: &Plan, restored: &TableDigest, archived: &TableDigest) -> bool {
    restored.rows == archived.rows
        || (restored.rows > archived.rows && migration::may_add_rows(&plan.migrations, table))
}

/// Whether a restore rewrites rows of this table.
fn restoring_changes(table: &str, plan: &Plan) -> bool {
    migration::may_change(&plan.migrations, table)
        || (table == "tasks" && plan.cancelled_tasks > 0)
        || plan.redacted.iter().any(|redacted| redacted.table == table)
}

/// Between the name of the database and the id of the drill.
const SCRATCH_MARKER: &str = ".drill-";

/// The folder beside which the scratch inventory is made.
fn scratch_parent(engine: &Engine, chosen: Option<&Path>) -> PathBuf {
    let database = &engine.places.database;
    match chosen {
        Some(folder) => folder.join(archive::DATABASE),
        // Without an inventory here, there is no better place.
        None if !folder_of(database).exists() => std::env::temp_dir().join(archive::DATABASE),
        None => database.clone(),
    }
}

/// An engine for an empty inventory in a folder: a restore then goes the way it goes over a live one.
fn engine_in(engine: &Engine, folder: &Path) -> Result<Engine, Error> {
    let places = Places::in_folder(folder);
    places.require_text()?;
    let database = &places.database;
    engine.disk.create(database, FileMode::Private)?;
    LiveDatabase::new(database.as_path()).migrate().map_err(Error::live(database))?;
    Ok(Engine { places, ..engine.clone() })
}
