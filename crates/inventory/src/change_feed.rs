//! The feed of changes, for derived data such as a search index. It holds which parts have changed, not how: whoever follows it
//! reads the parts again.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// The largest number of parts that are remembered. After more, everything counts as changed.
const MAX_PARTS: usize = 10_000;

/// What has changed since the last look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// These parts, or what is linked to them.
    Parts(BTreeSet<String>),
    /// Anything: names of locations, categories or tags, or the rows that another program has written.
    Anything,
}

impl Default for Changed {
    fn default() -> Self {
        Self::Parts(BTreeSet::new())
    }
}

impl Changed {
    /// Adds other changes.
    pub fn extend(&mut self, other: Self) {
        match (&mut *self, other) {
            (Self::Parts(parts), Self::Parts(more)) => {
                parts.extend(more);
                if parts.len() > MAX_PARTS {
                    *self = Self::Anything;
                }
            }
            (_, Self::Anything) => *self = Self::Anything,
            (Self::Anything, _) => {}
        }
    }

    /// Returns whether nothing has changed.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Parts(parts) if parts.is_empty())
    }
}

/// The feed of an inventory. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct ChangeFeed(Arc<Mutex<Feed>>);

#[derive(Debug, Default)]
struct Feed {
    changed: Changed,
    /// The `data_version` of the write connection, which only commits of other connections change.
    data_version: Option<i64>,
}

impl ChangeFeed {
    pub(crate) fn add(&self, changed: Changed) {
        self.feed().changed.extend(changed);
    }

    /// Records the `data_version` of the write connection. If it differs from the last one, another program has written.
    pub(crate) fn saw_data_version(&self, version: i64) {
        let mut feed = self.feed();
        if feed.data_version.replace(version).is_some_and(|before| before != version) {
            feed.changed = Changed::Anything;
        }
    }

    pub(crate) fn take(&self) -> Changed {
        std::mem::take(&mut self.feed().changed)
    }

    fn feed(&self) -> std::sync::MutexGuard<'_, Feed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
