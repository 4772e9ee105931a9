//! What is done with backups and takes long: tasks.

use axum::extract::State;
use axum::http::HeaderValue;
use axum::response::{IntoResponse, Response};
use backup::{BackupOptions, DrillOptions, EncryptionChoice, Engine, Event, RestoreOptions};
use inventory::{Actor, Permission};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::archive_key::ArchiveKey;
use super::backups::blocking;
use crate::app::App;
use crate::call::{Change, PathId, REPLAYED, Reply};
use crate::problem::Problem;
use crate::tasks::{NewTask, Task, TaskKey, TaskKind, TaskResult};

type Observe<'a> = &'a mut dyn FnMut(Event);

/// The options of a backup.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct NewBackup {
    /// The name without extension. The default contains the current time.
    name: Option<String>,
    /// Leave out the datasheets.
    without_datasheets: bool,
    /// Leave out the images.
    without_images: bool,
}

/// The options of reading an archive.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CheckRequest {
    /// The key, if the archive is encrypted.
    #[serde(skip_serializing)]
    key: Option<ArchiveKey>,
    /// Accept rows with broken foreign keys.
    allow_violations: bool,
}

/// The options of a restore.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RestoreRequest {
    /// The key, if the archive is encrypted.
    #[serde(skip_serializing)]
    key: Option<ArchiveKey>,
    /// Do not back up the current inventory first.
    without_safety_backup: bool,
    /// Accept rows with broken foreign keys.
    allow_violations: bool,
}

impl RestoreRequest {
    fn options(&self, archive: std::path::PathBuf) -> RestoreOptions {
        RestoreOptions {
            safety_backup: !self.without_safety_backup,
            allow_violations: self.allow_violations,
            ..RestoreOptions::new(archive)
        }
    }
}

/// Begins a task, and answers with it. `request` is stored with the idempotency key, so it must have no secrets.
async fn begin<T: Into<TaskResult>>(
    app: &App,
    change: &Change<()>,
    engine: Engine,
    (kind, archive, request): (TaskKind, Option<String>, &(impl Serialize + Sync)),
    work: impl FnOnce(&Engine, &Actor, Observe<'_>) -> Result<T, backup::Error> + Send + 'static,
) -> Result<Response, Problem> {
    let request =
        serde_json::to_string(&(kind, &archive, request)).map_err(|error| Problem::internal(&error))?;
    let key = change.key().map(|key| TaskKey { key: key.to_owned(), request });
    let actor = change.caller.actor.clone();
    let work = move |engine: &Engine, observe: Observe<'_>| work(engine, &actor, observe);
    let begun = app.tasks.begin(&change.caller.actor, engine, NewTask { kind, archive, key }, work).await?;
    let mut response = Reply::accepted(begun.task).into_response();
    if begun.is_repeated {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// Finds an archive in the backup folder.
async fn find(app: &App, change: &Change<()>, name: &str) -> Result<std::path::PathBuf, Problem> {
    let name = name.to_owned();
    blocking(app, &change.caller, move |engine, actor| engine.listed_archive(actor, &name)).await
}

/// Make a backup.
#[utoipa::path(post, path = "/backups", tag = "backups", request_body = NewBackup,
    responses((status = 202, body = Task), (status = 409, body = Problem)))]
pub(crate) async fn create(State(app): State<App>, change: Change<NewBackup>) -> Result<Response, Problem> {
    let (new, change) = change.split();
    change.caller.actor.require(Permission::BackupCreate)?;
    let options = BackupOptions {
        name: new.name.clone(),
        datasheets: !new.without_datasheets,
        images: !new.without_images,
        encrypt: EncryptionChoice::AsConfigured,
        ..BackupOptions::default()
    };
    let work = move |engine: &Engine, actor: &Actor, mut observe: Observe<'_>| {
        engine.backup(actor, &options, &mut observe)
    };
    let engine = app.engine.as_ref().clone();
    begin(&app, &change, engine, (TaskKind::Backup, new.name.clone(), &new), work).await
}

