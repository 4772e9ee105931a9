//! Writes what a row changes.

use super::Import;
use super::draft::Draft;
use super::known::KnownPart;
use super::row::properties_after;
use crate::Change;
use crate::exchange::columns::Field;
use crate::exchange::parts::{Links, StoredQuantity};
use crate::exchange::report::{RowAction, RowReport};
use crate::parts::{CreatePart, UpdatePart};
use crate::stock::CountStock;
use crate::{Command, Error, Fields, Work};

/// The reason of the movements in the ledger.
const REASON: &str = "import";

impl Import<'_> {
    /// Writes a row without errors. What a use case refuses is added to the report.
    pub(super) async fn write(
        &mut self,
        work: &mut Work,
        draft: Draft,
        part: Option<KnownPart>,
        report: &mut RowReport,
    ) -> Result<(), Error> {
        work.savepoint().await?;
        let columns = draft.columns;
        let result = self.write_all(work, draft, part, report).await;
        match work.settle(result).await? {
            Ok((part, is_new)) => {
                if is_new {
                    self.note_new(&part, columns, report);
                } else if !report.changes.is_empty() {
                    report.action = RowAction::Update;
                }
                self.known.put(part);
            }
            Err(Error::Invalid { fields }) => {
                for error in fields {
                    report.error(column(error.field), error.problem.to_string());
                }
            }
            Err(error @ Error::AlreadyExists { .. }) => report.error(Field::Name.name(), error.to_string()),
            Err(error @ Error::LocationTaken { .. }) => {
                report.error(Field::Location.name(), error.to_string())
            }
            Err(error) => report.error("row", error.to_string()),
        }
        Ok(())
    }

    /// Writes the part and its stock. Returns the part, and whether it is new.
    async fn write_all(
        &mut self,
        work: &mut Work,
        draft: Draft,
        part: Option<KnownPart>,
        report: &mut RowReport,
    ) -> Result<(KnownPart, bool), Error> {
        let (place, quantity) = (draft.location_id.clone(), draft.quantity);
        let is_new = part.is_none();
        let mut part = match part {
            None => self.create(work, draft).await?,
            Some(part) if report.changes.is_empty() => part,
            Some(part) => self.update(work, draft, part).await?,
        };
        self.count(work, &mut part, (place, quantity), report).await?;
        Ok((part, is_new))
    }

    async fn create(&mut self, work: &mut Work, mut draft: Draft) -> Result<KnownPart, Error> {
        let properties = properties_after(&draft, None);
        let mut text = |field| draft.texts.remove(&field);
        let tags = draft.tags.unwrap_or_default();
        let projects = draft.projects.unwrap_or_default();
        let category_ids = draft.category_ids.unwrap_or_default();
        let command = CreatePart {
            name: text(Field::Name).unwrap_or_default(),
            number: text(Field::Number),
            description: text(Field::Description),
            manufacturer: text(Field::Manufacturer),
            manufacturer_part_number: text(Field::ManufacturerPartNumber),
            component_type: text(Field::ComponentType),
            supplier: text(Field::Supplier),
            supplier_part_number: text(Field::SupplierPartNumber),
            supplier_url: text(Field::SupplierUrl),
            product_url: text(Field::ProductUrl),
            image_url: text(Field::ImageUrl),
            emoji: text(Field::Emoji),
            properties,
            category_ids: category_ids.clone(),
            tag_ids: ids(&tags),
            project_ids: ids(&projects),
            low_stock_limit: draft.low_stock_limit,
        };
        validate(&command)?;
        let (row, relinked) = command.insert(work).await?;
        self.names.note(relinked);
        let low_stock_limit = draft.low_stock_limit;
        let links = Links { category_ids, tags, projects, low_stock_limit, ..Links::default() };
        Ok(KnownPart { row, links })
    }

    async fn update(
        &mut self,
        work: &mut Work,
        mut draft: Draft,
        part: KnownPart,
    ) -> Result<KnownPart, Error> {
        let has_properties = draft.properties.is_some() || !draft.property.is_empty();
        let properties = has_properties.then(|| properties_after(&draft, Some(&part)));
        let mut text = |field| Change::from(draft.texts.remove(&field).map(Some));
        let command = UpdatePart {
            id: part.row.id.clone(),
            version: None,
            number: text(Field::Number),
            description: text(Field::Description),
            manufacturer: text(Field::Manufacturer),
            manufacturer_part_number: text(Field::ManufacturerPartNumber),
            component_type: text(Field::ComponentType),
            supplier: text(Field::Supplier),
            supplier_part_number: text(Field::SupplierPartNumber),
            supplier_url: text(Field::SupplierUrl),
            product_url: text(Field::ProductUrl),
            image_url: text(Field::ImageUrl),
            emoji: text(Field::Emoji),
            name: draft.texts.remove(&Field::Name).into(),
            properties: properties.into(),
            category_ids: draft.category_ids.clone().into(),
            tag_ids: draft.tags.as_deref().map(ids).into(),
            project_ids: draft.projects.as_deref().map(ids).into(),
            low_stock_limit: draft.low_stock_limit.map(Some).into(),
        };
        validate(&command)?;
        let mut links = part.links;
        let (row, relinked) = command.apply(work, part.row).await?;
        self.names.note(relinked);
        links.category_ids = draft.category_ids.unwrap_or(links.category_ids);
        links.tags = draft.tags.unwrap_or(links.tags);
        links.projects = draft.projects.unwrap_or(links.projects);
        links.low_stock_limit = draft.low_stock_limit.or(links.low_stock_limit);
        Ok(KnownPart { row, links })
    }

    /// Sets the quantity at a location to the one of the row.
    async fn count(
        &mut self,
        work: &mut Work,
        part: &mut KnownPart,
        (place, quantity): (Option<String>, Option<i64>),
        report: &mut RowReport,
    ) -> Result<(), Error> {
        let stock = &mut part.links.stock;
        let location_id = match (place, quantity, stock.as_slice()) {
            (Some(location_id), _, _) => location_id,
            (None, None, _) => return Ok(()),
            (None, Some(_), [only]) => only.location_id.clone(),
            (None, Some(_), _) => {
                report.error(
                    Field::Location.name(),
                    "is required, since the part is not at exactly one location",
                );
                return Ok(());
            }
        };
        let at = stock.iter().position(|stored| stored.location_id == location_id);
        let before = at.map(|at| stock[at].quantity);
        // A part at a location without a quantity belongs there.
        let Some(quantity) = quantity.or_else(|| before.is_none().then_some(0)) else { return Ok(()) };
        let key = (part.row.id.clone(), location_id.clone());
        if let Some(line) = self.counted.insert(key, report.line) {
            report.error(
                Field::Quantity.name(),
                format!("line {line} has counted the same part at the same location"),
            );
            return Ok(());
        }
        if before == Some(quantity) {
            return Ok(());
        }
        let (part_id, reason) = (part.row.id.clone(), Some(REASON.to_owned()));
        work.call(&CountStock { part_id, location_id: location_id.clone(), quantity, reason }).await?;
        match at {
            Some(at) => stock[at].quantity = quantity,
            None => {
                let is_primary = stock.is_empty();
                stock.push(StoredQuantity {
                    location_id: location_id.clone(),
                    quantity,
                    is_primary,
                    notes: None,
                });
            }
        }
        let place = self.names.places.locations.text(&location_id);
        if before.is_none() {
            report.change(Field::Location.name(), None, &place);
        }
        report.change(
            Field::Quantity.name(),
            before.map(|before| before.to_string()).as_deref(),
            &quantity.to_string(),
        );
        Ok(())
    }
}

fn ids(things: &[(String, String)]) -> Vec<String> {
    things.iter().map(|(id, _)| id.clone()).collect()
}

/// Checks the fields of a command.
fn validate<C: Command>(command: &C) -> Result<(), Error> {
    let mut fields = Fields::default();
    command.validate(&mut fields);
    Error::check(fields)
}

/// Returns the name of the column for a field of a use case.
fn column(field: &'static str) -> &'static str {
    match field {
        "category_ids" => Field::Categories.name(),
        "tag_ids" => Field::Tags.name(),
        "project_ids" => Field::Projects.name(),
        field => field,
    }
}
