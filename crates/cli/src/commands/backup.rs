//! Implements `backup`.

use backup::catalog::LATEST;
use backup::{BackupOptions, Engine};
use durable::counted;
use serde_json::json;

use super::ACTOR;
use crate::args::{self, Global};
use crate::exit::Failure;
use crate::output::Lines;
use crate::progress::Progress;
use crate::{keys, output, places};

pub(crate) fn run(global: &Global, engine: &Engine, args: &args::Backup) -> Result<(), Failure> {
    if args.name.as_deref() == Some(LATEST) {
        let why =
            "`latest` stands for the newest backup, so no backup can have that name. Choose another --name.";
        return Err(Failure::usage(why));
    }
    let options = BackupOptions {
        name: args.name.clone(),
        output: args.output.clone(),
        datasheets: !args.no_datasheets,
        images: !args.no_images,
        env: args.include_env,
        env_in_the_clear: args.force,
        rescan: args.rescan,
        encrypt: keys::encrypt(&args.encrypt)?,
    };
    let recovered = places::settle_interrupted(global, engine)?;
    places::require_inventory(global, engine)?;
    let mut progress = Progress::new(global);
    progress.notes = recovered;
    let report = engine.backup(ACTOR, &options, &mut progress)?;
    let notes = std::mem::take(&mut progress.notes);
    drop(progress);
    let manifest = &report.manifest;
    let rows = manifest.tables.iter().map(|(name, table)| (name.clone(), table.rows)).collect();
    let encrypted = match report.encryption {
        Some(encryption) => format!("encrypted ({encryption})"),
        None => "not encrypted".to_owned(),
    };
    let mut lines = Lines::from(report.path.display());
    let size = output::bytes(report.size);
    lines.add(format!("  {size}, {encrypted}, verified: every hash checked, database opened and checked"));
    lines.add(format!("  {}", output::counts(&rows)));
    lines.add(format!(
        "  {}, {}",
        counted(manifest.datasheets_count, "datasheet"),
        counted(manifest.images_count, "image")
    ));
    let value = json!({
        "archive": output::path(&*report.path),
        "size": report.size,
        "encrypted": report.encryption.map(|encryption| encryption.to_string()),
        "verified_at": report.status.verified_at,
        "counts": output::counts_json(&rows),
        "datasheets": manifest.datasheets_count,
        "images": manifest.images_count,
        "env_included": manifest.env_included,
        "foreign_key_violations": manifest.foreign_key_violations,
        "dangling": manifest.dangling,
        "left_out": manifest.left_out,
        "unchanged_files": report.unchanged,
        "snapshot_restarts": report.snapshot_restarts,
        "notes": notes,
    });
    output::result(global, lines, &value)
}
