//! Restoring a backup in the first run: choose an archive or send one, see what is in it, restore, and sign in with its accounts.

use askama::Template;
use axum::Router;
use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::{Fields, refuse, respond};
use crate::api::archive_key::ArchiveKey;
use crate::api::backup_files;
use crate::api::backup_work::{BackupWork, RestoreRequest};
use crate::app::App;
use crate::auth::{AnyCaller, Caller};
use crate::call::PathId;
use crate::first_run::{program, require_token};
use crate::pages::assets;
use crate::pages::backups::{Archive, Details, KeyField, key_error};
use crate::pages::error::PageError;
use crate::pages::form::{parse, read};
use crate::pages::theme;
use crate::pages::upload::UploadedFile;
use crate::pages::words::sentence;
use crate::problem::Problem;
use crate::tasks::{SYSTEM_ID, Task, TaskStatus};

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
    Choose { archives: Vec<Archive> },
    Look { details: Box<Details> },
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

/// A request of somebody who has the token, for whom the program itself acts.
struct FirstRun {
    app: App,
    program: Caller,
    headers: HeaderMap,
    token: String,
}

impl FirstRun {
    /// Checks the token. Returns the page that refuses it otherwise.
    async fn enter(
        app: App,
        caller: &Caller,
        headers: HeaderMap,
        token: String,
    ) -> Result<Result<Self, Response>, PageError> {
        match require_token(&app, token.trim()).await {
            Ok(()) => Ok(Ok(Self { app, program: program(caller), headers, token })),
            Err(problem) => {
                let fields = Fields { token, ..Fields::default() };
                refuse(&headers, fields, problem).map(Err)
            }
        }
    }

    async fn show_choice(&self, problem: Option<Problem>) -> Result<Response, PageError> {
        let archives = Archive::list(&self.app, &self.program).await?;
        self.show(Step::Choose { archives }, problem)
    }

    async fn show_archive(&self, name: &str, problem: Option<Problem>) -> Result<Response, PageError> {
        match Details::load(&self.app, &self.program, name).await {
            Ok(details) => self.show(Step::Look { details: Box::new(details) }, problem),
            Err(problem) => self.show_choice(Some(problem)).await,
        }
    }

    fn show(&self, step: Step, problem: Option<Problem>) -> Result<Response, PageError> {
        show(&self.headers, &self.token, step, problem)
    }
}

fn show(
    headers: &HeaderMap,
    token: &str,
    step: Step,
    problem: Option<Problem>,
) -> Result<Response, PageError> {
    let status = problem.as_ref().map(Problem::status).unwrap_or_default();
    let error = problem.as_ref().map(key_error);
    let (assets, theme, token) = (assets::base(), theme::chosen(headers), token.to_owned());
    Ok((status, respond(&RestorePage { assets, theme, token, step, error })?).into_response())
}

/// A form with a token that was checked.
struct Entered {
    first_run: FirstRun,
    chosen: Chosen,
}

impl FromRequest<App> for Entered {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let caller = AnyCaller::from_request_parts(&mut parts, app).await;
        let AnyCaller(caller) = caller.map_err(IntoResponse::into_response)?;
        let entered = async {
            let chosen: Chosen = parse(&read(body).await?)?;
            let entered = FirstRun::enter(app.clone(), &caller, parts.headers, chosen.token.clone()).await?;
            Ok::<_, PageError>(entered.map(|first_run| Self { first_run, chosen }))
        };
        entered.await.map_err(IntoResponse::into_response)?
    }
}

/// Shows the archives in the backup folder.
async fn choose(Entered { first_run, .. }: Entered) -> Result<Response, PageError> {
    first_run.show_choice(None).await
}

/// Shows what is in an archive.
async fn look(Entered { first_run, chosen }: Entered) -> Result<Response, PageError> {
    first_run.show_archive(&chosen.archive, None).await
}

/// Receives an archive, and shows what is in it.
async fn receive(
    State(app): State<App>,
    AnyCaller(caller): AnyCaller,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, PageError> {
    let (texts, file) = UploadedFile::find_after(request, &["token"]).await?;
    let token = texts.into_iter().next().map(|(_, value)| value).unwrap_or_default();
    let first_run = match FirstRun::enter(app, &caller, headers, token).await? {
        Ok(first_run) => first_run,
        Err(refused) => return Ok(refused),
    };
    let Some(file) = file else {
        return first_run.show_choice(Some(Problem::invalid_field("file", "choose an archive"))).await;
    };
    let name = file.name.clone();
    let FirstRun { app, program, .. } = &first_run;
    match backup_files::receive(app, program, name.clone(), None, file.pieces()).await {
        Ok(_) => first_run.show_archive(&name, None).await,
        Err(problem) if problem.status().is_client_error() => first_run.show_choice(Some(problem)).await,
        Err(problem) => Err(problem.into()),
    }
}

/// Begins the restore, and leads to the page that follows it.
async fn begin(Entered { first_run, chosen }: Entered) -> Result<Response, PageError> {
    let key = ArchiveKey::entered(&chosen.identity, &chosen.passphrase);
    let request = RestoreRequest { key, ..RestoreRequest::default() };
    let work = BackupWork::Restore(chosen.archive.clone(), request);
    match work.begin(&first_run.app, &first_run.program, None).await {
        Ok(begun) => Ok(Redirect::to(&format!("/setup/restore/{}", begun.task.id)).into_response()),
        Err(problem) if problem.status().is_client_error() => {
            first_run.show_archive(&chosen.archive, Some(problem)).await
        }
        Err(problem) => Err(problem.into()),
    }
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
    show(&headers, "", Step::Follow { state }, None)
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
