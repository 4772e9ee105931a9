//! The web pages: templates filled by the same use cases as the API.
//!
//! A page is a template in `templates/`, a handler here, and a test in `tests/pages/`. Every page works as plain links and forms. The
//! modules in `assets/` make it quicker: `swap.js` follows links and submits forms without loading the whole page anew, and replaces
//! what has changed. So the server knows one kind of answer only, a whole page.
//!
//! Reading order: `visitor` (who asks), `frame` (what stands on every page), `form` (reads a form and runs its use case), `error`
//! (pages for errors), then one page.

mod account;
mod activity;
mod address;
mod assets;
mod backups;
mod branches;
mod categories;
mod codes;
mod columns;
mod confirm;
mod error;
mod faults;
mod flash;
mod form;
mod frame;
mod import;
mod labels;
mod listed;
mod outline;
mod overview;
mod part;
mod part_bulk;
mod part_choices;
mod part_delete;
mod part_fields;
mod part_files;
mod part_filters;
mod part_form;
mod part_history;
mod part_move;
mod part_overtaken;
mod part_page;
mod part_stock;
mod parts;
mod permissions;
mod picker;
mod places;
mod projects;
mod relocate;
mod roles;
mod saved_views;
mod scan;
mod session;
mod settings;
mod setup;
mod siblings;
mod tags;
mod task_result;
mod task_view;
mod tasks;
mod theme;
mod truth;
mod upload;
mod users;
mod value_chart;
mod visitor;
mod words;

use axum::Router;
use axum::routing::get;

use crate::app::App;

pub(crate) use error::error_page;

/// Returns the routes of all pages.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/assets/{version}/{name}", get(assets::asset))
        .route("/favicon.ico", get(assets::favicon))
        .route("/manifest.webmanifest", get(assets::manifest))
        .merge(session::routes())
        .merge(setup::routes())
        .merge(account::routes())
        .merge(users::routes())
        .merge(roles::routes())
        .merge(settings::routes())
        .merge(tags::routes())
        .merge(projects::routes())
        .merge(saved_views::routes())
        .merge(overview::routes())
        .merge(activity::routes())
        .merge(labels::routes())
        .merge(import::routes())
        .merge(scan::routes())
        .merge(parts::routes())
        .merge(part_page::routes())
        .merge(part_form::routes())
        .merge(part_bulk::routes())
        .merge(columns::routes())
        .merge(part_delete::routes())
        .merge(part_files::routes())
        .merge(part_stock::routes())
        .merge(backups::routes())
        .merge(tasks::routes())
        .merge(part_move::routes())
        .merge(picker::routes())
        .merge(places::routes())
        .merge(categories::routes())
        .merge(relocate::routes())
}

/// Returns the routes that may take as long as the network of a visitor does.
pub(crate) fn uploads() -> Router<App> {
    part_files::uploads().merge(backups::uploads()).merge(setup::uploads())
}
