//! What a row says of a part.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Import;
use super::names::PlaceKind;
use crate::db::entity::partmodel;
use crate::exchange::columns::{Field, Target};
use crate::exchange::paths::{self, Path};
use crate::exchange::report::RowReport;
use crate::exchange::table::{Column, Row};
use crate::stock::MAX_QUANTITY;
use crate::{Error, Work};

/// The values of a row. A field without a value is left as it is.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) texts: BTreeMap<Field, String>,
    pub(super) category_ids: Option<Vec<String>>,
    /// The ids and names.
    pub(super) tags: Option<Vec<(String, String)>>,
    /// The ids and names.
    pub(super) projects: Option<Vec<(String, String)>>,
    pub(super) low_stock_limit: Option<i64>,
    /// All additional properties.
    pub(super) properties: Option<Map<String, Value>>,
    /// Additional properties by name.
    pub(super) property: Vec<(String, String)>,
    pub(super) location_id: Option<String>,
    pub(super) quantity: Option<i64>,
    /// The columns with a value, as bits.
    pub(super) columns: u128,
}

impl Draft {
    pub(super) fn text(&self, field: Field) -> Option<&str> {
        self.texts.get(&field).map(String::as_str)
    }
}

/// Returns a field of a part that is a text.
pub(super) fn text_of(part: &partmodel::Model, field: Field) -> Option<&str> {
    let text = match field {
        Field::Name => return Some(&part.part_name),
        Field::Number => &part.part_number,
        Field::Description => &part.description,
        Field::Manufacturer => &part.manufacturer,
        Field::ManufacturerPartNumber => &part.manufacturer_part_number,
        Field::ComponentType => &part.component_type,
        Field::Supplier => &part.supplier,
        Field::SupplierPartNumber => &part.supplier_part_number,
        Field::SupplierUrl => &part.supplier_url,
        Field::ProductUrl => &part.product_url,
        Field::ImageUrl => &part.image_url,
        Field::Emoji => &part.emoji,
        Field::Id
        | Field::Categories
        | Field::Tags
        | Field::Projects
        | Field::LowStockLimit
        | Field::Properties
        | Field::Location
        | Field::Quantity => return None,
    };
    text.as_deref()
}

impl Import<'_> {
    /// Reads the cells of a row. What is wrong with them is added to the report.
    pub(super) async fn draft(
        &mut self,
        work: &mut Work,
        row: &Row,
        report: &mut RowReport,
    ) -> Result<Draft, Error> {
        let columns: &[Column] = &self.table.columns;
        let mut draft = Draft::default();
        if row.is_longer_than(columns.len()) {
            report.error("row", "has more cells than there are headers");
        }
        for (at, column) in columns.iter().enumerate() {
            let Some(text) = row.text(at) else { continue };
            match &column.target {
                Some(Target::Field(field)) => self.read(work, (*field, text), &mut draft, report).await?,
                Some(Target::Property(name)) => draft.property.push((name.clone(), text.to_owned())),
                None if column.header.is_empty() => {
                    report.error("row", "has a cell in a column without a header")
                }
                Some(Target::Ignored) | None => continue,
            }
            draft.columns |= 1 << at;
        }
        Ok(draft)
    }

    async fn read(
        &mut self,
        work: &mut Work,
        (field, text): (Field, &str),
        draft: &mut Draft,
        report: &mut RowReport,
    ) -> Result<(), Error> {
        match field {
            Field::Categories => draft.category_ids = self.categories(work, text, report).await?,
            Field::Tags => draft.tags = self.tags(work, text, report).await?,
            Field::Projects => draft.projects = self.projects(work, text, report).await?,
            Field::LowStockLimit => draft.low_stock_limit = number(field, text, 1, report),
            Field::Quantity => draft.quantity = number(field, text, 0, report),
            Field::Properties => draft.properties = properties(text, report),
            Field::Location => match paths::path(text) {
                Some(path) => {
                    draft.location_id = self.place(work, PlaceKind::Location, &path, report).await?
                }
                None => report.error(field.name(), "has an empty name in its path"),
            },
            field => {
                draft.texts.insert(field, text.to_owned());
            }
        }
        Ok(())
    }

    async fn place(
        &mut self,
        work: &mut Work,
        kind: PlaceKind,
        path: &Path,
        report: &mut RowReport,
    ) -> Result<Option<String>, Error> {
        let field = if kind == PlaceKind::Location { Field::Location } else { Field::Categories };
        let found = self.names.place(work, kind, path, self.options.create_missing).await?;
        Ok(found.map_err(|problem| report.error(field.name(), problem)).ok())
    }

    async fn categories(
        &mut self,
        work: &mut Work,
        text: &str,
        report: &mut RowReport,
    ) -> Result<Option<Vec<String>>, Error> {
        let Some(paths) = paths::paths(text) else {
            report.error(Field::Categories.name(), "has an empty name in a path");
            return Ok(None);
        };
        let mut ids = Vec::new();
        for path in paths {
            ids.extend(self.place(work, PlaceKind::Category, &path, report).await?);
        }
        ids.sort();
        ids.dedup();
        Ok(Some(ids))
    }

    async fn tags(
        &mut self,
        work: &mut Work,
        text: &str,
        report: &mut RowReport,
    ) -> Result<Option<Vec<(String, String)>>, Error> {
        let mut tags = Vec::new();
        for name in paths::names(text) {
            match self.names.tag(work, &name, self.options.create_missing).await? {
                Ok(tag) => tags.push(tag),
                Err(problem) => report.error(Field::Tags.name(), problem),
            }
        }
        Ok(Some(by_name(tags)))
    }

    async fn projects(
        &mut self,
        work: &mut Work,
        text: &str,
        report: &mut RowReport,
    ) -> Result<Option<Vec<(String, String)>>, Error> {
        let mut projects = Vec::new();
        for name in paths::names(text) {
            match self.names.project(work, &name, self.options.create_missing).await? {
                Ok(id) => projects.push((id, name)),
                Err(problem) => report.error(Field::Projects.name(), problem),
            }
        }
        Ok(Some(by_name(projects)))
    }
}

fn by_name(mut things: Vec<(String, String)>) -> Vec<(String, String)> {
    things.sort_by(|one, other| (&one.1, &one.0).cmp(&(&other.1, &other.0)));
    things.dedup();
    things
}

fn number(field: Field, text: &str, min: i64, report: &mut RowReport) -> Option<i64> {
    let digits = Some(text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let number = digits.and_then(|text| text.parse().ok());
    let number = number.filter(|number| (min..=MAX_QUANTITY).contains(number));
    if number.is_none() {
        report.error(
            field.name(),
            format!("must be a whole number from {min} to {MAX_QUANTITY}, without separators"),
        );
    }
    number
}

fn properties(text: &str, report: &mut RowReport) -> Option<Map<String, Value>> {
    let object = serde_json::from_str(text);
    object
        .map_err(|_| {
            report.error(Field::Properties.name(), "must be a JSON object, like {\"size\": \"0805\"}")
        })
        .ok()
}
