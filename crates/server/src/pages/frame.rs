//! What stands on every page: the navigation, the search box, the state of the backups, and what the last change has to say.

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use inventory::Permission;
use inventory::sizes::CountThings;

use super::assets;
use super::error::PageError;
use super::flash::{self, Flash, Moved, Undo};
use super::truth::{Backups, Truth};
use super::visitor::Visitor;
use super::words::grouped;
use crate::api::tasks::may_see;
use crate::app::App;
use crate::problem::Problem;

/// The part of the site that a page belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Overview,
    Parts,
    Places,
    Categories,
    Backups,
    Activity,
    Tasks,
    Settings,
    Account,
    Scan,
}

/// What stands on every page.
pub(super) struct Frame {
    pub(super) assets: &'static str,
    /// The theme that the browser has chosen.
    pub(super) theme: Option<&'static str>,
    pub(super) title: String,
    pub(super) section: Section,
    pub(super) username: String,
    pub(super) initials: String,
    pub(super) parts: Option<String>,
    pub(super) places: Option<String>,
    pub(super) categories: Option<String>,
    /// `None` if the visitor may not see backups.
    pub(super) truth: Option<Truth>,
    /// The number of running tasks.
    pub(super) running: usize,
    pub(super) flash: Option<Flash>,
    /// The path and the query of the page.
    pub(super) here: String,
    /// The text in the search box.
    pub(super) q: String,
    /// What the search keeps of the address of the list, as names and values.
    pub(super) kept: Vec<(String, String)>,
    pub(super) may_create_parts: bool,
}

impl Frame {
    pub(super) async fn new(
        app: &App,
        visitor: &Visitor,
        section: Section,
        title: impl Into<String>,
    ) -> Result<Self, PageError> {
        let may = |permission| visitor.may(permission);
        let caller = &visitor.caller;
        let indexed = match may(Permission::PartsRead) {
            true => app.search.count(&app.inventory().await?).await,
            false => None,
        };
        let counted = app.query(caller, CountThings { without_parts: indexed.is_some() }).await?;
        let truth = if may(Permission::BackupCreate) { Some(Backups::now(app).await.truth()) } else { None };
        let current = app.tasks.current();
        let running = current.filter(|(_, user_id)| may_see(caller, user_id.as_deref())).iter().count();
        Ok(Self {
            assets: assets::base(),
            theme: visitor.theme,
            title: title.into(),
            section,
            initials: initials(&visitor.user.username),
            username: visitor.user.username.clone(),
            parts: indexed.or(counted.parts).map(grouped),
            places: counted.locations.map(grouped),
            categories: counted.categories.map(grouped),
            truth,
            running,
            flash: visitor.flash.clone(),
            here: visitor.target.clone(),
            q: String::new(),
            kept: Vec::new(),
            may_create_parts: may(Permission::PartsCreate),
        })
    }

    /// Returns whether the page belongs to a section.
    pub(super) fn is(&self, section: Section) -> bool {
        self.section == section
    }

    /// Returns the address to which the undo of the last change is sent, and what is sent: names and values.
    pub(super) fn undo(&self) -> Option<(String, Vec<(&'static str, &str)>)> {
        Some(match self.flash.as_ref()?.undo.as_ref()? {
            Undo::Movement { part_id, movement_id } => {
                (format!("/parts/{}/stock/undo", encoded(part_id)), vec![("movement_id", movement_id)])
            }
            Undo::Movements { first, last } => {
                ("/parts/bulk/undo".to_owned(), vec![("first", first), ("last", last)])
            }
            Undo::Move { page, id, parent_id } => {
                let page = match page {
                    Moved::Place => "places",
                    Moved::Category => "categories",
                };
                (format!("/{page}/{}/move", encoded(id)), vec![("to", parent_id)])
            }
        })
    }
}

/// Returns a text as part of an address.
pub(super) fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

fn initials(username: &str) -> String {
    let words = username.split(|char: char| !char.is_alphanumeric()).filter_map(|word| word.chars().next());
    let initials: String = words.take(2).collect();
    initials.to_uppercase()
}

/// Renders a page with a status.
pub(super) fn render_with(status: StatusCode, page: &impl Template) -> Response {
    let mut response = match page.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => return Problem::internal(&error).into_response(),
    };
    response.headers_mut().insert(header::SET_COOKIE, flash::removal());
    response
}

/// Renders a page.
pub(super) fn render(page: &impl Template) -> Response {
    render_with(StatusCode::OK, page)
}
