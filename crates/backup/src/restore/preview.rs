//! The dry run of a restore. It makes every check of a restore, and leaves nothing behind: it takes no lock,
//! settles no interrupted restore, and creates no folder of the inventory. It also tries the safety backup and checks
//! the file permissions, which a real restore would need later.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use durable::{ScratchFolder, folder_of};
use inventory::sqlite::DatabaseState;
use inventory::static_files::FileKind;
use inventory::{Actor, Permission};
use rustix::fs::{Access, access};

use crate::create::Source;
use crate::{Engine, Error, Event, Observer, Plan, Purpose, RestoreOptions, Step, space};

use super::stage::{Destination, StagedParts};
use super::{needs_safety_backup, safety_backup_encryption};

/// The part of the scratch folder's name between the name of the database and the id of the dry run.
const SCRATCH_MARKER: &str = ".drill-";

impl Engine {
    /// Makes the checks of [`Engine::stage_restore`], checks the requirements of the commit, and returns the plan of
    /// the restore. Changes nothing.
    ///
    /// # Errors
    /// The errors of a restore.
    pub fn preview_restore(
        &self,
        actor: &Actor,
        options: &RestoreOptions,
        observer: &mut dyn Observer,
    ) -> Result<Plan, Error> {
        self.preview(actor, options, observer, |plan, _| Ok(plan))
    }

    /// Makes a dry run like [`Engine::preview_restore`], and passes the plan and the path of the staged database to
    /// `then`.
    pub(crate) fn preview<T>(
        &self,
        actor: &Actor,
        options: &RestoreOptions,
        observer: &mut dyn Observer,
        then: impl FnOnce(Plan, &Path) -> Result<T, Error>,
    ) -> Result<T, Error> {
        crate::permission::require(actor, "restoring a backup", Permission::BackupRestore)?;
        observer.event(Event::Step(Step::Open));
        let archive = self.open(&options.archive)?;
        self.places.check()?;
        let database = &self.places.database;
        let live = self.database().state().map_err(Error::live(database))?;
        if matches!(live, DatabaseState::Usable { .. }) {
            self.database().check_replaceable().map_err(Error::live(database))?;
        }
        self.require_permissions(&live)?;
        let scratch = self.preview_scratch()?;
        let to = Destination { database: scratch.path().join(archive::DATABASE), stages_files: false };
        let id = self.ambient.uuid().to_string();
        let StagedParts { plan, .. } = self.stage(options, &archive, &id, &live, &to, observer)?;
        self.require_file_permissions(&plan)?;
        if needs_safety_backup(options, &plan) {
            let failed = |source| Error::SafetyBackup { source: Box::new(source) };
            self.try_safety_backup(&archive.reader.encryption(), &scratch).map_err(failed)?;
        }
        let result = then(plan, &to.database)?;
        scratch.remove()?;
        Ok(result)
    }

    /// Creates a scratch folder beside the database, where a restore would need the space. If that folder does not
    /// exist or is not writable, creates it in the folder for temporary files.
    pub(crate) fn preview_scratch(&self) -> Result<ScratchFolder, Error> {
        let database = &self.places.database;
        let folder = folder_of(database);
        if folder.is_dir() && access(folder, Access::WRITE_OK | Access::EXEC_OK).is_ok() {
            return self.scratch_folder(database, SCRATCH_MARKER);
        }
        self.scratch_folder(&std::env::temp_dir().join(archive::DATABASE), SCRATCH_MARKER)
    }

    /// Tries the steps of a safety backup that can fail: choosing its encryption, copying and checking the live
    /// database, reading the files, and writing to the backup folder.
    fn try_safety_backup(
        &self,
        scheme: &Option<archive::EncryptionScheme>,
        scratch: &ScratchFolder,
    ) -> Result<(), Error> {
        self.encryption(&safety_backup_encryption(self, *scheme))?;
        require_writable(&self.places.backups)?;
        let static_files = self.static_files();
        for kind in FileKind::ALL {
            let listing = static_files.list(kind).map_err(Error::live(static_files.root()))?;
            for file in listing.files {
                let path = static_files.folder(kind).join(&file.path);
                require_access(&path, Access::READ_OK, "read")?;
            }
        }
        let copy = scratch.path().join("safety_backup.db");
        let source = Source::of(self, Purpose::BeforeRestore);
        self.copy_database(&source, &copy, &mut |_: Event| {})?;
        // The same requirement as that of the backup.
        space::require_near(&self.places.backups, copy.metadata().map_or(0, |found| found.len()))
    }

    /// Checks the permissions that replacing the database needs.
    fn require_permissions(&self, live: &DatabaseState) -> Result<(), Error> {
        let database = &self.places.database;
        require_writable(folder_of(database))?;
        if !matches!(live, DatabaseState::Missing) {
            require_access(database, Access::WRITE_OK, "write")?;
        }
        FileKind::ALL.into_iter().try_for_each(|kind| require_writable(&self.static_files().folder(kind)))
    }

    /// Checks the permissions that placing, replacing and removing the files need.
    fn require_file_permissions(&self, plan: &Plan) -> Result<(), Error> {
        let mut folders = BTreeSet::new();
        for changes in &plan.files {
            let top = self.static_files().folder(changes.kind);
            let files = changes.add.iter().chain(&changes.replace).chain(&changes.remove);
            folders.extend(files.map(|file| folder_of(&top.join(file)).to_owned()));
        }
        folders.iter().try_for_each(|folder: &PathBuf| require_writable(folder))
    }
}

/// Refuses a folder that is not writable. For a missing folder, checks the nearest existing folder above it.
fn require_writable(folder: &Path) -> Result<(), Error> {
    require_access(nearest_existing(folder), Access::WRITE_OK | Access::EXEC_OK, "write to")
}

/// Refuses a path without the permission `what`.
fn require_access(path: &Path, what: Access, doing: &'static str) -> Result<(), Error> {
    access(path, what).map_err(|errno| Error::storage(doing, path)(errno.into()))
}

/// Returns the path itself if it exists, or else the nearest existing folder above it.
fn nearest_existing(path: &Path) -> &Path {
    let mut above = path;
    while above.symlink_metadata().is_err() && folder_of(above) != above {
        above = folder_of(above);
    }
    above
}
