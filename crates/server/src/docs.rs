//! The OpenAPI document, and a readable page made from it. The page has no script and loads nothing but its own style sheet, so it
//! works offline and under the content security policy.

mod document;
mod html;
mod page;
mod schema;

use std::sync::Arc;

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use utoipa::openapi::OpenApi;

use crate::app::App;

pub(crate) use document::complete;

const STYLE: &str = include_str!("docs/docs.css");

/// Returns the routes of the document, of the page, and of its style sheet.
pub(crate) fn router(document: &OpenApi) -> Router<App> {
    let value = serde_json::to_value(document).unwrap_or_default();
    Router::new()
        .route("/api/v1/openapi.json", get(text("application/json", value.to_string())))
        .route("/api/docs", get(text("text/html; charset=utf-8", page::page(&value))))
        .route("/api/docs.css", get(text("text/css; charset=utf-8", STYLE.to_owned())))
}

/// Returns a handler that always responds with the same text.
fn text(
    media_type: &'static str,
    text: String,
) -> impl Fn() -> std::future::Ready<axum::response::Response> + Clone + Send + Sync + 'static {
    let text: Arc<str> = text.into();
    move || std::future::ready(([(header::CONTENT_TYPE, media_type)], text.to_string()).into_response())
}
