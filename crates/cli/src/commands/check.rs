//! Implements `check`.

use backup::{Engine, FileCheck};
use durable::{counted, printable};
use inventory::stock::StockCheck;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::ACTOR;
use crate::args::Global;
use crate::exit::{Code, Failure};
use crate::output::Lines;
use crate::progress::Progress;
use crate::{output, places};

/// The largest number of differences or files that are printed.
const MAX_PRINTED: usize = 10;

pub(crate) fn run(global: &Global, engine: &Engine) -> Result<(), Failure> {
    places::require_inventory(global, engine)?;
    let pending = places::report_pending(global, engine)?;
    let mut progress = Progress::new(global);
    let report = engine.check(ACTOR, &mut progress)?;
    drop(progress);
    let rows = report.database.tables.iter().map(|(name, table)| (name.clone(), table.rows)).collect();
    let violations = report.database.violation_count;
    let mut lines = Lines::from(format!("{}: not damaged", engine.places().database.display()));
    lines.add(format!("  {}", output::counts(&rows)));
    match &report.stock {
        None => lines.add(
            "  the stock has no ledger yet: it begins when this version opens the database to change it",
        ),
        Some(stock) if stock.count == 0 => lines.add("  the ledger explains all stock"),
        Some(stock) => add_differences(&mut lines, stock),
    }
    if violations > 0 {
        lines.add(format!("  {} with a broken foreign key", counted(violations, "row")));
    }
    add_files(&mut lines, &report.files);
    let about = json!({
        "database": output::path(&*engine.places().database),
        "damaged": false,
        "counts": output::counts_json(&rows),
        "foreign_key_violations": violations,
        "stock_differences": report.stock.as_ref().map(|stock| stock.count),
        "first_stock_differences": report.stock.as_ref().map(differences),
        "pending_restores": pending,
    });
    let orphan_files = Orphans {
        count: report.files.orphans.len(),
        size: total_size(&report.files),
        files: &report.files.orphans,
    };
    output::result(global, lines, &Checked { about, orphan_files, missing_files: &report.files.missing })?;
    if violations == 0 {
        return Ok(());
    }
    let message = format!("{} with a broken foreign key", counted(violations, "row"));
    Err(Failure { code: Code::Refused, message, shown: true })
}

fn add_differences(lines: &mut Lines, stock: &StockCheck) {
    let places = counted(stock.count, "quantity");
    lines.add(format!(
        "  note: {places} changed without the ledger, by another program; the next movement records it"
    ));
    for difference in stock.differences.iter().take(MAX_PRINTED) {
        let (part, location) = (printable(&difference.part_id), printable(&difference.location_id));
        let (found, expected) = (difference.stock, difference.ledger);
        lines.add(format!("    part {part} at location {location}: {found}, in the ledger {expected}"));
    }
}

fn add_files(lines: &mut Lines, files: &FileCheck) {
    if !files.orphans.is_empty() {
        let found = counted(files.orphans.len() as u64, "file");
        let size = output::bytes(total_size(files));
        lines.add(format!(
            "  note: {found} ({size}) to which no row refers; `makermatrix check --help` says what to do"
        ));
        for (path, size) in files.orphans.iter().take(MAX_PRINTED) {
            lines.add(format!("    {} ({})", printable(path), output::bytes(*size)));
        }
        add_more(lines, files.orphans.len());
    }
    if !files.missing.is_empty() {
        let missing = counted(files.missing.len() as u64, "file");
        lines.add(format!("  note: {missing} missing to which rows refer"));
        files.missing.iter().take(MAX_PRINTED).for_each(|path| lines.add(format!("    {}", printable(path))));
        add_more(lines, files.missing.len());
    }
}

fn add_more(lines: &mut Lines, count: usize) {
    if let Some(more) = count.checked_sub(MAX_PRINTED).filter(|more| *more > 0) {
        lines.add(format!("    and {more} more; --json lists all"));
    }
}

fn total_size(files: &FileCheck) -> u64 {
    files.orphans.iter().map(|(_, size)| size).sum()
}

/// The whole result. The files are written one by one, because there can be many.
#[derive(Serialize)]
struct Checked<'a> {
    #[serde(flatten)]
    about: Value,
    orphan_files: Orphans<'a>,
    missing_files: &'a [String],
}

#[derive(Serialize)]
struct Orphans<'a> {
    count: usize,
    size: u64,
    #[serde(serialize_with = "write_files")]
    files: &'a [(String, u64)],
}

fn write_files<S: Serializer>(files: &[(String, u64)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(files.iter().map(|(path, size)| json!({"path": path, "size": size})))
}

fn differences(stock: &StockCheck) -> Value {
    let each = stock.differences.iter().map(|difference| {
        json!({
            "part_id": difference.part_id,
            "location_id": difference.location_id,
            "stock": difference.stock,
            "ledger": difference.ledger,
        })
    });
    each.collect()
}
