//! Imports one row: finds its part, compares, and writes what differs.

use serde_json::{Map, Value};

use super::draft::{Draft, text_of};
use super::known::KnownPart;
use super::{Import, ImportMode, SeenPart};
use crate::Json;
use crate::exchange::columns::{Field, Target};
use crate::exchange::parts::Links;
use crate::exchange::paths;
use crate::exchange::report::{RowAction, RowReport};
use crate::exchange::table::Row;
use crate::{Error, Work};

/// The largest number of parts that a message names.
const MAX_CANDIDATES: usize = 10;

impl Import<'_> {
    pub(super) async fn row(&mut self, work: &mut Work, row: &Row) -> Result<RowReport, Error> {
        let mut report = RowReport { line: row.line, ..RowReport::default() };
        let draft = self.draft(work, row, &mut report).await?;
        let part = match self.part_of(&draft) {
            Ok(part) => part.cloned(),
            Err(problem) => {
                report.error(Field::Number.name(), problem);
                return Ok(report);
            }
        };
        report.part_name = draft.text(Field::Name).map(str::to_owned);
        if let Some(part) = &part {
            report.part_id = Some(part.row.id.clone());
            report.part_name = Some(part.row.part_name.clone());
        }
        self.check_mode(&draft, part.as_ref(), &mut report);
        self.compare(&draft, part.as_ref(), &mut report);
        self.check_earlier_rows(&draft, part.as_ref(), &mut report);
        if report.errors.is_empty() {
            self.write(work, draft, part, &mut report).await?;
        }
        Ok(report)
    }

    /// Finds the part that a row belongs to, or returns what keeps it from being found.
    fn part_of(&self, draft: &Draft) -> Result<Option<&KnownPart>, String> {
        if let Some(part) = draft.text(Field::Id).and_then(|id| self.known.get(id)) {
            return Ok(Some(part));
        }
        let name = draft.text(Field::Name);
        if let Some(number) = draft.text(Field::Number) {
            // A part of an earlier row keeps the name that this row gave it, so another name means another part.
            let may_be = |part: &&KnownPart| {
                name.is_none_or(|name| name == part.row.part_name) || !self.seen.contains_key(&part.row.id)
            };
            let found: Vec<&KnownPart> = self.known.with_number(number).filter(may_be).collect();
            let named = found.iter().find(|part| name == Some(&part.row.part_name));
            match (named, found.as_slice()) {
                (Some(part), _) | (None, [part]) => return Ok(Some(part)),
                (None, []) => {}
                (None, several) => {
                    let names = several.iter().map(|part| format!("{:?}", part.row.part_name));
                    let names: Vec<String> = names.take(MAX_CANDIDATES).collect();
                    return Err(format!("several parts have this number: {}", names.join(", ")));
                }
            }
        }
        Ok(name.and_then(|name| self.known.with_name(name)))
    }

    fn check_mode(&self, draft: &Draft, part: Option<&KnownPart>, report: &mut RowReport) {
        let field =
            [Field::Name, Field::Number, Field::Id].into_iter().find(|field| draft.text(*field).is_some());
        let field = field.unwrap_or(Field::Name).name();
        match (self.options.mode, part) {
            (ImportMode::Create, Some(part)) if !self.is_new(&part.row.id) => {
                report.error(field, "the part exists already")
            }
            (ImportMode::Update, None) => report.error(field, "there is no such part"),
            _ => {}
        }
    }

    /// Adds to the report what the row changes, except for stock.
    fn compare(&self, draft: &Draft, part: Option<&KnownPart>, report: &mut RowReport) {
        for (field, after) in draft.texts.iter().filter(|(field, _)| **field != Field::Id) {
            let before = part.and_then(|part| text_of(&part.row, *field)).filter(|text| !text.is_empty());
            if before != Some(after) {
                report.change(field.name(), before, after);
            }
        }
        let nothing = Links::default();
        let links = part.map_or(&nothing, |part| &part.links);
        let mut compare = |field: Field, before: String, after: Option<String>| {
            if let Some(after) = after.filter(|after| *after != before) {
                report.change(
                    field.name(),
                    Some(before.as_str()).filter(|before| !before.is_empty()),
                    &after,
                );
            }
        };
        let categories = |ids: &[String]| {
            let mut paths: Vec<String> = ids.iter().map(|id| self.names.places.categories.text(id)).collect();
            paths.sort();
            paths.join("; ")
        };
        let names =
            |things: &Vec<(String, String)>| paths::listed(things.iter().map(|(_, name)| name.as_str()));
        let after = draft.category_ids.as_deref().map(categories);
        compare(Field::Categories, categories(&links.category_ids), after);
        compare(Field::Tags, names(&links.tags), draft.tags.as_ref().map(names));
        compare(Field::Projects, names(&links.projects), draft.projects.as_ref().map(names));
        let number = |number: i64| number.to_string();
        let before = links.low_stock_limit.map(number).unwrap_or_default();
        compare(Field::LowStockLimit, before, draft.low_stock_limit.map(number));
        compare_properties(draft, part, report);
    }

    /// Refuses values that contradict an earlier row of the same part.
    fn check_earlier_rows(&mut self, draft: &Draft, part: Option<&KnownPart>, report: &mut RowReport) {
        let Some(part) = part else { return };
        let seen = self.seen.entry(part.row.id.clone());
        let seen = seen.or_insert(SeenPart { line: report.line, ..SeenPart::default() });
        let twice = seen.columns & draft.columns;
        seen.columns |= draft.columns;
        let line = seen.line;
        let columns = self.table.columns.iter().enumerate();
        for (_, column) in columns.filter(|(at, _)| twice & (1 << at) != 0) {
            let Some(field) = column.target.as_ref().map(Target::text) else { continue };
            if report.changes.iter().any(|change| change.field == field) {
                report.error(
                    &field,
                    format!("contradicts a row of the same part that begins in line {line} or later"),
                );
            }
        }
    }

    /// Notes that a row has created a part.
    pub(super) fn note_new(&mut self, part: &KnownPart, draft_columns: u128, report: &mut RowReport) {
        let seen = SeenPart { line: report.line, is_new: true, columns: draft_columns };
        self.seen.insert(part.row.id.clone(), seen);
        report.action = RowAction::Create;
        report.part_id = Some(part.row.id.clone());
    }
}

