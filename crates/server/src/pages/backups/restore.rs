//! A restore in three steps: what the archive is, what will change, and doing it.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use inventory::Permission;
use serde::Deserialize;

use super::actions::{begin, say_if_busy};
use super::archive::{Details, key_error};
use super::key::{KeyField, entered};
use super::plan::PlanView;
use crate::api::backup_work::{BackupWork, RestoreRequest};
use crate::api::tasks::find;
use crate::app::App;
use crate::call::{Params, PathId};
use crate::pages::error::PageError;
use crate::pages::form::Form;
use crate::pages::frame::{Frame, Section, encoded, render_with};
use crate::pages::task_view::TaskView;
use crate::pages::visitor::Visitor;
use crate::problem::Problem;
use crate::tasks::TaskKind;

/// Returns the routes of these pages.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/backups/{name}/restore", get(page).post(restore))
        .route("/backups/{name}/restore/plan", post(plan))
}

/// The plan to show.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Query {
    plan: Option<String>,
}

/// The fields of both forms.
#[derive(Deserialize, Default)]
#[serde(default)]
struct RestoreForm {
    identity: String,
    passphrase: String,
    allow_violations: Option<String>,
    /// The id of the task that has made the plan.
    plan: Option<String>,
    /// Whether to back up what is there now.
    safety_backup: Option<String>,
    word: String,
}

impl RestoreForm {
    fn request(&self, without_safety_backup: bool) -> RestoreRequest {
        RestoreRequest {
            key: entered(&self.identity, &self.passphrase),
            without_safety_backup,
            allow_violations: self.allow_violations.is_some(),
        }
    }
}

#[derive(Template)]
#[template(path = "restore.html")]
struct RestorePage {
    frame: Frame,
    details: Details,
    /// The task that makes the plan, or has failed to.
    planning: Option<TaskView>,
    plan: Option<PlanView>,
    plan_id: String,
    is_accepting: bool,
    keeps_safety_backup: bool,
    word: String,
    word_error: Option<&'static str>,
    key_error: Option<String>,
    form_key: String,
}

/// What was wrong with a form, and what had been entered. Keys are not repeated.
struct Refused {
    form: RestoreForm,
    word: Option<&'static str>,
    key: Option<Problem>,
}

/// Shows the first or the second step.
async fn page(
    State(app): State<App>,
    visitor: Visitor,
    PathId(name): PathId,
    Params(query): Params<Query>,
) -> Result<Response, PageError> {
    show(&app, &visitor, &name, query.plan, None).await
}

async fn show(
    app: &App,
    visitor: &Visitor,
    name: &str,
    plan_id: Option<String>,
    refused: Option<Refused>,
) -> Result<Response, PageError> {
    visitor.caller.actor.require(Permission::BackupRestore)?;
    let details = Details::load(app, &visitor.caller, name).await?;
    let task = match &plan_id {
        Some(id) => Some(find(app, &visitor.caller, id).await?),
        None => None,
    };
    // A plan of another archive says nothing about this one.
    let task = task.filter(|task| task.kind == TaskKind::Plan && task.archive.as_deref() == Some(name));
    let plan = task.as_ref().and_then(PlanView::of);
    let planning = task.as_ref().filter(|_| plan.is_none()).map(|task| TaskView::new(app, visitor, task));
    let status = if refused.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let form = refused.as_ref().map(|refused| &refused.form);
    let page = RestorePage {
        frame: Frame::new(app, visitor, Section::Backups, format!("Restore {name}")).await?,
        is_accepting: plan.as_ref().is_some_and(|plan| plan.violations > 0)
            || form.is_some_and(|form| form.allow_violations.is_some()),
        keeps_safety_backup: form.is_none_or(|form| form.safety_backup.is_some()),
        word: form.map(|form| form.word.clone()).unwrap_or_default(),
        word_error: refused.as_ref().and_then(|refused| refused.word),
        key_error: refused.as_ref().and_then(|refused| refused.key.as_ref()).map(key_error),
        form_key: app.ambient.uuid().to_string(),
        details,
        planning,
        plan,
        plan_id: plan_id.unwrap_or_default(),
    };
    Ok(render_with(status, &page))
}

/// Works out what a restore would change.
async fn plan(
    State(app): State<App>,
    PathId(name): PathId,
    form: Form<RestoreForm>,
) -> Result<Response, PageError> {
    let page = format!("/backups/{}/restore", encoded(&name));
    let work = BackupWork::Plan(name.clone(), form.fields.request(false));
    match begin(&app, &form, work, |task| format!("{page}?plan={}", encoded(&task.id))).await {
        Err(problem) if problem.status() == StatusCode::UNPROCESSABLE_ENTITY => {
            let Form { visitor, fields, .. } = form;
            let refused = Refused { form: fields, word: None, key: Some(problem) };
            show(&app, &visitor, &name, None, Some(refused)).await
        }
        result => result.or_else(|problem| say_if_busy(&form, &page, problem)),
    }
}

/// Restores an archive. The word `restore` has to be typed.
async fn restore(
    State(app): State<App>,
    PathId(name): PathId,
    form: Form<RestoreForm>,
) -> Result<Response, PageError> {
    let plan_id = form.fields.plan.clone().filter(|id| !id.is_empty());
    if !form.fields.word.trim().eq_ignore_ascii_case("restore") {
        let word = Some("Type the word restore. Nothing was changed.");
        let Form { visitor, fields, .. } = form;
        return show(&app, &visitor, &name, plan_id, Some(Refused { form: fields, word, key: None })).await;
    }
    let request = form.fields.request(form.fields.safety_backup.is_none());
    let work = BackupWork::Restore(name.clone(), request);
    match begin(&app, &form, work, |task| format!("/tasks/{}", encoded(&task.id))).await {
        Err(problem) if problem.status() == StatusCode::UNPROCESSABLE_ENTITY => {
            let Form { visitor, fields, .. } = form;
            let refused = Refused { form: fields, word: None, key: Some(problem) };
            show(&app, &visitor, &name, plan_id, Some(refused)).await
        }
        result => {
            let page = format!("/backups/{}/restore", encoded(&name));
            result.or_else(|problem| say_if_busy(&form, &page, problem))
        }
    }
}
