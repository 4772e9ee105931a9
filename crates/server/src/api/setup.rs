//! Setting up: the first administrator.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use inventory::users::CreateFirstAdministrator;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::session::{SessionView, user_agent, with_cookie};
use crate::app::App;
use crate::call::{AnyChange, Reply};
use crate::first_run;
use crate::problem::Problem;

/// Whether an administrator has to be created.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SetupView {
    /// Whether the inventory has no administrator. Then the server prints a link with a token.
    needed: bool,
}

/// The first administrator.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FirstAdministrator {
    /// The token in the link that the server prints.
    token: String,
    /// Unique; at least 3 letters, digits, `_` or `-`.
    #[schema(min_length = 3, max_length = 255, pattern = r"^[\p{L}\p{N}_-]+$")]
    username: String,
    /// Unique.
    #[schema(max_length = 255, pattern = r"^[^@\s]+@\S+$")]
    email: String,
    /// At least 8 characters, among them an upper-case letter, a lower-case letter and a digit.
    #[schema(format = Password, min_length = 8, max_length = 4096)]
    password: String,
}

/// Show whether an administrator has to be created.
#[utoipa::path(get, path = "/setup", tag = "setup", security(()), responses((status = 200, body = SetupView)))]
pub(crate) async fn show(State(app): State<App>) -> Result<Reply<SetupView>, Problem> {
    Ok(Reply::ok(SetupView { needed: first_run::is_needed(&app).await? }))
}

/// Create the first administrator, and sign in. Takes the token in the link that the server prints, which works once and for a day.
#[utoipa::path(post, path = "/setup", tag = "setup", security(()), request_body = FirstAdministrator,
    responses((status = 201, body = SessionView), (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
pub(crate) async fn create(
    State(app): State<App>,
    headers: HeaderMap,
    AnyChange(change): AnyChange<FirstAdministrator>,
) -> Result<Response, Problem> {
    let (FirstAdministrator { token, username, email, password }, change) = change.split();
    let origin = change.caller.origin;
    let new = CreateFirstAdministrator { username, email, password };
    let (user, token) =
        first_run::create_administrator(&app, &token, new, origin, user_agent(&headers)).await?;
    Ok(with_cookie(Reply::created(SessionView::from(&user)).into_response(), &token, origin))
}
