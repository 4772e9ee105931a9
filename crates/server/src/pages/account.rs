//! The account of the visitor: own data, the password, sessions, API keys, and the theme.

mod keys;
mod password;
mod sessions;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use inventory::Permission;
use serde::Deserialize;

use self::keys::KeyLine;
use self::sessions::SessionLine;
use super::error::PageError;
use super::form::Form;
use super::frame::{Frame, Section, render};
use super::theme;
use super::visitor::Visitor;
use super::words::When;
use crate::app::App;

/// The page of the account.
const PAGE: &str = "/account";

/// Returns the routes of these pages.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route(PAGE, get(page))
        .route("/account/theme", post(choose_theme))
        .merge(password::routes())
        .merge(sessions::routes())
        .merge(keys::routes())
}

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    frame: Frame,
    email: String,
    roles: String,
    since: When,
    theme: &'static str,
    sessions: Vec<SessionLine>,
    /// `None` if the visitor may not see keys.
    keys: Option<Vec<KeyLine>>,
    may_create_keys: bool,
    may_change_keys: bool,
    may_delete_keys: bool,
}

/// Shows the account.
async fn page(State(app): State<App>, visitor: Visitor) -> Result<Response, PageError> {
    let now = app.ambient.utc();
    let user = &visitor.user;
    let roles: Vec<&str> = user.roles.iter().map(|role| role.name.as_str()).collect();
    Ok(render(&AccountPage {
        frame: Frame::new(&app, &visitor, Section::Account, "Account").await?,
        email: user.email.clone(),
        roles: roles.join(", "),
        since: When::new(user.created_at.0, now),
        theme: visitor.theme.unwrap_or("system"),
        sessions: sessions::own(&app, &visitor).await?,
        keys: keys::own(&app, &visitor).await?,
        may_create_keys: visitor.may(Permission::ApiKeysCreate),
        may_change_keys: visitor.may(Permission::ApiKeysUpdate),
        may_delete_keys: visitor.may(Permission::ApiKeysDelete),
    }))
}

/// The chosen theme.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ThemeChoice {
    theme: String,
}

/// Remembers the theme in the browser.
async fn choose_theme(form: Form<ThemeChoice>) -> Response {
    let cookie = theme::cookie(&form.fields.theme);
    ([(header::SET_COOKIE, cookie)], Redirect::to(form.next(PAGE))).into_response()
}
