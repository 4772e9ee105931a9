//! The session of the caller.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use inventory::users::User;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::{self, Caller, Origin};
use crate::call::{Change, Reply};
use crate::problem::Problem;

/// A sign-in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    /// The name of the user.
    username: String,
    /// The password.
    #[schema(format = Password)]
    password: String,
}

/// The session of the caller.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionView {
    /// The id of the user.
    user_id: String,
    /// The name of the user.
    username: String,
    /// The permissions of the user.
    permissions: Vec<String>,
    /// Whether the user must change the password before doing anything else.
    password_change_required: bool,
}

impl From<&User> for SessionView {
    fn from(user: &User) -> Self {
        Self {
            user_id: user.id.clone(),
            username: user.username.clone(),
            permissions: user.permissions().texts().map(str::to_owned).collect(),
            password_change_required: user.password_change_required,
        }
    }
}

/// Sign in. The response sets a session cookie.
#[utoipa::path(post, path = "/session", tag = "session", security(()),
    responses((status = 201, body = SessionView), (status = 401, body = Problem), (status = 429, body = Problem)))]
pub(crate) async fn sign_in(
    State(app): State<App>,
    headers: HeaderMap,
    change: Change<SignIn>,
) -> Result<Response, Problem> {
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let Change { body: SignIn { username, password }, caller: Caller { origin, .. }, .. } = &change;
    let (user, token) = auth::sign_in(&app, username, password, *origin, agent).await?;
    let mut response = Reply::created(SessionView::from(&user)).into_response();
    response.headers_mut().insert(header::SET_COOKIE, auth::cookie(&token, *origin));
    Ok(response)
}

/// Show who is signed in.
#[utoipa::path(get, path = "/session", tag = "session",
    responses((status = 200, body = SessionView), (status = 401, body = Problem)))]
pub(crate) async fn show(caller: Caller) -> Result<Reply<SessionView>, Problem> {
    let session = caller.session.ok_or_else(|| Problem::not_signed_in("there is no session"))?;
    Ok(Reply::ok(SessionView::from(&session.user)))
}

/// Sign out. The session ends.
#[utoipa::path(delete, path = "/session", tag = "session",
    responses((status = 204), (status = 401, body = Problem)))]
pub(crate) async fn sign_out(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    let Caller { session, origin, .. } = caller;
    let session = session.ok_or_else(|| Problem::not_signed_in("there is no session"))?;
    app.state.end_session(&session.id).await.map_err(|error| Problem::internal(&error))?;
    let mut response = Reply::no_content().into_response();
    let expired = auth::expired_cookie(Origin { is_encrypted: origin.is_encrypted, ..origin });
    response.headers_mut().insert(header::SET_COOKIE, expired);
    Ok(response)
}
