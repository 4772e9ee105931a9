//! Finds the documents of one segment, from its lists of documents.

use std::sync::Arc;

use tantivy::postings::{BlockSegmentPostings, TermInfo};
use tantivy::query::Scorer;
use tantivy::schema::IndexRecordOption;
use tantivy::{COLLECT_BLOCK_BUFFER_LEN, DocId, InvertedIndexReader, SeekDangerResult};

use crate::documents::Documents;

/// How many documents are read in the time in which one is looked up.
const SEEK_COST: u64 = 8;
/// A result that has fewer than one of so many documents is kept as a list until it is complete.
const FEW: u64 = 64;

/// What finds documents in one segment.
pub(super) enum Source {
    All,
    Terms { index: Arc<InvertedIndexReader>, terms: Vec<TermInfo> },
    Library(Box<dyn Scorer>),
    AnyOf(Vec<Self>),
    AllOf(Vec<Self>),
}

/// Documents that were found: ascending, or as a set.
pub(super) enum Found {
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

    pub(super) fn found(self, max_doc: DocId) -> tantivy::Result<Found> {
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
            Self::Library(scorer) => keep_found(&mut documents, scorer),
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

/// Keeps the documents that a query of the library finds.
fn keep_found(documents: &mut Vec<DocId>, mut scorer: Box<dyn Scorer>) {
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
    pub(super) fn into_documents(self, max_doc: DocId) -> Documents {
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
