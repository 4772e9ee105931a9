//! Implements `drill`.

use std::path::{Path, PathBuf};

use backup::{DrillOptions, DrillReport, Engine, Error};
use durable::counted;
use serde_json::{Value, json};

use super::ACTOR;
use crate::advice;
use crate::args::{Drill, Global};
use crate::exit::Failure;
use crate::keys::KeyRing;
use crate::output::Lines;
use crate::progress::Progress;
use crate::{output, places};

pub(crate) fn run(global: &Global, engine: &Engine, options: &Drill) -> Result<(), Failure> {
    let archives = archives(global, engine, options)?;
    let pending = places::report_pending(global, engine)?;
    // One key ring for all archives, so that each passphrase is asked for once.
    let mut keys = KeyRing::new(&options.keys)?;
    let (mut lines, mut values, mut first_failure) = (Lines::default(), Vec::new(), None);
    for archive in &archives {
        let mut progress = Progress::new(global);
        let drill = DrillOptions {
            archive: archive.clone(),
            scratch: options.scratch.clone(),
            allow_violations: options.allow_violations,
        };
        let drilled = keys.unlock(engine, |engine| engine.drill(ACTOR, &drill, &mut progress))?;
        drop(progress);
        match drilled {
            Ok(drilled) => {
                add(&mut lines, archive, &drilled);
                values.push(value(archive, &drilled));
            }
            // A rescue archive is not a backup, so it does not fail the command.
            Err(error @ Error::Rescue { .. }) if options.all => {
                let error = advice::error_message(&error);
                lines.add(format!("Passed over: {error}"));
                values.push(
                    json!({"archive": output::path(&**archive), "proven": false, "passed_over": error}),
                );
            }
            Err(error @ Error::Cancelled) => return Err(error.into()),
            Err(error) => {
                let message = advice::error_message(&error);
                lines.add(format!("NOT PROVEN: {message}"));
                values.push(json!({"archive": output::path(&**archive), "proven": false, "error": message}));
                first_failure.get_or_insert(error);
            }
        }
    }
    match first_failure {
        None => output::result(global, lines, &json!({"drilled": values, "pending_restores": pending})),
        // With a single archive, its error is the whole result.
        Some(error) if archives.len() == 1 => Err(error.into()),
        Some(error) => {
            output::result(global, lines, &json!({"drilled": values, "pending_restores": pending}))?;
            let failed = values.iter().filter(|value| value["error"].is_string()).count();
            let code = Failure::from(error).code;
            let message = format!("{failed} of {} could not be proven", counted(values.len(), "archive"));
            Err(Failure { code, message, shown: true })
        }
    }
}

/// Returns the requested archives, or the newest one.
fn archives(global: &Global, engine: &Engine, options: &Drill) -> Result<Vec<PathBuf>, Failure> {
    if !options.files.is_empty() {
        return options.files.iter().map(|file| places::archive(global, engine, file)).collect();
    }
    let missing = |error| places::missing_archive(global, engine, error);
    if !options.all {
        return Ok(vec![engine.latest(ACTOR).map_err(missing)?]);
    }
    let found: Vec<PathBuf> = engine.list(ACTOR)?.into_iter().map(|item| item.path).collect();
    if found.is_empty() {
        return Err(missing(Error::NoBackups { folder: engine.places().backups.clone() }));
    }
    Ok(found)
}

fn add(lines: &mut Lines, archive: &Path, drilled: &DrillReport) {
    lines.add(format!("{}: proven", archive.display()));
    lines.add(format!(
        "  restored in {}, opened and compared: {} and {} ({}) are the same",
        seconds(drilled.took.as_secs_f64()),
        counted(drilled.tables, "table"),
        counted(drilled.files, "file"),
        output::bytes(drilled.bytes),
    ));
    lines.add(format!("  {} altogether", counted(drilled.rows, "row")));
    if !drilled.changed_tables.is_empty() {
        let changed = drilled.changed_tables.join(", ");
        lines.add(format!("  restoring rewrites {changed}: no row is lost"));
    }
    for difference in drilled.totals.differences() {
        lines.add(format!("  {difference}"));
    }
    for what in &drilled.left_out {
        lines.add(format!("  a restore does not recreate {what}"));
    }
    if drilled.status.is_none() {
        lines.add("  this could not be recorded beside the archive");
    }
    lines.add("  a real restore takes about as long, and a safety backup before it");
}

fn seconds(seconds: f64) -> String {
    if seconds < 100.0 { format!("{seconds:.1} s") } else { format!("{:.0} min", seconds / 60.0) }
}

fn value(archive: &Path, drilled: &DrillReport) -> Value {
    json!({
        "archive": output::path(archive),
        "proven": true,
        "restore_seconds": drilled.took.as_secs_f64(),
        "tables": drilled.tables,
        "changed_tables": drilled.changed_tables,
        "left_out": drilled.left_out,
        "totals": drilled.totals,
        "rows": drilled.rows,
        "files": drilled.files,
        "bytes": drilled.bytes,
        "proven_at": drilled.status.as_ref().and_then(|status| status.proven.as_ref()).map(|proven| &proven.at),
    })
}
