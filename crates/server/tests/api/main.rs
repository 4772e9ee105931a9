//! Tests the API through its router.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod files;
mod parts;
mod support;
mod thin_path;
mod trees;
