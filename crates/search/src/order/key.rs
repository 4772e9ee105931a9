//! The sort keys of the documents of one segment.

use std::sync::Arc;

use tantivy::columnar::{ColumnValues, Dictionary, StrColumn};
use tantivy::fastfield::FastFieldReaders;
use tantivy::{DocId, SegmentReader, TantivyError};

use super::Sort;
use crate::error::Result;
use crate::schema::fast;

/// A sort key that can be compared between segments.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Number(u64),
    Text(Vec<u8>),
}

/// The texts of one field in one segment. Their ordinals are in the order of their bytes.
pub(crate) struct Texts {
    ordinals: Arc<dyn ColumnValues<u64>>,
    dictionary: Arc<Dictionary>,
}

impl Texts {
    pub(crate) fn open(fields: &FastFieldReaders, name: &str) -> Result<Self> {
        let column: StrColumn = fields.str(name)?.ok_or_else(|| missing(name))?;
        let (dictionary, ordinals) = column.into_parts();
        Ok(Self { ordinals: ordinals.first_or_default_col(0), dictionary })
    }

    /// Returns the number of different texts.
    pub(crate) fn len(&self) -> usize {
        self.dictionary.num_terms()
    }

    pub(crate) fn ordinal(&self, document: DocId) -> u64 {
        self.ordinals.get_val(document)
    }

    /// Returns the text of an ordinal.
    pub(crate) fn text(&self, ordinal: u64) -> Result<Vec<u8>> {
        let mut text = Vec::new();
        self.dictionary.ord_to_term(ordinal, &mut text)?;
        Ok(text)
    }

    /// Returns the texts of ordinals, which ascend.
    pub(crate) fn texts(&self, ordinals: &[u64]) -> Result<Vec<Vec<u8>>> {
        let mut texts = Vec::with_capacity(ordinals.len());
        self.dictionary.sorted_ords_to_term_cb(ordinals, |text| texts.push(text.to_owned()))?;
        if texts.len() == ordinals.len() { Ok(texts) } else { Err(missing("a text").into()) }
    }
}

/// The sort keys of the documents of a segment, as numbers in the same order.
pub(super) enum Keys {
    Numbers(Arc<dyn ColumnValues<u64>>),
    Texts(Texts),
}

impl Keys {
    pub(super) fn open(segment: &SegmentReader, sort: Sort) -> Result<Self> {
        let fields = segment.fast_fields();
        let numbers = |name: &str| -> Result<Self> {
            let column = fields.i64(name)?.to_u64_monotonic();
            Ok(Self::Numbers(column.first_or_default_col(0)))
        };
        match sort {
            Sort::Relevance | Sort::Name => Ok(Self::Texts(Texts::open(fields, fast::NAME)?)),
            Sort::Number => Ok(Self::Texts(Texts::open(fields, fast::NUMBER)?)),
            Sort::Stock => numbers(fast::STOCK),
            Sort::CreatedAt => numbers(fast::CREATED_AT),
        }
    }

    pub(super) fn values(&self) -> &dyn ColumnValues<u64> {
        match self {
            Self::Numbers(values) => values.as_ref(),
            Self::Texts(texts) => texts.ordinals.as_ref(),
        }
    }

    /// Returns the comparable keys of these values, which ascend.
    pub(super) fn comparable(&self, values: &[u64]) -> Result<Vec<Key>> {
        match self {
            Self::Numbers(_) => Ok(values.iter().copied().map(Key::Number).collect()),
            Self::Texts(texts) => Ok(texts.texts(values)?.into_iter().map(Key::Text).collect()),
        }
    }
}

fn missing(name: &str) -> TantivyError {
    TantivyError::SchemaError(format!("the index has no {name}"))
}
