//! Projects. A part is added to a project by changing the part.

use axum::extract::State;
use axum::response::Response;
use inventory::Change as Field;
use inventory::projects::{
    CreateProject, DeleteProject, GetProject, ListProjects, Project, ProjectFilter, ProjectSort,
    UpdateProject,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::auth::Caller;
use crate::call::{Change, ListParams, NoBody, PageOf, Params, PathId, Reply, changed};
use crate::problem::Problem;

/// A project.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProjectView {
    id: String,
    name: String,
    /// The name as it stands in addresses.
    slug: String,
    description: Option<String>,
    /// Such as `planning`.
    status: String,
    image_url: Option<String>,
    /// Addresses by name.
    links: Map<String, Value>,
    /// The number of parts in the project.
    part_count: u64,
    /// In UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// In UTC.
    #[schema(format = DateTime)]
    updated_at: String,
    /// Changes with each change of the project, but not of its parts. Send it as `If-Match: "version"`.
    version: String,
}

impl From<Project> for ProjectView {
    fn from(project: Project) -> Self {
        Self {
            id: project.id,
            name: project.name,
            slug: project.slug,
            description: project.description,
            status: project.status,
            image_url: project.image_url,
            links: project.links,
            part_count: project.part_count,
            created_at: project.created_at.to_rfc3339(),
            updated_at: project.updated_at.to_rfc3339(),
            version: project.version,
        }
    }
}

/// The filter of the list of projects.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ProjectParams {
    /// A text that the name or the description contains.
    q: Option<String>,
}

const SORT: &[(&str, ProjectSort)] = &[("name", ProjectSort::Name)];

/// List projects. Sort keys: name.
#[utoipa::path(get, path = "/projects", tag = "projects", params(ProjectParams, ListParams),
    responses((status = 200, body = PageOf<ProjectView>)))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<ProjectParams>,
    Params(list): Params<ListParams>,
) -> Result<Reply<PageOf<ProjectView>>, Problem> {
    let filter = ProjectFilter { text: params.q.filter(|text| !text.trim().is_empty()) };
    let page = app.query(&caller, ListProjects(list.query(filter, SORT)?)).await?;
    Ok(Reply::ok(PageOf::new(page, &list)))
}

/// Show a project.
#[utoipa::path(get, path = "/projects/{id}", tag = "projects", params(("id" = String, Path)),
    responses((status = 200, body = ProjectView), (status = 404, body = Problem)))]
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId,
) -> Result<Reply<ProjectView>, Problem> {
    let project = app.query(&caller, GetProject(id)).await?;
    let version = project.version.clone();
    Ok(Reply::ok(project.into()).version(&version))
}

/// A new project.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewProject {
    /// Unique, 1 to 255 characters.
    #[schema(min_length = 1, max_length = 255, pattern = r"\S")]
    name: String,
    description: Option<String>,
    /// Default: `planning`.
    #[schema(min_length = 1, max_length = 50, pattern = r"\S")]
    status: Option<String>,
    image_url: Option<String>,
    /// Addresses by name.
    #[serde(default)]
    links: Map<String, Value>,
}

/// Create a project.
#[utoipa::path(post, path = "/projects", tag = "projects", request_body = NewProject,
    responses((status = 201, body = ProjectView), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn create(State(app): State<App>, change: Change<NewProject>) -> Result<Response, Problem> {
    let (new, change) = change.split();
    let command = CreateProject {
        name: new.name,
        description: new.description,
        status: new.status,
        image_url: new.image_url,
        links: new.links,
    };
    let reply =
        |project: &Project| Reply::created(ProjectView::from(project.clone())).version(&project.version);
    app.run(&change, command, reply).await
}

/// Changes of a project: a JSON merge patch.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ProjectPatch {
    #[schema(min_length = 1, max_length = 255, pattern = r"\S")]
    name: Option<String>,
    #[serde(deserialize_with = "changed")]
    description: Option<Option<String>>,
    #[schema(min_length = 1, max_length = 50, pattern = r"\S")]
    status: Option<String>,
    #[serde(deserialize_with = "changed")]
    image_url: Option<Option<String>>,
    /// Replaces all links.
    links: Option<Map<String, Value>>,
}

/// Change a project. Absent fields keep their values, and null clears a field.
#[utoipa::path(patch, path = "/projects/{id}", tag = "projects", params(("id" = String, Path)),
    request_body = ProjectPatch,
    responses((status = 200, body = ProjectView), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 412, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn update(
    State(app): State<App>,
    PathId(id): PathId,
    change: Change<ProjectPatch>,
) -> Result<Response, Problem> {
    let (patch, change) = change.split();
    let command = UpdateProject {
        id,
        version: change.version.clone(),
        name: Field::from(patch.name),
        description: Field::from(patch.description),
        status: Field::from(patch.status),
        image_url: Field::from(patch.image_url),
        links: Field::from(patch.links),
    };
    let reply = |project: &Project| Reply::ok(ProjectView::from(project.clone())).version(&project.version);
    app.run(&change, command, reply).await
}

/// Delete a project. Its parts stay.
#[utoipa::path(delete, path = "/projects/{id}", tag = "projects", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem), (status = 412, body = Problem)))]
pub(crate) async fn delete(
    State(app): State<App>,
    PathId(id): PathId,
    change: Change<NoBody>,
) -> Result<Response, Problem> {
    let command = DeleteProject { id, version: change.version.clone() };
    app.run(&change, command, |()| Reply::no_content()).await
}
