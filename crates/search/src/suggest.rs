//! Words to search for instead of mistyped ones.

use std::collections::BTreeMap;

use tantivy::query::FuzzyTermQuery;
use tantivy::{Searcher, Term};

use crate::error::Result;
use crate::plan::{starts_with, word_field};
use crate::query::{Condition, Query};
use crate::schema::{Fields, WordField};
use crate::words::{Word, query_words};

/// The largest number of words that are suggested for one.
const MOST: usize = 5;
/// The number of characters from which on two mistakes are allowed, and below which none is.
const TWO_MISTAKES: usize = 5;
const ONE_MISTAKE: usize = 3;

/// A word that does not occur, and similar ones that do, the most similar and most frequent first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// The word of the query, folded.
    pub word: String,
    /// Words to search for instead.
    pub instead: Vec<String>,
}

pub(crate) fn suggest(searcher: &Searcher, fields: &Fields, query: &Query) -> Result<Vec<Suggestion>> {
    let mut suggestions: Vec<Suggestion> = Vec::new();
    for term in query.terms.iter().filter(|term| !term.negated) {
        let Condition::Text { field, text } = &term.condition else { continue };
        let field = field.map_or(fields.text, |field| word_field(fields, field));
        for word in query_words(&text.text) {
            if suggestions.iter().any(|suggestion| suggestion.word == word.text)
                || occurs(searcher, field, &word, text.prefix)?
            {
                continue;
            }
            let instead = similar(searcher, field, &word)?;
            if !instead.is_empty() {
                suggestions.push(Suggestion { word: word.text, instead });
            }
        }
    }
    Ok(suggestions)
}

fn occurs(searcher: &Searcher, field: WordField, word: &Word, prefix: bool) -> Result<bool> {
    if searcher.doc_freq(&Term::from_field_text(field.words, &word.text))? > 0 {
        return Ok(true);
    }
    let lookup = starts_with(field, &word.text);
    Ok(prefix && lookup.documents(searcher)?.iter().any(|found| found.len() > 0))
}

/// Returns the words that differ in as few characters as possible, the most frequent first.
fn similar(searcher: &Searcher, field: WordField, word: &Word) -> Result<Vec<String>> {
    let length = word.text.chars().count();
    let allowed = match length {
        _ if word.cjk => 0,
        TWO_MISTAKES.. => 2,
        ONE_MISTAKE.. => 1,
        _ => 0,
    };
    for distance in 1..=allowed {
        let found = within(searcher, field, word, distance)?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

fn within(searcher: &Searcher, field: WordField, word: &Word, distance: u8) -> Result<Vec<String>> {
    let term = Term::from_field_text(field.words, &word.text);
    let mut frequencies: BTreeMap<Vec<u8>, u32> = BTreeMap::new();
    for segment in searcher.segment_readers() {
        let automaton = FuzzyTermQuery::new(term.clone(), distance, true).automaton()?;
        let inverted = segment.inverted_index(field.words)?;
        let mut stream = inverted.terms().search(automaton).into_stream()?;
        while stream.advance() {
            *frequencies.entry(stream.key().to_owned()).or_default() += stream.value().doc_freq;
        }
    }
    let mut found: Vec<(u32, Vec<u8>)> = frequencies.into_iter().map(|(term, count)| (count, term)).collect();
    found.sort_by(|one, other| other.0.cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
    let texts = found.into_iter().take(MOST).map(|(_, term)| String::from_utf8_lossy(&term).into_owned());
    Ok(texts.collect())
}
