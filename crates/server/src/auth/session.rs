//! Sessions: opaque random tokens in a cookie. A session ends when it has not been used for a week, after a month, or when the
//! password, the roles or the activation of its user change.

use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use inventory::users::User;
use sha2::{Digest, Sha256};

use super::{CallerSession, Origin};
use crate::app::App;
use crate::problem::Problem;
use crate::state::NewSession;

const COOKIE: &str = "makermatrix_session";
/// With this prefix, browsers refuse the cookie from an insecure origin, <https://httpwg.org/http-extensions/draft-ietf-httpbis-rfc6265bis.html#name-the-host-prefix>.
const SECURE_COOKIE: &str = "__Host-makermatrix_session";
const MAX_AGE: i64 = 30 * 24 * 3600;
const MAX_IDLE: i64 = 7 * 24 * 3600;
/// The time in seconds between two records of the use of a session.
const TOUCH_AFTER: i64 = 60;

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
    let now = app.now();
    let blocked = app.sign_ins.blocked_for(username, origin.address, now);
    if blocked > 0 {
        return Err(Problem::too_many_requests(blocked.unsigned_abs()));
    }
    let inventory = app.inventory().await?;
    let Some(user) = inventory.sign_in(username, password).await? else {
        app.sign_ins.failed(username, origin.address, now);
        return Err(Problem::not_signed_in("the username or the password is wrong"));
    };
    app.sign_ins.succeeded(username);
    let Some(found) = inventory.session_user(&user.id).await? else {
        return Err(Problem::not_signed_in("the username or the password is wrong"));
    };
    let token = URL_SAFE_NO_PAD.encode(app.ambient.bytes::<32>());
    let new = NewSession {
        id: app.ambient.uuid().to_string(),
        token_hash: hash(&token),
        user_id: &user.id,
        credentials: &found.credentials,
        address: origin.address.to_string(),
        user_agent,
    };
    app.state
        .end_old_sessions(now - MAX_AGE, now - MAX_IDLE)
        .await
        .map_err(|error| Problem::internal(&error))?;
    app.state.create_session(&new, now).await.map_err(|error| Problem::internal(&error))?;
    Ok((user, SessionToken(token)))
}

/// Returns the session of a request, if it has a valid one.
pub(super) async fn find(app: &App, headers: &HeaderMap) -> Result<Option<CallerSession>, Problem> {
    let Some(token) = token(headers) else { return Ok(None) };
    let failed = |error: sqlx::Error| Problem::internal(&error);
    let Some(session) = app.state.find_session(&hash(&token)).await.map_err(failed)? else {
        return Ok(None);
    };
    let now = app.now();
    let is_old = session.created_at + MAX_AGE < now || session.last_used_at + MAX_IDLE < now;
    let found = app.inventory().await?.session_user(&session.user_id).await?;
    match found.filter(|found| !is_old && found.credentials == session.credentials) {
        Some(found) => {
            if session.last_used_at + TOUCH_AFTER < now {
                app.state.touch_session(&session.id, now).await.map_err(failed)?;
            }
            Ok(Some(CallerSession { id: session.id, user: found.user }))
        }
        None => {
            app.state.end_session(&session.id).await.map_err(failed)?;
            Ok(None)
        }
    }
}

/// Returns the cookie that hands the token to the client. It is `Secure` if the client uses HTTPS.
pub(crate) fn cookie(SessionToken(token): &SessionToken, origin: Origin) -> HeaderValue {
    let (name, secure) = if origin.is_encrypted { (SECURE_COOKIE, "; Secure") } else { (COOKIE, "") };
    let cookie = format!("{name}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={MAX_AGE}{secure}");
    HeaderValue::from_str(&cookie).expect("the token is base64")
}

/// Returns a cookie that removes the token from the client.
pub(crate) fn expired_cookie(origin: Origin) -> HeaderValue {
    let (name, secure) = if origin.is_encrypted { (SECURE_COOKIE, "; Secure") } else { (COOKIE, "") };
    let cookie = format!("{name}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0{secure}");
    HeaderValue::from_str(&cookie).expect("it is ASCII")
}

fn token(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| [SECURE_COOKIE, COOKIE].contains(name)).map(|(_, token)| token.to_owned())
}

fn hash(token: &str) -> String {
    Sha256::digest(token).iter().map(|byte| format!("{byte:02x}")).collect()
}
