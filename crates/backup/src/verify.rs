//! Verifying: every byte of every entry against its hash, the database opened and checked, its
//! rows and digests against the manifest. The restore does the same to what it stages, through the
//! same functions.

use std::path::Path;

use archive::{Format, Role};
use durable::FileMode;
use inventory::sqlite::Inspection;
use inventory::{Actor, Permission};

use crate::event::Meter;
use crate::open_archive::OpenArchive;
use crate::{Engine, Error, Event, Observer, Status, Step, status};

/// Between the name of the program and the id of a verification, among the temporary files.
const SCRATCH_MARKER: &str = ".verify-";

/// What verifying found.
#[derive(Debug)]
pub struct VerifyReport {
    /// The layout of the archive.
    pub format: Format,
    /// Entries read.
    pub files: u64,
    /// Their bytes, unpacked.
    pub bytes: u64,
    /// The database.
    pub database: Inspection,
    /// What was noted beside the archive, when it lies among the backups.
    pub status: Option<Status>,
}

impl Engine {
    /// Opens an archive with the keys in hand.
    pub(crate) fn open(&self, path: &Path) -> Result<OpenArchive, Error> {
        OpenArchive::open(path, &self.keys)
    }

    /// Verifies an archive. Writes only below the folder for temporary files.
    ///
    /// # Errors
    /// Says what is wrong with which entry.
    pub fn verify(
        &self,
        actor: &Actor,
        path: &Path,
        observer: &mut dyn Observer,
    ) -> Result<VerifyReport, Error> {
        crate::permission::require(actor, "verifying a backup", Permission::BackupCreate)?;
        // The database that is unpacked into it can be read by its owner only.
        let temporary = std::env::temp_dir();
        // Making it would leave it behind: it may be mistyped, or not mounted.
        temporary
            .metadata()
            .map_err(Error::storage("use the folder for temporary files (TMPDIR)", &temporary))?;
        let scratch = self.scratch_folder(&temporary.join("makermatrix"), SCRATCH_MARKER)?;
        let before = status::identity(path);
        let mut verified = self.verify_with(path, &scratch.path().join(archive::DATABASE), observer)?;
        if self.is_among_backups(path) && status::identity(path) == before {
            // Only a note: that the archive is sound stands without it, in a folder that cannot be
            // written, say. And none about a file that has taken its name meanwhile.
            verified.status = self.note_verified(path, path).ok();
        }
        Ok(verified)
    }

    /// Verifies, unpacking the database to `database`, which is gone afterwards.
    pub(crate) fn verify_with(
        &self,
        path: &Path,
        database: &Path,
        observer: &mut dyn Observer,
    ) -> Result<VerifyReport, Error> {
        observer.event(Event::Step(Step::Open));
        let archive = self.open(path)?;
        if let Some(rescue) = archive.rescue() {
            archive.check_entries(&self.cancellation, observer)?;
            return Err(rescue);
        }
        let unpacked = self.verify_into(&archive, database, observer);
        // Best effort: it lies in a folder for temporary files, or bears a name that says so.
        let _ = self.disk.remove(database);
        let (bytes, inspection) = unpacked?;
        Ok(VerifyReport {
            format: archive.reader.format(),
            files: archive.entries().len() as u64,
            bytes,
            database: inspection,
            status: None,
        })
    }

    fn verify_into(
        &self,
        archive: &OpenArchive,
        database: &Path,
        observer: &mut dyn Observer,
    ) -> Result<(u64, Inspection), Error> {
        observer.event(Event::Step(Step::CheckEntries));
        let total = archive.unpacked_size();
        let mut meter = Meter::new(&self.cancellation, observer, total);
        for entry in archive.entries() {
            if entry.role == Role::Database {
                archive.unpack(entry, &self.disk, (database, FileMode::Private), &mut meter)?;
            } else {
                archive.drain(entry, &mut meter)?;
            }
        }
        observer.event(Event::Step(Step::CheckDatabase));
        let (inspection, _) = archive.check_database(database)?;
        Ok((total, inspection))
    }

    fn is_among_backups(&self, path: &Path) -> bool {
        let folder = |path: &Path| path.canonicalize().ok();
        let parent = folder(path).and_then(|path| path.parent().map(Path::to_owned));
        parent.is_some() && parent == folder(&self.places.backups)
    }
}
