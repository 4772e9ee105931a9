//! What this instance is, and where it is managed.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use durable::with_suffix;
use inventory::{DatabaseUrl, Permission, migration};

use super::error::PageError;
use super::frame::{Frame, Section, render};
use super::visitor::Visitor;
use super::words::size;
use crate::app::App;

/// Returns the route of this page.
pub(super) fn routes() -> Router<App> {
    Router::new().route("/settings", get(page))
}

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    frame: Frame,
    version: &'static str,
    schema: &'static str,
    engine: &'static str,
    search: &'static str,
    /// What only administrators see.
    machine: Option<Machine>,
    is_encrypted: bool,
    may_export: bool,
    may_see_users: bool,
    may_see_tags: bool,
    may_see_projects: bool,
}

/// Where things are on the machine of the server.
struct Machine {
    /// The file of the database; `None` with PostgreSQL.
    database: Option<(String, String)>,
    files: String,
    backups: String,
}

/// Shows the page.
async fn page(State(app): State<App>, visitor: Visitor) -> Result<Response, PageError> {
    let inventory = app.inventory().await?;
    let is_current = app.search.catch_up(&inventory).await.unwrap_or(false);
    Ok(render(&SettingsPage {
        frame: Frame::new(&app, &visitor, Section::Settings, "Settings").await?,
        version: env!("CARGO_PKG_VERSION"),
        schema: migration::names().last().copied().unwrap_or_default(),
        engine: match inventory.url() {
            DatabaseUrl::Sqlite(_) => "SQLite",
            DatabaseUrl::Postgres(_) => "PostgreSQL",
        },
        search: if is_current { "up to date" } else { "catching up; until then, the database is searched" },
        machine: visitor.may(Permission::All).then(|| Machine::of(&app, inventory.url())),
        is_encrypted: app.engine.encrypts(),
        may_export: visitor.may(Permission::BackupManage),
        may_see_users: visitor.may(Permission::UsersRead),
        may_see_tags: visitor.may(Permission::TagsRead),
        may_see_projects: visitor.may(Permission::ProjectsRead),
    }))
}

impl Machine {
    fn of(app: &App, url: &DatabaseUrl) -> Self {
        let places = app.engine.places();
        let database = match url {
            DatabaseUrl::Sqlite(path) => {
                let files = [path.clone(), with_suffix(path, "-wal")];
                let bytes =
                    files.iter().filter_map(|file| file.metadata().ok()).map(|found| found.len()).sum();
                Some((path.display().to_string(), size(bytes)))
            }
            DatabaseUrl::Postgres(_) => None,
        };
        let (files, backups) = (&places.static_files, &places.backups);
        Self { database, files: files.display().to_string(), backups: backups.display().to_string() }
    }
}
