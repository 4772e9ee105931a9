//! Which segments are merged, and when.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tantivy::index::SegmentMeta;
use tantivy::merge_policy::{LogMergePolicy, MergeCandidate, MergePolicy};

/// How many segments of about the same size are merged.
const MERGE_AT: usize = 8;
/// The share of deleted documents at which a segment is written anew.
const MOST_DELETED: f32 = 0.3;

/// Merges segments of about the same size, and those of which much is deleted, except while it is paused.
#[derive(Clone, Debug)]
pub(crate) struct Merging {
    policy: LogMergePolicy,
    paused: Arc<AtomicBool>,
}

impl Merging {
    pub(crate) fn new() -> Self {
        let mut policy = LogMergePolicy::default();
        policy.set_min_num_segments(MERGE_AT);
        policy.set_del_docs_ratio_before_merge(MOST_DELETED);
        Self { policy, paused: Arc::default() }
    }

    /// Lets no merge begin while `work` runs.
    pub(crate) fn paused<R>(&self, work: impl FnOnce() -> R) -> R {
        self.paused.store(true, Ordering::SeqCst);
        let result = work();
        self.paused.store(false, Ordering::SeqCst);
        result
    }
}

impl MergePolicy for Merging {
    fn compute_merge_candidates(&self, segments: &[SegmentMeta]) -> Vec<MergeCandidate> {
        if self.paused.load(Ordering::SeqCst) {
            return Vec::new();
        }
        self.policy.compute_merge_candidates(segments)
    }
}
