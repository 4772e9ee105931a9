//! Health of the server, for process supervisors and load balancers.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use inventory::Permission;
use inventory::stock::LastMovement;

use crate::app::App;
use crate::auth::Caller;
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

/// Show metrics in the format of Prometheus, to this machine and to those who may see the dashboard.
pub(crate) async fn metrics(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    if !caller.origin.is_local {
        caller.actor.require(Permission::DashboardView)?;
    }
    let movements = app.inventory().await?.query(&inventory::Actor::System, LastMovement).await?;
    let ages = app.backup_ages().await.map_err(|error| Problem::internal(&error))?;
    let text = app.metrics.text(movements, ages).map_err(|error| Problem::internal(&error))?;
    let media_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, media_type)], text).into_response())
}
