//! `verify`

use std::path::Path;

use backup::Engine;
use serde_json::json;

use super::ACTOR;
use crate::args::{self, Global};
use crate::exit::Failure;
use crate::progress::Progress;
use crate::{keys, output};

pub(crate) fn run(global: &Global, engine: &Engine, file: &Path, keys: &args::Keys) -> Result<(), Failure> {
    let verified = keys::unlocking(engine, keys, |engine| {
        let mut progress = Progress::new(global);
        engine.verify(ACTOR, file, &mut progress)
    })?;
    let rows = verified.database.tables.iter().map(|(name, table)| (name.clone(), table.rows)).collect();
    let compared = match verified.format {
        archive::Format::V3 => "every hash, row count and digest is as the manifest says",
        _ => "every CRC-32 is right (this format has no hashes to compare with)",
    };
    let violations = match verified.database.violation_count {
        0 => String::new(),
        count => format!("\n  {count} rows have broken foreign keys: restoring needs --allow-violations"),
    };
    let text = format!(
        "{}: sound\n  format {}, {} files, {} unpacked\n  {compared}\n  database opened and checked: {}{violations}",
        file.display(),
        verified.format,
        verified.files,
        output::bytes(verified.bytes),
        output::counts(&rows),
    );
    let value = json!({
        "archive": output::path(file),
        "sound": true,
        "format": verified.format.to_string(),
        "files": verified.files,
        "bytes": verified.bytes,
        "counts": output::counts_json(&rows),
        "foreign_key_violations": verified.database.violation_count,
        "verified_at": verified.status.map(|status| status.verified_at),
    });
    output::result(global, &text, &value)
}
