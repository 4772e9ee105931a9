//! What the index knows of a part.

/// A part as it is indexed. Texts are as stored; absent texts are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// The id of the part.
    pub id: String,
    /// A hash of everything below, computed by the caller. [`crate::Index::for_each_hash`] returns it.
    pub hash: u64,
    /// The name.
    pub name: String,
    /// The part number.
    pub number: String,
    /// The manufacturer's part number.
    pub mpn: String,
    /// The supplier's part number.
    pub supplier_number: String,
    /// The manufacturer.
    pub manufacturer: String,
    /// The supplier.
    pub supplier: String,
    /// The description.
    pub description: String,
    /// The properties: keys and values.
    pub properties: Vec<(String, String)>,
    /// The categories.
    pub categories: Vec<Place>,
    /// The locations.
    pub locations: Vec<Place>,
    /// The tags.
    pub tags: Vec<Place>,
    /// The number of pieces in stock.
    pub stock: i64,
    /// The value of the stock, if its price is known.
    pub value: Option<Value>,
    /// Whether the stock is below the limit of the part.
    pub is_low: bool,
    /// The time of creation, in microseconds since 1970.
    pub created_at: i64,
}

/// An amount of money.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Value {
    /// The currency, such as `EUR`, never empty.
    pub currency: String,
    /// The amount in ten-thousandths, so that sums are exact.
    pub amount: i64,
}

/// A category, a location or a tag of a part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Its name.
    pub name: String,
    /// Its id and the ids of all its ancestors, if it may have any. A filter by any of them finds the part.
    pub ids: Vec<String>,
}
