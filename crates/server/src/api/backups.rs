//! Backups. What takes long is a task.

use std::path::Path;

use axum::extract::State;
use backup::{BackupOptions, EncryptionChoice, Engine, ListedArchive, RestoreOptions};
use inventory::{Actor, Permission};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::Caller;
use crate::call::{Change, ListParams, PageOf, Params, PathId, Reply};
use crate::problem::Problem;
use crate::tasks::{Task, TaskKind};

/// An archive in the backup folder.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BackupView {
    /// The file name.
    name: String,
    /// The size in bytes.
    size: u64,
    /// When the backup was made, in local time of the server.
    created_at: String,
    /// Whether the archive is encrypted.
    is_encrypted: bool,
    /// When every byte of the archive was verified; null if never, or if the archive has changed since.
    verified_at: Option<String>,
    /// When the archive was restored in a drill and compared; null if never, or if the archive has changed since.
    proven_at: Option<String>,
    /// Why the archive cannot be read.
    error: Option<String>,
}

impl From<ListedArchive> for BackupView {
    fn from(listed: ListedArchive) -> Self {
        let name = listed.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let size = listed.path.metadata().map_or(0, |found| found.len());
        let (status, is_encrypted, error) = match listed.summary {
            Ok(summary) => (summary.status, summary.encryption.is_some(), None),
            Err(error) => (None, false, Some(error.to_string())),
        };
        let proven_at =
            status.as_ref().and_then(|status| status.proven.as_ref()).map(|proven| proven.at.clone());
        let verified_at = status.map(|status| status.verified_at);
        Self { name, size, created_at: listed.created, is_encrypted, verified_at, proven_at, error }
    }
}

/// Runs a use case of the engine on a thread for blocking work.
async fn blocking<T: Send + 'static>(
    app: &App,
    caller: &Caller,
    work: impl FnOnce(&Engine, &Actor) -> Result<T, backup::Error> + Send + 'static,
) -> Result<T, Problem> {
    let (engine, actor) = (app.engine.clone(), caller.actor.clone());
    let result = tokio::task::spawn_blocking(move || work(&engine, &actor)).await;
    Ok(result.map_err(|error| Problem::internal(&error))??)
}

/// List the archives in the backup folder, newest first.
#[utoipa::path(get, path = "/backups", tag = "backups", params(ListParams),
    responses((status = 200, body = PageOf<BackupView>)))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Params(list): Params<ListParams>,
) -> Result<Reply<PageOf<BackupView>>, Problem> {
    let archives = blocking(&app, &caller, |engine, actor| engine.list(actor)).await?;
    Ok(Reply::ok(PageOf::of_all(archives, &list)?))
}

/// The options of a backup.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct NewBackup {
    /// The name without extension. The default contains the current time.
    name: Option<String>,
    /// Leave out the datasheets.
    without_datasheets: bool,
    /// Leave out the images.
    without_images: bool,
}

/// Make a backup.
#[utoipa::path(post, path = "/backups", tag = "backups", request_body = NewBackup,
    responses((status = 202, body = Task), (status = 409, body = Problem)))]
pub(crate) async fn create(
    State(app): State<App>,
    change: Change<NewBackup>,
) -> Result<Reply<Task>, Problem> {
    let (new, change) = change.split();
    change.caller.actor.require(Permission::BackupCreate)?;
    let options = BackupOptions {
        name: new.name.clone(),
        datasheets: !new.without_datasheets,
        images: !new.without_images,
        encrypt: EncryptionChoice::AsConfigured,
        ..BackupOptions::default()
    };
    let actor = change.caller.actor.clone();
    let work = move |engine: &Engine, observer: &mut dyn FnMut(backup::Event)| {
        let mut observer = |event| observer(event);
        let report = engine.backup(&actor, &options, &mut observer)?;
        Ok(json!({
            "name": file_name(&report.path),
            "size": report.size,
            "verified_at": report.status.verified_at,
        }))
    };
    let task = app.tasks.begin(&change.caller.actor, &app.engine, (TaskKind::Backup, new.name), work).await?;
    Ok(Reply::accepted(task))
}

/// The options of a restore.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RestoreRequest {
    /// Do not back up the current inventory first.
    without_safety_backup: bool,
    /// Accept rows with broken foreign keys.
    allow_violations: bool,
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
) -> Result<Reply<Task>, Problem> {
    let (request, change) = change.split();
    change.caller.actor.require(Permission::BackupRestore)?;
    let wanted = name.clone();
    let archive =
        blocking(&app, &change.caller, move |engine, actor| engine.listed_archive(actor, &wanted)).await?;
    let options = RestoreOptions {
        safety_backup: !request.without_safety_backup,
        allow_violations: request.allow_violations,
        ..RestoreOptions::new(archive)
    };
    let actor = change.caller.actor.clone();
    let work = move |engine: &Engine, observer: &mut dyn FnMut(backup::Event)| {
        let mut observer = |event| observer(event);
        let staged = engine.stage_restore(&actor, &options, &mut observer)?;
        let (added, replaced, removed) = staged.plan().file_totals();
        let report = staged.commit(&mut observer)?;
        Ok(json!({
            "safety_backup": report.safety_backup.as_deref().map(file_name),
            "files_added": added,
            "files_replaced": replaced,
            "files_removed": removed,
        }))
    };
    let task =
        app.tasks.begin(&change.caller.actor, &app.engine, (TaskKind::Restore, Some(name)), work).await?;
    Ok(Reply::accepted(task))
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
