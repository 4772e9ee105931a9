//! The first documents of one segment, in order.

use std::ops::Range;

use tantivy::{DocId, SegmentReader};

use super::Order;
use super::key::{Key, Keys, Texts};
use crate::documents::Documents;
use crate::error::Result;
use crate::schema::fast;

/// How many documents have their keys read at once.
const CHUNK: usize = 64;

/// A document with its key and the ordinal of its id, both reversed where the order is.
type Entry = (u64, u64);

pub(crate) struct Cursor {
    keys: Keys,
    ids: Texts,
    entries: Vec<Entry>,
    flip: u64,
    at: usize,
    /// The comparable keys of the entries from `loaded.start` on.
    loaded: Range<usize>,
    chunk: Vec<Key>,
    /// The id of the entry at `at`, once it was asked for.
    id: Option<(usize, String)>,
}

impl Cursor {
    /// Returns the first `limit` documents of a segment, or nothing if there are none.
    pub(crate) fn new(
        segment: &SegmentReader,
        documents: &Documents,
        order: Order,
        limit: usize,
    ) -> Result<Option<Self>> {
        let count = documents.len();
        if count == 0 {
            return Ok(None);
        }
        let keys = Keys::open(segment, order.sort)?;
        let ids = Texts::open(segment.fast_fields(), fast::ID)?;
        let flip = if order.descending { u64::MAX } else { 0 };
        let mut first = First::new(limit.min(count));
        let mut values = [0; 64];
        documents.for_each_block(|block| {
            keys.values().get_vals(block, &mut values[..block.len()]);
            for (document, value) in block.iter().zip(&values) {
                first.offer(value ^ flip, *document, |document| ids.ordinal(document) ^ flip);
            }
        });
        let entries = first.into_sorted();
        Ok(Some(Self { keys, ids, entries, flip, at: 0, loaded: 0..0, chunk: Vec::new(), id: None }))
    }

    /// Makes the key of the current document available. Returns false after the last document.
    pub(super) fn load(&mut self) -> Result<bool> {
        if self.at >= self.entries.len() {
            return Ok(false);
        }
        if !self.loaded.contains(&self.at) {
            self.loaded = self.at..self.entries.len().min(self.at + CHUNK);
            let mut values: Vec<u64> =
                self.entries[self.loaded.clone()].iter().map(|entry| entry.0 ^ self.flip).collect();
            if self.flip != 0 {
                values.reverse();
            }
            self.chunk = self.keys.comparable(&values)?;
            if self.flip != 0 {
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
        let id = text(self.ids.text(self.entries[self.at].1 ^ self.flip)?);
        self.id = Some((self.at, id.clone()));
        Ok(id)
    }

    pub(super) fn advance(&mut self) {
        self.at += 1;
    }

    /// Returns the ids at these positions.
    pub(super) fn ids(&self, positions: Range<usize>) -> Result<Vec<String>> {
        let end = positions.end.min(self.entries.len());
        let entries = &self.entries[positions.start.min(end)..end];
        entries.iter().map(|entry| Ok(text(self.ids.text(entry.1 ^ self.flip)?))).collect()
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Keeps the first entries of many.
struct First {
    limit: usize,
    kept: Vec<Entry>,
    /// The last entry that may still be among the first.
    last: Entry,
}

impl First {
    fn new(limit: usize) -> Self {
        Self { limit, kept: Vec::with_capacity(2 * limit), last: (u64::MAX, u64::MAX) }
    }

    /// Takes a document. The id is read only for documents that may be among the first.
    fn offer(&mut self, key: u64, document: DocId, id: impl Fn(DocId) -> u64) {
        if key > self.last.0 {
            return;
        }
        let entry = (key, id(document));
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
