//! Pages for errors: what went wrong, and what to do.

use askama::Template;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};

use super::assets;
use super::words::sentence;
use crate::problem::Problem;

/// Why a page cannot be shown.
#[derive(Debug)]
pub(super) enum PageError {
    /// Another page comes first.
    Redirect(String),
    /// A problem, which has a page of its own.
    Problem(Problem),
}

impl PageError {
    /// Sends a visitor to the page for signing in, and then to another page.
    pub(super) fn sign_in(next: &str) -> Self {
        let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
        Self::Redirect(format!("/sign-in?next={next}"))
    }
}

impl<E: Into<Problem>> From<E> for PageError {
    fn from(error: E) -> Self {
        Self::Problem(error.into())
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        match self {
            Self::Redirect(to) => Redirect::to(&to).into_response(),
            Self::Problem(problem) => page(&problem),
        }
    }
}

/// The page for a problem.
#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    assets: &'static str,
    title: &'static str,
    detail: String,
    advice: &'static str,
    status: u16,
}

/// Returns the page for a problem.
pub(super) fn page(problem: &Problem) -> Response {
    let status = problem.status();
    let page = ErrorPage {
        assets: assets::base(),
        title: title(status),
        detail: sentence(problem.detail()),
        advice: advice(status),
        status: status.as_u16(),
    };
    let mut response = match page.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => return Problem::internal(&error).into_response(),
    };
    let retry_after = problem.clone().into_response().headers().get(header::RETRY_AFTER).cloned();
    if let Some(retry_after) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, retry_after);
    }
    response
}

fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "Nothing is here",
        StatusCode::FORBIDDEN => "You may not do this",
        StatusCode::CONFLICT => "This does not fit together",
        StatusCode::PRECONDITION_FAILED => "Somebody else was faster",
        StatusCode::PAYLOAD_TOO_LARGE => "This is too large",
        StatusCode::TOO_MANY_REQUESTS => "Too many attempts",
        StatusCode::SERVICE_UNAVAILABLE => "Busy for a moment",
        StatusCode::INSUFFICIENT_STORAGE => "The disk is full",
        status if status.is_server_error() => "Something broke",
        _ => "This did not work",
    }
}

/// Says what a person can do about a status.
fn advice(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => {
            "It may have been deleted, or the address has a mistake. Search for it, or go back."
        }
        StatusCode::FORBIDDEN => "Ask an administrator for the permission, or sign in as somebody else.",
        StatusCode::PRECONDITION_FAILED => "Go back, load the page anew, and make the change again.",
        StatusCode::TOO_MANY_REQUESTS => "Wait a few minutes, then try again.",
        StatusCode::SERVICE_UNAVAILABLE => {
            "A backup or a restore may be running. Nothing was lost. Try again in a few seconds."
        }
        StatusCode::INSUFFICIENT_STORAGE => "Make room on the disk of the server. Nothing was changed.",
        status if status.is_server_error() => {
            "Nothing was changed. Try again, and then ask whoever looks after the server."
        }
        _ => "Go back, and check what was entered.",
    }
}

/// Shows problems as pages to browsers, which ask for HTML. Programs get the problem itself.
pub(crate) async fn error_page(request: Request, next: Next) -> Response {
    let wants_page = !request.uri().path().starts_with("/api/") && wants_html(request.headers());
    let response = next.run(request).await;
    let problem = response.extensions().get::<Problem>();
    match problem {
        Some(problem) if wants_page => page(problem),
        _ => response,
    }
}

fn wants_html(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|text| text.contains("text/html"))
}
