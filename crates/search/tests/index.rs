//! The index as its callers use it: what it finds, and what it keeps.

#[path = "index/finding.rs"]
mod finding;
#[path = "index/keeping.rs"]
mod keeping;
#[path = "index/suggesting.rs"]
mod suggesting;
#[path = "index/support.rs"]
mod support;
