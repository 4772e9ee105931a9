//! The archives in the backup folder.

use std::collections::BTreeMap;

use axum::extract::State;
use backup::{Contents, Engine, ListedArchive, Status, Summary};
use chrono::{DateTime, SecondsFormat};
use inventory::Actor;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::Caller;
use crate::call::{Change, NoBody, PageOf, PageParams, Params, PathId, Reply};
use crate::problem::Problem;
use crate::tasks::counts;

/// The largest number of missing files that are named.
const MAX_NAMES: usize = 100;

/// An archive in the backup folder.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BackupView {
    /// The file name.
    name: String,
    /// The size in bytes.
    size: u64,
    /// When the backup was made: as the archive states, or else the modification time of the file.
    #[schema(format = DateTime)]
    created_at: Option<String>,
    /// Whether the archive is encrypted.
    is_encrypted: bool,
    /// When every byte of the archive was verified; null if never, or if the archive has changed since.
    #[schema(format = DateTime)]
    verified_at: Option<String>,
    /// When the archive was restored in a drill and compared; null if never, or if the archive has changed since.
    #[schema(format = DateTime)]
    proven_at: Option<String>,
    /// Why the archive cannot be read.
    error: Option<String>,
}

impl From<ListedArchive> for BackupView {
    fn from(listed: ListedArchive) -> Self {
        let name = listed.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let size = listed.path.metadata().map_or(0, |found| found.len());
        let created_at = listed.made_at().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
        let created_at = created_at.map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true));
        let (status, is_encrypted, error) = match listed.summary {
            Ok(summary) => (summary.status, summary.encryption.is_some(), None),
            Err(error) => (None, false, Some(error.without_folders().to_string())),
        };
        let proven_at =
            status.as_ref().and_then(|status| status.proven.as_ref()).map(|proven| proven.at.clone());
        let verified_at = status.map(|status| status.verified_at);
        Self { name, size, created_at, is_encrypted, verified_at, proven_at, error }
    }
}

/// What is known about an archive without unpacking it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BackupDetails {
    /// The file name.
    name: String,
    /// The size in bytes.
    size: u64,
    /// How the archive is encrypted; null if it is not.
    encryption: Option<String>,
    #[schema(format = DateTime)]
    verified_at: Option<String>,
    /// The version of the program that verified the archive.
    verified_by: Option<String>,
    #[schema(format = DateTime)]
    proven_at: Option<String>,
    /// How long the restore of the drill took.
    restore_seconds: Option<f64>,
    /// When the key of the archive was last shown to open it.
    #[schema(format = DateTime)]
    key_checked_at: Option<String>,
    /// What the archive states about itself; null if that takes a key.
    contents: Option<BackupContents>,
}

/// What an archive states about itself.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BackupContents {
    /// The version of the format; null if the manifest cannot be read without a key.
    format: Option<String>,
    /// When the backup was made; null if the archive does not say so with a time zone, as those of MakerMatrix 1.x.
    #[schema(format = DateTime)]
    created_at: Option<String>,
    /// The version of MakerMatrix that made the backup.
    version: Option<String>,
    /// The number of things of each kind.
    counts: BTreeMap<String, u64>,
    /// The number of rows of each table.
    tables: BTreeMap<String, u64>,
    /// The size of the database in bytes.
    database_size: u64,
    datasheets: FilesView,
    images: FilesView,
    migrations: Vec<String>,
    /// The number of rows with broken foreign keys.
    violations: u64,
    /// Files that rows refer to, but that were missing when the backup was made. At most 100.
    missing_files: Vec<String>,
    /// What was left out, and why.
    left_out: Vec<String>,
    /// Why the database is damaged. Such an archive is for rescue, and cannot be restored.
    damaged: Option<String>,
}

/// The files of one kind.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FilesView {
    count: u64,
    bytes: u64,
}

impl From<(u64, u64)> for FilesView {
    fn from((count, bytes): (u64, u64)) -> Self {
        Self { count, bytes }
    }
}

