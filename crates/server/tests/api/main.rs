//! Tests the API through its router.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod accounts;
mod api_keys;
mod lessons;
mod sessions;
mod setup;
mod sign_in;
mod support;
mod thin_path;
