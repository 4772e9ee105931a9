//! Limits that several modules share.

/// How deep locations and categories may be nested.
pub const MAX_DEPTH: usize = 64;
