//! The report of an import.

use inventory::exchange::{CellError, ColumnReport, FieldChange, ImportReport, RowAction, RowReport};
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::{InvalidField, Problem};

/// The largest number of errors in a problem. The report has all of them.
const MAX_ERRORS: usize = 100;

/// What an import did, or would do. Nothing was written unless `is_applied`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportReportView {
    /// Whether the import was only tried out.
    is_dry_run: bool,
    /// Whether the import was written.
    is_applied: bool,
    /// The number of parts that are created.
    created: u64,
    /// The number of rows that change a part or its stock.
    updated: u64,
    /// The number of rows that change nothing.
    unchanged: u64,
    /// The number of rows with errors. Nothing is written unless it is 0.
    failed: u64,
    /// What the columns mean.
    columns: Vec<ColumnView>,
    /// The headers that are not known. Nothing is written unless there are none.
    unknown_columns: Vec<String>,
    /// The paths of the locations that are created.
    created_locations: Vec<String>,
    /// The paths of the categories that are created.
    created_categories: Vec<String>,
    created_tags: Vec<String>,
    created_projects: Vec<String>,
    rows: Vec<RowView>,
}

/// What a column means.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ColumnView {
    header: String,
    /// A field, `property:NAME`, or `ignore`; null if the header is not known.
    target: Option<String>,
}

/// What becomes of a row.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RowView {
    /// The line of the file in which the row begins, from 1.
    line: u64,
    action: ActionView,
    /// The id of the part; null if there is no such part.
    part_id: Option<String>,
    part_name: Option<String>,
    changes: Vec<ChangeView>,
    errors: Vec<InvalidField>,
}

/// What becomes of a row.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ActionView {
    Create,
    Update,
    Unchanged,
    Error,
}

/// A field that changes. Long values are shortened.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChangeView {
    /// The name of the field, or `property:NAME`.
    field: String,
    before: Option<String>,
    after: String,
}

impl From<ImportReport> for ImportReportView {
    fn from(report: ImportReport) -> Self {
        let column = |column: ColumnReport| ColumnView { header: column.header, target: column.target };
        Self {
            is_dry_run: report.is_dry_run,
            is_applied: report.is_applied,
            created: report.created,
            updated: report.updated,
            unchanged: report.unchanged,
            failed: report.failed,
            columns: report.columns.into_iter().map(column).collect(),
            unknown_columns: report.unknown_columns,
            created_locations: report.created_locations,
            created_categories: report.created_categories,
            created_tags: report.created_tags,
            created_projects: report.created_projects,
            rows: report.rows.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<RowReport> for RowView {
    fn from(row: RowReport) -> Self {
        let change = |FieldChange { field, before, after }| ChangeView { field, before, after };
        let error = |CellError { field, message }| InvalidField { field, detail: message };
        let action = match row.action {
            RowAction::Create => ActionView::Create,
            RowAction::Update => ActionView::Update,
            RowAction::Unchanged => ActionView::Unchanged,
            RowAction::Error => ActionView::Error,
        };
        Self {
            line: row.line,
            action,
            part_id: row.part_id,
            part_name: row.part_name,
            changes: row.changes.into_iter().map(change).collect(),
            errors: row.errors.into_iter().map(error).collect(),
        }
    }
}

/// An import that was not written, since it has errors.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportProblem {
    #[serde(flatten)]
    problem: Problem,
    /// Missing if the request is wrong, and no row has been looked at.
    #[schema(required = false)]
    report: ImportReportView,
}

impl From<ImportReport> for ImportProblem {
    fn from(report: ImportReport) -> Self {
        Self { problem: problem_of(&report), report: report.into() }
    }
}

/// Returns the problem of an import with errors.
fn problem_of(report: &ImportReport) -> Problem {
    let unknown = report.unknown_columns.iter().map(|header| {
        let detail =
            format!("the column {header:?} is not known: map it, or say what becomes of unknown columns");
        InvalidField { field: "columns".to_owned(), detail }
    });
    let errors = report.rows.iter().flat_map(|row| {
        row.errors.iter().map(|error| InvalidField {
            field: format!("line {}: {}", row.line, error.field),
            detail: error.message.clone(),
        })
    });
    Problem::invalid(unknown.chain(errors).take(MAX_ERRORS).collect())
}
