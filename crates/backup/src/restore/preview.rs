//! The dry run: everything a restore checks, and nothing that it leaves behind. No lock is made, no
//! interrupted restore is settled, no folder is created where the inventory is. What a restore would be
//! refused for later, in its safety backup or for want of a permission, is tried or looked for.

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
use super::{encrypt_safety_backup, needs_safety_backup};

/// Between the name of the database and the id of a dry run.
const MARK: &str = ".drill-";

impl Engine {
    /// Checks everything that [`Engine::stage_restore`] checks, and what the rest of the restore needs, and
    /// returns what the restore would do. Changes nothing.
    ///
    /// # Errors
    /// Those of a restore.
    pub fn preview_restore(
        &self,
        actor: &Actor,
        options: &RestoreOptions,
        observer: &mut dyn Observer,
    ) -> Result<Plan, Error> {
        self.preview(actor, options, observer, |plan, _| Ok(plan))
    }

    /// As [`Engine::preview_restore`]; `then` gets the plan and the path of the staged database.
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

    /// A folder that goes away: beside the database, where a restore would need the room, or, where there is
    /// no such folder yet or nothing may be written, among the temporary files.
    pub(crate) fn preview_scratch(&self) -> Result<ScratchFolder, Error> {
        let database = &self.places.database;
        let folder = folder_of(database);
        if folder.is_dir() && access(folder, Access::WRITE_OK | Access::EXEC_OK).is_ok() {
            return self.scratch_folder(database, MARK);
        }
        self.scratch_folder(&std::env::temp_dir().join(archive::DATABASE), MARK)
    }

    /// Tries what can fail in a safety backup: choosing its encryption, copying and checking the live
    /// database, reading the files, and writing to its folder.
    fn try_safety_backup(
        &self,
        lock: &Option<archive::EncryptionScheme>,
        scratch: &ScratchFolder,
    ) -> Result<(), Error> {
        self.encryption(&encrypt_safety_backup(self, *lock))?;
        require_writable(&self.places.backups)?;
        let static_files = self.static_files();
        for kind in FileKind::ALL {
            let listing = static_files.list(kind).map_err(Error::live(static_files.root()))?;
            for file in listing.files {
                let path = static_files.folder(kind).join(&file.path);
                allow(&path, Access::READ_OK, "read")?;
            }
        }
        let copy = scratch.path().join("safety_backup.db");
        let source = Source::of(self, Purpose::BeforeRestore);
        self.copy_database(&source, &copy, &mut |_: Event| {})?;
        // As the backup asks for it.
        space::require_near(&self.places.backups, copy.metadata().map_or(0, |found| found.len()))
    }

    /// Whether the database can be replaced.
    fn require_permissions(&self, live: &DatabaseState) -> Result<(), Error> {
        let database = &self.places.database;
        require_writable(folder_of(database))?;
        if !matches!(live, DatabaseState::Missing) {
            allow(database, Access::WRITE_OK, "write")?;
        }
        FileKind::ALL.into_iter().try_for_each(|kind| require_writable(&self.static_files().folder(kind)))
    }

    /// Whether the files can be placed, replaced and removed.
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

/// Refuses a folder in which nothing may be created; of one that does not exist, the one in which it would be.
fn require_writable(folder: &Path) -> Result<(), Error> {
    allow(nearest_existing(folder), Access::WRITE_OK | Access::EXEC_OK, "write to")
}

fn allow(path: &Path, what: Access, doing: &'static str) -> Result<(), Error> {
    access(path, what).map_err(|errno| Error::storage(doing, path)(errno.into()))
}

fn nearest_existing(path: &Path) -> &Path {
    let mut above = path;
    while above.symlink_metadata().is_err() && folder_of(above) != above {
        above = folder_of(above);
    }
    above
}
