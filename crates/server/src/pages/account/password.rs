//! Changing one's own password. A password that must be changed comes first, and then the page that was asked for.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use axum::routing::get;
use inventory::users::SetPassword;
use serde::Deserialize;

use super::PAGE;
use crate::api::account::new_password;
use crate::app::App;
use crate::auth;
use crate::pages::error::PageError;
use crate::pages::faults::Faults;
use crate::pages::flash::Flash;
use crate::pages::form::{Form, go_to, is_local};
use crate::pages::frame::{Frame, Section, render_with};
use crate::pages::visitor::{PASSWORD_PAGE, Visitor};

/// Returns the routes of this page.
pub(super) fn routes() -> Router<App> {
    Router::new().route(PASSWORD_PAGE, get(page).post(change))
}

/// Where to go afterwards.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Next {
    next: String,
}

/// The fields of the form.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Passwords {
    current_password: String,
    new_password: String,
    next: String,
}

#[derive(Template)]
#[template(path = "password.html")]
struct PasswordPage {
    frame: Frame,
    is_required: bool,
    username: String,
    next: String,
    faults: Faults,
}

/// Shows the form.
async fn page(
    State(app): State<App>,
    visitor: Visitor,
    Query(Next { next }): Query<Next>,
) -> Result<Response, PageError> {
    show(&app, &visitor, next, Faults::default()).await
}

async fn show(app: &App, visitor: &Visitor, next: String, faults: Faults) -> Result<Response, PageError> {
    let status = faults.status();
    let page = PasswordPage {
        frame: Frame::new(app, visitor, Section::Account, "Change the password").await?,
        is_required: visitor.user.password_change_required,
        username: visitor.user.username.clone(),
        next,
        faults,
    };
    Ok(render_with(status, &page))
}

/// Changes the password. All sessions of the visitor end, and this one goes on as a new one.
async fn change(
    State(app): State<App>,
    headers: HeaderMap,
    form: Form<Passwords>,
) -> Result<Response, PageError> {
    let Form { visitor, fields, .. } = form;
    let command = SetPassword {
        user_id: visitor.user.id.clone(),
        current_password: Some(fields.current_password),
        new_password: fields.new_password,
        password_change_required: false,
    };
    match new_password(&app, &headers, &visitor.caller, command).await {
        Ok(token) => {
            let next = if is_local(&fields.next) { &fields.next } else { PAGE };
            let mut response =
                go_to(next, &Flash::new("Changed the password. All other sessions have ended."));
            if let Some(token) = token {
                let cookie = auth::cookie(&token, visitor.caller.origin);
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            Ok(response)
        }
        Err(problem) => show(&app, &visitor, fields.next, Faults::of(problem)?).await,
    }
}
