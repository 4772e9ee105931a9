//! The account of the caller: own data, password and sessions.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use chrono::DateTime;
use inventory::users::{GetAccount, SetPassword, User};
use inventory::{Actor, Error, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::session::{user_agent, with_cookie};
use super::users::UserView;
use crate::app::App;
use crate::auth::{self, Caller, SessionToken};
use crate::call::{AnyChange, Change, NoBody, PageOf, PageParams, Params, PathId, Reply};
use crate::problem::Problem;
use crate::state::Session;

/// Show the account of the caller. With an API key: that of the user of the key.
#[utoipa::path(get, path = "/account", tag = "account",
    responses((status = 200, body = UserView), (status = 401, body = Problem)))]
pub(crate) async fn show(State(app): State<App>, caller: Caller) -> Result<Reply<UserView>, Problem> {
    let user = app.query(&caller, GetAccount).await?;
    let version = user.version.clone();
    Ok(Reply::ok(user.into()).version(&version))
}

/// A new password of the caller.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OwnPassword {
    #[schema(format = Password)]
    current_password: String,
    /// At least 8 characters, among them an upper-case letter, a lower-case letter and a digit.
    #[schema(format = Password, min_length = 8, max_length = 4096)]
    new_password: String,
}

/// Change one's own password, with a session and not with an API key. Ends all sessions of the caller; the response sets the cookie of a new one.
#[utoipa::path(put, path = "/account/password", tag = "account", request_body = OwnPassword,
    responses((status = 204), (status = 422, body = Problem), (status = 429, body = Problem)))]
pub(crate) async fn set_password(
    State(app): State<App>,
    headers: HeaderMap,
    AnyChange(change): AnyChange<OwnPassword>,
) -> Result<Response, Problem> {
    let (new, change) = change.split();
    let Actor::User { id, .. } = &change.caller.actor else { return Err(Error::NotSignedIn.into()) };
    let command = SetPassword {
        user_id: id.clone(),
        current_password: Some(new.current_password),
        new_password: new.new_password,
        password_change_required: false,
    };
    change_password(&app, &headers, &change.caller, command).await
}

/// Answers a request for a new password.
pub(super) async fn change_password(
    app: &App,
    headers: &HeaderMap,
    caller: &Caller,
    command: SetPassword,
) -> Result<Response, Problem> {
    let token = new_password(app, headers, caller, command).await?;
    let response = Reply::no_content().into_response();
    Ok(match token {
        Some(token) => with_cookie(response, &token, caller.origin),
        None => response,
    })
}

/// Sets a password; one's own only with a session. Guesses of the current password count as sign-ins. A session that changes its own
/// password goes on as a new session, whose token is returned.
pub(crate) async fn new_password(
    app: &App,
    headers: &HeaderMap,
    caller: &Caller,
    command: SetPassword,
) -> Result<Option<SessionToken>, Problem> {
    let inventory = app.inventory().await?;
    let Actor::User { id, username, .. } = &caller.actor else {
        return Err(Error::NotSignedIn.into());
    };
    let is_own = *id == command.user_id;
    let address = caller.origin.address;
    if is_own {
        caller.require_session()?;
        app.sign_ins.attempt(username, address, app.now()).map_err(Problem::too_many_requests)?;
    }
    let user: User = match inventory.run(&caller.actor, command).await {
        Err(error) => {
            if is_own && !is_wrong_password(&error) {
                app.sign_ins.withdraw(username, address);
            }
            return Err(error.into());
        }
        Ok(user) => user,
    };
    if !is_own {
        return Ok(None);
    }
    app.sign_ins.succeeded(username, address);
    Ok(Some(auth::reissue(app, &user, caller.origin, user_agent(headers)).await?))
}

fn is_wrong_password(error: &Error) -> bool {
    let is_wrong = |field: &inventory::FieldError| field.problem == inventory::Problem::WrongPassword;
    matches!(error, Error::Invalid { fields } if fields.iter().any(is_wrong))
}

/// A session of the caller.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OwnSession {
    id: String,
    /// In UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// In UTC. Recorded about once a minute.
    #[schema(format = DateTime)]
    last_used_at: String,
    /// The address that the user signed in from.
    address: String,
    /// The browser or program that signed in.
    user_agent: Option<String>,
    /// Whether this request uses the session.
    is_current: bool,
}

impl OwnSession {
    fn new(session: Session, current: &str) -> Self {
        Self {
            created_at: to_rfc3339(session.created_at),
            last_used_at: to_rfc3339(session.last_used_at),
            is_current: session.id == current,
            id: session.id,
            address: session.address,
            user_agent: session.user_agent,
        }
    }
}

fn to_rfc3339(seconds: i64) -> String {
    let time = DateTime::from_timestamp(seconds, 0).unwrap_or_default();
    Timestamp(time.naive_utc()).to_rfc3339()
}

/// List one's own sessions, the last used first.
#[utoipa::path(get, path = "/account/sessions", tag = "account", params(PageParams),
    responses((status = 200, body = PageOf<OwnSession>), (status = 401, body = Problem)))]
pub(crate) async fn sessions(
    State(app): State<App>,
    caller: Caller,
    Params(list): Params<PageParams>,
) -> Result<Reply<PageOf<OwnSession>>, Problem> {
    let current = caller.require_session()?;
    let valid = auth::valid_sessions(&app, &current.user.id).await?;
    let sessions: Vec<_> = valid.into_iter().map(|session| OwnSession::new(session, &current.id)).collect();
    Ok(Reply::ok(PageOf::of_all(sessions, list)?))
}

/// End one of one's own sessions.
#[utoipa::path(delete, path = "/account/sessions/{id}", tag = "account", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub(crate) async fn end_session(
    State(app): State<App>,
    PathId(id): PathId,
    change: Change<NoBody>,
) -> Result<Reply<()>, Problem> {
    end_own_session(&app, &change.caller, &id).await?;
    Ok(Reply::no_content())
}

/// Ends a session of the caller.
pub(crate) async fn end_own_session(app: &App, caller: &Caller, id: &str) -> Result<(), Problem> {
    let current = caller.require_session()?;
    let sessions = app.state.sessions_of(&current.user.id).await?;
    if !sessions.iter().any(|session| session.id == id) {
        return Err(Problem::not_found(format!("there is no session {id:?}")));
    }
    Ok(app.state.end_session(id).await?)
}

/// End all of one's own sessions except the current one.
#[utoipa::path(delete, path = "/account/sessions", tag = "account", responses((status = 204)))]
pub(crate) async fn end_other_sessions(
    State(app): State<App>,
    change: Change<NoBody>,
) -> Result<Reply<()>, Problem> {
    let current = change.caller.require_session()?;
    app.state.end_sessions_of(&current.user.id, Some(&current.id)).await?;
    Ok(Reply::no_content())
}
