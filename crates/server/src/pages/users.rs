//! Users: the list, and creating one. [`user`] shows and changes one.

mod user;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use inventory::Permission;
use inventory::list::{ListQuery, MAX_PAGE_SIZE, PageNumber, Paging};
use inventory::roles::ListRoles;
use inventory::users::{CreateUser, ListUsers, User, UserFilter};
use serde::Deserialize;

use super::error::PageError;
use super::faults::Faults;
use super::flash::Flash;
use super::form::{Form, go_to};
use super::frame::{Frame, Section, encoded, render, render_with};
use super::visitor::Visitor;
use super::words::{When, given, grouped};
use crate::app::App;
use crate::problem::Problem;

/// The page of the list.
const PAGE: &str = "/users";

/// Returns the routes of these pages.
pub(super) fn routes() -> Router<App> {
    Router::new().route(PAGE, get(list)).route("/users/new", get(new).post(create)).merge(user::routes())
}

/// The filter of the list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Filter {
    q: String,
}

#[derive(Template)]
#[template(path = "users.html")]
struct UsersPage {
    frame: Frame,
    q: String,
    total: String,
    users: Vec<UserRow>,
    may_create: bool,
}

/// A user, as the list shows it.
struct UserRow {
    id: String,
    name: String,
    email: String,
    roles: String,
    last_login: Option<When>,
    is_active: bool,
}

/// Lists users.
async fn list(
    State(app): State<App>,
    visitor: Visitor,
    Query(Filter { q }): Query<Filter>,
) -> Result<Response, PageError> {
    let text = given(&q);
    let paging = Paging::Number(PageNumber { number: 1, size: MAX_PAGE_SIZE });
    let filter = UserFilter { text, is_active: None };
    let query = ListQuery { filter, paging, ..ListQuery::default() };
    let page = app.query(&visitor.caller, ListUsers(query)).await?;
    let now = app.ambient.utc();
    let row = |user: User| UserRow {
        roles: user.roles.iter().map(|role| role.name.as_str()).collect::<Vec<_>>().join(", "),
        last_login: user.last_login.map(|time| When::new(time.0, now)),
        is_active: user.is_active,
        id: user.id,
        name: user.username,
        email: user.email,
    };
    Ok(render(&UsersPage {
        frame: Frame::new(&app, &visitor, Section::Settings, "Users").await?,
        q,
        total: grouped(page.total.unwrap_or_default()),
        users: page.items.into_iter().map(row).collect(),
        may_create: visitor.may(Permission::UsersCreate),
    }))
}

/// A role that a user can have.
struct RoleBox {
    name: String,
    description: String,
    is_chosen: bool,
    /// Whether the visitor holds all its permissions, and so may give and take the role.
    is_held: bool,
}

/// Returns all roles, and which of them are chosen.
async fn role_boxes(app: &App, visitor: &Visitor, chosen: &[String]) -> Result<Vec<RoleBox>, Problem> {
    let paging = Paging::Number(PageNumber { number: 1, size: MAX_PAGE_SIZE });
    let query = ListQuery { paging, ..ListQuery::default() };
    let roles = app.query(&visitor.caller, ListRoles(query)).await?.items;
    let one = |role: inventory::roles::Role| RoleBox {
        is_held: role.permissions.iter().all(|permission| visitor.may(permission)),
        is_chosen: chosen.contains(&role.name),
        description: role.description.unwrap_or_default(),
        name: role.name,
    };
    Ok(roles.into_iter().map(one).collect())
}

/// The fields of a new user.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct NewUser {
    username: String,
    email: String,
    password: String,
    role: Vec<String>,
    /// Present if the user must choose another password.
    change_password: Option<String>,
}

#[derive(Template)]
#[template(path = "user-new.html")]
struct NewUserPage {
    frame: Frame,
    fields: NewUser,
    must_change: bool,
    roles: Vec<RoleBox>,
    faults: Faults,
}

/// Shows an empty form.
async fn new(State(app): State<App>, visitor: Visitor) -> Result<Response, PageError> {
    visitor.caller.actor.require(Permission::UsersCreate)?;
    let fields = NewUser { change_password: Some(String::new()), ..NewUser::default() };
    show_new(&app, &visitor, fields, Faults::default()).await
}

async fn show_new(
    app: &App,
    visitor: &Visitor,
    fields: NewUser,
    faults: Faults,
) -> Result<Response, PageError> {
    let status = faults.status();
    let page = NewUserPage {
        frame: Frame::new(app, visitor, Section::Settings, "New user").await?,
        must_change: fields.change_password.is_some(),
        roles: role_boxes(app, visitor, &fields.role).await?,
        fields,
        faults,
    };
    Ok(render_with(status, &page))
}

/// Creates a user. The password is not recorded with the key of the form; the name is unique anyway.
async fn create(State(app): State<App>, form: Form<NewUser>) -> Result<Response, PageError> {
    let fields = form.fields.clone();
    let command = CreateUser {
        username: fields.username.trim().to_owned(),
        email: fields.email.trim().to_owned(),
        password: fields.password.clone(),
        roles: fields.role.clone(),
        password_change_required: fields.change_password.is_some(),
    };
    match app.inventory().await?.run(&form.visitor.caller.actor, command).await {
        Ok(user) => {
            let flash = Flash::new(format!("Created {}", user.username));
            Ok(go_to(&format!("{PAGE}/{}", encoded(&user.id)), &flash))
        }
        Err(error) => {
            let faults = Faults::of(error.into())?;
            let faults =
                faults.beside("username", fields.username.trim()).beside("email", fields.email.trim());
            show_new(&app, &form.visitor, fields, faults).await
        }
    }
}
