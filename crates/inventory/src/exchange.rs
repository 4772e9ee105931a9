//! Import and export: parts with their stock as CSV in both directions, and everything as JSON.
//!
//! Reading order: `columns` (what the columns mean), `table` (reads a file), `import` (imports what was read), `report` (what an
//! import did), `parts` (exports parts), `document` (exports everything). The format is described in `docs/csv.md`.

mod cell;
mod columns;
mod document;
mod import;
mod parts;
mod paths;
mod places;
mod report;
mod table;
mod writer;

pub use columns::{Mapping, UnknownColumns};
pub use document::{DocumentExport, ExportSection, Section, SectionPage};
pub use import::{ImportMode, ImportOptions, ImportParts};
pub use parts::{ExportedPart, GetExportedParts, ListExportedParts};
pub use places::PlaceNames;
pub use report::{CellError, ColumnReport, FieldChange, ImportReport, RowAction, RowReport};
pub use table::{ImportTable, MAX_BYTES, MAX_COLUMNS, MAX_ROWS, TableError, read_table};
pub use writer::CsvWriter;
