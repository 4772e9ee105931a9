//! The sessions of the visitor: where somebody has signed in, and how to end that.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use serde::Deserialize;

use super::PAGE;
use crate::api::account::end_own_session;
use crate::app::App;
use crate::auth::valid_sessions;
use crate::call::PathId;
use crate::pages::error::PageError;
use crate::pages::flash::Flash;
use crate::pages::form::Form;
use crate::pages::visitor::Visitor;
use crate::pages::words::When;
use crate::problem::Problem;

/// Returns the routes of these forms.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/account/sessions/end", post(end_others))
        .route("/account/sessions/{id}/end", post(end))
}

/// A session, as the page shows it.
pub(super) struct SessionLine {
    pub(super) id: String,
    pub(super) browser: String,
    /// The whole name of the browser.
    pub(super) agent: String,
    pub(super) address: String,
    pub(super) used: When,
    pub(super) is_current: bool,
}

/// A form without fields of its own.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Nothing {}

/// Returns the sessions of the visitor, the last used first.
pub(super) async fn own(app: &App, visitor: &Visitor) -> Result<Vec<SessionLine>, Problem> {
    let current = visitor.caller.require_session()?;
    let now = app.ambient.utc();
    let sessions = valid_sessions(app, &current.user.id).await?.into_iter();
    let line = |session: crate::state::Session| SessionLine {
        browser: browser(session.user_agent.as_deref().unwrap_or_default()),
        agent: session.user_agent.unwrap_or_default(),
        used: When::of_seconds(session.last_used_at, now),
        is_current: session.id == current.id,
        id: session.id,
        address: session.address,
    };
    Ok(sessions.map(line).collect())
}

/// Ends a session.
async fn end(State(app): State<App>, PathId(id): PathId, form: Form<Nothing>) -> Result<Response, PageError> {
    end_own_session(&app, &form.visitor.caller, &id).await?;
    Ok(form.go_on(PAGE, &Flash::new("Ended the session")))
}

/// Ends all sessions except the current one.
async fn end_others(State(app): State<App>, form: Form<Nothing>) -> Result<Response, PageError> {
    let current = form.visitor.caller.require_session()?;
    app.state.end_sessions_of(&current.user.id, Some(&current.id)).await?;
    Ok(form.go_on(PAGE, &Flash::new("Ended all other sessions")))
}

/// Returns a short name for a browser, such as `Firefox on Linux`. Browsers name others in their names, so the order matters.
fn browser(agent: &str) -> String {
    const BROWSERS: [(&str, &str); 6] = [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ];
    const SYSTEMS: [(&str, &str); 6] = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "Mac"),
        ("Linux", "Linux"),
    ];
    let find = |names: &[(&str, &'static str)]| {
        names.iter().find(|(part, _)| agent.contains(part)).map(|(_, name)| *name)
    };
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        (None, _) if agent.is_empty() => "An unnamed program".to_owned(),
        (None, _) => agent.chars().take(40).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::browser;

    #[test]
    fn browsers_have_short_names() {
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36";
        let edge = format!("{} Edg/140.0", chrome.replace("X11; Linux x86_64", "Windows NT 10.0"));
        let texts = [chrome, &edge, "curl/8.0", "", "parts-bot 1"].map(browser);
        assert_eq!(
            texts,
            ["Chrome on Linux", "Edge on Windows", "curl", "An unnamed program", "parts-bot 1"]
        );
    }
}
