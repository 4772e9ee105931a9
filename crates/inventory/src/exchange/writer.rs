//! Writes parts as CSV.

use std::borrow::Cow;

use super::cell;
use super::columns::Field;
use super::parts::{ExportedPart, StoredQuantity};
use super::paths;
use super::places::PlaceNames;

/// Writes parts as rows: one for each location of a part, or one for a part without stock.
#[derive(Debug)]
pub struct CsvWriter {
    names: PlaceNames,
    is_raw: bool,
}

impl CsvWriter {
    /// Creates a writer. With `is_raw`, cells that a spreadsheet would run as formulas stay as they are.
    pub fn new(names: impl Into<PlaceNames>, is_raw: bool) -> Self {
        Self { names: names.into(), is_raw }
    }

    /// Returns the line with the headers.
    pub fn headers(&self) -> Vec<u8> {
        let headers = Field::EVERY.iter().map(|field| field.name());
        lines([headers.map(Cow::Borrowed).collect()])
    }

    /// Returns the lines of parts.
    pub fn rows(&self, parts: &[ExportedPart]) -> Vec<u8> {
        lines(parts.iter().flat_map(|part| self.rows_of(part)))
    }

    /// Returns whether the names of all locations and categories of the parts are known. If not, they were created after the
    /// writer.
    pub fn knows(&self, parts: &[ExportedPart]) -> bool {
        parts.iter().all(|part| {
            part.links.stock.iter().all(|stored| self.names.locations.contains(&stored.location_id))
                && part.links.category_ids.iter().all(|id| self.names.categories.contains(id))
        })
    }

    fn rows_of<'a>(&'a self, part: &'a ExportedPart) -> impl Iterator<Item = Vec<Cow<'a, str>>> {
        let places: Vec<Option<&StoredQuantity>> = match part.links.stock.as_slice() {
            [] => vec![None],
            stock => stock.iter().map(Some).collect(),
        };
        places.into_iter().map(|stored| {
            let cell = |field: &Field| self.cell(self.value(*field, part, stored));
            Field::EVERY.iter().map(cell).collect()
        })
    }

    fn cell<'a>(&self, value: Cow<'a, str>) -> Cow<'a, str> {
        if self.is_raw {
            return value;
        }
        match value {
            Cow::Borrowed(text) => cell::protected(text),
            Cow::Owned(text) => Cow::Owned(cell::protected(&text).into_owned()),
        }
    }

    fn value<'a>(
        &self,
        field: Field,
        exported: &'a ExportedPart,
        stored: Option<&StoredQuantity>,
    ) -> Cow<'a, str> {
        let ExportedPart { part, links } = exported;
        let text = |text: &'a Option<String>| Cow::Borrowed(text.as_deref().unwrap_or_default());
        let number =
            |number: Option<i64>| number.map_or_else(String::new, |number| number.to_string()).into();
        let names =
            |named: &'a [(String, String)]| paths::listed(named.iter().map(|(_, name)| name.as_str())).into();
        match field {
            Field::Id => Cow::Borrowed(&part.id),
            Field::Name => Cow::Borrowed(&part.name),
            Field::Number => text(&part.number),
            Field::Description => text(&part.description),
            Field::Manufacturer => text(&part.manufacturer),
            Field::ManufacturerPartNumber => text(&part.manufacturer_part_number),
            Field::ComponentType => text(&part.component_type),
            Field::Supplier => text(&part.supplier),
            Field::SupplierPartNumber => text(&part.supplier_part_number),
            Field::SupplierUrl => text(&part.supplier_url),
            Field::ProductUrl => text(&part.product_url),
            Field::ImageUrl => text(&part.image_url),
            Field::Emoji => text(&part.emoji),
            Field::Categories => {
                let mut paths: Vec<String> =
                    links.category_ids.iter().map(|id| self.names.categories.text(id)).collect();
                paths.sort();
                paths.join("; ").into()
            }
            Field::Tags => names(&links.tags),
            Field::Projects => names(&links.projects),
            Field::LowStockLimit => number(links.low_stock_limit),
            Field::Properties if part.properties.is_empty() => "".into(),
            Field::Properties => serde_json::Value::Object(part.properties.clone()).to_string().into(),
            Field::Location => stored
                .map_or_else(String::new, |stored| self.names.locations.text(&stored.location_id))
                .into(),
            Field::Quantity => number(stored.map(|stored| stored.quantity)),
        }
    }
}

/// Returns rows as lines of CSV.
fn lines<'a>(rows: impl IntoIterator<Item = Vec<Cow<'a, str>>>) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        let written = writer.write_record(row.iter().map(|cell| cell.as_bytes()));
        debug_assert!(written.is_ok(), "all rows have as many cells, and memory takes them");
    }
    writer.into_inner().unwrap_or_default()
}
