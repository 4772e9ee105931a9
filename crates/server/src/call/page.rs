//! Pages of lists.

use inventory::FieldError;
use inventory::list::{Cursor, ListQuery, PAGE_SIZE, Page, PageNumber, Paging};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::problem::{InvalidField, Problem};

/// The parameters of every list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParams {
    /// The sort key. A `-` before it reverses the order.
    sort: Option<String>,
    /// The number of the page, from 1. Default: 1.
    #[param(minimum = 1, maximum = 1_000_000_000)]
    page: Option<u64>,
    /// The largest number of items on a page, 1 to 1000. Default: 50.
    #[param(minimum = 1, maximum = 1000)]
    page_size: Option<u64>,
    /// The cursor of the previous page, instead of a page number. Empty for the first page. Such lists have no total, and
    /// concurrent changes cause no skipped or repeated items.
    cursor: Option<String>,
}

/// The parameters of a list without sort keys and cursors.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageParams {
    /// The number of the page, from 1. Default: 1.
    #[param(minimum = 1, maximum = 1_000_000_000)]
    page: Option<u64>,
    /// The largest number of items on a page, 1 to 1000. Default: 50.
    #[param(minimum = 1, maximum = 1000)]
    page_size: Option<u64>,
}

impl From<&PageParams> for PageNumber {
    fn from(params: &PageParams) -> Self {
        Self { number: params.page.unwrap_or(1), size: params.page_size.unwrap_or(PAGE_SIZE) }
    }
}

impl From<&ListParams> for PageNumber {
    fn from(params: &ListParams) -> Self {
        Self { number: params.page.unwrap_or(1), size: params.page_size.unwrap_or(PAGE_SIZE) }
    }
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PageOf<T> {
    /// The items on this page.
    items: Vec<T>,
    /// The number of items on all pages. Absent in lists by cursor.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
    /// The number of the page, from 1. Absent in lists by cursor.
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<u64>,
    /// The largest number of items on a page.
    page_size: u64,
    /// The cursor of the next page, in lists by cursor. Absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl ListParams {
    /// Returns the parameters of the first page of a list with a sort key.
    pub(crate) fn sorted(sort: Option<String>, page_size: u64) -> Self {
        Self { sort, page_size: Some(page_size), ..Self::default() }
    }

    /// Returns the list query. `keys` are the names of the sort keys.
    pub(crate) fn query<F, K: Copy + Default>(
        &self,
        filter: F,
        keys: &[(&str, K)],
    ) -> Result<ListQuery<F, K>, Problem> {
        let (sort, descending) = match self.sort.as_deref() {
            None | Some("") => (K::default(), false),
            Some(text) => {
                let (name, descending) = text.strip_prefix('-').map_or((text, false), |name| (name, true));
                let found = keys.iter().find(|(key, _)| *key == name);
                let names: Vec<&str> = keys.iter().map(|(key, _)| *key).collect();
                let unknown =
                    || Problem::invalid_field("sort", format!("must be one of {}", names.join(", ")));
                (found.ok_or_else(unknown)?.1, descending)
            }
        };
        let size = self.page_size.unwrap_or(PAGE_SIZE);
        let paging = match (&self.cursor, self.page) {
            (Some(_), Some(_)) => {
                return Err(Problem::invalid_field("cursor", "must not be given together with page"));
            }
            (Some(cursor), None) => {
                let cursor = Some(cursor.as_str()).filter(|text| !text.is_empty()).map(Cursor::from_text);
                Paging::After { cursor, size }
            }
            (None, page) => Paging::Number(PageNumber { number: page.unwrap_or(1), size }),
        };
        Ok(ListQuery { filter, sort, descending, paging })
    }

    /// Returns the list query like [`ListParams::query`], with a default order that is reversed.
    pub(crate) fn query_descending<F, K: Copy + Default>(
        &self,
        filter: F,
        keys: &[(&str, K)],
    ) -> Result<ListQuery<F, K>, Problem> {
        let query = self.query(filter, keys)?;
        let is_default = self.sort.as_deref().is_none_or(str::is_empty);
        Ok(ListQuery { descending: query.descending || is_default, ..query })
    }

    /// Selects the one item at a position, counted from 1.
    pub(crate) fn only(&mut self, position: u64) {
        (self.page, self.page_size, self.cursor) = (Some(position), Some(1), None);
    }
}

impl<T> PageOf<T> {
    pub(crate) fn new<I: Into<T>>(page: Page<I>, params: impl Into<PageNumber>) -> Self {
        let PageNumber { number, size } = params.into();
        let number = page.total.map(|_| number);
        Self {
            items: page.items.into_iter().map(Into::into).collect(),
            total: page.total,
            page: number,
            page_size: size,
            next: page.next.map(|cursor| cursor.as_str().to_owned()),
        }
    }

    /// Returns a page of a list that is in memory.
    pub(crate) fn of_all<I: Into<T>>(all: Vec<I>, params: PageParams) -> Result<Self, Problem> {
        let page = PageNumber::from(&params);
        let PageNumber { number, size } = page;
        let invalid: Vec<InvalidField> = page.problems().into_iter().map(FieldError::into).collect();
        if !invalid.is_empty() {
            return Err(Problem::invalid(invalid));
        }
        let total = Some(all.len() as u64);
        let skip = usize::try_from((number - 1).saturating_mul(size)).unwrap_or(usize::MAX);
        let items = all.into_iter().skip(skip).take(usize::try_from(size).unwrap_or(usize::MAX));
        let items = items.map(Into::into).collect();
        Ok(Self { items, total, page: Some(number), page_size: size, next: None })
    }
}
