//! Limits that several modules share.

/// The largest depth of nested locations and categories.
pub const MAX_DEPTH: usize = 64;
