//! Sessions: opaque random tokens in a cookie. A session ends when it has not been used for a week, after a month, or when the
//! password, the roles or the activation of its user change.

use axum::http::{HeaderMap, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use inventory::users::{SessionUser, User};
use sha2::{Digest, Sha256};

use super::{CallerSession, Origin};
use crate::app::App;
use crate::cookies;
use crate::problem::Problem;
use crate::state::{NewSession, Session};

const COOKIE: &str = "makermatrix_session";
/// With this prefix, browsers refuse the cookie from an insecure origin, <https://httpwg.org/http-extensions/draft-ietf-httpbis-rfc6265bis.html#name-the-host-prefix>.
const SECURE_COOKIE: &str = "__Host-makermatrix_session";
const MAX_AGE: i64 = 30 * 24 * 3600;
const MAX_IDLE: i64 = 7 * 24 * 3600;
/// The time in seconds between two records of the use of a session.
const TOUCH_AFTER: i64 = 60;
/// The largest number of characters of the name of a browser that are stored.
const MAX_AGENT: usize = 300;

/// The token of a session, which only its client knows.
pub(crate) struct SessionToken(String);

/// Signs a user in, and creates a session.
pub(crate) async fn sign_in(
    app: &App,
    username: &str,
    password: &str,
    origin: Origin,
    user_agent: Option<&str>,
) -> Result<(User, SessionToken), Problem> {
    let (inventory, address) = (app.inventory().await?, origin.address);
    app.sign_ins.attempt(username, address, app.now()).map_err(Problem::too_many_requests)?;
    if inventory::password::is_default(password) && !origin.is_local {
        // The same for every account, so that the response does not reveal who has this password.
        return Err(Problem::default_password());
    }
    let signed_in = inventory.sign_in_for_session(username, password).await;
    let Some(found) = signed_in.inspect_err(|_| app.sign_ins.withdraw(username, address))? else {
        return Err(wrong());
    };
    app.sign_ins.succeeded(username, address);
    let token = insert(app, &found, origin, user_agent).await?;
    Ok((found.user, token))
}

fn wrong() -> Problem {
    Problem::not_signed_in("the username or the password is wrong")
}

/// Creates a session for a user who has proven to be that user.
pub(crate) async fn create(
    app: &App,
    user: &User,
    origin: Origin,
    user_agent: Option<&str>,
) -> Result<SessionToken, Problem> {
    let found = app.inventory().await?.session_user(&user.id).await?.ok_or_else(wrong)?;
    insert(app, &found, origin, user_agent).await
}

async fn insert(
    app: &App,
    found: &SessionUser,
    origin: Origin,
    user_agent: Option<&str>,
) -> Result<SessionToken, Problem> {
    let now = app.now();
    let token = URL_SAFE_NO_PAD.encode(app.ambient.bytes::<32>());
    let new = NewSession {
        id: app.ambient.uuid().to_string(),
        token_hash: hash(&token),
        user_id: &found.user.id,
        credentials: &found.credentials,
        address: origin.address.to_string(),
        user_agent: user_agent.map(|agent| agent.chars().take(MAX_AGENT).collect()),
    };
    app.state.end_old_sessions(now - MAX_AGE, now - MAX_IDLE).await?;
    app.state.create_session(&new, now).await?;
    Ok(SessionToken(token))
}

/// Ends all sessions of a user, and creates a new one for the caller, who has changed the password.
pub(crate) async fn reissue(
    app: &App,
    user: &User,
    origin: Origin,
    user_agent: Option<&str>,
) -> Result<SessionToken, Problem> {
    app.state.end_sessions_of(&user.id, None).await?;
    create(app, user, origin, user_agent).await
}

/// Returns the session of a request, if it has a valid one.
pub(super) async fn find(
    app: &App,
    headers: &HeaderMap,
    origin: Origin,
) -> Result<Option<CallerSession>, Problem> {
    let Some(token) = cookies::value(headers, name(origin)) else { return Ok(None) };
    let Some(session) = app.state.find_session(&hash(token)).await? else {
        return Ok(None);
    };
    let now = app.now();
    let found = app.inventory().await?.session_user(&session.user_id).await?;
    match found.filter(|found| !is_old(&session, now) && found.credentials == session.credentials) {
        Some(found) => {
            if session.last_used_at + TOUCH_AFTER < now {
                app.state.touch_session(&session.id, now).await?;
            }
            Ok(Some(CallerSession { id: session.id, user: found.user }))
        }
        None => {
            app.state.end_session(&session.id).await?;
            Ok(None)
        }
    }
}

/// Returns the sessions of a user that have not ended, the last used first.
pub(crate) async fn valid_sessions(app: &App, user_id: &str) -> Result<Vec<Session>, Problem> {
    let Some(found) = app.inventory().await?.session_user(user_id).await? else { return Ok(Vec::new()) };
    let now = app.now();
    let mut sessions = app.state.sessions_of(user_id).await?;
    sessions.retain(|session| !is_old(session, now) && session.credentials == found.credentials);
    Ok(sessions)
}

fn is_old(session: &Session, now: i64) -> bool {
    session.created_at + MAX_AGE < now || session.last_used_at + MAX_IDLE < now
}

/// Returns the cookie that hands the token to the client. It is `Secure` if the client uses HTTPS.
pub(crate) fn cookie(SessionToken(token): &SessionToken, origin: Origin) -> HeaderValue {
    cookies::set(name(origin), token, MAX_AGE, origin.is_encrypted)
}

/// Returns a cookie that removes the token from the client.
pub(crate) fn expired_cookie(origin: Origin) -> HeaderValue {
    cookies::set(name(origin), "", 0, origin.is_encrypted)
}

/// Returns the name of the cookie that this server sets on such a connection: with HTTPS one that nobody can plant without HTTPS.
fn name(origin: Origin) -> &'static str {
    if origin.is_encrypted { SECURE_COOKIE } else { COOKIE }
}

fn hash(token: &str) -> String {
    format!("{:x}", Sha256::digest(token))
}
