//! What an import did, or would do.

use serde::Serialize;

use super::columns::Target;
use super::table::Column;

/// The largest number of characters of a value that a report repeats, so that a report is not much larger than its file.
const MAX_SHOWN: usize = 200;

/// What an import did, or would do. Nothing was written unless `is_applied`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// Whether the import was only tried out.
    pub is_dry_run: bool,
    /// Whether the import was written.
    pub is_applied: bool,
    /// The number of parts that are created.
    pub created: u64,
    /// The number of rows that change a part or its stock.
    pub updated: u64,
    /// The number of rows that change nothing.
    pub unchanged: u64,
    /// The number of rows with errors. Nothing is written unless it is 0.
    pub failed: u64,
    /// What the columns mean.
    pub columns: Vec<ColumnReport>,
    /// The headers that are not known. Nothing is written unless there are none.
    pub unknown_columns: Vec<String>,
    /// The paths of the locations that are created.
    pub created_locations: Vec<String>,
    /// The paths of the categories that are created.
    pub created_categories: Vec<String>,
    /// The names of the tags that are created.
    pub created_tags: Vec<String>,
    /// The names of the projects that are created.
    pub created_projects: Vec<String>,
    /// The rows.
    pub rows: Vec<RowReport>,
}

/// What a column means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ColumnReport {
    /// The header.
    pub header: String,
    /// The name of the field, `property:NAME`, or `ignore`. `None` if the header is not known.
    pub target: Option<String>,
}

/// What becomes of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RowAction {
    /// A part is created.
    Create,
    /// A part or its stock changes.
    Update,
    /// Nothing changes.
    #[default]
    Unchanged,
    /// The row has errors.
    Error,
}

/// A row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RowReport {
    /// The line of the file in which the row begins, counted from 1.
    pub line: u64,
    /// What becomes of the row.
    pub action: RowAction,
    /// The id of the part, unless there is no such part.
    pub part_id: Option<String>,
    /// The name of the part.
    pub part_name: Option<String>,
    /// What changes.
    pub changes: Vec<FieldChange>,
    /// What is wrong.
    pub errors: Vec<CellError>,
}

/// A field that changes. Long values are shortened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldChange {
    /// The name of the field, or `property:NAME`.
    pub field: String,
    /// The value before. `None` if there was none.
    pub before: Option<String>,
    /// The value after.
    pub after: String,
}

/// What is wrong with a cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CellError {
    /// The name of the field, `property:NAME`, or `row` for the whole row.
    pub field: String,
    /// What is wrong, for a person.
    pub message: String,
}

impl ImportReport {
    pub(super) fn new(columns: &[Column], is_dry_run: bool) -> Self {
        let unknown = columns.iter().filter(|column| column.target.is_none() && !column.header.is_empty());
        let report = |column: &Column| ColumnReport {
            header: column.header.clone(),
            target: column.target.as_ref().map(Target::text),
        };
        Self {
            is_dry_run,
            columns: columns.iter().map(report).collect(),
            unknown_columns: unknown.map(|column| column.header.clone()).collect(),
            ..Self::default()
        }
    }

    /// Returns whether there is something that keeps the import from being written.
    pub fn has_errors(&self) -> bool {
        self.failed > 0 || !self.unknown_columns.is_empty()
    }

    pub(super) fn add(&mut self, mut row: RowReport) {
        if !row.errors.is_empty() {
            row.action = RowAction::Error;
        }
        let count = match row.action {
            RowAction::Create => &mut self.created,
            RowAction::Update => &mut self.updated,
            RowAction::Unchanged => &mut self.unchanged,
            RowAction::Error => &mut self.failed,
        };
        *count += 1;
        self.rows.push(row);
    }
}

impl RowReport {
    pub(super) fn change(&mut self, field: &str, before: Option<&str>, after: &str) {
        let (before, after) = (before.map(shortened), shortened(after));
        self.changes.push(FieldChange { field: field.to_owned(), before, after });
    }

    pub(super) fn error(&mut self, field: &str, message: impl Into<String>) {
        self.errors.push(CellError { field: field.to_owned(), message: message.into() });
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
