//! The drill: restores an archive into a scratch inventory, with the code of a real restore, and compares
//! the result with the archive, table by table and file by file. Only an archive that has passed a drill is
//! called proven.
//!
//! A drill neither changes nor locks the live inventory, so it may run while the inventory is in use.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use archive::{Entry, Role};
use durable::{FileMode, ScratchFolder, folder_of};
use inventory::sqlite::{self, TableDigest};
use inventory::static_files::FileKind;
use inventory::{Actor, Census, Difference, Inventory, LiveDatabase, Permission, migration};

use crate::damage::recheck_damage;
use crate::event::Meter;
use crate::open_archive::OpenArchive;
use crate::restore::hash_of;
use crate::unpacker::Unpacker;
use crate::{Engine, Error, Event, Observer, Places, Plan, RestoreOptions, Status, Step, Totals, status};

/// The options of a drill.
#[derive(Debug, Clone)]
pub struct DrillOptions {
    /// The archive.
    pub archive: PathBuf,
    /// The folder for the scratch inventory. The default is the folder of the database, so that the drill takes
    /// as long as a real restore.
    pub scratch: Option<PathBuf>,
    /// Whether to accept rows with broken foreign keys.
    pub allow_violations: bool,
}

/// The report of a passed drill.
#[derive(Debug)]
pub struct DrillReport {
    /// Number of tables that are identical, by digest.
    pub tables: u64,
    /// Tables that restoring changed: by a migration, by cancelling running tasks, or by removing passwords. None of
    /// them has lost rows.
    pub changed_tables: Vec<String>,
    /// Schema objects that users added and that a restore does not put back.
    pub left_out: Vec<String>,
    /// The totals of the archive and of what was restored.
    pub totals: Totals,
    /// Number of rows in all tables.
    pub rows: u64,
    /// Number of files, all with the same content.
    pub files: u64,
    /// Total size of the files in bytes.
    pub bytes: u64,
    /// How long the restore took, from opening the archive to placing the last file.
    pub took: Duration,
    /// The status recorded beside the archive; `None` if it could not be written, or if the archive was
    /// replaced during the drill.
    pub status: Option<Status>,
}

impl Engine {
    /// Restores an archive into a scratch inventory and compares the result with the archive.
    ///
    /// # Errors
    /// The errors of a restore, and [`Error::NotProven`].
    pub fn drill(
        &self,
        actor: &Actor,
        options: &DrillOptions,
        observer: &mut dyn Observer,
    ) -> Result<DrillReport, Error> {
        crate::permission::require(actor, "drilling a backup", Permission::BackupRestore)?;
        let before = status::identity(&options.archive);
        // Fail before creating a scratch inventory if the archive cannot be opened.
        drop(self.open(&options.archive)?);
        let scratch =
            self.scratch_folder(&scratch_parent(self, options.scratch.as_deref()), SCRATCH_MARKER)?;
        let report = self.run_drill(&scratch, actor, options, observer)?;
        scratch.remove()?;
        // The drill has succeeded even if its result cannot be recorded. Nothing is recorded if another file has taken
        // the name of the archive.
        let status = before.and_then(|before| self.note_proven(&options.archive, before, report.took).ok());
        Ok(DrillReport { status, ..report })
    }

    fn run_drill(
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
        let started = Instant::now();
        let mut plan = engine.stage_restore(actor, &restore, observer)?.commit(observer)?.plan;
        let took = started.elapsed();
        // The names of many files take much memory, and the archive has them, too.
        plan.files = Vec::new();
        observer.event(Event::Step(Step::Compare));
        let archive = engine.open(&options.archive)?;
        let comparison = Comparison { archive: &archive, engine: &engine, scratch: scratch.path() };
        let bytes = archive.files().map(|entry| entry.size).sum();
        let database = archive.reader.entry(Role::Database).map_or(0, |entry| entry.size);
        let meter = Meter::new(&self.cancellation, observer, bytes + database);
        let files = comparison.files(&meter)?;
        let (rows, same, changed_tables) = comparison.tables(&plan, &meter)?;
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

/// Compares an archive with its restored content.
struct Comparison<'a> {
    archive: &'a OpenArchive,
    engine: &'a Engine,
    scratch: &'a Path,
}

impl Comparison<'_> {
    fn not_proven(&self, what: String) -> Error {
        Error::NotProven { path: self.archive.path.clone(), scratch: self.scratch.to_owned(), what }
    }

