//! Verifies an archive: checks every entry against its hash, opens and checks the database, and compares its
//! rows and digests with the manifest. A restore checks its staged data with the same functions.

use std::path::Path;
use std::thread;

use archive::{Entry, Format, Role};
use durable::{FileMode, ScratchFolder};
use inventory::sqlite::{self, Inspection};
use inventory::stock::StockCheck;
use inventory::{Actor, Permission};

use crate::damage::recheck_damage;
use crate::event::Meter;
use crate::open_archive::OpenArchive;
use crate::unpacker::Unpacker;
use crate::{Engine, Error, Event, Observer, Status, Step, status};

/// The part of the scratch folder's name between the name of the program and the id of the verification.
const SCRATCH_MARKER: &str = ".verify-";

/// The report of a successful verification.
#[derive(Debug)]
pub struct VerifyReport {
    /// The format of the archive.
    pub format: Format,
    /// Number of entries.
    pub files: u64,
    /// Unpacked size of the entries in bytes.
    pub bytes: u64,
    /// What the inspection of the database found.
    pub database: Inspection,
    /// The comparison of the ledger with the stock; `None` if the database has no ledger. A difference is no damage: another
    /// program has changed the stock.
    pub stock: Option<StockCheck>,
    /// The recorded status; `None` if the archive is not in the backup folder, or the status could not be written.
    pub status: Option<Status>,
}

/// The outcome for an archive whose entries are all intact.
pub(crate) enum Verification {
    /// The database is sound, too.
    Sound(Box<VerifyReport>),
    /// The archive holds a damaged database, kept for rescue. The error explains why it cannot be restored.
    Rescue(Error),
}

impl Engine {
    /// Opens an archive with the keys of the engine.
    pub(crate) fn open(&self, path: &Path) -> Result<OpenArchive, Error> {
        OpenArchive::open(path, &self.keys)
    }

    /// Verifies an archive. Writes only below the folder for temporary files.
    ///
    /// # Errors
    /// Any fault of the archive, with the name of the faulty entry.
    pub fn verify(
        &self,
        actor: &Actor,
        path: &Path,
        observer: &mut dyn Observer,
    ) -> Result<VerifyReport, Error> {
        crate::permission::require(actor, "verifying a backup", Permission::BackupCreate)?;
        let scratch = self.temporary_folder(SCRATCH_MARKER)?;
        let before = status::identity(path);
        let verification = self.verify_with(path, &scratch.path().join(archive::DATABASE), observer)?;
        let mut verified = match verification {
            Verification::Sound(report) => *report,
            Verification::Rescue(error) => return Err(error),
        };
        if let Some(before) = before.filter(|_| self.is_among_backups(path)) {
            // The verification has succeeded even if its result cannot be recorded, for example in a read-only
            // folder. Nothing is recorded if another file has taken the name of the archive.
            verified.status = self.note_verified(path, before, path).ok();
        }
        Ok(verified)
    }

    /// Creates a scratch folder in the folder for temporary files. Other users can read that folder, but not the database that
    /// is put into the scratch folder.
    pub(crate) fn temporary_folder(&self, marker: &str) -> Result<ScratchFolder, Error> {
        let temporary = std::env::temp_dir();
        // Do not create this folder: its path may be mistyped, or its medium not mounted.
        temporary
            .metadata()
            .map_err(Error::storage("use the folder for temporary files (TMPDIR)", &temporary))?;
        self.scratch_folder(&temporary.join("makermatrix"), marker)
    }

    /// Verifies an archive. Unpacks the database to `database`, and removes that file afterwards.
    pub(crate) fn verify_with(
        &self,
        path: &Path,
        database: &Path,
        observer: &mut dyn Observer,
    ) -> Result<Verification, Error> {
        observer.event(Event::Step(Step::Open));
        let archive = self.open(path)?;
        if let Some(rescue) = archive.rescue() {
            archive.check_entries(&self.cancellation, observer)?;
            return Ok(Verification::Rescue(rescue));
        }
        let unpacked = self.verify_into(&archive, database, observer);
        // Errors are ignored: the file is in a scratch folder, or has a name that the next backup recognises.
        let _ = self.disk.remove(database);
        let (bytes, inspection, stock) = unpacked?;
        Ok(Verification::Sound(Box::new(VerifyReport {
            format: archive.reader.format(),
            files: archive.entries().len() as u64,
            bytes,
            database: inspection,
            stock,
            status: None,
        })))
    }

    /// Checks all entries and the database. Returns the unpacked size, the inspection, and the comparison of ledger and stock.
    fn verify_into(
        &self,
        archive: &OpenArchive,
        database: &Path,
        observer: &mut dyn Observer,
    ) -> Result<(u64, Inspection, Option<StockCheck>), Error> {
        observer.event(Event::Step(Step::CheckEntries));
        let total = archive.unpacked_size();
        let meter = Meter::new(&self.cancellation, observer, total);
        let check_entry = |unpacker: &mut Unpacker<'_>, entry: &Entry| match entry.role {
            Role::Database => unpacker.unpack(entry, &self.disk, (database, FileMode::Private), &meter),
            _ => unpacker.drain(entry, &meter),
        };
        let check_database = || -> Result<_, Error> {
            let (inspection, _) = archive.check_database(database)?;
            let stock = recheck_damage(database, || sqlite::check_stock(database));
            Ok((inspection, stock.map_err(Error::archived(&archive.path))?))
        };
        // The database, which is the first entry of most archives, is checked while the files are read.
        let checked = thread::scope(|scope| {
            let mut checking = None;
            archive.for_each(archive.entries().iter(), check_entry, |entry, _| {
                if entry.role == Role::Database {
                    checking = thread::Builder::new().spawn_scoped(scope, check_database).ok();
                }
                Ok(())
            })?;
            meter.step(Step::CheckDatabase);
            match checking {
                Some(checking) => checking.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                None => check_database(),
            }
        });
        let (inspection, stock) = checked?;
        Ok((total, inspection, stock))
    }

    /// Returns whether a file is in the backup folder.
    fn is_among_backups(&self, path: &Path) -> bool {
        let folder = |path: &Path| path.canonicalize().ok();
        let parent = folder(path).and_then(|path| path.parent().map(Path::to_owned));
        parent.is_some() && parent == folder(&self.places.backups)
    }
}
