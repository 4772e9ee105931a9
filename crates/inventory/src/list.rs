//! Lists with filters, sort orders, and pagination by page number or by cursor. All sizes are bounded.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sea_orm::sea_query::{Expr, ExprTrait, Func, LikeExpr};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, FromQueryResult, IntoSimpleExpr, Order, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, Select, Value,
};

use crate::Error;
use crate::fields::{FieldError, Fields, Problem};
use crate::work::Read;

/// The largest number of items on a page.
pub const MAX_PAGE_SIZE: u64 = 1000;
/// The default number of items on a page.
pub const PAGE_SIZE: u64 = 50;
const MAX_PAGE: u64 = 1_000_000_000;
/// The largest number of characters in a search text.
pub(crate) const MAX_SEARCH: usize = 200;
const MAX_CURSOR: usize = 10_000;

/// A query for a list: a filter, a sort order, and a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListQuery<F, K> {
    /// The filter.
    pub filter: F,
    /// The sort key. Items with equal keys are sorted by id.
    pub sort: K,
    /// Whether the order is reversed.
    pub descending: bool,
    /// The page.
    pub paging: Paging,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Paging {
    /// A page by number. The total number of items is counted.
    Number(PageNumber),
    /// The items after a cursor. Concurrent changes to the list cause no skipped or repeated items.
    After {
        /// The cursor of the previous page, or `None` for the first page.
        cursor: Option<Cursor>,
        /// The largest number of items, 1 to [`MAX_PAGE_SIZE`].
        size: u64,
    },
}

/// A page by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageNumber {
    /// The page number, counted from 1.
    pub number: u64,
    /// The largest number of items, 1 to [`MAX_PAGE_SIZE`].
    pub size: u64,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The items on the page.
    pub items: Vec<T>,
    /// The number of items on all pages, or `None` for pagination by cursor.
    pub total: Option<u64>,
    /// The cursor for the next page, or `None` at the end of the list.
    pub next: Option<Cursor>,
}

/// An opaque position in a list after an item. Its text is safe in a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(String);

impl Cursor {
    /// Creates a cursor from its text. The list checks whether the cursor is valid.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the text of the cursor.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn new(sort: &str, value: Value, id: &str) -> Self {
        let value = match value {
            Value::BigInt(number) => serde_json::Value::from(number),
            Value::String(text) => serde_json::Value::from(text),
            _ => serde_json::Value::Null,
        };
        Self(URL_SAFE_NO_PAD.encode(serde_json::json!([sort, value, id]).to_string()))
    }

    /// Returns the sort value and the id of the item, if the cursor belongs to a list with this order.
    fn read(&self, sort: &str) -> Option<(Value, String)> {
        let text = URL_SAFE_NO_PAD.decode(Some(&self.0).filter(|text| text.len() <= MAX_CURSOR)?).ok()?;
        let (of, value, id): (String, serde_json::Value, String) = serde_json::from_slice(&text).ok()?;
        let value = match value {
            serde_json::Value::Number(number) => Value::from(number.as_i64()?),
            serde_json::Value::String(text) => Value::from(text),
            _ => return None,
        };
        (of == sort).then_some((value, id))
    }
}

impl Default for Paging {
    fn default() -> Self {
        Self::Number(PageNumber::default())
    }
}

impl Default for PageNumber {
    fn default() -> Self {
        Self { number: 1, size: PAGE_SIZE }
    }
}

impl PageNumber {
    /// Returns the rules that the page breaks.
    pub fn problems(self) -> Vec<FieldError> {
        let mut fields = Fields::default();
        self.validate(&mut fields);
        fields.into_errors()
    }

    pub(crate) fn validate(self, fields: &mut Fields) {
        size(self.size, fields);
        fields.require("page", self.number >= 1, Problem::TooSmall { min: 1 });
        fields.require("page", self.number <= MAX_PAGE, Problem::TooLarge { max: MAX_PAGE.cast_signed() });
    }

    pub(crate) fn offset(self) -> u64 {
        self.number.saturating_sub(1).saturating_mul(self.size)
    }
}

fn size(size: u64, fields: &mut Fields) {
    fields.require("page_size", size >= 1, Problem::TooSmall { min: 1 });
    let max = MAX_PAGE_SIZE.cast_signed();
    fields.require("page_size", size <= MAX_PAGE_SIZE, Problem::TooLarge { max });
}

/// A sort key of a list.
pub(crate) trait SortKey: Copy + Send + Sync {
    /// The type of the rows.
    type Row: FromQueryResult + Send + Sync;

    /// Returns the name of the key, for cursors.
    fn name(self) -> &'static str;

