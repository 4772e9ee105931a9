//! Import and export.

mod export;
mod import;
mod round_trip;

use inventory::Inventory;
use inventory::exchange::{
    CsvWriter, ImportOptions, ImportParts, ImportReport, ListExportedParts, Mapping, RowAction, read_table,
};
use inventory::parts::ListPlaces;

use crate::support::SYSTEM;

/// Options that create what is missing.
const CREATE_MISSING: ImportOptions =
    ImportOptions { mode: inventory::exchange::ImportMode::Both, create_missing: true, dry_run: false };

fn command(csv: &str, options: ImportOptions) -> ImportParts {
    let table = read_table(csv.as_bytes(), &Mapping::default()).unwrap();
    ImportParts { table, options }
}

async fn import(inventory: &Inventory, csv: &str, options: ImportOptions) -> ImportReport {
    inventory.run(SYSTEM, command(csv, options)).await.unwrap()
}

/// Imports a file that has no errors.
async fn import_well(inventory: &Inventory, csv: &str) -> ImportReport {
    let report = import(inventory, csv, CREATE_MISSING).await;
    assert!(report.is_applied, "{report:#?}");
    report
}

async fn export(inventory: &Inventory) -> String {
    let writer = CsvWriter::new(inventory.query(SYSTEM, ListPlaces).await.unwrap(), false);
    let parts = inventory.query(SYSTEM, ListExportedParts::default()).await.unwrap().items;
    let bytes = [writer.headers(), writer.rows(&parts)].concat();
    String::from_utf8(bytes).unwrap()
}

/// Returns the line, the field and the message of each error.
fn errors(report: &ImportReport) -> Vec<(u64, &str, &str)> {
    let rows = report.rows.iter();
    let errors = rows.flat_map(|row| row.errors.iter().map(|error| (row.line, error)));
    errors.map(|(line, error)| (line, error.field.as_str(), error.message.as_str())).collect()
}

fn actions(report: &ImportReport) -> Vec<RowAction> {
    report.rows.iter().map(|row| row.action).collect()
}
