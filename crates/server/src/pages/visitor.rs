//! Who asks for a page.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use inventory::Permission;
use inventory::users::User;

use super::error::PageError;
use super::flash::{self, Flash};
use super::theme;
use crate::app::App;
use crate::auth::{AnyCaller, Caller};

/// A signed-in user who asks for a page. Sends others to the page for signing in, and users who must change the password to the page
/// for that.
#[derive(Clone, Debug)]
pub(super) struct Visitor {
    pub(super) caller: Caller,
    pub(super) user: User,
    /// The path and the query of the page.
    pub(super) target: String,
    /// The name and the port of this server, as the browser knows them.
    pub(super) host: String,
    /// What the previous request has to say.
    pub(super) flash: Option<Flash>,
    /// The theme that the browser has chosen.
    pub(super) theme: Option<&'static str>,
}

impl Visitor {
    /// Returns whether the user has a permission, so that a page offers only what the user may do.
    pub(super) fn may(&self, permission: Permission) -> bool {
        self.caller.actor.may(permission)
    }
}

impl FromRequestParts<App> for Visitor {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, PageError> {
        let AnyCaller(caller) = AnyCaller::from_request_parts(parts, app).await?;
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
        // A form that is answered by another page is not sent again afterwards.
        let next = if parts.method == axum::http::Method::GET { &*target } else { "/" };
        let Some(user) = caller.session.as_ref().map(|session| session.user.clone()) else {
            return Err(PageError::sign_in(next));
        };
        if user.password_change_required && parts.uri.path() != PASSWORD_PAGE {
            let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
            return Err(PageError::Redirect(format!("{PASSWORD_PAGE}?next={next}")));
        }
        let (flash, theme) = (flash::read(&parts.headers), theme::chosen(&parts.headers));
        // HTTP/2 has the host in the address.
        let named = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let host = named.or_else(|| parts.uri.authority().map(|authority| authority.as_str()));
        let host = host.unwrap_or("localhost").to_owned();
        Ok(Self { caller, user, target, host, flash, theme })
    }
}

/// The page on which a user changes the password.
pub(super) const PASSWORD_PAGE: &str = "/account/password";
