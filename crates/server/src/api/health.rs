//! Health of the server, for process supervisors and load balancers.

use axum::extract::State;
use axum::http::StatusCode;

use crate::app::App;
use crate::problem::Problem;

/// Answer as long as the process runs.
pub(crate) async fn healthz() -> &'static str {
    "ok"
}

/// Answer if requests can be served: the database can be read.
pub(crate) async fn readyz(State(app): State<App>) -> Result<(StatusCode, &'static str), Problem> {
    app.inventory().await?.session_user("").await?;
    Ok((StatusCode::OK, "ok"))
}
