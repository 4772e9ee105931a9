//! Reads a form, runs its use case, and sends the browser on.

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use inventory::{Command, IdempotencyKey, Once, digest_of};
use serde::de::DeserializeOwned;

use super::error::PageError;
use super::flash::Flash;
use super::visitor::Visitor;
use crate::app::App;
use crate::problem::Problem;

/// The largest form in bytes.
const MAX_FORM: usize = 2 << 20;

/// A form that a signed-in user has sent.
#[derive(Debug)]
pub(super) struct Form<T> {
    pub(super) visitor: Visitor,
    pub(super) fields: T,
    /// Where the form says to go on: a page of this site.
    back: Option<String>,
    /// The page that the form was sent from, if the browser says so.
    sender: Option<String>,
    key: Option<IdempotencyKey>,
}

/// The fields that any form may have.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Common {
    /// The address of the next page.
    back: Option<String>,
    /// A text that is unique for each form, so that a form that is sent twice takes effect once.
    form_key: Option<String>,
}

impl<T: DeserializeOwned> FromRequest<App> for Form<T> {
    type Rejection = PageError;

    async fn from_request(request: Request, app: &App) -> Result<Self, PageError> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, app).await?;
        let bytes = read(body).await?;
        let common: Common = serde_html_form::from_bytes(&bytes).unwrap_or_default();
        let key = common.form_key.filter(|key| (1..=255).contains(&key.len())).map(|key| {
            let request = digest_of([parts.uri.path().as_bytes(), &bytes]);
            IdempotencyKey { key, request }
        });
        let fields = parse(&bytes)?;
        let sender = sender(&parts.headers, &visitor.host).filter(|sender| is_local(sender));
        let back = common.back.filter(|back| is_local(back));
        Ok(Self { visitor, fields, back, sender, key })
    }
}

/// Returns the path and the query of the page that a form was sent from. The policy of this server lets browsers say so for its own
/// pages only.
fn sender(headers: &HeaderMap, host: &str) -> Option<String> {
    let page: Uri = headers.get(header::REFERER)?.to_str().ok()?.parse().ok()?;
    let is_own = page.authority().is_some_and(|authority| authority.as_str() == host);
    page.path_and_query().filter(|_| is_own).map(ToString::to_string)
}

/// Reads the body of a form.
pub(super) async fn read(body: Body) -> Result<Vec<u8>, Problem> {
    let bytes = axum::body::to_bytes(body, MAX_FORM).await;
    Ok(bytes.map_err(|_| Problem::bad_request("the form is too large"))?.into())
}

/// Parses the body of a form.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_html_form::from_bytes(bytes)
        .map_err(|error| Problem::bad_request(format!("the form cannot be read: {error}")))
}

/// Returns whether an address is a page of this site. `//host` and `/\host` lead elsewhere.
pub(super) fn is_local(address: &str) -> bool {
    let mut chars = address.chars();
    chars.next() == Some('/')
        && !matches!(chars.next(), Some('/' | '\\'))
        && !address.chars().any(char::is_control)
}

impl<T> Form<T> {
    /// Runs a command once, however often the form is sent. `flash` says what has happened.
    pub(super) async fn run<C: Command>(
        &self,
        app: &App,
        command: C,
        flash: impl Fn(&C::Output) -> Flash + Sync,
    ) -> Result<Flash, Problem> {
        let inventory = app.inventory().await?;
        let actor = &self.visitor.caller.actor;
        let Some(key) = &self.key else {
            return Ok(flash(&inventory.run(actor, command).await?));
        };
        let record = |output: &C::Output| serde_json::to_string(&flash(output)).unwrap_or_default();
        match inventory.run_once(actor, command, key, &record).await? {
            Once::Done(output) => Ok(flash(&output)),
            Once::Repeated(recorded) => {
                serde_json::from_str(&recorded).map_err(|error| Problem::internal(&error))
            }
        }
    }

    /// Returns the text that makes the form take effect once.
    pub(super) fn key(&self) -> Option<&str> {
        self.key.as_ref().map(|key| key.key.as_str())
    }

    /// Returns the page that the form names, or `page`.
    pub(super) fn next<'a>(&'a self, page: &'a str) -> &'a str {
        self.back.as_deref().unwrap_or(page)
    }

    /// Runs a command once, for a page that shows its output, which is not recorded. Returns `None` if the form was sent before.
    pub(super) async fn run_for_output<C: Command>(
        &self,
        app: &App,
        command: C,
    ) -> Result<Option<C::Output>, Problem> {
        let inventory = app.inventory().await?;
        let actor = &self.visitor.caller.actor;
        let Some(key) = &self.key else { return Ok(Some(inventory.run(actor, command).await?)) };
        match inventory.run_once(actor, command, key, &|_| String::new()).await? {
            Once::Done(output) => Ok(Some(output)),
            Once::Repeated(_) => Ok(None),
        }
    }

    /// Sends the browser to the page that the form was sent from, or to `page`, where `flash` is shown.
    pub(super) fn go_back(&self, page: &str, flash: &Flash) -> Response {
        go_to(self.back.as_deref().or(self.sender.as_deref()).unwrap_or(page), flash)
    }

    /// Sends the browser to the page that the form names, or to `page`, where `flash` is shown.
    pub(super) fn go_on(&self, page: &str, flash: &Flash) -> Response {
        go_to(self.next(page), flash)
    }
}

/// Sends the browser to a page, where `flash` is shown.
pub(super) fn go_to(page: &str, flash: &Flash) -> Response {
    let mut response = Redirect::to(page).into_response();
    response.headers_mut().insert(header::SET_COOKIE, flash.cookie());
    response
}

#[cfg(test)]
mod tests {
    use super::is_local;

    #[test]
    fn only_pages_of_this_site_are_local() {
        for local in ["/", "/parts?q=a&sort=-name", "/parts/%2F"] {
            assert!(is_local(local), "{local}");
        }
        for foreign in ["", "parts", "//evil.example", "/\\evil.example", "https://evil.example", "/a\r\nb"] {
            assert!(!is_local(foreign), "{foreign}");
        }
    }
}
