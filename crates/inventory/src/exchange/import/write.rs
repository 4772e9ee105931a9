//! Writes what a row changes.

use super::Import;
use super::draft::Draft;
use super::known::KnownPart;
use super::pending::PendingRows;
use super::row::properties_after;
use crate::Change;
use crate::exchange::columns::Field;
use crate::exchange::parts::{Links, StoredQuantity};
use crate::exchange::report::{RowAction, RowReport};
use crate::parts::{CreatePart, NewPart, UpdatePart};
use crate::stock::{CountStock, NewStock};
use crate::{Command, Error, Fields, Work};

/// The reason of the movements in the ledger.
pub(super) const REASON: &str = "import";

/// A quantity that a row has counted at a location.
struct Count {
    location_id: String,
    /// The quantity that was expected, or `None` if the part is not at the location.
    before: Option<i64>,
    quantity: i64,
}

impl Import<'_> {
    /// Writes a row without errors, or keeps it to be written together with others. What a use case refuses is added to the report.
    pub(super) async fn write(
        &mut self,
        work: &mut Work,
        draft: Draft,
        part: Option<KnownPart>,
        report: &mut RowReport,
    ) -> Result<(), Error> {
        let columns = draft.columns;
        let result = if self.may_be_refused(&draft, part.as_ref(), report) {
            self.pending.write(work).await?;
            work.savepoint().await?;
            let result = self.write_all(work, draft, part, report).await;
            let result = work.settle(result).await?;
            if result.is_err() {
                self.pending = PendingRows::default();
            }
            result
        } else {
            match self.write_all(work, draft, part, report).await {
                Err(error) if !error.is_refusal() => return Err(error),
                result => result,
            }
        };
        match result {
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

    /// Returns whether the database may refuse a row after a part of it was written: the new name of a part, or a second part at a
    /// location. The name of a new part is free, since no part with that name is known.
    fn may_be_refused(&self, draft: &Draft, part: Option<&KnownPart>, report: &RowReport) -> bool {
        let is_change = part.is_some() && !report.changes.is_empty();
        is_change || draft.location_id.as_ref().is_some_and(|id| self.names.is_single_part(id))
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
            None => self.create(work, draft)?,
            Some(part) if report.changes.is_empty() => part,
            Some(part) => self.update(work, draft, part).await?,
        };
        if let Some(count) = self.count_of(&part, (place, quantity), report) {
            let has_no_movements = is_new || self.is_new(&part.row.id);
            self.count(work, &mut part, &count, has_no_movements).await?;
            self.report_count(&count, report);
        }
        Ok((part, is_new))
    }

    /// Prepares a new part, to be written together with others.
    fn create(&mut self, work: &Work, mut draft: Draft) -> Result<KnownPart, Error> {
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
        let tree = &self.names.places.categories;
        let categories = category_ids.iter().map(|id| (id.clone(), tree.name(id).to_owned())).collect();
        let (new, relinked) = NewPart::new(work, &command, [categories, tags.clone(), projects.clone()]);
        self.names.note(relinked);
        let (row, low_stock_limit) = (new.row().clone(), draft.low_stock_limit);
        self.pending.parts.push(new);
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
        let mut links = part.links;
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
            category_ids: draft.category_ids.clone().filter(|ids| *ids != links.category_ids).into(),
            tag_ids: draft.tags.as_ref().filter(|tags| **tags != links.tags).map(|tags| ids(tags)).into(),
            project_ids: draft
                .projects
                .as_ref()
                .filter(|all| **all != links.projects)
                .map(|all| ids(all))
                .into(),
            low_stock_limit: draft
                .low_stock_limit
                .map(Some)
                .filter(|limit| *limit != links.low_stock_limit)
                .into(),
        };
        validate(&command)?;
        let (row, relinked) = command.apply(work, part.row).await?;
        self.names.note(relinked);
        links.category_ids = draft.category_ids.unwrap_or(links.category_ids);
        links.tags = draft.tags.unwrap_or(links.tags);
        links.projects = draft.projects.unwrap_or(links.projects);
        links.low_stock_limit = draft.low_stock_limit.or(links.low_stock_limit);
        Ok(KnownPart { row, links })
    }

    /// Returns what a row has counted, unless that is known already.
    fn count_of(
        &mut self,
        part: &KnownPart,
        (place, quantity): (Option<String>, Option<i64>),
        report: &mut RowReport,
    ) -> Option<Count> {
        let stock = &part.links.stock;
        let location_id = match (place, quantity, stock.as_slice()) {
            (Some(location_id), _, _) => location_id,
            (None, None, _) => return None,
            (None, Some(_), [only]) => only.location_id.clone(),
            (None, Some(_), _) => {
                report.error(
                    Field::Location.name(),
                    "is required, since the part is not at exactly one location",
                );
                return None;
            }
        };
        let before = stock.iter().find(|stored| stored.location_id == location_id);
        let before = before.map(|stored| stored.quantity);
        // A part at a location without a quantity belongs there.
        let quantity = quantity.or_else(|| before.is_none().then_some(0))?;
        let key = (part.row.id.clone(), location_id.clone());
        if let Some(line) = self.counted.insert(key, report.line) {
            report.error(
                Field::Quantity.name(),
                format!("line {line} has counted the same part at the same location"),
            );
            return None;
        }
        (before != Some(quantity)).then_some(Count { location_id, before, quantity })
    }

    /// Sets the quantity at a location.
    async fn count(
        &mut self,
        work: &mut Work,
        part: &mut KnownPart,
        Count { location_id, before, quantity }: &Count,
        has_no_movements: bool,
    ) -> Result<(), Error> {
        let (part_id, location_id, quantity) = (part.row.id.clone(), location_id.clone(), *quantity);
        let stock = &mut part.links.stock;
        let is_primary = stock.is_empty();
        if has_no_movements && before.is_none() && !self.names.is_single_part(&location_id) {
            let location_id = location_id.clone();
            self.pending.stock.push(NewStock { part_id, location_id, quantity, is_primary });
        } else {
            self.pending.write(work).await?;
            let (location_id, reason) = (location_id.clone(), Some(REASON.to_owned()));
            work.call(&CountStock { part_id, location_id, quantity, reason }).await?;
        }
        match stock.iter_mut().find(|stored| stored.location_id == location_id) {
            Some(stored) => stored.quantity = quantity,
            None => stock.push(StoredQuantity { location_id, quantity, is_primary, notes: None }),
        }
        Ok(())
    }

    fn report_count(&self, Count { location_id, before, quantity }: &Count, report: &mut RowReport) {
        if before.is_none() {
            let place = self.names.places.locations.text(location_id);
            report.change(Field::Location.name(), None, &place);
        }
        let before = before.map(|before| before.to_string());
        report.change(Field::Quantity.name(), before.as_deref(), &quantity.to_string());
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
