//! Saved views of the list of parts.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use inventory::saved_views::{CreateSavedView, DeleteSavedView, ListSavedViews, SavedView};
use serde::Deserialize;

use super::address::Address;
use super::error::PageError;
use super::flash::Flash;
use super::form::{Form, go_to};
use super::visitor::Visitor;
use super::words::capitalised;
use crate::app::App;
use crate::call::PathId;
use crate::problem::Problem;

/// What an address holds beside the view: the page, and the open part.
const PASSING: [&str; 3] = ["page", "page_size", "part"];

/// Returns the routes of these forms.
pub(super) fn routes() -> Router<App> {
    Router::new().route("/parts/views", post(save)).route("/parts/views/{id}/delete", post(delete))
}

/// A saved view, as the menu shows it.
pub(super) struct ViewLink {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) link: String,
    /// Whether the list shows this view.
    pub(super) is_open: bool,
}

/// The views of a visitor, and what can be saved.
pub(super) struct Views {
    pub(super) links: Vec<ViewLink>,
    /// Whether the list is filtered or sorted, so that it can be saved.
    pub(super) may_save: bool,
}

impl Views {
    pub(super) async fn load(app: &App, visitor: &Visitor, address: &Address) -> Result<Self, Problem> {
        let query = query_of(address);
        let link = |view: SavedView| ViewLink {
            is_open: view.query == query,
            link: format!("/parts?{}", view.query),
            id: view.id,
            name: view.name,
        };
        let views = app.query(&visitor.caller, ListSavedViews).await?;
        Ok(Self { links: views.into_iter().map(link).collect(), may_save: !query.is_empty() })
    }
}

/// Returns the query of the view that an address shows.
fn query_of(address: &Address) -> String {
    let view = PASSING.iter().fold(address.clone(), |address, name| address.without(name));
    let text = view.at("").to_string();
    text.trim_start_matches('?').to_owned()
}

/// The name of a view.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct NewView {
    name: String,
}

/// Saves what the list shows.
async fn save(State(app): State<App>, form: Form<NewView>) -> Result<Response, PageError> {
    let back = form.next("/parts").to_owned();
    let query = query_of(&Address::parse(&back));
    let command = CreateSavedView { name: form.fields.name.clone(), query };
    match form.run(&app, command, |view| Flash::new(format!("Saved the view {}", view.name))).await {
        Ok(flash) => Ok(go_to(&back, &flash)),
        Err(problem) if !problem.errors().is_empty() => {
            let errors = problem.errors().iter().map(|error| format!("{} {}", error.field, error.detail));
            let text = capitalised(&errors.collect::<Vec<_>>().join(", "));
            Ok(go_to(&back, &Flash::new(format!("The view was not saved. {text}"))))
        }
        Err(problem) => Err(problem.into()),
    }
}

/// A form without fields of its own.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Nothing {}

/// Deletes a view.
async fn delete(
    State(app): State<App>,
    PathId(id): PathId,
    form: Form<Nothing>,
) -> Result<Response, PageError> {
    let command = DeleteSavedView(id);
    let flash = form.run(&app, command, |view| Flash::new(format!("Deleted the view {}", view.name))).await?;
    Ok(form.go_on("/parts", &flash))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_is_what_is_searched_and_sorted_for_but_not_the_page() {
        let address = Address::parse("/parts?q=led&page=3&part=x&sort=-name&page_size=100");
        assert_eq!(query_of(&address), "q=led&sort=-name");
        assert_eq!(query_of(&Address::parse("/parts?page=2")), "");
    }
}
