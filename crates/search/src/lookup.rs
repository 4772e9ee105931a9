//! What is looked up in the index, and how the documents of a segment are found by it. The library's own unions and
//! intersections are built for scores and for few results; here most results are large and all of them are counted.

use std::sync::Arc;

use tantivy::postings::{BlockSegmentPostings, TermInfo};
use tantivy::query::{EnableScoring, Query, Scorer};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{
    COLLECT_BLOCK_BUFFER_LEN, DocId, InvertedIndexReader, Searcher, SeekDangerResult, SegmentReader, Term,
};

use crate::documents::Documents;
use crate::grams::{Grams, gram_position, placed_gram};

/// How many documents are read in the time in which one is looked up.
const SEEK_COST: u64 = 8;
/// A result that has fewer than one of so many documents is kept as a list until it is complete.
const FEW: u64 = 64;

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

/// What finds documents in one segment.
enum Source {
    All,
    Terms { index: Arc<InvertedIndexReader>, terms: Vec<TermInfo> },
    Library(Box<dyn Scorer>),
    AnyOf(Vec<Self>),
    AllOf(Vec<Self>),
}

/// Documents that were found: ascending, or as a set.
enum Found {
    Few(Vec<DocId>),
    Many(Documents),
}

impl Source {
    /// Returns about how many documents must be read to find all of them.
    fn cost(&self) -> u64 {
        match self {
            Self::All => u64::MAX,
            Self::Terms { terms, .. } => terms.iter().map(|term| u64::from(term.doc_freq)).sum(),
            Self::Library(scorer) => scorer.cost(),
            Self::AnyOf(sources) => sources.iter().map(Self::cost).fold(0, u64::saturating_add),
            Self::AllOf(sources) => sources.iter().map(Self::cost).min().unwrap_or(0),
        }
    }

    fn found(self, max_doc: DocId) -> tantivy::Result<Found> {
        if let Self::AllOf(sources) = self {
            return found_by_all(sources, max_doc);
        }
        let few = self.cost() < u64::from(max_doc) / FEW;
        if few
            && let Self::Terms { index, terms } = &self
            && let [term] = terms.as_slice()
        {
            let mut found = Vec::with_capacity(term.doc_freq as usize);
            for_each_block(&mut postings(index, term)?, |block| found.extend_from_slice(block));
            return Ok(Found::Few(found));
        }
        let mut found = Documents::none(max_doc);
        self.add_to(&mut found, max_doc)?;
        Ok(if few { Found::Few(found.to_list()) } else { Found::Many(found) })
    }

    fn add_to(self, found: &mut Documents, max_doc: DocId) -> tantivy::Result<()> {
        match self {
            Self::All => *found = Documents::all(max_doc),
            Self::Terms { index, terms } => {
                for term in &terms {
                    for_each_block(&mut postings(&index, term)?, |block| found.insert_all(block));
                }
            }
            Self::Library(mut scorer) => {
                let mut buffer = [0; COLLECT_BLOCK_BUFFER_LEN];
                loop {
                    let count = scorer.fill_buffer(&mut buffer);
                    found.insert_all(&buffer[..count]);
                    if count < buffer.len() {
                        break;
                    }
                }
            }
            Self::AnyOf(sources) => {
                for source in sources {
                    source.add_to(found, max_doc)?;
                }
            }
            Self::AllOf(sources) => match found_by_all(sources, max_doc)? {
                Found::Few(documents) => found.insert_all(&documents),
                Found::Many(documents) => found.unite(&documents),
            },
        }
        Ok(())
    }

    /// Returns those of the documents, which ascend, that this finds.
    fn among(self, mut documents: Vec<DocId>, max_doc: DocId) -> tantivy::Result<Vec<DocId>> {
        match self {
            Self::All => {}
            Self::Terms { index, terms } if terms.len() == 1 => {
                let mut postings = postings(&index, &terms[0])?;
                documents.retain(|document| {
                    let at = postings.seek(*document);
                    postings.doc(at) == *document
                });
            }
            Self::Library(mut scorer) => {
                let mut next = scorer.doc();
                documents.retain(|document| {
                    if *document < next {
                        return false;
                    }
                    // Unlike `seek`, this does not look for the next document that is found.
                    match scorer.seek_danger(*document) {
                        SeekDangerResult::Found => true,
                        SeekDangerResult::SeekLowerBound(bound) => {
                            next = bound;
                            false
                        }
                    }
                });
            }
            Self::AllOf(sources) => {
                for source in sources {
                    documents = source.among(documents, max_doc)?;
                }
            }
            Self::Terms { .. } | Self::AnyOf(_) => {
                let mut found = Documents::none(max_doc);
                self.add_among(&documents, &mut found, max_doc)?;
                documents.retain(|document| found.contains(*document));
            }
        }
        Ok(documents)
    }

    /// Adds at least those of the documents that this finds.
    fn add_among(self, documents: &[DocId], found: &mut Documents, max_doc: DocId) -> tantivy::Result<()> {
        if let Self::AnyOf(sources) = self {
            return sources.into_iter().try_for_each(|source| source.add_among(documents, found, max_doc));
        }
        let seeks = !matches!(&self, Self::Terms { terms, .. } if terms.len() != 1);
        if seeks && is_worth_seeking(documents.len() as u64, self.cost()) {
            found.insert_all(&self.among(documents.to_vec(), max_doc)?);
            return Ok(());
        }
        self.add_to(found, max_doc)
    }
}

/// Returns the documents that all sources find.
fn found_by_all(mut sources: Vec<Source>, max_doc: DocId) -> tantivy::Result<Found> {
    sources.sort_by_key(Source::cost);
    let mut sources = sources.into_iter();
    let mut found = match sources.next() {
        Some(source) => source.found(max_doc)?,
        None => Found::Many(Documents::all(max_doc)),
    };
    for source in sources {
        if let Found::Many(documents) = &found
            && is_worth_seeking(documents.len() as u64, source.cost())
        {
            found = Found::Few(documents.to_list());
        }
        found = match found {
            Found::Few(documents) => Found::Few(source.among(documents, max_doc)?),
            Found::Many(documents) => {
                let mut both = source.found(max_doc)?.into_documents(max_doc);
                both.intersect(&documents);
                Found::Many(both)
            }
        };
    }
    Ok(found)
}

fn is_worth_seeking(documents: u64, cost: u64) -> bool {
    documents < cost / SEEK_COST
}

fn postings(index: &InvertedIndexReader, term: &TermInfo) -> tantivy::Result<BlockSegmentPostings> {
    Ok(index.read_block_postings_from_terminfo(term, IndexRecordOption::Basic)?)
}

fn for_each_block(postings: &mut BlockSegmentPostings, mut visit: impl FnMut(&[DocId])) {
    while postings.block_len() > 0 {
        visit(postings.docs());
        postings.advance();
    }
}

impl Found {
    fn into_documents(self, max_doc: DocId) -> Documents {
        match self {
            Self::Few(list) => {
                let mut documents = Documents::none(max_doc);
                documents.insert_all(&list);
                documents
            }
            Self::Many(documents) => documents,
        }
    }
}
