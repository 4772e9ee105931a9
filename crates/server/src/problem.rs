//! Errors as RFC 9457 problem details, <https://www.rfc-editor.org/rfc/rfc9457>. `type` is a stable URN for programs,
//! `detail` is for people.
//!
//! The types, each after `urn:makermatrix:`:
//!
//! | type | status | meaning |
//! |---|---|---|
//! | `bad-request` | 400 | the request cannot be read |
//! | `not-signed-in` | 401 | nobody has signed in, or the API key cannot be used |
//! | `forbidden` | 403 | a permission is missing, or the request came from another site |
//! | `not-found` | 404 | there is no such thing |
//! | `method-not-allowed` | 405 | the address does not take the method |
//! | `conflict` | 409 | the request conflicts with what is there |
//! | `insufficient-stock` | 409 | there is not enough stock |
//! | `idempotency-key-reused` | 409 | the key belongs to another request |
//! | `task-running` | 409 | another task is running, or uses the archive |
//! | `backup-refused` | 409 | the archive is intact, but must not be used |
//! | `damaged` | 409 | the archive or the database is damaged |
//! | `key` | 409 | the key of an encrypted archive is missing or wrong |
//! | `cancelled` | 409 | the work was cancelled |
//! | `changed` | 412 | the thing was changed since it was read |
//! | `too-large` | 413 | the body is too large |
//! | `media-type` | 415 | the body has another media type |
//! | `range` | 416 | the file does not have the requested range |
//! | `invalid` | 422 | fields break rules, which `errors` lists |
//! | `too-many-requests` | 429 | there were too many failed attempts |
//! | `internal` | 500 | an unexpected error, which the log explains |
//! | `busy` | 503 | the database or the server is in use; try again after `Retry-After` |
//! | `disk-full` | 507 | there is not enough space |

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use inventory::{FieldError, FileProblem, Kind};
use serde::Serialize;
use utoipa::ToSchema;

/// The media type of a problem.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";
/// The seconds after which a client may repeat a request that was refused because the database is in use.
const RETRY_AFTER: u64 = 2;

/// A problem.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// A stable name of the kind of problem, such as `urn:makermatrix:not-found`.
    #[serde(rename = "type")]
    kind: String,
    /// A short text for the kind of problem.
    title: &'static str,
    /// The status code.
    status: u16,
    /// What went wrong, for a person.
    detail: String,
    /// Every field that breaks a rule.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<InvalidField>,
    #[serde(skip)]
    retry_after: Option<u64>,
}

/// A field that breaks a rule.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct InvalidField {
    /// The name of the field.
    pub(crate) field: String,
    /// The rule that the field breaks, for a person.
    pub(crate) detail: String,
}

impl From<FieldError> for InvalidField {
    fn from(error: FieldError) -> Self {
        Self { field: error.field.to_owned(), detail: error.problem.to_string() }
    }
}

impl Problem {
    pub(crate) fn new(
        status: StatusCode,
        kind: &str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            kind: format!("urn:makermatrix:{kind}"),
            title,
            status: status.as_u16(),
            detail: detail.into(),
            errors: Vec::new(),
            retry_after: None,
        }
    }

    /// Returns the status code.
    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Returns what went wrong, for a person.
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    /// Returns the fields that break rules.
    pub(crate) fn errors(&self) -> &[InvalidField] {
        &self.errors
    }

    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", detail)
    }

    pub(crate) fn method_not_allowed() -> Self {
        let detail = "this address does not take this method";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed", detail)
    }

    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", "The request cannot be read", detail)
    }

    pub(crate) fn not_signed_in(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "not-signed-in", "Not signed in", detail)
    }

    pub(crate) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Not permitted", detail)
    }

    pub(crate) fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", "Conflict", detail)
    }

    /// Only one task runs at a time.
    pub(crate) fn task_running(id: &str, kind: &str) -> Self {
        let detail = format!("task {id} ({kind}) is running");
        Self::new(StatusCode::CONFLICT, "task-running", "Another task is running", detail)
    }

    /// Returns the type.
    pub(crate) fn kind(&self) -> &str {
        &self.kind
    }

    pub(crate) fn invalid(errors: Vec<InvalidField>) -> Self {
        let detail: Vec<String> =
            errors.iter().map(|error| format!("{} {}", error.field, error.detail)).collect();
        let problem =
            Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "Invalid fields", detail.join("; "));
        Self { errors, ..problem }
    }

    pub(crate) fn invalid_field(field: &str, detail: impl Into<String>) -> Self {
        Self::invalid(vec![InvalidField { field: field.to_owned(), detail: detail.into() }])
    }

    fn bad_file(problem: FileProblem, detail: String) -> Self {
        match problem {
            FileProblem::TooLarge { .. } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Request too large", detail)
            }
            FileProblem::NotAPdf | FileProblem::NotAnImage => {
                Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type", "Unsupported media type", detail)
            }
            FileProblem::TooManyPixels { .. } | FileProblem::Damaged => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "file", "The file cannot be accepted", detail)
            }
        }
    }

    pub(crate) fn too_many_requests(seconds: u64) -> Self {
        let detail = format!("too many failed attempts; try again in {seconds} seconds");
        let problem =
            Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", "Too many requests", detail);
        Self { retry_after: Some(seconds), ..problem }
    }

    pub(crate) fn password_change_required() -> Self {
        let detail = "the password must be changed before anything else: PUT /api/v1/account/password";
        let title = "The password must be changed";
        Self::new(StatusCode::FORBIDDEN, "password-change-required", title, detail)
    }

    pub(crate) fn default_password() -> Self {
        let detail = "with the default password, which everybody knows, nobody signs in from elsewhere; sign in on the \
                      machine of the server, and change it";
        Self::new(StatusCode::FORBIDDEN, "default-password", "The password is the default one", detail)
    }

    pub(crate) fn setup_token() -> Self {
        let detail =
            "the token for setting up is wrong, has been used, or has expired; the server prints a new one";
        Self::new(StatusCode::FORBIDDEN, "setup-token", "The token cannot be used", detail)
    }

    pub(crate) fn unavailable(detail: impl Into<String>) -> Self {
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "Temporarily unavailable", detail);
        Self { retry_after: Some(RETRY_AFTER), ..problem }
    }

    /// Logs the cause, and returns a problem that does not repeat it.
    pub(crate) fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(%cause, "a request failed");
        let detail = "an internal error occurred; the log of the server has the cause";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error", detail)
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        Self::internal(&error)
    }
}

