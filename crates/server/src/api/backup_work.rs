//! Begins the tasks of backups, for the API and for the pages.

use std::path::PathBuf;

use backup::{BackupOptions, DrillOptions, EncryptionChoice, Engine, Event, RestoreOptions};
use inventory::{Actor, Permission};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::archive_key::ArchiveKey;
use super::backups::blocking;
use crate::app::App;
use crate::auth::Caller;
use crate::problem::Problem;
use crate::tasks::{Begun, NewTask, TaskKey, TaskKind, TaskResult};

type Observe<'a> = &'a mut (dyn FnMut(Event) + Send);

/// The options of a backup.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct NewBackup {
    /// The name without extension. The default contains the current time.
    pub(crate) name: Option<String>,
    /// Leave out the datasheets.
    pub(crate) without_datasheets: bool,
    /// Leave out the images.
    pub(crate) without_images: bool,
    /// Read every file, even if it has not changed since the last backup.
    pub(crate) rescan: bool,
}

/// The options of reading an archive.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CheckRequest {
    /// The key, if the archive is encrypted.
    #[serde(skip_serializing)]
    pub(crate) key: Option<ArchiveKey>,
    /// Accept rows with broken foreign keys.
    pub(crate) allow_violations: bool,
}

/// The options of a restore.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RestoreRequest {
    /// The key, if the archive is encrypted.
    #[serde(skip_serializing)]
    pub(crate) key: Option<ArchiveKey>,
    /// Do not back up the current inventory first.
    pub(crate) without_safety_backup: bool,
    /// Accept rows with broken foreign keys.
    pub(crate) allow_violations: bool,
}

impl RestoreRequest {
    fn options(&self, archive: PathBuf) -> RestoreOptions {
        RestoreOptions {
            safety_backup: !self.without_safety_backup,
            allow_violations: self.allow_violations,
            ..RestoreOptions::new(archive)
        }
    }
}

/// What is done with backups and takes long. The texts are names of archives.
#[derive(Debug)]
pub(crate) enum BackupWork {
    Backup(NewBackup),
    Verify(String, CheckRequest),
    Drill(String, CheckRequest),
    Plan(String, RestoreRequest),
    Restore(String, RestoreRequest),
    Undo(RestoreRequest),
}

impl BackupWork {
    /// Begins the work as a task. With the idempotency key of an earlier request, returns the task of that one.
    pub(crate) async fn begin(self, app: &App, caller: &Caller, key: Option<&str>) -> Result<Begun, Problem> {
        caller.actor.require(match self {
            Self::Backup(_) | Self::Verify(..) => Permission::BackupCreate,
            Self::Drill(..) | Self::Plan(..) | Self::Restore(..) | Self::Undo(_) => Permission::BackupRestore,
        })?;
        let beginning = Beginning { app, caller, key };
        match self {
            Self::Backup(new) => beginning.backup(new).await,
            Self::Verify(name, request) => beginning.verify(name, request).await,
            Self::Drill(name, request) => beginning.drill(name, request).await,
            Self::Plan(name, request) => beginning.plan(name, request).await,
            Self::Restore(name, request) => {
                let archive = beginning.find(&name).await?;
                beginning.restore(TaskKind::Restore, name, archive, request).await
            }
            Self::Undo(request) => {
                let archive = blocking(app, caller, Engine::find_undo).await?.safety_backup;
                let name = archive.file_name().unwrap_or_default().to_string_lossy().into_owned();
                beginning.restore(TaskKind::Undo, name, archive, request).await
            }
        }
    }
}

/// Who begins a task, with which idempotency key.
struct Beginning<'a> {
    app: &'a App,
    caller: &'a Caller,
    key: Option<&'a str>,
}

impl Beginning<'_> {
    /// Begins a task. `request` is stored with the idempotency key, so it must have no secrets.
    async fn begin<T: Into<TaskResult>>(
        &self,
        engine: Engine,
        (kind, archive, request): (TaskKind, Option<String>, &(impl Serialize + Sync)),
        work: impl FnOnce(&Engine, &Actor, Observe<'_>) -> Result<T, backup::Error> + Send + 'static,
    ) -> Result<Begun, Problem> {
        let request =
            serde_json::to_string(&(kind, &archive, request)).map_err(|error| Problem::internal(&error))?;
        let key = self.key.map(|key| TaskKey { key: key.to_owned(), request });
        let actor = self.caller.actor.clone();
        let work = move |engine: &Engine, observe: Observe<'_>| work(engine, &actor, observe);
        self.app.tasks.begin(&self.caller.actor, engine, NewTask { kind, archive, key }, work).await
    }

    /// Finds an archive in the backup folder.
    async fn find(&self, name: &str) -> Result<PathBuf, Problem> {
        let name = name.to_owned();
        blocking(self.app, self.caller, move |engine, actor| engine.listed_archive(actor, &name)).await
    }

    async fn backup(&self, new: NewBackup) -> Result<Begun, Problem> {
        let options = BackupOptions {
            name: new.name.clone(),
            datasheets: !new.without_datasheets,
            images: !new.without_images,
            rescan: new.rescan,
            encrypt: EncryptionChoice::AsConfigured,
            ..BackupOptions::default()
        };
        let work = move |engine: &Engine, actor: &Actor, mut observe: Observe<'_>| {
            engine.backup(actor, &options, &mut observe)
        };
        let engine = self.app.engine.as_ref().clone();
        self.begin(engine, (TaskKind::Backup, new.name.clone(), &new), work).await
    }

    async fn verify(&self, name: String, mut request: CheckRequest) -> Result<Begun, Problem> {
        let archive = self.find(&name).await?;
        let engine = ArchiveKey::apply_to(request.key.take(), &self.app.engine)?;
        let work = move |engine: &Engine, actor: &Actor, mut observe: Observe<'_>| {
            engine.verify(actor, &archive, &mut observe)
        };
        self.begin(engine, (TaskKind::Verify, Some(name), &request), work).await
    }

    async fn drill(&self, name: String, mut request: CheckRequest) -> Result<Begun, Problem> {
        let archive = self.find(&name).await?;
        let engine = ArchiveKey::apply_to(request.key.take(), &self.app.engine)?;
        let options = DrillOptions { archive, scratch: None, allow_violations: request.allow_violations };
        let work = move |engine: &Engine, actor: &Actor, mut observe: Observe<'_>| {
            engine.drill(actor, &options, &mut observe)
        };
        self.begin(engine, (TaskKind::Drill, Some(name), &request), work).await
    }

    async fn plan(&self, name: String, mut request: RestoreRequest) -> Result<Begun, Problem> {
        let options = request.options(self.find(&name).await?);
        let engine = ArchiveKey::apply_to(request.key.take(), &self.app.engine)?;
        let work = move |engine: &Engine, actor: &Actor, mut observe: Observe<'_>| {
            engine.preview_restore(actor, &options, &mut observe)
        };
        self.begin(engine, (TaskKind::Plan, Some(name), &request), work).await
    }

    async fn restore(
        &self,
        kind: TaskKind,
        name: String,
        archive: PathBuf,
        mut request: RestoreRequest,
    ) -> Result<Begun, Problem> {
        let options = request.options(archive);
        let engine = ArchiveKey::apply_to(request.key.take(), &self.app.engine)?;
        let work = move |engine: &Engine, actor: &Actor, mut observe: Observe<'_>| {
            engine.stage_restore(actor, &options, &mut observe)?.commit(&mut observe)
        };
        self.begin(engine, (kind, Some(name), &request), work).await
    }
}
