//! Who sends a request: a signed-in user with a session cookie, the user of an API key, or nobody.

mod address;
mod session;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use inventory::Actor;
use inventory::users::User;

use crate::app::App;
use crate::problem::Problem;

pub(crate) use address::Origin;
pub(crate) use session::{SessionToken, cookie, create, expired_cookie, reissue, sign_in, valid_sessions};

/// The sender of a request. Refuses a user who must change the password first; see [`AnyCaller`].
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) actor: Actor,
    /// The session, unless the caller uses an API key.
    pub(crate) session: Option<CallerSession>,
    pub(crate) origin: Origin,
}

/// The sender of a request, including a user who must change the password first. Only for showing and ending the session, signing
/// in, and changing the password.
#[derive(Clone, Debug)]
pub(crate) struct AnyCaller(pub(crate) Caller);

/// The session of a caller.
#[derive(Clone, Debug)]
pub(crate) struct CallerSession {
    pub(crate) id: String,
    pub(crate) user: User,
}

impl Caller {
    /// Returns the session. Refuses callers without one: a key must not act on the sessions of its user.
    pub(crate) fn require_session(&self) -> Result<&CallerSession, Problem> {
        self.session.as_ref().ok_or_else(|| match self.actor {
            Actor::Anonymous => Problem::not_signed_in("there is no session"),
            _ => Problem::forbidden("this takes a session, not an API key"),
        })
    }

    /// Refuses callers who have not signed in.
    pub(crate) fn require_signed_in(&self) -> Result<(), Problem> {
        match self.actor {
            Actor::Anonymous => Err(inventory::Error::NotSignedIn.into()),
            _ => Ok(()),
        }
    }

    /// Refuses a session whose user must change the password first.
    pub(crate) fn require_changed_password(self) -> Result<Self, Problem> {
        if self.session.as_ref().is_some_and(|session| session.user.password_change_required) {
            return Err(Problem::password_change_required());
        }
        Ok(self)
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let AnyCaller(caller) = AnyCaller::from_request_parts(parts, app).await?;
        caller.require_changed_password()
    }
}

impl FromRequestParts<App> for AnyCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        if let Some(caller) = parts.extensions.get::<Self>() {
            return Ok(caller.clone());
        }
        let origin = Origin::of(parts, &app.options);
        let caller = if let Some(key) = api_key(&parts.headers)? {
            let inventory = app.inventory().await?;
            let key = inventory.authenticate_api_key(&key, Some(origin.address)).await?;
            app.key_uses.count(&key.id, app.ambient.utc());
            Caller { actor: key.actor, session: None, origin }
        } else {
            match session::find(app, &parts.headers, origin).await? {
                Some(session) => Caller { actor: session.user.actor(), session: Some(session), origin },
                None => Caller { actor: Actor::Anonymous, session: None, origin },
            }
        };
        let caller = Self(caller);
        parts.extensions.insert(caller.clone());
        Ok(caller)
    }
}

/// Returns the API key of a request: `X-API-Key: <key>`, `Authorization: ApiKey <key>` or `Authorization: Bearer <key>`.
fn api_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let unreadable = || Problem::bad_request("the API key holds characters that no key has");
    if let Some(key) = headers.get("x-api-key") {
        return Ok(Some(key.to_str().map_err(|_| unreadable())?.trim().to_owned()));
    }
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let value = value.to_str().map_err(|_| unreadable())?;
    match value.split_once(' ') {
        Some((scheme, key)) if ["apikey", "bearer"].contains(&scheme.to_ascii_lowercase().as_str()) => {
            Ok(Some(key.trim().to_owned()))
        }
        _ => Err(Problem::not_signed_in("the scheme of the Authorization header must be ApiKey")),
    }
}
