//! The page of an archive: what is in it, checking, proving, restoring, downloading and deleting it.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use backup::{Contents, ListedArchive, Summary};
use chrono::DateTime;
use inventory::{Permission, entities};

use super::archives::{Archive, State as Known};
use super::key::KeyField;
use crate::api::backups::blocking;
use crate::app::App;
use crate::auth::Caller;
use crate::call::PathId;
use crate::pages::error::PageError;
use crate::pages::frame::{Frame, Section, render_with};
use crate::pages::task_view::TaskView;
use crate::pages::tasks::current;
use crate::pages::visitor::Visitor;
use crate::pages::words::{When, capitalised, counted, duration, grouped, sentence, size};
use crate::problem::Problem;

/// The largest number of names in a list.
const MAX_NAMES: usize = 100;

/// Returns the routes of this page.
pub(super) fn routes() -> Router<App> {
    Router::new().route("/backups/{name}", get(page))
}

/// What is known about an archive.
pub(in crate::pages) struct Details {
    pub(in crate::pages) archive: Archive,
    pub(in crate::pages) key: KeyField,
    /// How it is encrypted.
    pub(in crate::pages) encryption: Option<String>,
    /// When it was verified, and by which version.
    pub(in crate::pages) verified: Option<(When, String)>,
    /// When it was proven, and how long the restore took.
    pub(in crate::pages) proven: Option<(When, String)>,
    /// The number of things of each kind.
    pub(in crate::pages) counts: Vec<(String, String)>,
    /// Names and values.
    pub(in crate::pages) facts: Vec<(&'static str, String)>,
    pub(in crate::pages) migrations: Vec<String>,
    pub(in crate::pages) violations: u64,
    /// Whether the archive does not say how many broken references it has.
    pub(in crate::pages) hides_violations: bool,
    pub(in crate::pages) missing: Vec<String>,
    pub(in crate::pages) left_out: Vec<String>,
    pub(in crate::pages) damaged: Option<String>,
}

impl Details {
    /// Reads what is known about an archive.
    pub(in crate::pages) async fn load(app: &App, caller: &Caller, name: &str) -> Result<Self, Problem> {
        let wanted = name.to_owned();
        let listed = blocking(app, caller, move |engine, actor| engine.describe(actor, &wanted)).await?;
        Ok(Self::new(app, &listed))
    }

    fn new(app: &App, listed: &ListedArchive) -> Self {
        let now = app.ambient.now();
        let summary = listed.summary.as_ref().ok();
        let status = summary.and_then(|summary| summary.status.as_ref());
        let contents = summary.and_then(|summary| summary.contents.as_ref());
        let manifest = contents.and_then(|contents| contents.info.v3());
        let when = |text: &str| {
            let time = DateTime::parse_from_rfc3339(text).unwrap_or_default();
            When::new(time.naive_utc(), now.utc)
        };
        let archive = Archive::new(listed, now.local.date());
        let proven = archive.proof.as_ref();
        let left_out = |left: &archive::Omission| format!("{}: {}", left.what, left.why);
        Self {
            key: summary.map_or(KeyField::None, KeyField::of),
            encryption: summary.and_then(|summary| summary.encryption).map(|scheme| scheme.to_string()),
            verified: status.map(|status| (when(&status.verified_at), status.verified_by.clone())),
            proven: proven.map(|proof| (When::new(proof.at, now.utc), duration(proof.restore_seconds))),
            counts: contents.map(counts).unwrap_or_default(),
            facts: summary
                .zip(contents)
                .map(|(summary, contents)| facts(summary, contents))
                .unwrap_or_default(),
            migrations: manifest.map(|manifest| manifest.migrations.clone()).unwrap_or_default(),
            violations: manifest.map_or(0, |manifest| manifest.foreign_key_violations),
            hides_violations: summary.is_some() && manifest.is_none(),
            missing: limited(manifest.map(|manifest| manifest.dangling.iter().cloned())),
            left_out: limited(manifest.map(|manifest| manifest.left_out.iter().map(left_out))),
            damaged: manifest.and_then(|manifest| manifest.damaged.as_deref()).map(sentence),
            archive,
        }
    }

