//! Users.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use inventory::Change as Field;
use inventory::users::{
    CreateUser, DeleteUser, GetUser, ListUsers, SetPassword, UpdateUser, User, UserFilter, UserSort,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::account::change_password;
use crate::app::App;
use crate::auth::Caller;
use crate::call::{Change, ListParams, NoBody, PageOf, Params, PathId, Reply};
use crate::problem::Problem;

/// A user.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UserView {
    id: String,
    username: String,
    email: String,
    /// Whether the user may sign in.
    is_active: bool,
    /// Whether the user must change the password before doing anything else.
    password_change_required: bool,
    /// In UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// When the user last signed in, in UTC.
    #[schema(format = DateTime)]
    last_login: Option<String>,
    /// The names of the roles.
    roles: Vec<String>,
    /// The permissions of all roles together.
    permissions: Vec<String>,
    /// Changes with each change of the user. Send it as `If-Match: "version"`.
    version: String,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self {
            permissions: user.permissions().texts().map(str::to_owned).collect(),
            id: user.id,
            username: user.username,
            email: user.email,
            is_active: user.is_active,
            password_change_required: user.password_change_required,
            created_at: user.created_at.to_rfc3339(),
            last_login: user.last_login.map(|time| time.to_rfc3339()),
            roles: user.roles.into_iter().map(|role| role.name).collect(),
            version: user.version,
        }
    }
}

/// The filter of the list of users.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct UserParams {
    /// A text that the username or the email address contains.
    q: Option<String>,
    /// Whether the users may sign in.
    is_active: Option<bool>,
}

const SORT: &[(&str, UserSort)] = &[("username", UserSort::Username), ("created_at", UserSort::CreatedAt)];

/// List users. Sort keys: username, created_at.
#[utoipa::path(get, path = "/users", tag = "users", params(UserParams, ListParams),
    responses((status = 200, body = PageOf<UserView>)))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<UserParams>,
    Params(list): Params<ListParams>,
) -> Result<Reply<PageOf<UserView>>, Problem> {
    let text = params.q.filter(|text| !text.trim().is_empty());
    let filter = UserFilter { text, is_active: params.is_active };
    let page = app.query(&caller, ListUsers(list.query(filter, SORT)?)).await?;
    Ok(Reply::ok(PageOf::new(page, &list)))
}

/// Show a user.
#[utoipa::path(get, path = "/users/{id}", tag = "users", params(("id" = String, Path)),
    responses((status = 200, body = UserView), (status = 404, body = Problem)))]
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId,
) -> Result<Reply<UserView>, Problem> {
    Ok(view(&app.query(&caller, GetUser(id)).await?))
}

fn view(user: &User) -> Reply<UserView> {
    Reply::ok(user.clone().into()).version(&user.version)
}

/// A new user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewUser {
    /// Unique; at least 3 letters, digits, `_` or `-`.
    #[schema(min_length = 3, max_length = 255, pattern = r"^[\p{L}\p{N}_-]+$")]
    username: String,
    /// Unique.
    #[schema(max_length = 255, pattern = r"^[^@\s]+@\S+$")]
    email: String,
    /// At least 8 characters, among them an upper-case letter, a lower-case letter and a digit.
    #[schema(format = Password, min_length = 8, max_length = 4096)]
    password: String,
    /// The names of the roles. Nobody gives a role with permissions that they do not hold.
    #[serde(default)]
    #[schema(max_items = 100)]
    roles: Vec<String>,
    /// Whether the user must change the password before doing anything else.
    #[serde(default)]
    password_change_required: bool,
}

/// Create a user. An idempotency key is ignored; the username is unique.
#[utoipa::path(post, path = "/users", tag = "users", request_body = NewUser,
    responses((status = 201, body = UserView), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
pub(crate) async fn create(State(app): State<App>, change: Change<NewUser>) -> Result<Response, Problem> {
    let (new, change) = change.split();
    let command = CreateUser {
        username: new.username,
        email: new.email,
        password: new.password,
        roles: new.roles,
        password_change_required: new.password_change_required,
    };
    let reply = |user: &User| Reply::created(UserView::from(user.clone())).version(&user.version);
    app.run_unrecorded(&change, command, reply).await
}

/// Changes of a user: a JSON merge patch.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct UserPatch {
    #[schema(max_length = 255, pattern = r"^[^@\s]+@\S+$")]
    email: Option<String>,
    /// Whether the user may sign in. The last active administrator stays active.
    is_active: Option<bool>,
    /// The names of all roles of the user.
    #[schema(max_items = 100)]
    roles: Option<Vec<String>>,
}

/// Change a user. Sessions of the user end when the roles change, or when the user is deactivated.
#[utoipa::path(patch, path = "/users/{id}", tag = "users", params(("id" = String, Path)), request_body = UserPatch,
    responses((status = 200, body = UserView), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 412, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn update(
    State(app): State<App>,
    PathId(id): PathId,
    change: Change<UserPatch>,
) -> Result<Response, Problem> {
    let (patch, change) = change.split();
    let command = UpdateUser {
        id,
        version: change.version.clone(),
        email: Field::from(patch.email),
        is_active: Field::from(patch.is_active),
        roles: Field::from(patch.roles),
    };
    app.run(&change, command, view).await
}

/// Delete a user with the API keys and sessions of the user. The last active administrator stays.
#[utoipa::path(delete, path = "/users/{id}", tag = "users", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 412, body = Problem)))]
pub(crate) async fn delete(
    State(app): State<App>,
    PathId(id): PathId,
    change: Change<NoBody>,
) -> Result<Response, Problem> {
    let command = DeleteUser { id, version: change.version.clone() };
    app.run(&change, command, |()| Reply::no_content()).await
}

/// A new password of a user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPassword {
    /// Required for one's own password.
    #[schema(format = Password)]
    current_password: Option<String>,
    /// At least 8 characters, among them an upper-case letter, a lower-case letter and a digit.
    #[schema(format = Password, min_length = 8, max_length = 4096)]
    new_password: String,
    /// Whether the user must change the password before doing anything else. Not for one's own password.
    #[serde(default)]
    password_change_required: bool,
}

/// Set the password of a user. Ends all sessions of the user.
#[utoipa::path(put, path = "/users/{id}/password", tag = "users", params(("id" = String, Path)),
    request_body = NewPassword,
    responses((status = 204), (status = 404, body = Problem), (status = 422, body = Problem),
        (status = 429, body = Problem)))]
pub(crate) async fn set_password(
    State(app): State<App>,
    headers: HeaderMap,
    PathId(id): PathId,
    change: Change<NewPassword>,
) -> Result<Response, Problem> {
    let (new, change) = change.split();
    let command = SetPassword {
        user_id: id,
        current_password: new.current_password,
        new_password: new.new_password,
        password_change_required: new.password_change_required,
    };
    change_password(&app, &headers, &change.caller, command).await
}
