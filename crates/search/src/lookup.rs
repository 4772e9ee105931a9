//! What is looked up in the index, and how the documents of a segment are found by it. The library's own unions and
//! intersections are built for scores and for few results; here most results are large and all of them are counted.

mod source;

use std::sync::Arc;

use tantivy::postings::TermInfo;
use tantivy::query::{EnableScoring, Query};
use tantivy::schema::Field;
use tantivy::{InvertedIndexReader, Searcher, SegmentReader, Term};

use crate::documents::Documents;
use crate::grams::{Grams, gram_position, placed_gram};
use source::Source;

/// A condition that can be looked up.
#[derive(Debug)]
pub(crate) enum Lookup {
    /// All parts.
    All,
    /// The parts with a term.
    Term(Field, String),
    /// The parts with a term that begins with a text.
    TermsFrom(Field, String),
    /// The parts with a number that has these grams at these offsets from each other.
    Grams(Field, Grams),
    /// The parts that meet at least one condition.
    AnyOf(Vec<Self>),
    /// The parts that meet all conditions.
    AllOf(Vec<Self>),
    /// What the library finds.
    Library(Box<dyn Query>),
}

impl Lookup {
    pub(crate) fn any_of(mut conditions: Vec<Self>) -> Self {
        if conditions.len() == 1 { conditions.remove(0) } else { Self::AnyOf(conditions) }
    }

    /// Returns the documents of each segment that are not deleted.
    pub(crate) fn documents(&self, searcher: &Searcher) -> tantivy::Result<Vec<Documents>> {
        let found_in = |segment: &SegmentReader| {
            let max_doc = segment.max_doc();
            let mut found = self.source(searcher, segment)?.found(max_doc)?.into_documents(max_doc);
            if let Some(alive) = segment.alive_bitset() {
                found.keep_alive(alive);
            }
            Ok(found)
        };
        searcher.segment_readers().iter().map(found_in).collect()
    }

    fn source(&self, searcher: &Searcher, segment: &SegmentReader) -> tantivy::Result<Source> {
        let sources = |conditions: &[Self]| -> tantivy::Result<Vec<Source>> {
            conditions.iter().map(|condition| condition.source(searcher, segment)).collect()
        };
        Ok(match self {
            Self::All => Source::All,
            Self::Term(field, term) => {
                let index = segment.inverted_index(*field)?;
                let terms = index.get_term_info(&Term::from_field_text(*field, term))?.into_iter().collect();
                Source::Terms { index, terms }
            }
            Self::TermsFrom(field, start) => {
                let index = segment.inverted_index(*field)?;
                let mut terms = Vec::new();
                for_each_term(&index, start, |_, info| terms.push(info.clone()))?;
                Source::Terms { index, terms }
            }
            Self::Grams(field, grams) => gram_source(segment.inverted_index(*field)?, grams)?,
            Self::AnyOf(conditions) => Source::AnyOf(sources(conditions)?),
            Self::AllOf(conditions) => Source::AllOf(sources(conditions)?),
            Self::Library(query) => {
                let weight = query.weight(EnableScoring::disabled_from_searcher(searcher))?;
                Source::Library(weight.scorer(segment, 1.0)?)
            }
        })
    }
}

/// Passes the terms that begin with a text to `visit`.
fn for_each_term(
    index: &InvertedIndexReader,
    start: &str,
    mut visit: impl FnMut(&[u8], &TermInfo),
) -> tantivy::Result<()> {
    let mut stream = index.terms().range().ge(start.as_bytes()).into_stream()?;
    while stream.advance() && stream.key().starts_with(start.as_bytes()) {
        visit(stream.key(), stream.value());
    }
    Ok(())
}

/// Returns what finds the numbers with these grams: for each position that the first one has, all of them.
fn gram_source(index: Arc<InvertedIndexReader>, grams: &Grams) -> tantivy::Result<Source> {
    let Some(((first_offset, first), others)) = grams.split_first() else { return Ok(Source::AnyOf(vec![])) };
    let mut begins = Vec::new();
    for_each_term(&index, first, |term, info| {
        begins.extend(gram_position(first, term).map(|position| (position, info.clone())));
    })?;
    let mut any_of = Vec::new();
    for (position, info) in begins {
        let mut all_of = vec![info];
        for (offset, gram) in others {
            all_of.extend(index.terms().get(placed_gram(gram, position + offset - first_offset))?);
        }
        if all_of.len() == grams.len() {
            let source = |info| Source::Terms { index: Arc::clone(&index), terms: vec![info] };
            any_of.push(Source::AllOf(all_of.into_iter().map(source).collect()));
        }
    }
    Ok(Source::AnyOf(any_of))
}
