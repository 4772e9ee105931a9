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
pub(crate) use session::{cookie, expired_cookie, sign_in};

/// The sender of a request.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) actor: Actor,
    /// The session, unless the caller uses an API key.
    pub(crate) session: Option<CallerSession>,
    pub(crate) origin: Origin,
}

/// The session of a caller.
#[derive(Clone, Debug)]
pub(crate) struct CallerSession {
    pub(crate) id: String,
    pub(crate) user: User,
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        if let Some(caller) = parts.extensions.get::<Self>() {
            return Ok(caller.clone());
        }
        let origin = Origin::of(parts, &app.options);
        let caller = if let Some(key) = api_key(&parts.headers)? {
            let address = origin.address.to_string();
            let inventory = app.inventory().await?;
            let actor = inventory.authenticate_api_key(&key, Some(&address)).await?;
            Self { actor, session: None, origin }
        } else {
            match session::find(app, &parts.headers).await? {
                Some(session) => Self { actor: session.user.actor(), session: Some(session), origin },
                None => Self { actor: Actor::Anonymous, session: None, origin },
            }
        };
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
