//! The first run: creating the administrator, restoring a backup, or trying the program with sample data. Everything takes the token
//! that the server prints, since nobody can sign in yet.

mod restore;

use askama::Template;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use inventory::users::CreateFirstAdministrator;
use serde::Deserialize;

use super::assets;
use super::error::PageError;
use super::faults::Faults;
use super::form::{parse, read};
use super::theme;
use crate::api::session::{user_agent, with_cookie};
use crate::app::App;
use crate::auth::AnyCaller;
use crate::first_run;
use crate::problem::Problem;

/// Returns the routes of these pages.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/setup", get(page).post(create))
        .route("/setup/demo", post(demo))
        .merge(restore::routes())
}

/// Returns the route that receives an archive.
pub(super) fn uploads() -> Router<App> {
    restore::uploads()
}

/// The fields of the form. One form has several buttons, so that the token stands in it once. A hidden one comes first, for Enter.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Fields {
    token: String,
    username: String,
    email: String,
    password: String,
}

#[derive(Template)]
#[template(path = "setup.html")]
struct SetupPage {
    assets: &'static str,
    theme: Option<&'static str>,
    version: &'static str,
    token: String,
    username: String,
    email: String,
    faults: Faults,
}

/// Shows the page, as long as there is no administrator.
async fn page(State(app): State<App>, headers: HeaderMap) -> Result<Response, PageError> {
    if !first_run::is_needed(&app).await? {
        return Ok(Redirect::to("/sign-in").into_response());
    }
    show(&headers, Fields::default(), Faults::default())
}

fn show(headers: &HeaderMap, fields: Fields, faults: Faults) -> Result<Response, PageError> {
    let page = SetupPage {
        assets: assets::base(),
        theme: theme::chosen(headers),
        version: env!("CARGO_PKG_VERSION"),
        token: fields.token,
        username: fields.username,
        email: fields.email,
        faults,
    };
    let status = page.faults.status();
    respond(&page).map(|html| (status, html).into_response())
}

/// Renders a page without the frame.
fn respond(page: &impl Template) -> Result<Html<String>, PageError> {
    Ok(Html(page.render().map_err(|error| Problem::internal(&error))?))
}

/// Creates the administrator, and signs in.
async fn create(
    State(app): State<App>,
    AnyCaller(caller): AnyCaller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, PageError> {
    let fields: Fields = parse(&read(body).await?)?;
    let new = CreateFirstAdministrator {
        username: fields.username.trim().to_owned(),
        email: email(&fields),
        password: fields.password.clone(),
    };
    let origin = caller.origin;
    match first_run::create_administrator(&app, fields.token.trim(), new, origin, user_agent(&headers)).await
    {
        Ok((_, token)) => Ok(with_cookie(Redirect::to("/").into_response(), &token, origin)),
        Err(problem) => refuse(&headers, fields, problem),
    }
}

/// Returns the address that was entered, or else one that leads nowhere, as on the command line.
fn email(fields: &Fields) -> String {
    match fields.email.trim() {
        "" => format!("{}@makermatrix.local", fields.username.trim()),
        email => email.to_owned(),
    }
}

/// Shows the form again with what is wrong.
fn refuse(headers: &HeaderMap, fields: Fields, problem: Problem) -> Result<Response, PageError> {
    let faults = match token_fault(&problem) {
        Some(faults) => faults,
        None => Faults::of(problem)?,
    };
    show(headers, fields, faults)
}

/// Returns what is wrong if it is the token.
fn token_fault(problem: &Problem) -> Option<Faults> {
    let text =
        "It is wrong, has been used, or is older than a day. The server prints a new one when it starts.";
    problem.kind().ends_with(":setup-token").then(|| Faults::in_field("token", text))
}

#[derive(Template)]
#[template(path = "setup-demo.html")]
struct DemoPage {
    assets: &'static str,
    theme: Option<&'static str>,
    username: String,
    password: String,
}

/// Fills the inventory with sample data, signs in, and shows the password once.
async fn demo(
    State(app): State<App>,
    AnyCaller(caller): AnyCaller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, PageError> {
    let fields: Fields = parse(&read(body).await?)?;
    let origin = caller.origin;
    match first_run::fill_with_sample(&app, fields.token.trim(), origin, user_agent(&headers)).await {
        Ok((user, password, token)) => {
            let (assets, theme) = (assets::base(), theme::chosen(&headers));
            let page = DemoPage { assets, theme, username: user.username, password };
            Ok(with_cookie(respond(&page)?.into_response(), &token, origin))
        }
        Err(problem) => refuse(&headers, fields, problem),
    }
}
