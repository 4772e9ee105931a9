//! The index as its callers use it: what it finds, and what it keeps.

#![expect(clippy::unwrap_used, reason = "a test that cannot continue has failed")]

#[path = "index/finding.rs"]
mod finding;
#[path = "index/keeping.rs"]
mod keeping;
#[path = "index/suggesting.rs"]
mod suggesting;
#[path = "index/support.rs"]
mod support;
