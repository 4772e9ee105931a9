//! The order of all documents of a segment. With it, the first documents of a large result are found without reading the keys of
//! the others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tantivy::index::SegmentId;
use tantivy::{DocId, Searcher, SegmentReader};

use super::key::{Keys, Texts};
use super::{Order, Sort};
use crate::documents::Documents;

/// The number of documents from which on a segment's order is kept in memory.
const LARGE: DocId = 4096;
/// How many documents are passed in the time in which the key of one is read and compared.
const KEY_COST: u64 = 4;

/// The documents of one segment, by key and id.
type Sequence = Arc<OnceLock<Vec<DocId>>>;

/// The orders of the large segments that were asked for. A segment never changes, except that documents are deleted.
#[derive(Debug, Default)]
pub(crate) struct Sequences(Mutex<HashMap<(SegmentId, Sort), Sequence>>);

impl Sequences {
    /// Forgets the segments that are no more.
    pub(crate) fn keep_those_of(&self, searcher: &Searcher) {
        let exists = |id| searcher.segment_readers().iter().any(|segment| segment.segment_id() == id);
        self.sequences().retain(|(id, _), _| exists(*id));
    }

    fn sequences(&self) -> std::sync::MutexGuard<'_, HashMap<(SegmentId, Sort), Sequence>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the first `limit` of these documents in order, or nothing if reading their keys takes less time.
    pub(super) fn first(
        &self,
        segment: &SegmentReader,
        (documents, count): (&Documents, usize),
        order: Order,
        limit: usize,
        (keys, ids): (&Keys, &Texts),
    ) -> Option<Vec<DocId>> {
        let (count, max_doc) = (count as u64, segment.max_doc());
        let passed = limit as u64 * u64::from(max_doc) / count.max(1);
        if max_doc < LARGE || passed > KEY_COST * count {
            return None;
        }
        let sort = if order.sort == Sort::Relevance { Sort::Name } else { order.sort };
        let sequence = Arc::clone(self.sequences().entry((segment.segment_id(), sort)).or_default());
        let sequence = sequence.get_or_init(|| sequence_of(max_doc, keys, ids));
        let found = |document: &DocId| documents.contains(*document);
        let sequence = sequence.iter().copied();
        Some(if order.descending {
            sequence.rev().filter(found).take(limit).collect()
        } else {
            sequence.filter(found).take(limit).collect()
        })
    }
}

fn sequence_of(max_doc: DocId, keys: &Keys, ids: &Texts) -> Vec<DocId> {
    let mut entries: Vec<(u64, u64, DocId)> = (0..max_doc)
        .map(|document| (keys.values().get_val(document), ids.ordinal(document), document))
        .collect();
    entries.sort_unstable();
    entries.into_iter().map(|(_, _, document)| document).collect()
}
