//! The HTTP server: the web pages, the REST API under `/api/v1`, and what it takes to run them.
//!
//! This crate turns requests into use cases of `inventory` and `backup`, and their results into pages and responses. It has no rules of
//! the domain, checks no permission, and writes no SQL except for its own state (`state`).
//!
//! Reading order: [`serve`] (starts and stops), `app` (what every request needs), `routes` (all routes), `call` (reads a
//! request and runs its use case), one resource in `api`, one page in `pages`, `problem` (errors), `auth` (who sends a
//! request), `tasks` (work that outlasts a request).

mod api;
mod app;
mod auth;
mod backup_ages;
mod call;
mod cookies;
mod docs;
mod error;
mod first_run;
mod key_uses;
mod layers;
mod live;
mod lock;
mod metrics;
mod pages;
mod problem;
mod routes;
mod search_index;
mod serve;
mod setup;
mod sign_in_limits;
mod state;
mod tasks;
mod tls;

pub use app::{App, Options, Timeouts};
pub use backup_ages::BackupAges;
pub use error::Error;
pub use lock::ServerLock;
pub use routes::{openapi, router};
pub use serve::{listen, serve};
pub use setup::setup_link;
pub use tls::Tls;
