//! Sets of the documents of one segment.

use tantivy::fastfield::AliveBitSet;
use tantivy::{BitSet, DocId};

/// A set of documents of one segment.
#[derive(Clone, Debug)]
pub(crate) struct Documents(Vec<u64>);

impl Documents {
    pub(crate) fn none(max_doc: DocId) -> Self {
        Self(vec![0; (max_doc as usize).div_ceil(64)])
    }

    pub(crate) fn all(max_doc: DocId) -> Self {
        let mut words = vec![u64::MAX; (max_doc as usize).div_ceil(64)];
        if let Some(last) = words.last_mut()
            && !max_doc.is_multiple_of(64)
        {
            *last = (1 << (max_doc % 64)) - 1;
        }
        Self(words)
    }

    pub(crate) fn insert_all(&mut self, documents: &[DocId]) {
        for document in documents {
            self.0[*document as usize / 64] |= 1 << (document % 64);
        }
    }

    pub(crate) fn contains(&self, document: DocId) -> bool {
        self.0[document as usize / 64] & (1 << (document % 64)) != 0
    }

    pub(crate) fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub(crate) fn unite(&mut self, others: &Self) {
        self.0.iter_mut().zip(&others.0).for_each(|(mine, other)| *mine |= other);
    }

    pub(crate) fn intersect(&mut self, others: &Self) {
        self.0.iter_mut().zip(&others.0).for_each(|(mine, other)| *mine &= other);
    }

    /// Removes what is deleted.
    pub(crate) fn keep_alive(&mut self, alive: &AliveBitSet) {
        let mut kept = BitSet::with_max_value_and_full(alive.bitset().max_value());
        kept.intersect_update(alive.bitset());
        for (word, at) in self.0.iter_mut().zip(0..) {
            *word &= u64::from_le_bytes(kept.tinyset(at).into_bytes());
        }
    }

    /// Moves the documents that are also in `others` to a new set.
    pub(crate) fn split_off(&mut self, others: &Self) -> Self {
        let mut both = self.clone();
        both.intersect(others);
        self.0.iter_mut().zip(&both.0).for_each(|(mine, taken)| *mine &= !taken);
        both
    }

    pub(crate) fn to_list(&self) -> Vec<DocId> {
        let mut list = Vec::with_capacity(self.len());
        self.for_each_block(|block| list.extend_from_slice(block));
        list
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
}
