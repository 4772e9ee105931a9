//! The session of the caller.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use inventory::users::User;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::{self, AnyCaller, Origin, SessionToken};
use crate::call::{AnyChange, Reply};
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

/// Returns the name of the client's browser or program.
pub(crate) fn user_agent(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok())
}

/// Hands the token of a session to the client.
pub(crate) fn with_cookie(mut response: Response, token: &SessionToken, origin: Origin) -> Response {
    response.headers_mut().insert(header::SET_COOKIE, auth::cookie(token, origin));
    response
}

/// Sign in. The response sets a session cookie. With the default password of the original, this is possible only on the machine of
/// the server, and only to change it.
#[utoipa::path(post, path = "/session", tag = "session", security(()), request_body = SignIn,
    responses((status = 201, body = SessionView), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 429, body = Problem)))]
pub(crate) async fn sign_in(
    State(app): State<App>,
    headers: HeaderMap,
    AnyChange(change): AnyChange<SignIn>,
) -> Result<Response, Problem> {
    let (SignIn { username, password }, change) = change.split();
    let origin = change.caller.origin;
    let (user, token) = auth::sign_in(&app, &username, &password, origin, user_agent(&headers)).await?;
    Ok(with_cookie(Reply::created(SessionView::from(&user)).into_response(), &token, origin))
}

/// Show who is signed in.
#[utoipa::path(get, path = "/session", tag = "session",
    responses((status = 200, body = SessionView), (status = 401, body = Problem)))]
pub(crate) async fn show(AnyCaller(caller): AnyCaller) -> Result<Reply<SessionView>, Problem> {
    Ok(Reply::ok(SessionView::from(&caller.require_session()?.user)))
}

/// Sign out. The session ends.
#[utoipa::path(delete, path = "/session", tag = "session",
    responses((status = 204), (status = 401, body = Problem)))]
pub(crate) async fn sign_out(
    State(app): State<App>,
    AnyCaller(caller): AnyCaller,
) -> Result<Response, Problem> {
    app.state.end_session(&caller.require_session()?.id).await?;
    let mut response = Reply::no_content().into_response();
    response.headers_mut().insert(header::SET_COOKIE, auth::expired_cookie(caller.origin));
    Ok(response)
}
