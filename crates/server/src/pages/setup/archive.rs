//! What is said about an archive before it is restored.

use backup::{Engine, ListedArchive, Summary};
use inventory::Actor;

use crate::app::App;
use crate::pages::words::{counted, size};
use crate::problem::Problem;

/// The program itself, on whose behalf the first run works.
const ACTOR: &Actor = &Actor::System;

/// An archive in the backup folder.
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) size: String,
    pub(super) created: String,
    pub(super) is_encrypted: bool,
    /// Why it cannot be read.
    pub(super) error: Option<String>,
}

/// What an archive states about itself.
pub(super) struct Described {
    pub(super) name: String,
    pub(super) size: String,
    pub(super) is_encrypted: bool,
    pub(super) created: Option<String>,
    pub(super) made_by: Option<String>,
    /// The numbers of things, such as `4 parts`.
    pub(super) things: Vec<String>,
    /// Why it cannot be restored.
    pub(super) damaged: Option<String>,
}

/// Runs a use case of the engine on a thread for blocking work.
pub(super) async fn blocking<T: Send + 'static>(
    app: &App,
    work: impl FnOnce(&Engine, &Actor) -> Result<T, backup::Error> + Send + 'static,
) -> Result<T, Problem> {
    let engine = app.engine.clone();
    let result = tokio::task::spawn_blocking(move || work(&engine, ACTOR)).await;
    Ok(result.map_err(|error| Problem::internal(&error))??)
}

/// Returns the archives in the backup folder, newest first.
pub(super) async fn list(app: &App) -> Result<Vec<Listed>, Problem> {
    let archives = blocking(app, |engine, actor| engine.list(actor)).await?;
    Ok(archives.into_iter().map(Listed::from).collect())
}

/// Describes an archive in the backup folder.
pub(super) async fn describe(app: &App, name: String) -> Result<Described, Problem> {
    let show =
        move |engine: &Engine, actor: &Actor| engine.show(actor, &engine.listed_archive(actor, &name)?);
    Ok(blocking(app, show).await?.into())
}

impl From<ListedArchive> for Listed {
    fn from(listed: ListedArchive) -> Self {
        let bytes = listed.path.metadata().map_or(0, |found| found.len());
        let (is_encrypted, error) = match listed.summary {
            Ok(summary) => (summary.encryption.is_some(), None),
            Err(error) => (false, Some(error.to_string())),
        };
        let name = listed.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Self { name, size: size(bytes), created: minutes(&listed.created), is_encrypted, error }
    }
}

impl From<Summary> for Described {
    fn from(summary: Summary) -> Self {
        let contents = summary.contents.as_ref();
        let info = contents.map(|contents| &contents.info);
        let counts = contents.map(|contents| inventory::entities::counts(&contents.rows));
        let things = counts.into_iter().flatten().filter(|(_, count)| *count > 0);
        Self {
            name: summary.path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            size: size(summary.size),
            is_encrypted: summary.encryption.is_some(),
            created: info.and_then(|info| info.created_at()).map(minutes),
            made_by: info.and_then(|info| info.version()).map(str::to_owned),
            things: things.map(|(kind, count)| counted_kind(kind, count)).collect(),
            damaged: info.and_then(|info| info.v3()).and_then(|manifest| manifest.damaged.clone()),
        }
    }
}

fn counted_kind(kind: &inventory::entities::EntityKind, count: u64) -> String {
    if count == 1 {
        counted(1, kind.noun)
    } else {
        counted(count, "").trim_end_matches('s').to_owned() + &kind.plural()
    }
}

/// Returns a time without its seconds.
fn minutes(time: &str) -> String {
    time.get(..16).unwrap_or(time).replace('T', " ")
}
