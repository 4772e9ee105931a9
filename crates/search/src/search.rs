//! One search: what is asked, and what is found.

use tantivy::Searcher;

use crate::documents::Documents;
use crate::error::Result;
use crate::filters::Filters;
use crate::order::{Order, Sequences, Sort, page};
use crate::plan::{name_matches, number_matches, unwanted, wanted};
use crate::query::Query;
use crate::schema::Fields;

/// What is searched, and which part of the result is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// What a person typed.
    pub query: Query,
    /// Further conditions.
    pub filters: Filters,
    /// The sort key.
    pub sort: Sort,
    /// Whether the order is reversed, ids of equal keys included.
    pub descending: bool,
    /// The page, counted from 1.
    pub page: usize,
    /// The largest number of parts on a page.
    pub page_size: usize,
}

/// A page of the result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Results {
    /// The ids of the parts on the page, in order.
    pub ids: Vec<String>,
    /// The exact number of parts on all pages.
    pub total: usize,
}

pub(crate) fn search(
    searcher: &Searcher,
    fields: &Fields,
    sequences: &Sequences,
    request: &Request,
) -> Result<Results> {
    let found = matches(searcher, fields, request)?;
    let total = count(&found);
    let start = request.page.saturating_sub(1).saturating_mul(request.page_size).min(total);
    let mut positions = start..start.saturating_add(request.page_size).min(total);
    let order =
        Order { sort: request.sort, descending: request.descending && request.sort != Sort::Relevance };
    if positions.is_empty() {
        return Ok(Results { ids: Vec::new(), total });
    }
    let mut ids = Vec::with_capacity(positions.len());
    let ranks = if request.sort == Sort::Relevance {
        ranks(searcher, fields, &request.query, found)?
    } else {
        vec![found]
    };
    for rank in ranks {
        let count = count(&rank);
        let wanted = positions.start..positions.end.min(count);
        ids.extend(page(searcher, &rank, order, wanted, sequences)?);
        positions = positions.start.saturating_sub(count)..positions.end.saturating_sub(count);
    }
    Ok(Results { ids, total })
}

/// Returns the parts that match.
fn matches(searcher: &Searcher, fields: &Fields, request: &Request) -> Result<Vec<Documents>> {
    let wanted = wanted(fields, &request.query, &request.filters);
    let mut found = wanted.documents(searcher)?;
    for lookup in unwanted(fields, &request.query) {
        let others = lookup.documents(searcher)?;
        found.iter_mut().zip(&others).for_each(|(found, others)| drop(found.split_off(others)));
    }
    Ok(found)
}

/// Splits what was found by how well it matches, best first.
fn ranks(
    searcher: &Searcher,
    fields: &Fields,
    query: &Query,
    mut found: Vec<Documents>,
) -> Result<Vec<Vec<Documents>>> {
    let mut ranks = Vec::new();
    for lookup in [number_matches(fields, query), name_matches(fields, query)].into_iter().flatten() {
        let better = lookup.documents(searcher)?;
        ranks.push(found.iter_mut().zip(&better).map(|(rest, better)| rest.split_off(better)).collect());
    }
    ranks.push(found);
    Ok(ranks)
}

fn count(documents: &[Documents]) -> usize {
    documents.iter().map(Documents::len).sum()
}

#[cfg(test)]
mod tests;
