//! The first documents of one segment, in order.

use std::ops::Range;

use tantivy::{DocId, SegmentReader};

use super::Order;
use super::key::{Key, Keys, Texts};
use super::sequence::Sequences;
use crate::documents::Documents;
use crate::error::Result;
use crate::schema::fast;

/// How many documents have their keys read at once.
const CHUNK: usize = 64;

pub(crate) struct Cursor {
    keys: Keys,
    ids: Texts,
    /// The documents, in order.
    documents: Vec<DocId>,
    descending: bool,
    at: usize,
    /// The comparable keys of the documents from `loaded.start` on.
    loaded: Range<usize>,
    chunk: Vec<Key>,
    /// The id of the document at `at`, once it was asked for.
    id: Option<(usize, String)>,
}

impl Cursor {
    /// Returns the first `limit` documents of a segment, or nothing if there are none.
    pub(crate) fn new(
        segment: &SegmentReader,
        documents: &Documents,
        order: Order,
        limit: usize,
        sequences: &Sequences,
    ) -> Result<Option<Self>> {
        let count = documents.len();
        if count == 0 {
            return Ok(None);
        }
        let keys = Keys::open(segment, order.sort)?;
        let ids = Texts::open(segment.fast_fields(), fast::ID)?;
        let limit = limit.min(count);
        let documents = sequences
            .first(segment, (documents, count), order, limit, (&keys, &ids))
            .unwrap_or_else(|| first(documents, order, limit, &keys, &ids));
        let descending = order.descending;
        Ok(Some(Self { keys, ids, documents, descending, at: 0, loaded: 0..0, chunk: Vec::new(), id: None }))
    }

    /// Makes the key of the current document available. Returns false after the last document.
    pub(super) fn load(&mut self) -> Result<bool> {
        if self.at >= self.documents.len() {
            return Ok(false);
        }
        if !self.loaded.contains(&self.at) {
            self.loaded = self.at..self.documents.len().min(self.at + CHUNK);
            let documents = &self.documents[self.loaded.clone()];
            let mut values: Vec<u64> =
                documents.iter().map(|document| self.keys.values().get_val(*document)).collect();
            if self.descending {
                values.reverse();
            }
            self.chunk = self.keys.comparable(&values)?;
            if self.descending {
                self.chunk.reverse();
            }
        }
        Ok(true)
    }

    /// Returns the key of the current document, which [`Self::load`] has made available.
    pub(super) fn head_key(&self) -> &Key {
        &self.chunk[self.at - self.loaded.start]
    }

    /// Returns the id of the current document.
    pub(super) fn head_id(&mut self) -> Result<String> {
        if let Some((at, id)) = &self.id
            && *at == self.at
        {
            return Ok(id.clone());
        }
        let id = self.id_of(self.documents[self.at])?;
        self.id = Some((self.at, id.clone()));
        Ok(id)
    }

    pub(super) fn advance(&mut self, count: usize) {
        self.at += count;
    }

    /// Returns how many documents there are.
    pub(super) fn len(&self) -> usize {
        self.documents.len()
    }

    /// Returns the ids at these positions.
    pub(super) fn ids(&self, positions: Range<usize>) -> Result<Vec<String>> {
        let end = positions.end.min(self.documents.len());
        self.documents[positions.start.min(end)..end].iter().map(|document| self.id_of(*document)).collect()
    }

    fn id_of(&self, document: DocId) -> Result<String> {
        let id = self.ids.text(self.ids.ordinal(document))?;
        Ok(String::from_utf8_lossy(&id).into_owned())
    }
}

/// Returns the first `limit` documents in order, by reading the keys of all.
fn first(documents: &Documents, order: Order, limit: usize, keys: &Keys, ids: &Texts) -> Vec<DocId> {
    let flip = if order.descending { u64::MAX } else { 0 };
    let mut first = First::new(limit);
    let mut values = [0; 64];
    documents.for_each_block(|block| {
        keys.values().get_vals(block, &mut values[..block.len()]);
        for (document, value) in block.iter().zip(&values) {
            first.offer(value ^ flip, *document, |document| ids.ordinal(document) ^ flip);
        }
    });
    first.into_sorted().into_iter().map(|(_, _, document)| document).collect()
}

/// A document after its key and the ordinal of its id, both reversed where the order is.
type Entry = (u64, u64, DocId);

/// Keeps the first entries of many.
struct First {
    limit: usize,
    kept: Vec<Entry>,
    /// The last entry that may still be among the first.
    last: Entry,
}

impl First {
    fn new(limit: usize) -> Self {
        Self { limit, kept: Vec::with_capacity(2 * limit), last: (u64::MAX, u64::MAX, DocId::MAX) }
    }

    /// Takes a document. The id is read only for documents that may be among the first.
    fn offer(&mut self, key: u64, document: DocId, id: impl Fn(DocId) -> u64) {
        if key > self.last.0 {
            return;
        }
        let entry = (key, id(document), document);
        if entry > self.last {
            return;
        }
        if self.kept.len() == 2 * self.limit {
            self.kept.select_nth_unstable(self.limit - 1);
            self.kept.truncate(self.limit);
            self.last = self.kept[self.limit - 1];
        }
        self.kept.push(entry);
    }

    fn into_sorted(mut self) -> Vec<Entry> {
        self.kept.sort_unstable();
        self.kept.truncate(self.limit);
        self.kept
    }
}