    /// Checks that the restored files are exactly those of the archive. Returns their number.
    fn files(&self, meter: &Meter<'_>) -> Result<u64, Error> {
        let compare = |unpacker: &mut Unpacker<'_>, entry: &Entry| {
            let archived = unpacker.drain(entry, meter)?;
            let restored = self.engine.places.static_files.join(&entry.name);
            match restored.is_file() && hash_of(&restored)? == archived {
                true => Ok(()),
                false => Err(self.not_proven(entry.name.clone())),
            }
        };
        self.archive.for_each(self.archive.files(), compare, |_, ()| Ok(()))?;
        let mut expected: Vec<&str> = self.archive.files().map(|entry| entry.name.as_str()).collect();
        expected.sort_unstable();
        let static_files = self.engine.static_files();
        for kind in FileKind::ALL {
            let listing = static_files.list(kind).map_err(Error::live(static_files.root()))?;
            for file in listing.files {
                let name = format!("{}/{}", kind.folder(), file.path);
                if expected.binary_search(&name.as_str()).is_err() {
                    return Err(self.not_proven(format!("{name}, which is not in it,")));
                }
            }
        }
        Ok(expected.len() as u64)
    }

    /// Opens the restored database and compares every table with a second, independently unpacked copy of the
    /// archived database. Returns the number of rows, the number of identical tables, and the names of the tables
    /// that restoring changed.
    fn tables(&self, plan: &Plan, meter: &Meter<'_>) -> Result<(u64, u64, Vec<String>), Error> {
        let restored = &self.engine.places.database;
        Inventory::try_open(restored, &self.engine.ambient).map_err(Error::live(restored))?;
        let restored = recheck_damage(restored, || sqlite::inspect(restored));
        let restored = restored.map_err(Error::live(&self.engine.places.database))?.tables;
        let archived = self.archived_tables(meter)?;
        let (mut rows, mut same, mut changed) = (0, 0, Vec::new());
        for (name, archived) in archived {
            let differs = || self.not_proven(format!("table {name}"));
            let restored = restored.get(&name).ok_or_else(differs)?;
            rows += archived.rows;
            if *restored == archived {
                same += 1;
            } else if restore_may_change(&name, plan) && has_expected_rows(&name, plan, restored, &archived) {
                changed.push(name);
            } else {
                return Err(differs());
            }
        }
        Ok((rows, same, changed))
    }

    /// Checks that the totals equal those of the archive, whatever migrations did to the tables. Only stock without a
    /// location may have received one.
    fn totals(&self, files: u64) -> Result<Totals, Error> {
        let archived = self.archived_copy();
        let restored = &self.engine.places.database;
        let before = Census::of_copy(&archived).map_err(Error::archived(&self.archive.path))?;
        let after = Census::of_copy(restored).map_err(Error::live(restored))?;
        let totals = Totals { before: Census { files, ..before }, after: Census { files, ..after } };
        match totals.differences().into_iter().find(Difference::is_wrong) {
            Some(wrong) => Err(self.not_proven(wrong.to_string())),
            None => Ok(totals),
        }
    }

    /// Returns the path of the second copy of the archived database.
    fn archived_copy(&self) -> PathBuf {
        self.scratch.join("archived.db")
    }

    fn archived_tables(&self, meter: &Meter<'_>) -> Result<BTreeMap<String, TableDigest>, Error> {
        let entry =
            self.archive.reader.entry(Role::Database).expect("an archive without a database is not restored");
        let copy = self.archived_copy();
        self.archive.unpacker().unpack(entry, &self.engine.disk, (&copy, FileMode::Private), meter)?;
        let mut tables = self.archive.check_database(&copy)?.0.tables;
        // Archives do not carry over the rows of these tables.
        tables.retain(|name, _| !sqlite::TRANSIENT_TABLES.contains(&name.as_str()));
        // A restore removes the rows of the objects that it has put back.
        tables.remove(sqlite::OBJECTS_TABLE);
        Ok(tables)
    }
}

/// Returns whether a table has as many rows as in the archive, or more if a migration may have added rows.
fn has_expected_rows(table: &str, plan: &Plan, restored: &TableDigest, archived: &TableDigest) -> bool {
    restored.rows == archived.rows
        || (restored.rows > archived.rows && migration::may_add_rows(&plan.migrations, table))
}

/// Returns whether this restore may rewrite rows of a table.
fn restore_may_change(table: &str, plan: &Plan) -> bool {
    migration::may_change(&plan.migrations, table)
        || (table == sqlite::TASK_TABLE && plan.cancelled_tasks > 0)
        || plan.redacted.iter().any(|redacted| redacted.table == table)
}

/// The part of the folder's name between the name of the database and the id of the drill.
const SCRATCH_MARKER: &str = ".drill-";

/// Returns the path beside which the scratch inventory is created.
fn scratch_parent(engine: &Engine, chosen: Option<&Path>) -> PathBuf {
    let database = &engine.places.database;
    match chosen {
        Some(folder) => folder.join(archive::DATABASE),
        // There is no inventory, so use the folder for temporary files.
        None if !folder_of(database).exists() => std::env::temp_dir().join(archive::DATABASE),
        None => database.clone(),
    }
}

/// Creates an empty inventory in a folder and an engine for it. The restore then takes the same path as over a
/// live inventory.
fn engine_in(engine: &Engine, folder: &Path) -> Result<Engine, Error> {
    let places = Places::in_folder(folder);
    places.require_text()?;
    let database = &places.database;
    engine.disk.create(database, FileMode::Private)?;
    LiveDatabase::new(database.as_path()).migrate().map_err(Error::live(database))?;
    Ok(Engine { places, ..engine.clone() })
}
