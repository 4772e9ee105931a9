//! Reads a request, runs its use case, and makes the response.

mod body;
mod page;

use axum::Json;
use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use inventory::{Command, IdempotencyKey, Once, Query, digest_of};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::auth::{AnyCaller, Caller};
use crate::problem::Problem;

pub(crate) use body::{NoBody, Params, PathId, PathIds, changed, require_media_type};
pub(crate) use page::{ListParams, PageOf, PageParams};

/// The header that marks the recorded response to a repeated request.
pub(crate) const REPLAYED: &str = "idempotency-replayed";
const MAX_KEY: usize = 255;

/// A request that changes something: its sender, who has signed in, its body, and the conditions that it sets.
#[derive(Debug)]
pub(crate) struct Change<T> {
    pub(crate) caller: Caller,
    pub(crate) body: T,
    /// The version in `If-Match`; `None` if the header is absent or `*`.
    pub(crate) version: Option<String>,
    key: Option<IdempotencyKey>,
}

/// A [`Change`] that anybody may make, also a user who must change the password; see [`AnyCaller`].
#[derive(Debug)]
pub(crate) struct AnyChange<T>(pub(crate) Change<T>);

impl<T: DeserializeOwned> FromRequest<App> for Change<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        // Before the body is read, which is not done for everybody.
        Caller::from_request_parts(&mut parts, app).await?.require_signed_in()?;
        let AnyChange(change) = AnyChange::from_request(Request::from_parts(parts, body), app).await?;
        Ok(change)
    }
}

impl<T: DeserializeOwned> FromRequest<App> for AnyChange<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let AnyCaller(caller) = AnyCaller::from_request_parts(&mut parts, app).await?;
        let bytes = body::read(&parts.headers, body).await?;
        let version = if_match(&parts.headers)?;
        let key = idempotency_key(&parts, version.as_deref(), Some(&bytes))?;
        let body = body::parse(&bytes)?;
        Ok(Self(Change { caller, body, version, key }))
    }
}

/// An upload: its sender, its content, and the conditions that it sets.
#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) caller: Caller,
    pub(crate) body: Body,
    /// The version in `If-Match`.
    pub(crate) version: Option<String>,
    /// The idempotency key. The digest of its request lacks the content, which is not read yet.
    pub(crate) key: Option<IdempotencyKey>,
}

impl FromRequest<App> for Upload {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let caller = Caller::from_request_parts(&mut parts, app).await?;
        let version = if_match(&parts.headers)?;
        let key = idempotency_key(&parts, version.as_deref(), None)?;
        Ok(Self { caller, body, version, key })
    }
}

impl<T> Change<T> {
    /// Returns the idempotency key.
    pub(crate) fn key(&self) -> Option<&str> {
        self.key.as_ref().map(|key| key.key.as_str())
    }

    /// Separates the body from the rest of the request.
    pub(crate) fn split(self) -> (T, Change<()>) {
        let Self { caller, body, version, key } = self;
        (body, Change { caller, body: (), version, key })
    }
}

/// Returns the idempotency key with a digest of the request, which lacks the body if that is not read yet.
fn idempotency_key(
    parts: &Parts,
    version: Option<&str>,
    body: Option<&[u8]>,
) -> Result<Option<IdempotencyKey>, Problem> {
    let Some(key) = parts.headers.get("idempotency-key") else { return Ok(None) };
    let text = key.to_str().ok().filter(|text| (1..=MAX_KEY).contains(&text.len()));
    let invalid = || Problem::bad_request("Idempotency-Key must have 1 to 255 ASCII characters");
    let key = text.ok_or_else(invalid)?.to_owned();
    let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
    let head = [parts.method.as_str(), target, version.unwrap_or_default()].map(str::as_bytes);
    let request = digest_of(head.into_iter().chain(body));
    Ok(Some(IdempotencyKey { key, request }))
}

/// Returns the version that `If-Match` names.
fn if_match(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let tag = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let tag = tag.ok_or_else(|| Problem::bad_request("If-Match must be one ETag in quotes, or *"))?;
    Ok(Some(tag.to_owned()))
}

/// A response with a status, a body and an optional version.
#[derive(Debug)]
pub(crate) struct Reply<T> {
    status: StatusCode,
    version: Option<String>,
    body: T,
}

impl<T> Reply<T> {
    pub(crate) fn ok(body: T) -> Self {
        Self { status: StatusCode::OK, version: None, body }
    }

