//! Puts documents in order, and takes a page of them.

mod cursor;
mod key;
mod sequence;

pub(crate) use key::Texts;
pub(crate) use sequence::Sequences;

use std::cmp::Ordering;
use std::ops::Range;

use tantivy::Searcher;

use crate::documents::Documents;
use crate::error::Result;
use cursor::Cursor;

/// What a list is sorted by. Parts with equal keys are sorted by id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Sort {
    /// How well parts match: first those that have the text as one of their numbers, then those whose name has all
    /// words, then the others; each of them by name. Cannot be reversed.
    #[default]
    Relevance,
    /// The name, byte by byte.
    Name,
    /// The part number, byte by byte.
    Number,
    /// The stock.
    Stock,
    /// The time of creation.
    CreatedAt,
}

/// A sort key and its direction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    pub(crate) sort: Sort,
    pub(crate) descending: bool,
}

/// Returns the ids at these positions of the documents, in order. `found` has one set for each segment.
pub(crate) fn page(
    searcher: &Searcher,
    found: &[Documents],
    order: Order,
    positions: Range<usize>,
    sequences: &Sequences,
) -> Result<Vec<String>> {
    if positions.is_empty() {
        return Ok(Vec::new());
    }
    let mut cursors = Vec::new();
    for (segment, documents) in searcher.segment_readers().iter().zip(found) {
        cursors.extend(Cursor::new(segment, documents, order, positions.end, sequences)?);
    }
    if let [only] = cursors.as_slice() {
        return only.ids(positions);
    }
    let mut ids = Vec::with_capacity(positions.len());
    for position in skip(&mut cursors, positions.start)..positions.end {
        let Some(first) = first(&mut cursors, order)? else { break };
        if position >= positions.start {
            ids.push(cursors[first].head_id()?);
        }
        cursors[first].advance(1);
    }
    Ok(ids)
}

/// Passes documents that come before a position, without reading their keys, and returns how many. Even if all documents of the
/// other segments come before the position, a segment must have so many there.
fn skip(cursors: &mut [Cursor], position: usize) -> usize {
    let all: usize = cursors.iter().map(Cursor::len).sum();
    let skip = |cursor: &mut Cursor| {
        let count = position.saturating_sub(all - cursor.len());
        cursor.advance(count);
        count
    };
    cursors.iter_mut().map(skip).sum()
}

/// Returns which of the cursors stands at the document that comes first.
fn first(cursors: &mut [Cursor], order: Order) -> Result<Option<usize>> {
    let mut first: Option<usize> = None;
    for at in 0..cursors.len() {
        if !cursors[at].load()? {
            continue;
        }
        let is_before = match first {
            Some(other) => {
                let by_key = cursors[at].head_key().cmp(cursors[other].head_key());
                let ordering = if by_key == Ordering::Equal {
                    cursors[at].head_id()?.cmp(&cursors[other].head_id()?)
                } else {
                    by_key
                };
                (if order.descending { ordering.reverse() } else { ordering }) == Ordering::Less
            }
            None => true,
        };
        if is_before {
            first = Some(at);
        }
    }
    Ok(first)
}
