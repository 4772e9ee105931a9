//! Checks the live database on a copy of it: its integrity, its foreign keys, whether the ledger explains the stock, and whether rows
//! and static files belong together.

mod files;

use inventory::sqlite::{self, Inspection};
use inventory::stock::StockCheck;
use inventory::{Actor, Permission};

use crate::create::{Purpose, Source};
use crate::damage::recheck_damage;
use crate::{Engine, Error, Observer};

pub use files::FileCheck;

/// The part of the scratch folder's name between the name of the program and the id of the check.
const SCRATCH_MARKER: &str = ".check-";

/// The report of a check of the live database, which is not damaged.
#[derive(Debug)]
pub struct CheckReport {
    /// What the inspection of the database found.
    pub database: Inspection,
    /// The comparison of the ledger with the stock; `None` if the database has no ledger yet. A difference is no damage: another
    /// program has changed the stock.
    pub stock: Option<StockCheck>,
    /// The comparison of the static files with the rows that refer to them. A difference is no damage.
    pub files: FileCheck,
}

impl Engine {
    /// Checks the live database as of one moment, while other programs read and write. Writes only below the folder for
    /// temporary files.
    ///
    /// # Errors
    /// [`Error::LiveDatabase`] with what is damaged, [`Error::EmptyDatabase`], [`Error::Storage`].
    pub fn check(&self, actor: &Actor, observer: &mut dyn Observer) -> Result<CheckReport, Error> {
        crate::permission::require(actor, "checking the database", Permission::BackupCreate)?;
        let before = self.list_all_files()?;
        let scratch = self.temporary_folder(SCRATCH_MARKER)?;
        let copy = scratch.path().join(archive::DATABASE);
        let copied = self.copy_database(&Source::of(self, Purpose::Manual), &copy, observer)?;
        let database = copied.inspection.ok_or(Error::Cancelled)?;
        let live = &self.places.database;
        let stock = recheck_damage(&copy, || sqlite::check_stock(&copy)).map_err(Error::live(live))?;
        let references = recheck_damage(&copy, || sqlite::references(&copy)).map_err(Error::live(live))?;
        let files = self.check_files(&before, &references)?;
        Ok(CheckReport { database, stock, files })
    }
}
