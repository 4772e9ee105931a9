//! The web pages: templates filled by the same use cases as the API.
//!
//! A page is a template in `templates/`, a handler here, and a test in `tests/pages/`. Every page works as plain links and forms. The
//! modules in `assets/` make it quicker: `swap.js` follows links and submits forms without loading the whole page anew, and replaces
//! what has changed. So the server knows one kind of answer only, a whole page.
//!
//! Reading order: `visitor` (who asks), `frame` (what stands on every page), `form` (reads a form and runs its use case), `error`
//! (pages for errors), then one page.

mod address;
mod assets;
mod branches;
mod categories;
mod error;
mod flash;
mod form;
mod frame;
mod listed;
mod mistakes;
mod outline;
mod part;
mod part_move;
mod part_stock;
mod parts;
mod picker;
mod places;
mod relocate;
mod session;
mod siblings;
mod visitor;
mod words;

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;

use crate::app::App;

pub(crate) use error::error_page;

/// Returns the routes of all pages.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/", get(async || Redirect::to("/parts")))
        .route("/assets/{version}/{name}", get(assets::asset))
        .route("/favicon.ico", get(assets::favicon))
        .merge(session::routes())
        .merge(parts::routes())
        .merge(part::routes())
        .merge(part_stock::routes())
        .merge(part_move::routes())
        .merge(picker::routes())
        .merge(places::routes())
        .merge(categories::routes())
        .merge(relocate::routes())
}
