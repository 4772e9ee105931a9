//! Changes and deletes many parts at once, all or none.

mod change;
mod delete;

use crate::fields::{Fields, Problem};

pub use change::{ChangeParts, ChangedParts, StockTarget};
pub use delete::DeleteParts;

/// The largest number of parts in one request.
pub const MAX_PARTS: usize = 1000;

fn validate_ids(ids: &[String], fields: &mut Fields) {
    fields.require("ids", !ids.is_empty(), Problem::Missing);
    fields.items("ids", ids, MAX_PARTS);
}

/// Returns the ids in their order, each once.
fn distinct(ids: &[String]) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    ids.iter().filter(|id| seen.insert(*id)).cloned().collect()
}
