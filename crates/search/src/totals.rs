//! Sums over all parts.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tantivy::{Searcher, SegmentReader};

use crate::document::Value;
use crate::documents::Documents;
use crate::error::Result;
use crate::lookup::Lookup;
use crate::order::Texts;
use crate::schema::{Exact, Fields, LOW, NOWHERE, fast};

/// The sums over all parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// The number of parts.
    pub parts: usize,
    /// The number of pieces in stock.
    pub stock: i64,
    /// The number of parts without stock.
    pub out: usize,
    /// The number of parts whose stock is below their limit.
    pub low: usize,
    /// The number of parts without a location.
    pub nowhere: usize,
    /// The number of parts with a value.
    pub priced: usize,
    /// The value of the stock by currency, the largest first.
    pub values: Vec<Value>,
}

/// The totals of the state of the index that was last asked for, with the generation of that state.
#[derive(Debug, Default)]
pub(crate) struct KnownTotals(Mutex<Option<(u64, Totals)>>);

impl KnownTotals {
    /// Returns the totals. Reads the index only if it has changed since.
    pub(crate) fn of(&self, searcher: &Searcher, fields: &Fields) -> Result<Totals> {
        let generation = searcher.generation().generation_id();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*known {
            Some((of, totals)) if *of == generation => Ok(totals.clone()),
            _ => {
                let totals = sum(searcher, fields)?;
                *known = Some((generation, totals.clone()));
                Ok(totals)
            }
        }
    }
}

fn sum(searcher: &Searcher, fields: &Fields) -> Result<Totals> {
    let state = |state| -> Result<usize> {
        let found = Lookup::Term(fields.exact, Exact::State.term(state)).documents(searcher)?;
        Ok(found.iter().map(Documents::len).sum())
    };
    let mut totals = Totals { low: state(LOW)?, nowhere: state(NOWHERE)?, ..Totals::default() };
    let mut amounts = BTreeMap::new();
    for (segment, alive) in searcher.segment_readers().iter().zip(Lookup::All.documents(searcher)?) {
        totals.parts += alive.len();
        add_stock(&mut totals, segment, &alive)?;
        add_values(&mut totals, &mut amounts, segment, &alive)?;
    }
    totals.values = amounts.into_iter().map(|(currency, amount)| Value { currency, amount }).collect();
    totals.values.sort_by_key(|value| std::cmp::Reverse(value.amount));
    Ok(totals)
}

fn add_stock(totals: &mut Totals, segment: &SegmentReader, alive: &Documents) -> Result<()> {
    let column = segment.fast_fields().i64(fast::STOCK)?.first_or_default_col(0);
    let mut stocks = [0; 64];
    alive.for_each_block(|block| {
        let stocks = &mut stocks[..block.len()];
        column.get_vals(block, stocks);
        for stock in stocks {
            totals.stock = totals.stock.saturating_add(*stock);
            totals.out += usize::from(*stock <= 0);
        }
    });
    Ok(())
}

fn add_values(
    totals: &mut Totals,
    amounts: &mut BTreeMap<String, i64>,
    segment: &SegmentReader,
    alive: &Documents,
) -> Result<()> {
    let currencies = Texts::open(segment.fast_fields(), fast::CURRENCY)?;
    // The empty text, which stands for no value, comes first.
    let has_values = currencies.len() > 1 || !currencies.text(0)?.is_empty();
    if !has_values {
        return Ok(());
    }
    let column = segment.fast_fields().i64(fast::VALUE)?.first_or_default_col(0);
    let mut sums = vec![(0, 0_i64); currencies.len()];
    alive.for_each_block(|block| {
        for document in block {
            let ordinal = usize::try_from(currencies.ordinal(*document)).unwrap_or(usize::MAX);
            if let Some((count, sum)) = sums.get_mut(ordinal) {
                *count += 1;
                *sum = sum.saturating_add(column.get_val(*document));
            }
        }
    });
    for ((count, sum), ordinal) in sums.into_iter().zip(0..) {
        let currency = String::from_utf8_lossy(&currencies.text(ordinal)?).into_owned();
        if count > 0 && !currency.is_empty() {
            totals.priced += count;
            let amount: &mut i64 = amounts.entry(currency).or_default();
            *amount = amount.saturating_add(sum);
        }
    }
    Ok(())
}
