//! The domain: parts, stock, places, people, their rules, and the tables and files that hold them.
//!
//! What this crate must never know: archives, HTTP, the command line, and how anything is shown.
//! It is the only place with SQL.
//!
//! Reading order: [`migration`] and [`entity`] (the tables, those of the original MakerMatrix),
//! `store` (how the database is opened: one writer, many readers), then one file per resource:
//! `roles`, `users`, `api_keys`, `categories`, `locations`, `parts`, `allocations`, whose use cases
//! are methods of [`Inventory`]; [`static_files`] beside them. [`sqlite`] is what the backup engine
//! works with, [`disk`] the seam through which files are changed, `ambient` where time and
//! randomness come from.

pub mod actor;
mod allocations;
mod ambient;
mod api_keys;
mod categories;
pub mod entity;
mod error;
mod json;
mod locations;
pub mod migration;
mod numeric;
mod parts;
pub mod password;
pub mod restore_names;
mod roles;
pub mod sample;
pub mod sqlite;
pub mod static_files;
mod store;
mod timestamp;
mod tree;
mod users;

pub use actor::Actor;
pub use allocations::{Allocation, NewAllocation, Transfer};
pub use ambient::{Ambient, Clock, Now, Random};
pub use api_keys::{ApiKey, CreatedApiKey, KeyHolder, NewApiKey};
pub use categories::{Category, NewCategory};
pub use error::Error;
pub use json::Json;
pub use locations::{Location, NewLocation, SINGLE_PART};
pub use numeric::Numeric;
pub use parts::{Datasheet, NewDatasheet, NewPart, Page, Part};
pub use roles::{NewRole, Role};
pub use static_files::{FileKind, StaticFiles};
pub use store::Inventory;
pub use timestamp::Timestamp;
pub use tree::{Branch, DEEPEST};
pub use users::{Account, NewUser, User};
