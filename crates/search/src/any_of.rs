//! A lookup of the parts that meet at least one condition. Mostly all but one condition are met by no part: then it
//! costs as much as that one. The library's own union is built for scores, and slower.

use tantivy::query::{
    BitSetDocSet, ConstScorer, EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight,
};
use tantivy::{BitSet, COLLECT_BLOCK_BUFFER_LEN, DocId, DocSet, Score, SegmentReader, TERMINATED};

/// A condition that the library can look up.
pub(crate) type Lookup = Box<dyn Query>;

#[derive(Debug)]
pub(crate) struct AnyOf(Vec<Lookup>);

impl AnyOf {
    /// Returns the lookup of the parts that meet at least one of the conditions.
    pub(crate) fn lookup(mut conditions: Vec<Lookup>) -> Lookup {
        match conditions.len() {
            1 => conditions.remove(0),
            _ => Box::new(Self(conditions)),
        }
    }
}

impl Clone for AnyOf {
    fn clone(&self) -> Self {
        Self(self.0.iter().map(|condition| condition.box_clone()).collect())
    }
}

impl Query for AnyOf {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        let weights = self.0.iter().map(|condition| condition.weight(scoring));
        Ok(Box::new(AnyOfWeight(weights.collect::<tantivy::Result<_>>()?)))
    }
}

struct AnyOfWeight(Vec<Box<dyn Weight>>);

impl Weight for AnyOfWeight {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let mut scorers = Vec::with_capacity(self.0.len());
        for weight in &self.0 {
            let scorer = weight.scorer(reader, boost)?;
            if scorer.doc() != TERMINATED {
                scorers.push(scorer);
            }
        }
        if scorers.len() < 2 {
            return Ok(scorers.pop().unwrap_or_else(|| Box::new(EmptyScorer)));
        }
        let mut documents = BitSet::with_max_value(reader.max_doc());
        for mut scorer in scorers {
            let mut buffer = [0; COLLECT_BLOCK_BUFFER_LEN];
            loop {
                let count = scorer.fill_buffer(&mut buffer);
                for document in &buffer[..count] {
                    documents.insert(*document);
                }
                if count < buffer.len() {
                    break;
                }
            }
        }
        Ok(Box::new(ConstScorer::new(BitSetDocSet::from(documents), boost)))
    }

    fn explain(&self, _: &SegmentReader, document: DocId) -> tantivy::Result<Explanation> {
        Ok(Explanation::new_with_string(format!("document {document} meets at least one condition"), 1.0))
    }
}
