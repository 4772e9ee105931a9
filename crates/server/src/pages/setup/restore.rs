//! Restoring a backup in the first run: choose an archive or send one, see what is in it, restore, and sign in with its accounts.

use std::io::Read;

use askama::Template;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use backup::{Engine, Event, RestoreOptions};
use inventory::Actor;
use serde::Deserialize;

use super::archive::{Described, Listed, blocking, describe, list};
use super::{Fields, refuse, respond};
use crate::api::archive_key::ArchiveKey;
use crate::app::App;
use crate::call::PathId;
use crate::first_run::require_token;
use crate::pages::assets;
use crate::pages::error::PageError;
use crate::pages::form::{parse, read};
use crate::pages::theme;
use crate::pages::upload::UploadedFile;
use crate::pages::words::sentence;
use crate::problem::Problem;
use crate::tasks::{NewTask, SYSTEM_ID, Task, TaskKind, TaskStatus};

/// The size of a piece of an archive that is received.
const PIECE: usize = 1 << 16;

/// Returns the routes of these pages.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/setup/restore", post(choose))
        .route("/setup/restore/archive", post(look))
        .route("/setup/restore/begin", post(begin))
        .route("/setup/restore/{id}", get(follow))
}

/// Returns the route that receives an archive.
pub(super) fn uploads() -> Router<App> {
    Router::new().route("/setup/restore/upload", post(receive))
}

/// The fields of these forms.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Chosen {
    token: String,
    archive: String,
    identity: String,
    passphrase: String,
}

#[derive(Template)]
#[template(path = "setup-restore.html")]
struct RestorePage {
    assets: &'static str,
    theme: Option<&'static str>,
    token: String,
    step: Step,
    error: Option<String>,
}

/// The steps.
enum Step {
    Choose { archives: Vec<Listed> },
    Look { archive: Described },
    Follow { state: FollowedTask },
}

/// A restore, as the page shows it.
struct FollowedTask {
    is_running: bool,
    has_succeeded: bool,
    /// Whether the inventory is certainly what it was before.
    is_unchanged: bool,
    /// What is being done, or why it failed.
    text: String,
}

async fn read_form(
    app: &App,
    headers: &HeaderMap,
    body: Body,
) -> Result<Result<Chosen, Response>, PageError> {
    let chosen: Chosen = parse(&read(body).await?)?;
    match require_token(app, chosen.token.trim()).await {
        Ok(()) => Ok(Ok(chosen)),
        Err(problem) => {
            let fields = Fields { token: chosen.token, ..Fields::default() };
            refuse(headers, fields, problem).map(Err)
        }
    }
}

/// Shows the archives in the backup folder.
async fn choose(State(app): State<App>, headers: HeaderMap, body: Body) -> Result<Response, PageError> {
    match read_form(&app, &headers, body).await? {
        Ok(chosen) => show_choice(&app, &headers, chosen.token, None).await,
        Err(refused) => Ok(refused),
    }
}

async fn show_choice(
    app: &App,
    headers: &HeaderMap,
    token: String,
    problem: Option<Problem>,
) -> Result<Response, PageError> {
    let archives = list(app).await?;
    show(headers, token, Step::Choose { archives }, problem)
}

fn show(
    headers: &HeaderMap,
    token: String,
    step: Step,
    problem: Option<Problem>,
) -> Result<Response, PageError> {
    let status = problem.as_ref().map(Problem::status).unwrap_or_default();
    let error = problem.map(|problem| match problem.errors().first() {
        Some(invalid) if invalid.field == "key.identity" => {
            sentence(&format!("the secret key cannot be read: {}", invalid.detail))
        }
        _ => sentence(problem.detail()),
    });
    let (assets, theme) = (assets::base(), theme::chosen(headers));
    Ok((status, respond(&RestorePage { assets, theme, token, step, error })?).into_response())
}

/// Shows what is in an archive.
async fn look(State(app): State<App>, headers: HeaderMap, body: Body) -> Result<Response, PageError> {
    let chosen = match read_form(&app, &headers, body).await? {
        Ok(chosen) => chosen,
        Err(refused) => return Ok(refused),
    };
    show_archive(&app, &headers, chosen.token, chosen.archive, None).await
}

async fn show_archive(
    app: &App,
    headers: &HeaderMap,
    token: String,
    name: String,
    problem: Option<Problem>,
) -> Result<Response, PageError> {
    match describe(app, name).await {
        Ok(archive) => show(headers, token, Step::Look { archive }, problem),
        Err(problem) => show_choice(app, headers, token, Some(problem)).await,
    }
}

