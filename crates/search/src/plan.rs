//! Translates a query into the library's.

use std::ops::Bound;

use tantivy::Term;
use tantivy::query::{AllQuery, BooleanQuery, EmptyQuery, PhraseQuery, RangeQuery, TermQuery};
use tantivy::schema::{Field, IndexRecordOption};

use crate::any_of::{AnyOf, Lookup};
use crate::filters::Filters;
use crate::grams::{Grams, PrefixLookup, equal_grams, prefix_lookup, substring_grams};
use crate::query::{Condition, Query, Text, TextField};
use crate::schema::{Fields, WordField, property_key, property_value};
use crate::words::query_words;

/// Returns the lookups of the parts that have what a query asks for and meet the filters: all of them must.
pub(crate) fn wanted(fields: &Fields, query: &Query, filters: &Filters) -> Vec<Lookup> {
    let wanted = query.terms.iter().filter(|term| !term.negated);
    let mut lookups: Vec<Lookup> = wanted.filter_map(|term| condition(fields, &term.condition)).collect();
    lookups.extend(filter_lookups(fields, filters));
    if lookups.is_empty() {
        lookups.push(Box::new(AllQuery));
    }
    lookups
}

/// Returns the lookups of the parts that a query leaves out. They are subtracted from what is wanted, since the library
/// (0.27) calls a phrase that it excludes out of order.
pub(crate) fn unwanted(fields: &Fields, query: &Query) -> Vec<Lookup> {
    let unwanted = query.terms.iter().filter(|term| term.negated);
    unwanted.filter_map(|term| condition(fields, &term.condition)).collect()
}

/// Returns the lookups of the parts whose name has all plain words of the query. None if it has no plain words.
pub(crate) fn name_matches(fields: &Fields, query: &Query) -> Vec<Lookup> {
    query.plain_texts().filter_map(|text| words(fields.name, text)).collect()
}

/// Returns the lookups of the parts that have the plain words of the query as one of their numbers. None if it has no plain words.
pub(crate) fn number_matches(fields: &Fields, query: &Query) -> Vec<Lookup> {
    let text: String = query.plain_texts().map(|text| text.text.as_str()).collect();
    let grams = equal_grams(&text);
    let numbers = [fields.number, fields.mpn, fields.supplier_number];
    let lookups: Vec<Lookup> = numbers.into_iter().filter_map(|field| follow(field, &grams)).collect();
    if lookups.is_empty() { Vec::new() } else { vec![AnyOf::lookup(lookups)] }
}

/// Returns the lookup of a condition. Nothing if it has neither letters nor digits: any part meets it.
fn condition(fields: &Fields, condition: &Condition) -> Option<Lookup> {
    match condition {
        Condition::Text { field: None, text } => anywhere(fields, text),
        Condition::Text { field: Some(field), text } => in_field(fields, *field, text),
        Condition::Property { key, value } => Some(property(fields.property, key, value)),
        Condition::Stock { least, most } => Some(stock(fields.stock, *least, *most)),
    }
}

/// Returns the lookup of a text among all words, and, unless it is quoted, within the numbers.
fn anywhere(fields: &Fields, text: &Text) -> Option<Lookup> {
    let mut lookups: Vec<Lookup> = words(fields.text, text).into_iter().collect();
    let grams = substring_grams(&text.text);
    // A shorter text is no substring of a number: as the start of one it is among the words.
    if !text.quoted && crate::fold::compact(&text.text).chars().nth(2).is_some() {
        let numbers = [fields.number, fields.mpn, fields.supplier_number];
        lookups.extend(numbers.into_iter().filter_map(|field| follow(field, &grams)));
    }
    (!lookups.is_empty()).then(|| AnyOf::lookup(lookups))
}

fn in_field(fields: &Fields, field: TextField, text: &Text) -> Option<Lookup> {
    let number = |field| {
        follow(field, &if text.quoted { equal_grams(&text.text) } else { substring_grams(&text.text) })
    };
    match field {
        TextField::Number => number(fields.number),
        TextField::Mpn => number(fields.mpn),
        TextField::SupplierNumber => number(fields.supplier_number),
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
    let grams: Grams = words.into_iter().map(|word| (word.position, word.text)).collect();
    let whole = follow(field.words, &grams);
    let prefix = prefix.map(|word| starts_with(field, &word.text));
    all_of(whole.into_iter().chain(prefix).collect())
}

/// Returns the lookup of the words that begin with a prefix.
pub(crate) fn starts_with(field: WordField, prefix: &str) -> Lookup {
    let Some(prefixes) = field.prefixes else { return terms_from(field.words, prefix) };
    match prefix_lookup(prefix) {
        PrefixLookup::Term(term) => exact(prefixes, &term),
        PrefixLookup::Terms(start) => terms_from(prefixes, &start),
        PrefixLookup::Words(start) => terms_from(field.words, &start),
    }
}

/// Returns the lookup of terms that follow each other at these offsets.
fn follow(field: Field, terms: &Grams) -> Option<Lookup> {
    match terms.as_slice() {
        [] => None,
        [(_, term)] => Some(exact(field, term)),
        [(first, _), ..] => {
            let at = |(offset, term): &(usize, String)| (offset - first, Term::from_field_text(field, term));
            Some(Box::new(PhraseQuery::new_with_offset(terms.iter().map(at).collect())))
        }
    }
}

fn property(field: Field, key: &str, value: &Text) -> Lookup {
    let term = format!("{}{}", property_key(key), property_value(&value.text));
    if value.prefix { terms_from(field, &term) } else { exact(field, &term) }
}

fn stock(field: Field, least: i64, most: i64) -> Lookup {
    if least > most {
        return Box::new(EmptyQuery);
    }
    let bound = |value| Bound::Included(Term::from_field_i64(field, value));
    Box::new(RangeQuery::new(bound(least), bound(most)))
}

fn filter_lookups(fields: &Fields, filters: &Filters) -> Vec<Lookup> {
    let texts = [
        (fields.category_id, &filters.category),
        (fields.location_id, &filters.location),
        (fields.exact_tag, &filters.tag),
        (fields.exact_supplier, &filters.supplier),
        (fields.exact_manufacturer, &filters.manufacturer),
    ];
    let mut lookups: Vec<Lookup> =
        texts.into_iter().filter_map(|(field, text)| Some(exact(field, text.as_deref()?))).collect();
    lookups.extend(filters.max_stock.map(|most| stock(fields.stock, i64::MIN, most)));
    lookups
}

fn exact(field: Field, term: &str) -> Lookup {
    Box::new(TermQuery::new(Term::from_field_text(field, term), IndexRecordOption::Basic))
}

/// Returns the lookup of all terms that begin with a text.
fn terms_from(field: Field, start: &str) -> Lookup {
    let end = format!("{start}{}", char::MAX);
    Box::new(RangeQuery::new(
        Bound::Included(Term::from_field_text(field, start)),
        Bound::Included(Term::from_field_text(field, &end)),
    ))
}

/// Returns the lookup of the parts that meet all conditions, or nothing if there are none.
fn all_of(mut conditions: Vec<Lookup>) -> Option<Lookup> {
    match conditions.len() {
        0 | 1 => conditions.pop(),
        _ => Some(Box::new(BooleanQuery::intersection(conditions))),
    }
}