    /// Returns whether the archive can be restored, as far as that is known without reading all of it.
    pub(super) fn is_restorable(&self) -> bool {
        !matches!(self.archive.state, Known::Rescue | Known::Unreadable)
    }
}

/// Returns the number of things of each kind that the archive has.
fn counts(contents: &Contents) -> Vec<(String, String)> {
    let kinds = entities::counts(&contents.rows).filter(|(kind, count)| *count > 0 || kind.noun == "part");
    let kinds = kinds.filter(|_| !contents.rows.is_empty());
    kinds.map(|(kind, count)| (label(&kind.key()), grouped(count))).collect()
}

/// Returns the name of a kind of thing at the beginning of a line.
pub(super) fn label(key: &str) -> String {
    match key {
        "allocations" => "Stock in places".to_owned(),
        "locations" => "Places".to_owned(),
        "users" => "People".to_owned(),
        "api_keys" => "API keys".to_owned(),
        "activitylogmodel" => "Entries of the activity log".to_owned(),
        "mm_low_stock_limit" => "Low-stock limits".to_owned(),
        "part_tag_links" => "Tags of parts".to_owned(),
        "partcategorylink" => "Categories of parts".to_owned(),
        "part_project_link" => "Projects of parts".to_owned(),
        "tasks" | "taskmodel" => "Tasks of the original".to_owned(),
        key => capitalised(&key.replace('_', " ")),
    }
}

fn facts(summary: &Summary, contents: &Contents) -> Vec<(&'static str, String)> {
    let files = |(count, bytes): (u64, u64)| format!("{}, {}", counted(count, "file"), size(bytes));
    let mut facts = vec![
        ("Size", size(summary.size)),
        ("Database", size(contents.database_size)),
        ("Datasheets", files(contents.datasheets)),
        ("Pictures", files(contents.images)),
    ];
    facts.extend(contents.info.version().map(|version| ("Made by version", version.to_owned())));
    facts.extend(contents.format.map(|format| ("Format", format.to_string())));
    facts
}

fn limited(names: Option<impl Iterator<Item = String>>) -> Vec<String> {
    names.into_iter().flatten().take(MAX_NAMES).collect()
}

/// What was wrong with a form of the page.
#[derive(Default)]
pub(super) struct Errors {
    pub(super) key: Option<Problem>,
    pub(super) word: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "backup.html")]
struct BackupPage {
    frame: Frame,
    details: Details,
    /// The task that uses the archive.
    running: Option<TaskView>,
    key_error: Option<String>,
    word_error: Option<&'static str>,
    may_manage: bool,
    may_restore: bool,
}

/// Shows an archive.
async fn page(State(app): State<App>, visitor: Visitor, PathId(name): PathId) -> Result<Response, PageError> {
    show(&app, &visitor, &name, Errors::default()).await
}

/// Shows an archive, with the errors of a form.
pub(super) async fn show(
    app: &App,
    visitor: &Visitor,
    name: &str,
    errors: Errors,
) -> Result<Response, PageError> {
    let details = Details::load(app, &visitor.caller, name).await?;
    let is_valid = errors.key.is_none() && errors.word.is_none();
    let page = BackupPage {
        frame: Frame::new(app, visitor, Section::Backups, name).await?,
        running: current(app, visitor).filter(|task| task.archive.as_deref() == Some(name)),
        details,
        key_error: errors.key.as_ref().map(key_error),
        word_error: errors.word,
        may_manage: visitor.may(Permission::BackupManage),
        may_restore: visitor.may(Permission::BackupRestore),
    };
    Ok(render_with(if is_valid { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }, &page))
}

/// Returns what is wrong with a key.
pub(in crate::pages) fn key_error(problem: &Problem) -> String {
    let error = problem.errors().first().map_or(problem.detail(), |error| error.detail.as_str());
    sentence(error)
}
