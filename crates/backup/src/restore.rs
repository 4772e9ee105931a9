//! Restores an archive in two steps. [`Engine::stage_restore`] verifies the whole archive, unpacks it
//! beside the live data without changing that data, and returns the [`Plan`]. Then
//! [`StagedRestore::commit`] makes a safety backup, writes the journal, and replaces the live data. The
//! replacement of the database is the commit point. [`crate::recover`] describes the recovery from an
//! interruption.

mod commit;
mod history;
mod plan;
mod preview;
mod stage;
mod unchanged;

use std::path::{Path, PathBuf};

use inventory::sqlite::{ChangeDetector, DatabaseState};
use inventory::static_files::DeletionGuard;
use inventory::{Actor, ClosedGate, Permission};

use crate::event::OfSafetyBackup;
use crate::session::Session;
use crate::settle::{CommitBy, Journal};
use crate::{
    BackupOptions, BackupReport, EncryptionChoice, Engine, Error, Event, Note, Observer, Purpose, Step,
};

pub use crate::file_changes::FileChanges;
pub use history::{RestoreRecord, Undo};
pub use plan::{Plan, Totals};
pub(crate) use stage::hash_of;
use stage::{Destination, StagedParts};
use unchanged::UnchangedFiles;

/// The options of a restore.
#[derive(Debug, Clone)]
pub struct RestoreOptions {
    /// The archive.
    pub archive: PathBuf,
    /// Whether to back up the live data first. The default is yes.
    pub safety_backup: bool,
    /// Whether to accept rows with broken foreign keys.
    pub allow_violations: bool,
}

impl RestoreOptions {
    /// Creates options with a safety backup, and without accepting broken foreign keys.
    pub fn new(archive: impl Into<PathBuf>) -> Self {
        Self { archive: archive.into(), safety_backup: true, allow_violations: false }
    }
}

/// A restore that is ready to be committed. Dropping it removes everything that was staged.
#[derive(Debug)]
pub struct StagedRestore {
    options: RestoreOptions,
    plan: Plan,
    id: String,
    commit: CommitBy,
    unchanged: Vec<UnchangedFiles>,
    live: DatabaseState,
    archive_encryption: Option<archive::EncryptionScheme>,
    committed: bool,
    _deletion_guard: DeletionGuard,
    /// The last field, because fields are dropped in order and the lock must be released last.
    session: Session,
}

/// The report of a completed restore.
#[derive(Debug)]
pub struct RestoreReport {
    /// The plan that was carried out.
    pub plan: Plan,
    /// The safety backup; `None` if none was made.
    pub safety_backup: Option<PathBuf>,
    /// How the safety backup is encrypted; `None` if it is not.
    pub safety_backup_encryption: Option<archive::EncryptionScheme>,
    /// The path to which an unusable live database was moved.
    pub set_aside: Option<PathBuf>,
}

impl Engine {
    /// Verifies an archive and stages it for restoring.
    ///
    /// # Errors
    /// Any fault of the archive. Then nothing has been changed.
    pub fn stage_restore(
        &self,
        actor: &Actor,
        options: &RestoreOptions,
        observer: &mut dyn Observer,
    ) -> Result<StagedRestore, Error> {
        crate::permission::require(actor, "restoring a backup", Permission::BackupRestore)?;
        observer.event(Event::Step(Step::Open));
        let archive = self.open(&options.archive)?;
        let session = self.session("a restore")?;
        let database = &self.places.database;
        let live = self.database().state().map_err(Error::live(database))?;
        if matches!(live, DatabaseState::Usable { .. }) {
            self.database().check_replaceable().map_err(Error::live(database))?;
        }
        // The guard keeps all files in place until the end. Pending deletes are done first.
        let static_files = self.static_files();
        static_files.sweep().map_err(Error::live(&self.places.static_files))?;
        let deletion_guard =
            static_files.defer_deletions().map_err(Error::live(&self.places.static_files))?;
        let id = self.ambient.uuid().to_string();
        let to = Destination { database: self.places.staged_database(&id), stages_files: true };
        let staged = self.stage(options, &archive, &id, &live, &to, observer);
        match staged {
            Ok(StagedParts { plan, commit, unchanged }) => StagedRestore {
                session,
                options: options.clone(),
                plan,
                id,
                commit,
                unchanged,
                live,
                archive_encryption: archive.reader.encryption(),
                committed: false,
                _deletion_guard: deletion_guard,
            }
            .check_safety_backup_possible(),
            Err(error) => {
                self.remove_stages(&id);
                Err(error)
            }
        }
    }
}

impl StagedRestore {
    /// Checks that the safety backup can be encrypted as required, before the user is asked to confirm.
    fn check_safety_backup_possible(self) -> Result<Self, Error> {
        if self.needs_safety_backup() {
            let encryption = self.session.engine.encryption(&self.safety_backup_encryption());
            encryption.map_err(|source| Error::SafetyBackup { source: Box::new(source) })?;
        }
        Ok(self)
    }

    fn safety_backup_encryption(&self) -> EncryptionChoice {
        safety_backup_encryption(&self.session.engine, self.archive_encryption)
    }

    fn needs_safety_backup(&self) -> bool {
        needs_safety_backup(&self.options, &self.plan)
    }