    pub(crate) fn accepted(body: T) -> Self {
        Self { status: StatusCode::ACCEPTED, version: None, body }
    }

    pub(crate) fn created(body: T) -> Self {
        Self { status: StatusCode::CREATED, version: None, body }
    }

    /// Sets the version, which becomes the `ETag`.
    pub(crate) fn version(self, version: &str) -> Self {
        Self { version: Some(version.to_owned()), ..self }
    }
}

impl Reply<()> {
    pub(crate) fn no_content() -> Self {
        Self { status: StatusCode::NO_CONTENT, version: None, body: () }
    }
}

impl<T: Serialize> IntoResponse for Reply<T> {
    fn into_response(self) -> Response {
        match Recorded::of(&self) {
            Ok(recorded) => recorded.into_response(),
            Err(error) => Problem::internal(&error).into_response(),
        }
    }
}

/// A response as it is recorded for repeated requests.
#[derive(Debug, Serialize, Deserialize)]
struct Recorded {
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Box<serde_json::value::RawValue>>,
}

impl Recorded {
    fn of<T: Serialize>(reply: &Reply<T>) -> Result<Self, serde_json::Error> {
        let body = if reply.status == StatusCode::NO_CONTENT {
            None
        } else {
            Some(serde_json::value::to_raw_value(&reply.body)?)
        };
        Ok(Self { status: reply.status.as_u16(), version: reply.version.clone(), body })
    }
}

/// Returns the text that is recorded of a reply.
pub(crate) fn recorded<T: Serialize>(reply: &Reply<T>) -> String {
    Recorded::of(reply).and_then(|recorded| serde_json::to_string(&recorded)).unwrap_or_default()
}

/// Returns the response that was recorded, to a repeated request.
pub(crate) fn replayed(recorded: &str) -> Result<Response, Problem> {
    let recorded: Recorded = serde_json::from_str(recorded).map_err(|error| Problem::internal(&error))?;
    let mut response = recorded.into_response();
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

impl IntoResponse for Recorded {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = match self.body {
            Some(body) => (status, Json(body)).into_response(),
            None => status.into_response(),
        };
        let tag = self.version.map(|version| HeaderValue::from_str(&format!("\"{version}\"")));
        if let Some(Ok(tag)) = tag {
            response.headers_mut().insert(header::ETAG, tag);
        }
        response
    }
}

impl App {
    /// Runs a query on behalf of the caller.
    pub(crate) async fn query<Q: Query>(&self, caller: &Caller, query: Q) -> Result<Q::Output, Problem> {
        Ok(self.inventory().await?.query(&caller.actor, query).await?)
    }

    /// Runs a command on behalf of the caller. `reply` makes the response. With an idempotency key, the command runs once, and a
    /// repeated request gets the recorded response.
    pub(crate) async fn run<C: Command, B: Sync, T: Serialize>(
        &self,
        change: &Change<B>,
        command: C,
        reply: impl Fn(&C::Output) -> Reply<T> + Sync,
    ) -> Result<Response, Problem> {
        self.run_recording(change, command, &reply, &reply).await
    }

    /// Runs a command whose request holds a secret. No idempotency key is recorded with it, since its digest would help to guess
    /// the secret.
    pub(crate) async fn run_unrecorded<C: Command, B: Sync, T: Serialize>(
        &self,
        change: &Change<B>,
        command: C,
        reply: impl FnOnce(&C::Output) -> Reply<T>,
    ) -> Result<Response, Problem> {
        let output = self.inventory().await?.run(&change.caller.actor, command).await?;
        Ok(reply(&output).into_response())
    }

    /// Runs a command like [`App::run`]. `recorded` makes the response to a repeated request: it must hold no secret.
    pub(crate) async fn run_recording<C: Command, B: Sync, T: Serialize>(
        &self,
        change: &Change<B>,
        command: C,
        reply: &(impl Fn(&C::Output) -> Reply<T> + Sync),
        recorded: &(impl Fn(&C::Output) -> Reply<T> + Sync),
    ) -> Result<Response, Problem> {
        let inventory = self.inventory().await?;
        let actor = &change.caller.actor;
        let Some(key) = &change.key else {
            let output = inventory.run(actor, command).await?;
            return Ok(reply(&output).into_response());
        };
        let record = |output: &C::Output| self::recorded(&recorded(output));
        match inventory.run_once(actor, command, key, &record).await? {
            Once::Done(output) => Ok(reply(&output).into_response()),
            Once::Repeated(recorded) => replayed(&recorded),
        }
    }
}
