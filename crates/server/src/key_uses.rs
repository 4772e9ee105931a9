//! Counts the uses of API keys in memory, so that a request with a key does not write.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::NaiveDateTime;
use inventory::Timestamp;
use inventory::api_keys::KeyUses;

/// The uses of API keys since the last record. Each entry is an existing key, so the keys limit its size.
#[derive(Debug, Default)]
pub(crate) struct KeyUseCounter {
    uses: Mutex<HashMap<String, KeyUses>>,
}

impl KeyUseCounter {
    /// Counts a use.
    pub(crate) fn count(&self, id: &str, at: NaiveDateTime) {
        self.add(&KeyUses { id: id.to_owned(), count: 1, last_used_at: Timestamp(at) });
    }

    /// Takes all uses.
    pub(crate) fn take(&self) -> Vec<KeyUses> {
        self.uses().drain().map(|(_, uses)| uses).collect()
    }

    /// Puts uses back that could not be recorded.
    pub(crate) fn put_back(&self, uses: &[KeyUses]) {
        uses.iter().for_each(|uses| self.add(uses));
    }

    fn add(&self, new: &KeyUses) {
        let mut all = self.uses();
        match all.get_mut(&new.id) {
            Some(uses) => {
                uses.count = uses.count.saturating_add(new.count);
                uses.last_used_at = uses.last_used_at.max(new.last_used_at);
            }
            None => drop(all.insert(new.id.clone(), new.clone())),
        }
    }

    fn uses(&self) -> MutexGuard<'_, HashMap<String, KeyUses>> {
        self.uses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