/// Returns all properties of a part after a row.
pub(super) fn properties_after(draft: &Draft, part: Option<&KnownPart>) -> Map<String, Value> {
    let before = || part.map(|part| properties_of(&part.row.additional_properties)).unwrap_or_default();
    let mut properties = draft.properties.clone().unwrap_or_else(before);
    for (name, text) in &draft.property {
        // A number stays a number if the cell shows it.
        if properties.get(name).is_none_or(|value| shown(value) != *text) {
            properties.insert(name.clone(), text.clone().into());
        }
    }
    properties
}

fn properties_of(json: &Json) -> Map<String, Value> {
    json.0.as_object().cloned().unwrap_or_default()
}

fn compare_properties(draft: &Draft, part: Option<&KnownPart>, report: &mut RowReport) {
    let before = part.map(|part| properties_of(&part.row.additional_properties)).unwrap_or_default();
    if let Some(after) = draft.properties.as_ref().filter(|after| **after != before) {
        let text = (!before.is_empty()).then(|| Value::Object(before.clone()).to_string());
        report.change(Field::Properties.name(), text.as_deref(), &Value::Object(after.clone()).to_string());
    }
    let base = draft.properties.as_ref().unwrap_or(&before);
    for (name, after) in &draft.property {
        let before = base.get(name).map(shown);
        if before.as_ref() != Some(after) {
            report.change(&format!("property:{name}"), before.as_deref(), after);
        }
    }
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
