//! The syntax of a search, as a person types it.
//!
//! ```text
//! query  = { ["-"] term }
//! term   = '"' text '"' | field ":" value | "stock" order number | key "=" value | word
//! field  = name | number | mpn | supplier_number | manufacturer | supplier | category | location | tag | stock
//! value  = '"' text '"' | word
//! order  = "<" | "<=" | ">" | ">=" | "="
//! ```
//!
//! Every text is a query. What is not understood is searched as plain words, and a [`Note`] says so.

mod lexer;

use lexer::{Item, items};

use crate::fold::compact;

/// The largest number of terms of a query. What follows is not searched.
pub const MAX_TERMS: usize = 32;
/// The largest number of characters of a query. What follows is not searched.
pub const MAX_CHARACTERS: usize = 1000;

/// A query: what a part must match, and must not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    pub(crate) terms: Vec<QueryTerm>,
    notes: Vec<Note>,
}

/// One condition of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct QueryTerm {
    pub(crate) condition: Condition,
    /// Whether parts that meet the condition are left out.
    pub(crate) negated: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// A text in one field, or anywhere.
    Text { field: Option<TextField>, text: Text },
    /// A property with this value.
    Property { key: String, value: Text },
    /// The stock is from `least` to `most`.
    Stock { least: i64, most: i64 },
}

/// A text of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) text: String,
    /// Whether the text was quoted, so that it is meant exactly.
    pub(crate) quoted: bool,
    /// Whether the last word may be the start of a longer one.
    pub(crate) prefix: bool,
}

/// A field that a query names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextField {
    Name,
    Number,
    Mpn,
    SupplierNumber,
    Manufacturer,
    Supplier,
    Category,
    Location,
    Tag,
}

/// What a person should know about how a query was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// There is no such field. The text was searched as plain words.
    UnknownField(String),
    /// The stock is not compared with a number. The text was searched as plain words.
    NoNumber(String),
    /// A field has no value (yet). The text was passed over.
    NoValue(String),
    /// The query has more than [`MAX_TERMS`] terms or [`MAX_CHARACTERS`] characters. Its end was not searched.
    TooLong,
}

impl Query {
    /// Understands a query. Any text is one.
    pub fn parse(text: &str) -> Self {
        let mut query = Self::default();
        if text.chars().nth(MAX_CHARACTERS).is_some() {
            query.notes.push(Note::TooLong);
        }
        let shortened: String = text.chars().take(MAX_CHARACTERS).collect();
        for item in items(&shortened) {
            query.add(&item);
        }
        if query.terms.len() > MAX_TERMS {
            query.terms.truncate(MAX_TERMS);
            query.notes.push(Note::TooLong);
        }
        query.mark_prefix();
        query
    }

    /// Returns what a person should know about how the query was understood.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// Tells a query that finds every part.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Returns the plain texts that a part must have, as opposed to those of fields.
    pub(crate) fn plain_texts(&self) -> impl Iterator<Item = &Text> {
        self.terms.iter().filter_map(|term| match &term.condition {
            Condition::Text { field: None, text } if !term.negated => Some(text),
            _ => None,
        })
    }

    fn add(&mut self, item: &Item) {
        match self.condition(item) {
            Ok(condition) => self.terms.push(QueryTerm { condition, negated: item.negated }),
            Err(Note::NoValue(field)) => self.notes.push(Note::NoValue(field)),
            Err(note) => {
                self.notes.push(note);
                let text = Text { text: item.whole(), quoted: item.quoted, prefix: false };
                let condition = Condition::Text { field: None, text };
                self.terms.push(QueryTerm { condition, negated: item.negated });
            }
        }
    }

    fn condition(&self, item: &Item) -> Result<Condition, Note> {
        let text = || Text { text: item.value.clone(), quoted: item.quoted, prefix: false };
        let Some((key, operator)) = &item.key else {
            return Ok(Condition::Text { field: None, text: text() });
        };
        if item.value.is_empty() {
            return Err(Note::NoValue(key.clone()));
        }
        let folded = key.to_lowercase();
        if matches!(folded.as_str(), "stock" | "quantity") {
            return stock(operator, &item.value).ok_or_else(|| Note::NoNumber(item.whole()));
        }
        match operator.as_str() {
            ":" => match text_field(&folded) {
                Some(field) => Ok(Condition::Text { field: Some(field), text: text() }),
                None => Err(Note::UnknownField(key.clone())),
            },
            "=" if !compact(key).is_empty() => Ok(Condition::Property { key: key.clone(), value: text() }),
            _ => Err(Note::UnknownField(key.clone())),
        }
    }

    /// Lets the last word be the start of a longer one, unless it was quoted or is to be left out.
    fn mark_prefix(&mut self) {
        let Some(last) = self.terms.last_mut().filter(|last| !last.negated) else { return };
        match &mut last.condition {
            Condition::Text { text, .. } | Condition::Property { value: text, .. } => {
                text.prefix = !text.quoted
            }
            Condition::Stock { .. } => {}
        }
    }
}

fn text_field(name: &str) -> Option<TextField> {
    Some(match name {
        "name" => TextField::Name,
        "number" | "part_number" => TextField::Number,
        "mpn" | "manufacturer_part_number" => TextField::Mpn,
        "supplier_number" | "supplier_part_number" | "sku" => TextField::SupplierNumber,
        "manufacturer" | "maker" => TextField::Manufacturer,
        "supplier" => TextField::Supplier,
        "category" => TextField::Category,
        "location" | "place" => TextField::Location,
        "tag" => TextField::Tag,
        _ => return None,
    })
}

fn stock(operator: &str, value: &str) -> Option<Condition> {
    let number: i64 = value.parse().ok()?;
    let (least, most) = match operator {
        "<" => (i64::MIN, number.checked_sub(1)?),
        "<=" => (i64::MIN, number),
        ">" => (number.checked_add(1)?, i64::MAX),
        ">=" => (number, i64::MAX),
        "=" | ":" => (number, number),
        _ => return None,
    };
    Some(Condition::Stock { least, most })
}

#[cfg(test)]
mod tests;
