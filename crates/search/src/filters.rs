//! The conditions that a caller adds to what a person typed.

/// Filters. Each that is given must be met. Texts are compared as stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filters {
    /// The id of a category: the part is in it or in one below.
    pub category: Option<String>,
    /// The id of a location: the part is there or in one below.
    pub location: Option<String>,
    /// The id of a tag.
    pub tag: Option<String>,
    /// The supplier.
    pub supplier: Option<String>,
    /// The manufacturer.
    pub manufacturer: Option<String>,
    /// The largest stock.
    pub max_stock: Option<i64>,
    /// Whether the stock must be below the limit of the part.
    pub only_low: bool,
}
