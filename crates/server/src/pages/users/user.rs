//! A user: changing, setting the password, and deleting.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use inventory::users::{DeleteUser, GetUser, SetPassword, UpdateUser, User};
use inventory::{Change, Permission};
use serde::Deserialize;

use super::{PAGE, RoleBox, role_boxes};
use crate::api::account::new_password;
use crate::app::App;
use crate::call::PathId;
use crate::pages::confirm::{self, Confirmation, Deletion};
use crate::pages::error::PageError;
use crate::pages::faults::Faults;
use crate::pages::flash::Flash;
use crate::pages::form::{Form, go_to};
use crate::pages::frame::{Frame, Section, encoded, render_with};
use crate::pages::visitor::Visitor;
use crate::pages::words::{When, given};
use crate::problem::Problem;

/// Returns the routes of these pages.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/users/{id}", get(page).post(update))
        .route("/users/{id}/password", post(set_password))
        .route("/users/{id}/delete", get(ask).post(delete))
}

/// The fields of a user.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Fields {
    email: String,
    role: Vec<String>,
    /// Present if the user may sign in.
    active: Option<String>,
    version: String,
}

#[derive(Template)]
#[template(path = "user.html")]
struct UserPage {
    frame: Frame,
    id: String,
    name: String,
    fields: Fields,
    is_active: bool,
    must_change: bool,
    since: When,
    last_login: Option<When>,
    roles: Vec<RoleBox>,
    is_self: bool,
    may_change: bool,
    may_delete: bool,
    faults: Faults,
}

/// Shows a user.
async fn page(State(app): State<App>, visitor: Visitor, PathId(id): PathId) -> Result<Response, PageError> {
    let user = app.query(&visitor.caller, GetUser(id)).await?;
    let fields = Fields::of(&user);
    show(&app, &visitor, user, fields, Faults::default()).await
}

impl Fields {
    fn of(user: &User) -> Self {
        Self {
            email: user.email.clone(),
            role: user.roles.iter().map(|role| role.name.clone()).collect(),
            active: user.is_active.then(String::new),
            version: user.version.clone(),
        }
    }
}

async fn show(
    app: &App,
    visitor: &Visitor,
    user: User,
    fields: Fields,
    faults: Faults,
) -> Result<Response, PageError> {
    let now = app.ambient.utc();
    let status = faults.status();
    let is_held = user.permissions().iter().all(|permission| visitor.may(permission));
    let page = UserPage {
        frame: Frame::new(app, visitor, Section::Settings, user.username.clone()).await?,
        roles: role_boxes(app, visitor, &fields.role).await?,
        is_active: fields.active.is_some(),
        must_change: user.password_change_required,
        since: When::new(user.created_at.0, now),
        last_login: user.last_login.map(|time| When::new(time.0, now)),
        is_self: user.id == visitor.user.id,
        may_change: is_held && visitor.may(Permission::UsersUpdate),
        may_delete: is_held && visitor.may(Permission::UsersDelete),
        id: user.id,
        name: user.username,
        fields,
        faults,
    };
    Ok(render_with(status, &page))
}

/// Changes a user. Roles that the visitor may not give stay as they are.
async fn update(
    State(app): State<App>,
    PathId(id): PathId,
    form: Form<Fields>,
) -> Result<Response, PageError> {
    let before = app.query(&form.visitor.caller, GetUser(id.clone())).await?;
    let mut fields = form.fields.clone();
    let held = |role: &inventory::roles::Role| role.permissions.iter().all(|one| form.visitor.may(one));
    let kept = before.roles.iter().filter(|role| !held(role)).map(|role| role.name.clone());
    let kept: Vec<String> = kept.filter(|name| !fields.role.contains(name)).collect();
    fields.role.extend(kept);
    let command = UpdateUser {
        id: id.clone(),
        version: given(&fields.version),
        email: Change::Set(fields.email.trim().to_owned()),
        is_active: Change::Set(fields.active.is_some()),
        roles: Change::Set(fields.role.clone()),
    };
    let said = |user: &User| Flash::new(format!("Saved {}", user.username));
    match form.run(&app, command, said).await {
        Ok(flash) => Ok(form.go_on(&path(&id), &flash)),
        Err(problem) => {
            let faults = Faults::of(problem)?.beside("email", fields.email.trim());
            fields.version = faults.version(&fields.version, &before.version);
            show(&app, &form.visitor, before, fields, faults).await
        }
    }
}

fn path(id: &str) -> String {
    format!("{PAGE}/{}", encoded(id))
}

/// A new password.
#[derive(Default, Deserialize)]
#[serde(default)]
struct NewPassword {
    new_password: String,
    /// Present if the user must choose another one.
    change_password: Option<String>,
}

/// Sets the password of another user.
async fn set_password(
    State(app): State<App>,
    headers: HeaderMap,
    PathId(id): PathId,
    form: Form<NewPassword>,
) -> Result<Response, PageError> {
    let user = app.query(&form.visitor.caller, GetUser(id.clone())).await?;
    let command = SetPassword {
        user_id: id.clone(),
        current_password: None,
        new_password: form.fields.new_password.clone(),
        password_change_required: form.fields.change_password.is_some(),
    };
    match new_password(&app, &headers, &form.visitor.caller, command).await {
        Ok(_) => {
            let text = format!("Set the password of {}, and ended all their sessions", user.username);
            Ok(go_to(&path(&id), &Flash::new(text)))
        }
        Err(problem) => {
            let fields = Fields::of(&user);
            show(&app, &form.visitor, user, fields, Faults::of(problem)?).await
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
    let user = app.query(&visitor.caller, GetUser(id.to_owned())).await?;
    Ok(Deletion {
        section: Section::Settings,
        what: "user",
        name: user.username,
        page: path(id),
        list: (PAGE, "Users"),
        effects: vec![
            "Their sessions, API keys and saved views go with them. What they did stays in the activity log, under their name."
                .to_owned(),
            "Somebody who only must not sign in any more can be deactivated instead.".to_owned(),
        ],
        version: user.version,
    })
}

/// Deletes a user.
async fn delete(
    State(app): State<App>,
    PathId(id): PathId,
    form: Form<Confirmation>,
) -> Result<Response, PageError> {
    form.visitor.caller.actor.require(Permission::UsersDelete)?;
    let deletion = deletion(&app, &form.visitor, &id).await?;
    confirm::delete(&app, &form, deletion, DeleteUser { id, version: form.fields.seen() }).await
}
