//! Projects: what parts are for.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use inventory::list::{ListQuery, MAX_PAGE_SIZE, PageNumber, Paging};
use inventory::projects::{
    CreateProject, DeleteProject, GetProject, ListProjects, Project, ProjectFilter, UpdateProject,
};
use inventory::{Change, Permission};
use serde::Deserialize;

use super::confirm::{self, Confirmation, Deletion};
use super::error::PageError;
use super::faults::Faults;
use super::flash::Flash;
use super::form::Form;
use super::frame::{Frame, Section, encoded, render, render_with};
use super::visitor::Visitor;
use super::words::{self, counted, given, grouped};
use crate::app::App;
use crate::call::PathId;
use crate::problem::Problem;

/// The page of the list.
const PAGE: &str = "/projects";

/// Returns the routes of these pages.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route(PAGE, get(list))
        .route("/projects/new", get(new).post(create))
        .route("/projects/{id}", get(edit).post(update))
        .route("/projects/{id}/delete", get(ask).post(delete))
}

/// The filter of the list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Filter {
    q: String,
}

#[derive(Template)]
#[template(path = "projects.html")]
struct ProjectsPage {
    frame: Frame,
    q: String,
    total: String,
    projects: Vec<Project>,
    may_create: bool,
}

/// Lists projects.
async fn list(
    State(app): State<App>,
    visitor: Visitor,
    Query(Filter { q }): Query<Filter>,
) -> Result<Response, PageError> {
    let filter = ProjectFilter { text: given(&q) };
    let paging = Paging::Number(PageNumber { number: 1, size: MAX_PAGE_SIZE });
    let query = ListQuery { filter, paging, ..ListQuery::default() };
    let page = app.query(&visitor.caller, ListProjects(query)).await?;
    Ok(render(&ProjectsPage {
        frame: Frame::new(&app, &visitor, Section::Settings, "Projects").await?,
        q,
        total: grouped(page.total.unwrap_or_default()),
        projects: page.items,
        may_create: visitor.may(Permission::ProjectsCreate),
    }))
}

/// The fields of a project.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Fields {
    name: String,
    status: String,
    description: String,
    version: String,
}

#[derive(Template)]
#[template(path = "project.html")]
struct ProjectPage {
    frame: Frame,
    /// The project as it is stored; `None` for a new one.
    project: Option<Project>,
    fields: Fields,
    may_change: bool,
    may_delete: bool,
    faults: Faults,
    form_key: String,
}

/// Shows an empty form.
async fn new(State(app): State<App>, visitor: Visitor) -> Result<Response, PageError> {
    visitor.caller.actor.require(Permission::ProjectsCreate)?;
    show(&app, &visitor, None, Fields::default(), Faults::default()).await
}

/// Shows a project.
async fn edit(State(app): State<App>, visitor: Visitor, PathId(id): PathId) -> Result<Response, PageError> {
    let project = app.query(&visitor.caller, GetProject(id)).await?;
    let fields = Fields {
        name: project.name.clone(),
        status: project.status.clone(),
        description: project.description.clone().unwrap_or_default(),
        version: project.version.clone(),
    };
    show(&app, &visitor, Some(project), fields, Faults::default()).await
}

async fn show(
    app: &App,
    visitor: &Visitor,
    project: Option<Project>,
    fields: Fields,
    faults: Faults,
) -> Result<Response, PageError> {
    let status = faults.status();
    let title = project.as_ref().map_or("New project", |project| &project.name).to_owned();
    let changes = if project.is_some() { Permission::ProjectsUpdate } else { Permission::ProjectsCreate };
    let page = ProjectPage {
        frame: Frame::new(app, visitor, Section::Settings, title).await?,
        may_change: visitor.may(changes),
        may_delete: project.is_some() && visitor.may(Permission::ProjectsDelete),
        form_key: app.ambient.uuid().to_string(),
        project,
        fields,
        faults,
    };
    Ok(render_with(status, &page))
}

/// Creates a project.
async fn create(State(app): State<App>, form: Form<Fields>) -> Result<Response, PageError> {
    let fields = form.fields.clone();
    let command = CreateProject {
        name: fields.name.trim().to_owned(),
        status: given(&fields.status),
        description: given(&fields.description),
        ..CreateProject::default()
    };
    match form.run(&app, command, |project| Flash::new(format!("Created {}", project.name))).await {
        Ok(flash) => Ok(form.go_on(PAGE, &flash)),
        Err(problem) => {
            let faults = Faults::of(problem)?.beside("name", fields.name.trim());
            show(&app, &form.visitor, None, fields, faults).await
        }
    }
}

/// Changes a project.
async fn update(
    State(app): State<App>,
    PathId(id): PathId,
    form: Form<Fields>,
) -> Result<Response, PageError> {
    let mut fields = form.fields.clone();
    let project = app.query(&form.visitor.caller, GetProject(id.clone())).await?;
    let command = UpdateProject {
        id,
        version: given(&fields.version),
        name: Change::Set(fields.name.trim().to_owned()),
        status: Change::Set(fields.status.trim().to_owned()),
        description: Change::Set(given(&fields.description)),
        ..UpdateProject::default()
    };
    match form.run(&app, command, |project| Flash::new(format!("Saved {}", project.name))).await {
        Ok(flash) => Ok(form.go_on(PAGE, &flash)),
        Err(problem) => {
            let faults = Faults::of(problem)?.beside("name", fields.name.trim());
            fields.version = faults.version(&fields.version, &project.version);
            show(&app, &form.visitor, Some(project), fields, faults).await
        }
    }
}

/// Shows what a deletion would do.
async fn ask(State(app): State<App>, visitor: Visitor, PathId(id): PathId) -> Result<Response, PageError> {
    visitor.caller.actor.require(Permission::ProjectsDelete)?;
    let deletion = deletion(&app, &visitor, &id).await?;
    confirm::show(&app, &visitor, deletion, Faults::default()).await
}

async fn deletion(app: &App, visitor: &Visitor, id: &str) -> Result<Deletion, Problem> {
    let project = app.query(&visitor.caller, GetProject(id.to_owned())).await?;
    Ok(Deletion {
        section: Section::Settings,
        what: "project",
        page: format!("{PAGE}/{}", encoded(id)),
        list: (PAGE, "Projects"),
        effects: vec![match project.part_count {
            0 => "No part belongs to it.".to_owned(),
            count => {
                format!("{} will no longer belong to it. The parts themselves stay.", counted(count, "part"))
            }
        }],
        version: project.version,
        name: project.name,
    })
}

/// Deletes a project.
async fn delete(
    State(app): State<App>,
    PathId(id): PathId,
    form: Form<Confirmation>,
) -> Result<Response, PageError> {
    form.visitor.caller.actor.require(Permission::ProjectsDelete)?;
    let deletion = deletion(&app, &form.visitor, &id).await?;
    confirm::delete(&app, &form, deletion, DeleteProject { id, version: form.fields.seen() }).await
}
