//! Implements `verify`.

use std::path::Path;

use backup::Engine;
use durable::counted;
use serde_json::json;

use super::ACTOR;
use crate::args::{self, Global};
use crate::exit::Failure;
use crate::output::Lines;
use crate::progress::Progress;
use crate::{keys, output, places};

pub(crate) fn run(global: &Global, engine: &Engine, file: &Path, keys: &args::Keys) -> Result<(), Failure> {
    let file = &*places::archive(global, engine, file)?;
    let pending = places::report_pending(global, engine)?;
    let verified = keys::with_keys(engine, keys, |engine| {
        let mut progress = Progress::new(global);
        engine.verify(ACTOR, file, &mut progress)
    })?;
    let rows = verified.database.tables.iter().map(|(name, table)| (name.clone(), table.rows)).collect();
    let compared = match verified.format {
        archive::Format::V3 => "every hash, row count and digest matches the manifest",
        _ => "every CRC-32 is correct (this format has no hashes)",
    };
    let mut lines = Lines::from(format!("{}: sound", file.display()));
    let (files, size) = (counted(verified.files, "file"), output::bytes(verified.bytes));
    lines.add(format!("  format {}, {files}, {size} unpacked", verified.format));
    lines.add(format!("  {compared}"));
    lines.add(format!("  database opened and checked: {}", output::counts(&rows)));
    if verified.database.violation_count > 0 {
        let rows = counted(verified.database.violation_count, "row");
        lines.add(format!("  {rows} with a broken foreign key: restoring needs --allow-violations"));
    }
    if let Some(stock) = verified.stock.as_ref().filter(|stock| stock.count > 0) {
        let places = counted(stock.count, "quantity");
        lines.add(format!("  note: {places} changed without the ledger, by another program"));
    }
    let value = json!({
        "archive": output::path(file),
        "sound": true,
        "format": verified.format.to_string(),
        "files": verified.files,
        "bytes": verified.bytes,
        "counts": output::counts_json(&rows),
        "foreign_key_violations": verified.database.violation_count,
        "stock_differences": verified.stock.map(|stock| stock.count),
        "pending_restores": pending,
        "verified_at": verified.status.map(|status| status.verified_at),
    });
    output::result(global, lines, &value)
}
