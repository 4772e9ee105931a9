//! Roles: named sets of permissions.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use inventory::list::{ListQuery, MAX_PAGE_SIZE, PageNumber, Paging};
use inventory::roles::{CreateRole, DeleteRole, GetRole, ListRoles, Role, UpdateRole};
use inventory::{Change, Permission, Permissions};
use serde::Deserialize;

use super::confirm::{self, Confirmation, Deletion};
use super::error::PageError;
use super::faults::Faults;
use super::flash::Flash;
use super::form::Form;
use super::frame::{Frame, Section, encoded, render, render_with};
use super::permissions::{self, Group};
use super::visitor::Visitor;
use super::words::{counted, given};
use crate::app::App;
use crate::call::PathId;
use crate::problem::Problem;

/// The page of the list.
const PAGE: &str = "/roles";

/// Returns the routes of these pages.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route(PAGE, get(list))
        .route("/roles/new", get(new).post(create))
        .route("/roles/{id}", get(edit).post(update))
        .route("/roles/{id}/delete", get(ask).post(delete))
}

#[derive(Template)]
#[template(path = "roles.html")]
struct RolesPage {
    frame: Frame,
    /// Each role with a text for its permissions.
    roles: Vec<(Role, String)>,
    may_create: bool,
}

/// Lists roles.
async fn list(State(app): State<App>, visitor: Visitor) -> Result<Response, PageError> {
    let paging = Paging::Number(PageNumber { number: 1, size: MAX_PAGE_SIZE });
    let query = ListQuery { paging, ..ListQuery::default() };
    let roles = app.query(&visitor.caller, ListRoles(query)).await?.items.into_iter();
    Ok(render(&RolesPage {
        frame: Frame::new(&app, &visitor, Section::Settings, "Roles").await?,
        roles: roles.map(|role| (role.clone(), power(&role.permissions))).collect(),
        may_create: visitor.may(Permission::UsersCreate),
    }))
}

/// Says in a few words what permissions allow.
fn power(permissions: &Permissions) -> String {
    match permissions.iter().count() as u64 {
        _ if permissions.grant(Permission::All) => "everything".to_owned(),
        count => counted(count, "permission"),
    }
}

/// The fields of a role.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Fields {
    name: String,
    description: String,
    permission: Vec<String>,
    version: String,
}

#[derive(Template)]
#[template(path = "role.html")]
struct RolePage {
    frame: Frame,
    /// The role as it is stored; `None` for a new one.
    role: Option<Role>,
    fields: Fields,
    groups: Vec<Group>,
    may_change: bool,
    may_delete: bool,
    faults: Faults,
    form_key: String,
}

/// Shows an empty form.
async fn new(State(app): State<App>, visitor: Visitor) -> Result<Response, PageError> {
    visitor.caller.actor.require(Permission::UsersCreate)?;
    show(&app, &visitor, None, Fields::default(), Faults::default()).await
}

/// Shows a role.
async fn edit(State(app): State<App>, visitor: Visitor, PathId(id): PathId) -> Result<Response, PageError> {
    let role = app.query(&visitor.caller, GetRole(id)).await?;
    let fields = Fields {
        name: role.name.clone(),
        description: role.description.clone().unwrap_or_default(),
        permission: role.permissions.texts().map(str::to_owned).collect(),
        version: role.version.clone(),
    };
    show(&app, &visitor, Some(role), fields, Faults::default()).await
}

async fn show(
    app: &App,
    visitor: &Visitor,
    role: Option<Role>,
    fields: Fields,
    faults: Faults,
) -> Result<Response, PageError> {
    let status = faults.status();
    let holds = |role: &Role| role.permissions.iter().all(|permission| visitor.may(permission));
    let is_held = role.as_ref().is_none_or(holds);
    let title = role.as_ref().map_or("New role", |role| &role.name).to_owned();
    let changes = if role.is_some() { Permission::UsersUpdate } else { Permission::UsersCreate };
    let page = RolePage {
        frame: Frame::new(app, visitor, Section::Settings, title).await?,
        groups: permissions::groups(visitor, &permissions::chosen(&fields.permission)),
        may_change: is_held && visitor.may(changes),
        may_delete: role.is_some() && is_held && visitor.may(Permission::UsersDelete),
        form_key: app.ambient.uuid().to_string(),
        role,
        fields,
        faults,
    };
    Ok(render_with(status, &page))
}

/// Creates a role.
async fn create(State(app): State<App>, form: Form<Fields>) -> Result<Response, PageError> {
    let fields = form.fields.clone();
    let command = CreateRole {
        name: fields.name.trim().to_owned(),
        description: given(&fields.description),
        permissions: permissions::chosen(&fields.permission),
    };
    match form.run(&app, command, |role| Flash::new(format!("Created the role {}", role.name))).await {
        Ok(flash) => Ok(form.go_on(PAGE, &flash)),
        Err(problem) => {
            let faults = Faults::of(problem)?.beside("name", fields.name.trim());
            show(&app, &form.visitor, None, fields, faults).await
        }
    }
}

/// Changes a role.
async fn update(
    State(app): State<App>,
    PathId(id): PathId,
    form: Form<Fields>,
) -> Result<Response, PageError> {
    let mut fields = form.fields.clone();
    let role = app.query(&form.visitor.caller, GetRole(id.clone())).await?;
    let command = UpdateRole {
        id,
        version: given(&fields.version),
        name: Change::Set(fields.name.trim().to_owned()),
        description: Change::Set(given(&fields.description)),
        permissions: Change::Set(permissions::chosen(&fields.permission)),
    };
    match form.run(&app, command, |role| Flash::new(format!("Saved the role {}", role.name))).await {
        Ok(flash) => Ok(form.go_on(PAGE, &flash)),
        Err(problem) => {
            let faults = Faults::of(problem)?.beside("name", fields.name.trim());
            fields.version = faults.version(&fields.version, &role.version);
            show(&app, &form.visitor, Some(role), fields, faults).await
        }
    }
}

/// Shows what a deletion would do.
async fn ask(State(app): State<App>, visitor: Visitor, PathId(id): PathId) -> Result<Response, PageError> {
    visitor.caller.actor.require(Permission::UsersDelete)?;
    let deletion = deletion(&app, &visitor, &id).await?;
    confirm::show(&app, &visitor, deletion, Faults::default()).await
}

async fn deletion(app: &App, visitor: &Visitor, id: &str) -> Result<Deletion, Problem> {
    let role = app.query(&visitor.caller, GetRole(id.to_owned())).await?;
    Ok(Deletion {
        section: Section::Settings,
        what: "role",
        name: role.name,
        page: format!("{PAGE}/{}", encoded(id)),
        list: (PAGE, "Roles"),
        effects: vec!["Only a role that nobody has can be deleted.".to_owned()],
        version: role.version,
    })
}

/// Deletes a role.
async fn delete(
    State(app): State<App>,
    PathId(id): PathId,
    form: Form<Confirmation>,
) -> Result<Response, PageError> {
    form.visitor.caller.actor.require(Permission::UsersDelete)?;
    let deletion = deletion(&app, &form.visitor, &id).await?;
    confirm::delete(&app, &form, deletion, DeleteRole { id, version: form.fields.seen() }).await
}