    /// Returns the sort expression. It must never be NULL, since the engines order NULL differently.
    fn expression(self) -> Expr;

    /// Returns the value of the sort expression for a row: a text or an integer.
    fn value(self, row: &Self::Row) -> Value;

    /// Returns the id of a row.
    fn id(row: &Self::Row) -> &str;
}

impl<F, K> ListQuery<F, K> {
    pub(crate) fn validate(&self, fields: &mut Fields)
    where
        K: SortKey,
    {
        match &self.paging {
            Paging::Number(page) => page.validate(fields),
            Paging::After { cursor, size: items } => {
                size(*items, fields);
                let fits = |cursor: &Cursor| cursor.read(self.sort.name()).is_some();
                fields.require("cursor", cursor.as_ref().is_none_or(fits), Problem::NotACursor);
            }
        }
    }

    /// Reads the page from `select`, which contains the filtered rows.
    pub(crate) async fn fetch<E>(
        &self,
        read: &Read,
        select: Select<E>,
        id: E::Column,
    ) -> Result<Page<K::Row>, Error>
    where
        K: SortKey,
        E: EntityTrait,
        E::Model: Send + Sync,
    {
        let db = read.db().await?;
        let order = if self.descending { Order::Desc } else { Order::Asc };
        let sorted = |select: Select<E>| {
            select.order_by(self.sort.expression(), order.clone()).order_by(id, order.clone())
        };
        match &self.paging {
            Paging::Number(page) => {
                let total = select.clone().count(db).await?;
                let rows = sorted(select).offset(page.offset()).limit(page.size);
                Ok(Page { items: rows.into_model().all(db).await?, total: Some(total), next: None })
            }
            Paging::After { cursor, size } => {
                let behind = cursor.as_ref().and_then(|cursor| cursor.read(self.sort.name()));
                let select = match behind {
                    Some((value, last)) => select.filter(self.behind(value, id, last)),
                    None => select,
                };
                // One more item than requested shows whether there is a next page.
                let mut items: Vec<K::Row> = sorted(select).limit(size + 1).into_model().all(db).await?;
                let more = items.len() as u64 > *size;
                items.truncate(usize::try_from(*size).unwrap_or(usize::MAX));
                let last = items.last().filter(|_| more);
                let next = last.map(|row| Cursor::new(self.sort.name(), self.sort.value(row), K::id(row)));
                Ok(Page { items, total: None, next })
            }
        }
    }

    fn behind<C: ColumnTrait>(&self, value: Value, id: C, last: String) -> Condition
    where
        K: SortKey,
    {
        let key = self.sort.expression();
        let id = id.into_simple_expr();
        let same = key.clone().eq(value.clone());
        let (further, further_id) =
            if self.descending { (key.lt(value), id.lt(last)) } else { (key.gt(value), id.gt(last)) };
        Condition::any().add(further).add(same.and(further_id))
    }
}

impl<T> Page<T> {
    /// Converts the items of the page.
    pub(crate) fn map<U>(self, convert: impl FnMut(T) -> U) -> Page<U> {
        let Self { items, total, next } = self;
        Page { items: items.into_iter().map(convert).collect(), total, next }
    }

    pub(crate) fn try_map<U>(self, convert: impl FnMut(T) -> Result<U, Error>) -> Result<Page<U>, Error> {
        let Self { items, total, next } = self;
        Ok(Page { items: items.into_iter().map(convert).collect::<Result<_, _>>()?, total, next })
    }
}

/// Returns a condition: the column contains a text, ignoring the case of ASCII letters. The engines treat the case of other
/// letters differently.
pub(crate) fn contains(column: impl IntoSimpleExpr, text: &str) -> Expr {
    let mut pattern = String::from("%");
    for char in text.to_ascii_lowercase().chars() {
        if matches!(char, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(char);
    }
    pattern.push('%');
    Expr::expr(Func::lower(column.into_simple_expr())).like(LikeExpr::new(pattern).escape('\\'))
}

/// Returns a sort expression for a nullable column.
pub(crate) fn or_empty(column: impl IntoSimpleExpr) -> Expr {
    Expr::expr(Func::coalesce([column.into_simple_expr(), Expr::val("")]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_valid_only_for_its_own_list() {
        let cursor = Cursor::new("name", "R 10kΩ".into(), "id");
        assert_eq!(cursor.read("name"), Some(("R 10kΩ".into(), "id".to_owned())));
        assert_eq!(cursor.read("number"), None);
        assert_eq!(Cursor::from_text("x").read("name"), None);
        let quantity = Cursor::new("quantity", 7i64.into(), "id");
        assert_eq!(quantity.read("quantity"), Some((7i64.into(), "id".to_owned())));
    }
}
