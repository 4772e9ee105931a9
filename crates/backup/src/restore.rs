//! Restoring, in two halves. [`Engine::stage_restore`] verifies the whole archive and unpacks it
//! beside the live data, touching nothing that is in use; it yields the [`Plan`]. Then
//! [`StagedRestore::commit`] takes a safety backup, writes the journal, and makes the change, whose
//! one deciding instant is the replacement of the database. What happens when it is interrupted is
//! told in [`crate::recover`].

mod commit;
mod history;
mod plan;
mod preview;
mod stage;
mod unchanged;

use std::path::{Path, PathBuf};

use inventory::sqlite::{ChangeDetector, DatabaseState};
use inventory::static_files::Lease;
use inventory::{Actor, Permission};

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

/// What to restore, and how careful to be.
#[derive(Debug, Clone)]
pub struct RestoreOptions {
    /// The archive.
    pub archive: PathBuf,
    /// Back up what is there now first. On unless told otherwise.
    pub safety_backup: bool,
    /// Take rows with broken foreign keys as they are.
    pub allow_violations: bool,
}

impl RestoreOptions {
    /// A restore with a safety backup that accepts no violations.
    pub fn new(archive: impl Into<PathBuf>) -> Self {
        Self { archive: archive.into(), safety_backup: true, allow_violations: false }
    }
}

/// A restore that needs only to be committed. Dropped instead, it leaves nothing behind.
#[derive(Debug)]
pub struct StagedRestore {
    options: RestoreOptions,
    plan: Plan,
    id: String,
    commit: CommitBy,
    unchanged: Vec<UnchangedFiles>,
    live: DatabaseState,
    lock: Option<archive::EncryptionScheme>,
    committed: bool,
    _lease: Lease,
    /// Last, so that the lock is released when all else is gone.
    session: Session,
}

/// A restore that is complete.
#[derive(Debug)]
pub struct RestoreReport {
    /// What it did.
    pub plan: Plan,
    /// The backup of what was there before.
    pub safety_backup: Option<PathBuf>,
    /// How that is encrypted.
    pub safety_lock: Option<archive::EncryptionScheme>,
    /// Where a database that SQLite could not work with was moved.
    pub set_aside: Option<PathBuf>,
}

impl Engine {
    /// Verifies an archive and stages it for restoring.
    ///
    /// # Errors
    /// Everything that is wrong with the archive; then nothing has been changed.
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
        // From here to the end no file goes away; deletes that waited are done first.
        let static_files = self.static_files();
        static_files.sweep().map_err(Error::live(&self.places.static_files))?;
        let lease = static_files.lease().map_err(Error::live(&self.places.static_files))?;
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
                lock: archive.reader.encryption(),
                committed: false,
                _lease: lease,
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
    /// Known before anybody is asked whether to go on.
    fn check_safety_backup_possible(self) -> Result<Self, Error> {
        if self.needs_safety_backup() {
            let encryption = self.session.engine.encryption(&self.encrypt_safety_backup());
            encryption.map_err(|source| Error::SafetyBackup { source: Box::new(source) })?;
        }
        Ok(self)
    }

    fn encrypt_safety_backup(&self) -> EncryptionChoice {
        encrypt_safety_backup(&self.session.engine, self.lock)
    }

    fn needs_safety_backup(&self) -> bool {
        needs_safety_backup(&self.options, &self.plan)
    }

    /// What committing would do.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The database that would go live.
    pub(crate) fn database(&self) -> PathBuf {
        self.session.engine.places.staged_database(&self.id)
    }

    /// Makes the change.
    ///
    /// # Errors
    /// On any error but [`Error::Unfinished`], everything is as it was before.
    pub fn commit(mut self, observer: &mut dyn Observer) -> Result<RestoreReport, Error> {
        let (made, watch) = self.safety_backup(observer)?;
        // The last moment: what follows is completed.
        if let Err(cancelled) = self.session.engine.cancellation.check() {
            if let Some(made) = &made {
                self.session.engine.remove_archive(&made.path)?;
            }
            return Err(cancelled);
        }
        let (safety_backup, safety_lock) = made.map_or((None, None), |made| (Some(made.path), made.lock));
        let static_files = &self.session.engine.places.static_files;
        self.unchanged.iter().try_for_each(|file| file.check(static_files))?;
        // Only now, since every file takes memory and the backup needs it, too.
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
        Ok(RestoreReport { plan: std::mem::take(&mut self.plan), safety_backup, safety_lock, set_aside })
    }

    /// Backs up what is there, and watches that nothing comes after it: what people wrote while the
    /// backup was made would be lost. If somebody did write, takes another backup; if somebody writes
    /// each time, the commit refuses.
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
            let options = BackupOptions { encrypt: self.encrypt_safety_backup(), ..BackupOptions::default() };
            let made = self.session.backup(&options, Purpose::BeforeRestore, &mut OfSafetyBackup(observer));
            let made = made.map_err(failed)?;
            // Where it cannot be told, the commit finds out.
            let changed = watch.as_ref().is_some_and(|watch| watch.changed() == Some(true));
            if !changed || attempt == MAX_ATTEMPTS {
                return Ok((Some(made), watch));
            }
            self.session.engine.remove_archive(&made.path).map_err(failed)?;
        }
        unreachable!("the last try returns")
    }
}

/// As backups are here; and where they are not, but the archive is, as that is.
fn encrypt_safety_backup(engine: &Engine, lock: Option<archive::EncryptionScheme>) -> EncryptionChoice {
    if engine.encrypts() {
        return EncryptionChoice::AsConfigured;
    }
    let like_it = lock.and_then(|lock| archive::EncryptionMethod::matching(lock, &engine.keys));
    like_it.map_or(EncryptionChoice::AsConfigured, EncryptionChoice::With)
}

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

/// Returns the name of an archive that this program named: it is always text.
fn file_name(path: &Path) -> Option<String> {
    path.file_name()?.to_str().map(str::to_owned)
}
