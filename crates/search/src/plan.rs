//! Translates a query into lookups.

use std::ops::Bound;

use tantivy::Term;
use tantivy::query::{PhraseQuery, RangeQuery};
use tantivy::schema::Field;

use crate::filters::Filters;
use crate::grams::{Grams, PrefixLookup, equal_grams, prefix_lookup, substring_grams};
use crate::lookup::Lookup;
use crate::query::{Condition, Query, Text, TextField};
use crate::schema::{Exact, Fields, LOW, Number, WordField, property_key, property_value};
use crate::words::{Word, query_words};

/// Returns the lookup of the parts that have what a query asks for and meet the filters.
pub(crate) fn wanted(fields: &Fields, query: &Query, filters: &Filters) -> Lookup {
    let wanted = query.terms.iter().filter(|term| !term.negated);
    let mut lookups: Vec<Lookup> = wanted.filter_map(|term| condition(fields, &term.condition)).collect();
    lookups.extend(filter_lookups(fields, filters));
    all_of(lookups).unwrap_or(Lookup::All)
}

/// Returns the lookups of the parts that a query leaves out.
pub(crate) fn unwanted(fields: &Fields, query: &Query) -> Vec<Lookup> {
    let unwanted = query.terms.iter().filter(|term| term.negated);
    unwanted.filter_map(|term| condition(fields, &term.condition)).collect()
}

/// Returns the lookup of the parts whose name has all plain words of the query. None if it has no plain words.
pub(crate) fn name_matches(fields: &Fields, query: &Query) -> Option<Lookup> {
    all_of(query.plain_texts().filter_map(|text| words(fields.name, text)).collect())
}

/// Returns the lookup of the parts that have the plain words of the query as one of their numbers. None if it has no plain words.
pub(crate) fn number_matches(fields: &Fields, query: &Query) -> Option<Lookup> {
    let text: String = query.plain_texts().map(|text| text.text.as_str()).collect();
    let grams = equal_grams(&text);
    (!grams.is_empty()).then(|| Lookup::AnyOf(in_all_numbers(fields, &grams)))
}

/// Returns the lookup of a condition. Nothing if it has neither letters nor digits: any part meets it.
fn condition(fields: &Fields, condition: &Condition) -> Option<Lookup> {
    match condition {
        Condition::Text { field: None, text } => anywhere(fields, text),
        Condition::Text { field: Some(field), text } => in_field(fields, *field, text),
        Condition::Property { key, value } => Some(property(fields.exact, key, value)),
        Condition::Stock { least, most } => Some(stock(fields.stock, *least, *most)),
    }
}

/// Returns the lookup of a text among all words, and, unless it is quoted, within the numbers.
fn anywhere(fields: &Fields, text: &Text) -> Option<Lookup> {
    let mut lookups: Vec<Lookup> = words(fields.text, text).into_iter().collect();
    let grams = substring_grams(&text.text);
    // A shorter text is no substring of a number: as the start of one it is among the words.
    if !text.quoted && crate::fold::compact(&text.text).chars().nth(2).is_some() {
        lookups.extend(in_all_numbers(fields, &grams));
    }
    (!lookups.is_empty()).then(|| Lookup::any_of(lookups))
}

fn in_all_numbers(fields: &Fields, grams: &Grams) -> Vec<Lookup> {
    Number::ALL.map(|number| in_number(fields, number, grams)).into()
}

fn in_number(fields: &Fields, number: Number, grams: &Grams) -> Lookup {
    let marked = grams.iter().map(|(offset, gram)| (*offset, number.marked(gram)));
    Lookup::Grams(fields.numbers, marked.collect())
}

fn in_field(fields: &Fields, field: TextField, text: &Text) -> Option<Lookup> {
    let number = |number| {
        let grams = if text.quoted { equal_grams(&text.text) } else { substring_grams(&text.text) };
        (!grams.is_empty()).then(|| in_number(fields, number, &grams))
    };
    match field {
        TextField::Number => number(Number::Own),
        TextField::Mpn => number(Number::Mpn),
        TextField::SupplierNumber => number(Number::Supplier),
        _ => words(word_field(fields, field), text),
    }
}

