//! Sets of the documents of one segment.

use tantivy::query::{EnableScoring, Scorer, Weight};
use tantivy::{COLLECT_BLOCK_BUFFER_LEN, DocId, Searcher, SegmentReader, TERMINATED};

use crate::any_of::Lookup;

/// How many documents are read in the time in which one is looked up.
const SEEK_COST: usize = 8;

/// A set of documents of one segment.
#[derive(Clone, Debug)]
pub(crate) struct Documents(Vec<u64>);

impl Documents {
    fn none(max_doc: DocId) -> Self {
        Self(vec![0; (max_doc as usize).div_ceil(64)])
    }

    /// Returns the documents that all lookups find, for each segment. There must be one at least.
    pub(crate) fn found(searcher: &Searcher, lookups: &[Lookup]) -> tantivy::Result<Vec<Self>> {
        let scoring = EnableScoring::disabled_from_searcher(searcher);
        let weights: Vec<_> =
            lookups.iter().map(|lookup| lookup.weight(scoring)).collect::<tantivy::Result<_>>()?;
        searcher.segment_readers().iter().map(|segment| Self::found_in(segment, &weights)).collect()
    }

    fn found_in(segment: &SegmentReader, weights: &[Box<dyn Weight>]) -> tantivy::Result<Self> {
        let mut scorers = Vec::with_capacity(weights.len());
        for weight in weights {
            let scorer = weight.scorer(segment, 1.0)?;
            if scorer.doc() == TERMINATED {
                return Ok(Self::none(segment.max_doc()));
            }
            scorers.push(scorer);
        }
        scorers.sort_by_key(|scorer| scorer.cost());
        let mut found: Option<Self> = None;
        for mut scorer in scorers {
            found = Some(match found {
                Some(found) if found.len() < scorer.size_hint() as usize / SEEK_COST => {
                    found.kept_if(|document| scorer.doc() <= document && scorer.seek(document) == document)
                }
                Some(mut found) => found.split_off(&Self::all_of(scorer.as_mut(), segment.max_doc())),
                None => Self::all_of(scorer.as_mut(), segment.max_doc()),
            });
        }
        let mut found = found.unwrap_or_else(|| Self::none(segment.max_doc()));
        if let Some(alive) = segment.alive_bitset() {
            found = found.kept_if(|document| alive.is_alive(document));
        }
        Ok(found)
    }

    /// Returns the rest of what a scorer finds.
    fn all_of(scorer: &mut dyn Scorer, max_doc: DocId) -> Self {
        let mut found = Self::none(max_doc);
        let mut buffer = [0; COLLECT_BLOCK_BUFFER_LEN];
        loop {
            let count = scorer.fill_buffer(&mut buffer);
            buffer[..count].iter().for_each(|document| found.insert(*document));
            if count < buffer.len() {
                return found;
            }
        }
    }

    fn kept_if(mut self, mut keep: impl FnMut(DocId) -> bool) -> Self {
        for (word, start) in self.0.iter_mut().zip((0..).step_by(64)) {
            let mut rest = *word;
            while rest != 0 {
                let bit = rest.trailing_zeros();
                rest &= rest - 1;
                if !keep(start + bit) {
                    *word &= !(1 << bit);
                }
            }
        }
        self
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

    /// Passes the documents to `visit` in ascending order, up to 64 at once.
    pub(crate) fn for_each_block(&self, mut visit: impl FnMut(&[DocId])) {
        let mut block = [0; 64];
        for (start, word) in (0..).step_by(64).zip(&self.0) {
            let mut rest = *word;
            let mut count = 0;
            while rest != 0 {
                block[count] = start + rest.trailing_zeros();
                count += 1;
                rest &= rest - 1;
            }
            if count > 0 {
                visit(&block[..count]);
            }
        }
    }

    fn insert(&mut self, document: DocId) {
        self.0[document as usize / 64] |= 1 << (document % 64);
    }
}
