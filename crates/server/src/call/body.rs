//! Extractors whose rejections are problems.

use std::fmt::Display;

use axum::body::Body;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use crate::app::App;
use crate::problem::Problem;

/// The largest JSON body in bytes.
pub(crate) const MAX_JSON: usize = 2 << 20;

/// Reads the body, which must be JSON or empty.
pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Vec<u8>, Problem> {
    let bytes = axum::body::to_bytes(body, MAX_JSON).await.map_err(|_| {
        let detail = format!("the body must have at most {} MiB", MAX_JSON >> 20);
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Request too large", detail)
    })?;
    if !bytes.is_empty() {
        require_media_type(headers, &["application/json", "application/merge-patch+json"])?;
    }
    Ok(bytes.into())
}

/// Refuses a body whose `Content-Type` is none of these.
pub(crate) fn require_media_type(headers: &HeaderMap, accepted: &[&str]) -> Result<(), Problem> {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let found = value.split(';').next().unwrap_or_default().trim();
    if accepted.iter().any(|accepted| accepted.eq_ignore_ascii_case(found)) {
        return Ok(());
    }
    let detail = format!("the Content-Type of the body must be {}", accepted.join(" or "));
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type", "Unsupported media type", detail))
}

/// Parses a JSON body, which must be an object. A type without fields accepts an empty body.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let bytes = if bytes.is_empty() { b"{}" } else { bytes };
    let does_not_fit = |why: &dyn Display| {
        let detail = format!("the body does not fit: {why}");
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "Invalid fields", detail)
    };
    let parsed = serde_json::from_slice(bytes).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => does_not_fit(&error),
        _ => Problem::bad_request(format!("the body is not JSON: {error}")),
    })?;
    // Serde takes an array for the fields in their order.
    if bytes.trim_ascii_start().starts_with(b"[") {
        return Err(does_not_fit(&"it is an array, and must be an object"));
    }
    Ok(parsed)
}

/// An empty body, or an empty object.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoBody {}

/// The parameters in the query string.
#[derive(Clone, Debug)]
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<App> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let params = Query::<T>::from_request_parts(parts, app).await;
        let Query(params) = params.map_err(|error: QueryRejection| {
            let detail = error.body_text();
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "Invalid parameters", detail)
        })?;
        Ok(Self(params))
    }
}

/// The id in the path.
#[derive(Clone, Debug)]
pub(crate) struct PathId(pub(crate) String);

impl FromRequestParts<App> for PathId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, app).await;
        let Path(id) = path.map_err(|error: PathRejection| Problem::bad_request(error.body_text()))?;
        Ok(Self(id))
    }
}

/// The two ids in the path.
#[derive(Clone, Debug)]
pub(crate) struct PathIds(pub(crate) (String, String));

impl FromRequestParts<App> for PathIds {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let path = Path::<(String, String)>::from_request_parts(parts, app).await;
        let Path(ids) = path.map_err(|error: PathRejection| Problem::bad_request(error.body_text()))?;
        Ok(Self(ids))
    }
}

/// Reads a field of a merge patch, <https://www.rfc-editor.org/rfc/rfc7396>: an absent field keeps its value, and null clears it.
/// Use with `#[serde(default, deserialize_with = "changed")]`.
pub(crate) fn changed<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