impl From<Summary> for BackupDetails {
    fn from(summary: Summary) -> Self {
        let name = summary.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let encryption = summary.encryption.map(|encryption| encryption.to_string());
        let contents = summary.contents.map(Into::into);
        let (verified, proven, key_checked) = match summary.status {
            Some(Status { verified_at, verified_by, proven, key_checked, .. }) => {
                (Some((verified_at, verified_by)), proven, key_checked)
            }
            None => (None, None, None),
        };
        let (verified_at, verified_by) = verified.unzip();
        let (proven_at, restore_seconds) = proven.map(|proven| (proven.at, proven.restore_seconds)).unzip();
        let key_checked_at = key_checked.map(|checked| checked.at);
        Self {
            name,
            size: summary.size,
            encryption,
            verified_at,
            verified_by,
            proven_at,
            restore_seconds,
            key_checked_at,
            contents,
        }
    }
}

impl From<Contents> for BackupContents {
    fn from(contents: Contents) -> Self {
        let manifest = contents.info.v3();
        let left_out = |left: &archive::Omission| format!("{}: {}", left.what, left.why);
        Self {
            format: contents.format.map(|format| format.to_string()),
            created_at: manifest.map(|manifest| manifest.created_at_utc.clone()),
            version: contents.info.version().map(str::to_owned),
            counts: counts(&contents.rows),
            database_size: contents.database_size,
            datasheets: contents.datasheets.into(),
            images: contents.images.into(),
            migrations: manifest.map(|manifest| manifest.migrations.clone()).unwrap_or_default(),
            violations: manifest.map_or(0, |manifest| manifest.foreign_key_violations),
            missing_files: manifest
                .map(|manifest| manifest.dangling.iter().take(MAX_NAMES).cloned().collect())
                .unwrap_or_default(),
            left_out: manifest
                .map(|manifest| manifest.left_out.iter().map(left_out).collect())
                .unwrap_or_default(),
            damaged: manifest.and_then(|manifest| manifest.damaged.clone()),
            tables: contents.rows,
        }
    }
}

/// Runs a use case of the engine on a thread for blocking work.
pub(crate) async fn blocking<T: Send + 'static>(
    app: &App,
    caller: &Caller,
    work: impl FnOnce(&Engine, &Actor) -> Result<T, backup::Error> + Send + 'static,
) -> Result<T, Problem> {
    let (engine, actor) = (app.engine.clone(), caller.actor.clone());
    let result = tokio::task::spawn_blocking(move || work(&engine, &actor)).await;
    Ok(result.map_err(|error| Problem::internal(&error))??)
}

/// List the archives in the backup folder, newest first.
#[utoipa::path(get, path = "/backups", tag = "backups", params(PageParams),
    responses((status = 200, body = PageOf<BackupView>)))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Params(list): Params<PageParams>,
) -> Result<Reply<PageOf<BackupView>>, Problem> {
    let archives = blocking(&app, &caller, |engine, actor| engine.list(actor)).await?;
    Ok(Reply::ok(PageOf::of_all(archives, list)?))
}

/// Show what an archive states about itself, and when it was checked.
#[utoipa::path(get, path = "/backups/{name}", tag = "backups", params(("name" = String, Path)),
    responses((status = 200, body = BackupDetails), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    PathId(name): PathId,
) -> Result<Reply<BackupDetails>, Problem> {
    let show =
        move |engine: &Engine, actor: &Actor| engine.show(actor, &engine.listed_archive(actor, &name)?);
    Ok(Reply::ok(blocking(&app, &caller, show).await?.into()))
}

/// Delete an archive. Not while a task uses it.
#[utoipa::path(delete, path = "/backups/{name}", tag = "backups", params(("name" = String, Path)),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn delete(
    State(app): State<App>,
    PathId(name): PathId,
    change: Change<NoBody>,
) -> Result<Reply<()>, Problem> {
    remove(&app, &change.caller, name).await?;
    Ok(Reply::no_content())
}

/// Removes an archive from the backup folder, unless a task uses it.
pub(crate) async fn remove(app: &App, caller: &Caller, name: String) -> Result<(), Problem> {
    if let Some(task) = app.tasks.using(&name) {
        return Err(Problem::task_running(&task.id, task.kind.as_str()));
    }
    blocking(app, caller, move |engine, actor| engine.remove_backup(actor, &name)).await?;
    app.backup_ages.forget().await;
    Ok(())
}