    /// Returns the plan of the restore.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Returns the path of the staged database.
    pub(crate) fn database(&self) -> PathBuf {
        self.session.engine.places.staged_database(&self.id)
    }

    /// Commits the restore.
    ///
    /// # Errors
    /// After [`Error::Unfinished`] and [`Error::Undecided`], the next start completes or discards the restore. After
    /// any other error, nothing has been changed.
    pub fn commit(mut self, observer: &mut dyn Observer) -> Result<RestoreReport, Error> {
        let _gate = self.close_to_writers()?;
        let (backup, watch) = self.safety_backup(observer)?;
        // Last check: from here on, the restore is completed.
        if let Err(cancelled) = self.session.engine.cancellation.check() {
            if let Some(backup) = &backup {
                self.session.engine.remove_archive(&backup.path)?;
            }
            return Err(cancelled);
        }
        let (safety_backup, safety_backup_encryption) =
            backup.map_or((None, None), |backup| (Some(backup.path), backup.encryption));
        let static_files = &self.session.engine.places.static_files;
        self.unchanged.iter().try_for_each(|file| file.check(static_files))?;
        // Create the journal after the safety backup, because both need memory for every file.
        let static_files = &self.session.engine.places.static_files;
        let journal =
            Journal::new(&self.id, &self.options.archive, static_files, self.commit, &self.plan.files);
        self.session.engine.note_restore(RestoreRecord {
            id: self.id.clone(),
            at: self.session.engine.ambient.local().format("%Y-%m-%d %H:%M:%S").to_string(),
            archive: journal.archive.clone(),
            safety_backup: safety_backup.as_deref().and_then(file_name),
        })?;
        self.committed = true;
        let set_aside = commit::run(&self.session.engine, &journal, &self.live, watch.as_ref(), observer)?;
        if let Some(path) = &set_aside {
            observer.event(Event::Note(Note::SetAside { path: path.clone() }));
        }
        Ok(RestoreReport {
            plan: std::mem::take(&mut self.plan),
            safety_backup,
            safety_backup_encryption,
            set_aside,
        })
    }

    /// Keeps writers waiting until the result is dropped, so that every write that is acknowledged before the commit is in
    /// the safety backup.
    fn close_to_writers(&self) -> Result<ClosedGate, Error> {
        let Engine { disk, cancellation, places, .. } = &self.session.engine;
        let closed = self.session.engine.database().close_to_writers(disk, &|| !cancellation.is_cancelled());
        closed.map_err(|error| {
            cancellation.check().err().unwrap_or_else(|| Error::live(&places.database)(error))
        })
    }

    /// Makes the safety backup, and watches for writes that it does not contain, which the restore would lose: other
    /// programs do not know that writers must wait. If there were any, makes another backup. If there are writes during
    /// every attempt, the commit refuses.
    fn safety_backup(
        &self,
        observer: &mut dyn Observer,
    ) -> Result<(Option<BackupReport>, Option<ChangeDetector>), Error> {
        const MAX_ATTEMPTS: u32 = 3;
        if !self.needs_safety_backup() {
            return Ok((None, None));
        }
        let failed = |source| match source {
            Error::Cancelled => Error::Cancelled,
            source => Error::SafetyBackup { source: Box::new(source) },
        };
        let database = &self.session.engine.places.database;
        for attempt in 1.. {
            observer.event(Event::Step(Step::SafetyBackup));
            let watch = match self.live {
                DatabaseState::Usable { .. } => Some(
                    self.session
                        .engine
                        .database()
                        .detect_changes()
                        .map_err(Error::live(database))
                        .map_err(failed)?,
                ),
                _ => None,
            };
            let options =
                BackupOptions { encrypt: self.safety_backup_encryption(), ..BackupOptions::default() };
            let backup = self.session.backup(&options, Purpose::BeforeRestore, &mut OfSafetyBackup(observer));
            let backup = backup.map_err(failed)?;
            // If it is not known whether there were writes, the commit finds out.
            let changed = watch.as_ref().is_some_and(|watch| watch.changed() == Some(true));
            if !changed || attempt == MAX_ATTEMPTS {
                return Ok((Some(backup), watch));
            }
            self.session.engine.remove_archive(&backup.path).map_err(failed)?;
        }
        unreachable!("the last attempt returns")
    }
}

/// Returns the encryption of the safety backup: that of the policy, or else that of the restored archive.
fn safety_backup_encryption(engine: &Engine, scheme: Option<archive::EncryptionScheme>) -> EncryptionChoice {
    if engine.encrypts() {
        return EncryptionChoice::AsConfigured;
    }
    let same_method = scheme.and_then(|scheme| archive::EncryptionMethod::matching(scheme, &engine.keys));
    same_method.map_or(EncryptionChoice::AsConfigured, EncryptionChoice::With)
}

/// Returns whether the options ask for a safety backup and there is anything to back up.
fn needs_safety_backup(options: &RestoreOptions, plan: &Plan) -> bool {
    options.safety_backup && plan.replaces_something
}

impl Drop for StagedRestore {
    fn drop(&mut self) {
        if !self.committed {
            self.session.engine.remove_stages(&self.id);
        }
    }
}

/// Returns the file name of an archive, if it is Unicode. Names given by this program always are.
fn file_name(path: &Path) -> Option<String> {
    path.file_name()?.to_str().map(str::to_owned)
}
