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
use crate::status::{self, Fingerprint, Identity};
use crate::unpacker::Unpacker;
use crate::{Cancellation, Engine, Error, Event, Observer, Status, Step};

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
        let database = scratch.path().join(archive::DATABASE);
        let (verification, fingerprint) = match status::identity(path).filter(|_| self.is_among_backups(path))
        {
            Some(before) => {
                let (verification, fingerprint) =
                    self.verify_and_fingerprint(path, before, &database, observer)?;
                (verification, fingerprint.ok())
            }
            None => (self.verify_with(path, &database, observer)?, None),
        };
        let mut verified = match verification {
            Verification::Sound(report) => *report,
            Verification::Rescue(error) => return Err(error),
        };
        // The verification has succeeded even if its result cannot be recorded, for example in a read-only folder. Nothing is recorded if
        // another file has taken the name of the archive.
        verified.status =
            fingerprint.and_then(|fingerprint| self.note_verified(path, &fingerprint, path).ok());
        Ok(verified)
    }

    /// Verifies an archive like [`Engine::verify_with`], and meanwhile computes its fingerprint. `before` is the identity of the archive.
    pub(crate) fn verify_and_fingerprint(
        &self,
        path: &Path,
        before: Identity,
        database: &Path,
        observer: &mut dyn Observer,
    ) -> Result<(Verification, Result<Fingerprint, Error>), Error> {
        let stop = Cancellation::default();
        let compute = || self.fingerprint(path, before, &stop);
        thread::scope(|scope| {
            let computing = thread::Builder::new().spawn_scoped(scope, compute);
            // However the verification fails, nobody waits for the fingerprint.
            let verification = self.verify_with(path, database, observer).inspect_err(|_| stop.cancel())?;
            let fingerprint = match computing {
                Ok(computing) => computing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                Err(_) => compute(),
            };
            Ok((verification, fingerprint))
        })
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