/// Returns the words in which a field of a query is looked up. The words of numbers are among all words.
pub(crate) fn word_field(fields: &Fields, field: TextField) -> WordField {
    match field {
        TextField::Name => fields.name,
        TextField::Manufacturer => fields.manufacturer,
        TextField::Supplier => fields.supplier,
        TextField::Category => fields.category,
        TextField::Location => fields.location,
        TextField::Tag => fields.tag,
        TextField::Number | TextField::Mpn | TextField::SupplierNumber => fields.text,
    }
}

/// Returns the lookup of the words of a text, one after the other. A last word that may be a prefix is anywhere.
fn words(field: WordField, text: &Text) -> Option<Lookup> {
    let mut words = query_words(&text.text);
    let prefix = if text.prefix && words.last().is_some_and(|last| !last.cjk) { words.pop() } else { None };
    let whole = follow(field.words, words);
    let prefix = prefix.map(|word| starts_with(field, &word.text));
    all_of(whole.into_iter().chain(prefix).collect())
}

/// Returns the lookup of the words that begin with a prefix.
pub(crate) fn starts_with(field: WordField, prefix: &str) -> Lookup {
    let Some(prefixes) = field.prefixes else { return Lookup::TermsFrom(field.words, prefix.to_owned()) };
    match prefix_lookup(prefix) {
        PrefixLookup::Term(term) => Lookup::Term(prefixes, term),
        PrefixLookup::Terms(start) => Lookup::TermsFrom(prefixes, start),
        PrefixLookup::Words(start) => Lookup::TermsFrom(field.words, start),
    }
}

/// Returns the lookup of words that follow each other as they do here.
fn follow(field: Field, mut words: Vec<Word>) -> Option<Lookup> {
    if words.len() < 2 {
        return words.pop().map(|word| Lookup::Term(field, word.text));
    }
    let first = words[0].position;
    let at = |word: &Word| (word.position - first, Term::from_field_text(field, &word.text));
    Some(Lookup::Library(Box::new(PhraseQuery::new_with_offset(words.iter().map(at).collect()))))
}

fn property(field: Field, key: &str, value: &Text) -> Lookup {
    let term = Exact::Property.term(&format!("{}{}", property_key(key), property_value(&value.text)));
    if value.prefix { Lookup::TermsFrom(field, term) } else { Lookup::Term(field, term) }
}

fn stock(field: Field, least: i64, most: i64) -> Lookup {
    if least > most {
        return Lookup::AnyOf(Vec::new());
    }
    let bound = |value| Bound::Included(Term::from_field_i64(field, value));
    Lookup::Library(Box::new(RangeQuery::new(bound(least), bound(most))))
}

fn filter_lookups(fields: &Fields, filters: &Filters) -> Vec<Lookup> {
    let texts = [
        (Exact::Category, &filters.category),
        (Exact::Location, &filters.location),
        (Exact::Tag, &filters.tag),
        (Exact::Supplier, &filters.supplier),
        (Exact::Manufacturer, &filters.manufacturer),
    ];
    let mut lookups: Vec<Lookup> = texts
        .into_iter()
        .filter_map(|(exact, text)| Some(Lookup::Term(fields.exact, exact.term(text.as_ref()?))))
        .collect();
    lookups.extend(filters.max_stock.map(|most| stock(fields.stock, i64::MIN, most)));
    lookups.extend(filters.only_low.then(|| Lookup::Term(fields.exact, Exact::State.term(LOW))));
    lookups
}

/// Returns the lookup of the parts that meet all conditions, or nothing if there are none.
fn all_of(mut conditions: Vec<Lookup>) -> Option<Lookup> {
    if conditions.len() < 2 { conditions.pop() } else { Some(Lookup::AllOf(conditions)) }
}
