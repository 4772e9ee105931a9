//! Tests the API through its router.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod accounts;
mod api_keys;
mod backup_files;
mod backup_tasks;
mod backups;
mod exchange;
mod files;
mod layers;
mod lessons;
mod network;
mod openapi;
mod pages;
mod parts;
mod restore_while_serving;
mod search;
mod sessions;
mod setup;
mod sign_in;
mod support;
mod thin_path;
mod trees;
