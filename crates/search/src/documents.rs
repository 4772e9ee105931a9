//! Sets of the documents of one segment.

use tantivy::query::{EnableScoring, Query};
use tantivy::{DocId, Searcher, SegmentReader};

/// A set of documents of one segment.
#[derive(Clone, Debug)]
pub(crate) struct Documents(Vec<u64>);

impl Documents {
    fn none(segment: &SegmentReader) -> Self {
        Self(vec![0; (segment.max_doc() as usize).div_ceil(64)])
    }

    /// Returns the documents that a lookup finds, for each segment.
    pub(crate) fn found(searcher: &Searcher, lookup: &dyn Query) -> tantivy::Result<Vec<Self>> {
        let weight = lookup.weight(EnableScoring::disabled_from_searcher(searcher))?;
        let segments = searcher.segment_readers().iter().map(|segment| {
            let mut found = Self::none(segment);
            weight.for_each_no_score(segment, &mut |documents| {
                documents.iter().for_each(|document| found.insert(*document));
            })?;
            found.remove_deleted(segment);
            Ok(found)
        });
        segments.collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Moves the documents that are also in `others` to a new set.
    pub(crate) fn split_off(&mut self, others: &Self) -> Self {
        let both = Self(self.0.iter().zip(&others.0).map(|(mine, other)| mine & other).collect());
        self.0.iter_mut().zip(&both.0).for_each(|(mine, taken)| *mine &= !taken);
        both
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = DocId> + '_ {
        (0u32..).zip(&self.0).flat_map(|(at, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                (rest != 0).then(|| {
                    let bit = rest.trailing_zeros();
                    rest &= rest - 1;
                    at * 64 + bit
                })
            })
        })
    }

    fn insert(&mut self, document: DocId) {
        self.0[document as usize / 64] |= 1 << (document % 64);
    }

    fn remove_deleted(&mut self, segment: &SegmentReader) {
        let Some(alive) = segment.alive_bitset() else { return };
        for (word, start) in self.0.iter_mut().zip((0..).step_by(64)) {
            let mut rest = *word;
            while rest != 0 {
                let bit = rest.trailing_zeros();
                rest &= rest - 1;
                if alive.is_deleted(start + bit) {
                    *word &= !(1 << bit);
                }
            }
        }
    }
}
