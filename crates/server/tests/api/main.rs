//! Tests the API through its router.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod backup_files;
mod backup_tasks;
mod backups;
mod restore_while_serving;
mod support;
mod thin_path;
