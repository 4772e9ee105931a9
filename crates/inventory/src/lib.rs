//! The domain: parts, stock, locations and users, their rules, and the tables and files that hold them.
//!
//! What this crate must never know: archives, HTTP, the command line, and presentation.
//! All SQL of the domain is in this crate.
//!
//! Reading order: `work` (the interface of a use case), then one resource, such as [`parts`]; `inventory` (runs use
//! cases), `activity` (the activity log), `permission`, `fields` and `list` (shared by all use cases), `use_cases` (the
//! table of all use cases); `db` (the entities, and the differences between SQLite and PostgreSQL). The backup engine uses
//! [`LiveDatabase`], [`migration`] and [`sqlite`]. [`static_files`] manages the files beside the database, and `ambient`
//! provides time and randomness.

mod access;
mod activity;
pub mod activity_log;
mod actor;
mod administrators;
mod ambient;
pub mod api_keys;
pub mod bulk;
pub mod categories;
mod census;
mod change;
mod change_feed;
mod db;
pub mod deletion;
mod digest;
pub mod entities;
mod error;
pub mod exchange;
pub mod fields;
pub mod files;
mod images;
mod inventory;
mod json;
mod legacy;
mod limits;
pub mod list;
mod live_database;
pub mod locations;
pub mod migration;
mod name_list;
mod once;
pub mod parts;
pub mod password;
mod permission;
pub mod projects;
mod released_files;
pub mod restore_names;
pub mod roles;
pub mod sample;
pub mod saved_views;
pub mod sizes;
pub mod sqlite;
pub mod static_files;
pub mod stock;
pub mod tags;
mod timestamp;
mod tree;
mod use_cases;
pub mod users;
mod work;
mod write_gate;

pub use access::Access;
pub use actor::Actor;
pub use ambient::{Ambient, Clock, Now, Random};
pub use census::{Census, Difference, Total};
pub use change::Change;
pub use change_feed::Changed;
pub use db::{DatabaseUrl, DatabaseUrlProblem, PostgresUrl};
pub use digest::digest_of;
pub use error::{DatabaseFault, Error, FileProblem, KeyProblem, Kind};
pub use fields::{FieldError, Fields, Problem};
pub use inventory::Inventory;
pub use json::Json;
pub use legacy::Adjustment;
pub use limits::MAX_DEPTH;
pub use live_database::LiveDatabase;
pub use name_list::NameList;
pub use once::{IdempotencyKey, Once};
pub use permission::{Permission, Permissions, UnknownPermission};
pub use static_files::{FileKind, StaticFiles};
pub use timestamp::Timestamp;
pub use tree::{OutlineItem, TreeNode};
pub use use_cases::{USE_CASES, UseCase};
pub use work::{Command, Listed, Query, Read, Work};
pub use write_gate::ClosedGate;