/// Verify an archive: every byte, and the database.
#[utoipa::path(post, path = "/backups/{name}/verify", tag = "backups", params(("name" = String, Path)),
    request_body = CheckRequest,
    responses((status = 202, body = Task), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn verify(
    State(app): State<App>,
    PathId(name): PathId,
    change: Change<CheckRequest>,
) -> Result<Response, Problem> {
    let (mut request, change) = change.split();
    change.caller.actor.require(Permission::BackupCreate)?;
    let archive = find(&app, &change, &name).await?;
    let engine = ArchiveKey::apply_to(request.key.take(), &app.engine)?;
    let work = move |engine: &Engine, actor: &Actor, mut observe: Observe<'_>| {
        engine.verify(actor, &archive, &mut observe)
    };
    begin(&app, &change, engine, (TaskKind::Verify, Some(name), &request), work).await
}

/// Prove an archive: restore it into an empty inventory beside the current one, and compare everything.
#[utoipa::path(post, path = "/backups/{name}/drill", tag = "backups", params(("name" = String, Path)),
    request_body = CheckRequest,
    responses((status = 202, body = Task), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn drill(
    State(app): State<App>,
    PathId(name): PathId,
    change: Change<CheckRequest>,
) -> Result<Response, Problem> {
    let (mut request, change) = change.split();
    change.caller.actor.require(Permission::BackupRestore)?;
    let archive = find(&app, &change, &name).await?;
    let engine = ArchiveKey::apply_to(request.key.take(), &app.engine)?;
    let options = DrillOptions { archive, scratch: None, allow_violations: request.allow_violations };
    let work = move |engine: &Engine, actor: &Actor, mut observe: Observe<'_>| {
        engine.drill(actor, &options, &mut observe)
    };
    begin(&app, &change, engine, (TaskKind::Drill, Some(name), &request), work).await
}

/// Plan a restore: make all its checks, and say what it would do. Changes nothing.
#[utoipa::path(post, path = "/backups/{name}/plan", tag = "backups", params(("name" = String, Path)),
    request_body = RestoreRequest,
    responses((status = 202, body = Task), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn plan(
    State(app): State<App>,
    PathId(name): PathId,
    change: Change<RestoreRequest>,
) -> Result<Response, Problem> {
    let (mut request, change) = change.split();
    change.caller.actor.require(Permission::BackupRestore)?;
    let options = request.options(find(&app, &change, &name).await?);
    let engine = ArchiveKey::apply_to(request.key.take(), &app.engine)?;
    let work = move |engine: &Engine, actor: &Actor, mut observe: Observe<'_>| {
        engine.preview_restore(actor, &options, &mut observe)
    };
    begin(&app, &change, engine, (TaskKind::Plan, Some(name), &request), work).await
}

/// Replace the inventory with an archive, all or nothing. The server keeps running: reads see the old inventory, then the new one,
/// and writes wait or get 503 during the commit.
#[utoipa::path(post, path = "/backups/{name}/restore", tag = "backups", params(("name" = String, Path)),
    request_body = RestoreRequest,
    responses((status = 202, body = Task), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn restore(
    State(app): State<App>,
    PathId(name): PathId,
    change: Change<RestoreRequest>,
) -> Result<Response, Problem> {
    let (mut request, change) = change.split();
    change.caller.actor.require(Permission::BackupRestore)?;
    let options = request.options(find(&app, &change, &name).await?);
    let engine = ArchiveKey::apply_to(request.key.take(), &app.engine)?;
    let work = move |engine: &Engine, actor: &Actor, mut observe: Observe<'_>| {
        engine.stage_restore(actor, &options, &mut observe)?.commit(&mut observe)
    };
    begin(&app, &change, engine, (TaskKind::Restore, Some(name), &request), work).await
}

/// Undo the last restore: restore the safety backup that was made before it. This can be undone as well.
#[utoipa::path(post, path = "/undo", tag = "backups", request_body = RestoreRequest,
    responses((status = 202, body = Task), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn undo(
    State(app): State<App>,
    change: Change<RestoreRequest>,
) -> Result<Response, Problem> {
    let (mut request, change) = change.split();
    change.caller.actor.require(Permission::BackupRestore)?;
    let undo = blocking(&app, &change.caller, Engine::find_undo).await?;
    let name = undo.safety_backup.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let options = request.options(undo.safety_backup);
    let engine = ArchiveKey::apply_to(request.key.take(), &app.engine)?;
    let work = move |engine: &Engine, actor: &Actor, mut observe: Observe<'_>| {
        engine.stage_restore(actor, &options, &mut observe)?.commit(&mut observe)
    };
    begin(&app, &change, engine, (TaskKind::Undo, Some(name), &request), work).await
}
