//! Signing in and out.

use askama::Template;
use axum::Router;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::assets;
use super::error::PageError;
use super::form::{is_local, parse, read};
use super::theme;
use super::words::sentence;
use crate::api::session::{user_agent, with_cookie};
use crate::app::App;
use crate::auth::{self, AnyCaller};
use crate::first_run;
use crate::problem::Problem;

/// Returns the routes of these pages.
pub(super) fn routes() -> Router<App> {
    Router::new().route("/sign-in", get(page).post(sign_in)).route("/sign-out", post(sign_out))
}

/// Where to go after signing in.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Next {
    next: String,
}

/// The fields of the form.
#[derive(Deserialize)]
struct SignIn {
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    next: String,
}

#[derive(Template)]
#[template(path = "sign-in.html")]
struct SignInPage {
    assets: &'static str,
    theme: Option<&'static str>,
    username: String,
    next: String,
    error: Option<String>,
    needs_setup: bool,
}

/// Shows the page for signing in.
async fn page(
    State(app): State<App>,
    AnyCaller(caller): AnyCaller,
    headers: HeaderMap,
    Query(Next { next }): Query<Next>,
) -> Result<Response, PageError> {
    if caller.session.is_some() {
        return Ok(Redirect::to(local(&next)).into_response());
    }
    show(&app, &headers, (String::new(), next), None).await
}

/// Signs in.
async fn sign_in(
    State(app): State<App>,
    AnyCaller(caller): AnyCaller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, PageError> {
    let SignIn { username, password, next } = parse(&read(body).await?)?;
    match auth::sign_in(&app, &username, &password, caller.origin, user_agent(&headers)).await {
        Ok((_, token)) => Ok(with_cookie(Redirect::to(local(&next)).into_response(), &token, caller.origin)),
        Err(problem) if problem.status().is_client_error() => {
            show(&app, &headers, (username, next), Some(problem)).await
        }
        Err(problem) => Err(problem.into()),
    }
}

/// Signs out.
async fn sign_out(State(app): State<App>, AnyCaller(caller): AnyCaller) -> Result<Response, PageError> {
    if let Some(session) = &caller.session {
        app.state.end_session(&session.id).await?;
    }
    let mut response = Redirect::to("/sign-in").into_response();
    response.headers_mut().insert(header::SET_COOKIE, auth::expired_cookie(caller.origin));
    Ok(response)
}

async fn show(
    app: &App,
    headers: &HeaderMap,
    (username, next): (String, String),
    problem: Option<Problem>,
) -> Result<Response, PageError> {
    let status = problem.as_ref().map(Problem::status).unwrap_or_default();
    let page = SignInPage {
        assets: assets::base(),
        theme: theme::chosen(headers),
        username,
        next,
        error: problem.map(|problem| sentence(problem.detail())),
        needs_setup: first_run::is_needed(app).await?,
    };
    let html = page.render().map_err(|error| Problem::internal(&error))?;
    Ok((status, Html(html)).into_response())
}

fn local(next: &str) -> &str {
    if is_local(next) { next } else { "/" }
}