/// Receives an archive, and shows what is in it.
async fn receive(
    State(app): State<App>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, PageError> {
    let (texts, file) = UploadedFile::find_after(request, &["token"]).await?;
    let token = texts.into_iter().next().map(|(_, value)| value).unwrap_or_default();
    if let Err(problem) = require_token(&app, token.trim()).await {
        return refuse(&headers, Fields { token, ..Fields::default() }, problem);
    }
    let Some(file) = file else {
        let problem = Problem::invalid_field("file", "must be chosen");
        return show_choice(&app, &headers, token, Some(problem)).await;
    };
    let (name, limit) = (file.name.clone(), app.options.max_upload);
    let (wanted, reader) = (name.clone(), file.reader());
    let store = move |engine: &Engine, actor: &Actor| store(engine, actor, &wanted, reader, limit);
    match blocking(&app, store).await {
        Ok(()) => show_archive(&app, &headers, token, name, None).await,
        Err(problem) if problem.status().is_client_error() => {
            show_choice(&app, &headers, token, Some(problem)).await
        }
        Err(problem) => Err(problem.into()),
    }
}

/// Writes an archive into the backup folder while it arrives.
fn store(
    engine: &Engine,
    actor: &Actor,
    name: &str,
    mut reader: impl Read,
    limit: u64,
) -> Result<(), backup::Error> {
    let mut upload = engine.receive_backup(actor, name, None, limit)?;
    let mut piece = vec![0; PIECE];
    loop {
        // If the browser is gone, the upload is dropped, and what has arrived is removed.
        match reader.read(&mut piece) {
            Ok(0) => return upload.finish().map(|_| ()),
            Ok(count) => upload.write(piece.get(..count).unwrap_or_default())?,
            Err(_) => return Err(backup::Error::Cancelled),
        }
    }
}

/// Begins the restore, and leads to the page that follows it.
async fn begin(State(app): State<App>, headers: HeaderMap, body: Body) -> Result<Response, PageError> {
    let chosen = match read_form(&app, &headers, body).await? {
        Ok(chosen) => chosen,
        Err(refused) => return Ok(refused),
    };
    match begin_restore(&app, &chosen).await {
        Ok(task) => Ok(Redirect::to(&format!("/setup/restore/{}", task.id)).into_response()),
        Err(problem) if problem.status().is_client_error() => {
            show_archive(&app, &headers, chosen.token, chosen.archive, Some(problem)).await
        }
        Err(problem) => Err(problem.into()),
    }
}

async fn begin_restore(app: &App, chosen: &Chosen) -> Result<Task, Problem> {
    let name = chosen.archive.clone();
    let archive = blocking(app, move |engine, actor| engine.listed_archive(actor, &name)).await?;
    let key = ArchiveKey::entered(&chosen.identity, &chosen.passphrase);
    let engine = ArchiveKey::apply_to(key, &app.engine)?;
    let options = RestoreOptions::new(archive);
    let work = move |engine: &Engine, mut observe: &mut dyn FnMut(Event)| {
        engine.stage_restore(&Actor::System, &options, &mut observe)?.commit(&mut observe)
    };
    let new = NewTask { kind: TaskKind::Restore, archive: Some(chosen.archive.clone()), key: None };
    Ok(app.tasks.begin(&Actor::System, engine, new, work).await?.task)
}

/// Shows how far the restore is. Its id, which nobody can guess, stands for the token, which the restored inventory no longer takes.
async fn follow(
    State(app): State<App>,
    headers: HeaderMap,
    PathId(id): PathId,
) -> Result<Response, PageError> {
    let found = app.tasks.find(&id).await?;
    let own = found.filter(|(_, user_id)| user_id.as_deref() == Some(SYSTEM_ID));
    let (task, _) = own.ok_or_else(|| Problem::not_found("there is no such restore"))?;
    let state = FollowedTask::of(&task);
    show(&headers, String::new(), Step::Follow { state }, None)
}

impl FollowedTask {
    fn of(task: &Task) -> Self {
        let step = task.step.as_ref().map_or("It begins", |step| &step.text);
        let text = match (&task.error, task.status) {
            (Some(error), _) => error,
            (None, TaskStatus::Interrupted) => {
                "the server stopped meanwhile, and has finished or discarded the restore at its next start"
            }
            (None, TaskStatus::Cancelled) => "the server was about to stop",
            (None, _) => step,
        };
        Self {
            is_running: task.status == TaskStatus::Running,
            has_succeeded: task.status == TaskStatus::Succeeded,
            is_unchanged: matches!(task.status, TaskStatus::Failed | TaskStatus::Cancelled),
            text: sentence(text),
        }
    }
}