impl From<inventory::Error> for Problem {
    fn from(error: inventory::Error) -> Self {
        let detail = || error.to_string();
        match error.kind() {
            Kind::NotFound => Self::not_found(detail()),
            Kind::Conflict => match &error {
                inventory::Error::InsufficientStock { .. } => {
                    Self::new(StatusCode::CONFLICT, "insufficient-stock", "Not enough stock", detail())
                }
                inventory::Error::LastAdministrator => {
                    Self::new(StatusCode::CONFLICT, "last-administrator", "The last administrator", detail())
                }
                inventory::Error::KeyReused => Self::new(
                    StatusCode::CONFLICT,
                    "idempotency-key-reused",
                    "Idempotency key reused",
                    detail(),
                ),
                _ => Self::conflict(detail()),
            },
            Kind::Changed => {
                Self::new(StatusCode::PRECONDITION_FAILED, "changed", "Changed in the meantime", detail())
            }
            Kind::Invalid => match error {
                inventory::Error::Invalid { fields } => {
                    Self::invalid(fields.into_iter().map(Into::into).collect())
                }
                inventory::Error::BadFile { problem } => Self::bad_file(problem, error.to_string()),
                other => Self::bad_request(other.to_string()),
            },
            Kind::NotSignedIn => Self::not_signed_in(detail()),
            Kind::Forbidden => Self::forbidden(detail()),
            Kind::Busy | Kind::NotReady => Self::unavailable(detail()),
            _ => Self::internal(&error),
        }
    }
}

impl From<backup::Error> for Problem {
    fn from(error: backup::Error) -> Self {
        use backup::Kind;
        let error = match error.kind() {
            Kind::Storage | Kind::Internal if !is_full(&error) => return Self::internal(&error),
            _ => {
                tracing::info!(%error, "a request was refused");
                error.without_folders()
            }
        };
        let detail = || error.to_string();
        let conflict = |kind, title| Self::new(StatusCode::CONFLICT, kind, title, detail());
        match error.kind() {
            Kind::NotFound => Self::not_found(detail()),
            Kind::Usage => Self::bad_request(detail()),
            Kind::Conflict => Self::conflict(detail()),
            Kind::TooLarge => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Request too large", detail())
            }
            Kind::NotSignedIn => Self::not_signed_in(detail()),
            Kind::Forbidden => Self::forbidden(detail()),
            Kind::Locked => Self::unavailable(detail()),
            Kind::Refused | Kind::EncryptionRequired => conflict("backup-refused", "Refused"),
            Kind::Corrupt => conflict("damaged", "Damaged"),
            Kind::Key => conflict("key", "A key is missing or wrong"),
            Kind::Cancelled => conflict("cancelled", "Cancelled"),
            Kind::Storage | Kind::Internal => {
                Self::new(StatusCode::INSUFFICIENT_STORAGE, "disk-full", "Not enough space", detail())
            }
        }
    }
}

fn is_full(error: &backup::Error) -> bool {
    use std::io::ErrorKind::{QuotaExceeded, StorageFull};
    match error {
        backup::Error::Storage { source, .. } => matches!(source.kind(), StorageFull | QuotaExceeded),
        backup::Error::SafetyBackup { source } => is_full(source),
        _ => false,
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let retry_after = self.retry_after;
        let mut response = (status, Json(&self)).into_response();
        // For the layer that shows problems to people as pages.
        response.extensions_mut().insert(self);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderName::from_static("www-authenticate");
            headers.insert(scheme, HeaderValue::from_static("ApiKey realm=\"makermatrix\""));
        }
        response
    }
}
