//! `drill`

use std::path::{Path, PathBuf};

use backup::{DrillOptions, Drilled, Engine, Error};
use serde_json::{Value, json};

use super::ACTOR;
use crate::args::{Drill, Global};
use crate::exit::Failure;
use crate::keys::KeyRing;
use crate::output;
use crate::progress::Progress;

pub(crate) fn run(global: &Global, engine: &Engine, options: &Drill) -> Result<(), Failure> {
    let archives = archives(engine, options)?;
    // One for all: what was asked for once is known for the others.
    let mut keys = KeyRing::new(&options.keys)?;
    let (mut texts, mut values, mut first_failure) = (Vec::new(), Vec::new(), None);
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
                texts.push(text(archive, &drilled));
                values.push(value(archive, &drilled));
            }
            // What was kept for rescue is no backup, so it fails nobody.
            Err(error @ Error::Rescue { .. }) if options.all => {
                texts.push(format!("Passed over: {error}"));
                values.push(json!({"archive": output::path(&**archive), "proven": false, "passed_over": error.to_string()}));
            }
            Err(error) => {
                texts.push(format!("NOT PROVEN: {error}"));
                values.push(
                    json!({"archive": output::path(&**archive), "proven": false, "error": error.to_string()}),
                );
                first_failure.get_or_insert(error);
            }
        }
    }
    match first_failure {
        None => output::result(global, &texts.join("\n"), &json!({"drilled": values})),
        // One archive: its error is all there is to say.
        Some(error) if archives.len() == 1 => Err(error.into()),
        Some(error) => {
            output::result(global, &texts.join("\n"), &json!({"drilled": values}))?;
            let failed = values.iter().filter(|value| value["error"].is_string()).count();
            let code = Failure::from(error).code;
            let message = format!("{failed} of {} archives could not be proven", values.len());
            Err(Failure { code, message, shown: true })
        }
    }
}

/// Those that were asked for, or the newest.
fn archives(engine: &Engine, options: &Drill) -> Result<Vec<PathBuf>, Failure> {
    if !options.files.is_empty() {
        return Ok(options.files.clone());
    }
    let listed = engine.list()?.into_iter().map(|item| item.path);
    let found: Vec<PathBuf> = if options.all { listed.collect() } else { listed.take(1).collect() };
    if found.is_empty() {
        let folder = engine.places().backups.display();
        return Err(Failure::not_found(format!(
            "no archives in {folder}. Make one with `makermatrix backup`."
        )));
    }
    Ok(found)
}

fn text(archive: &Path, drilled: &Drilled) -> String {
    let changed = match drilled.changed_tables.as_slice() {
        [] => String::new(),
        changed => format!("\n  restoring rewrites {}: no row is lost", changed.join(", ")),
    };
    let noted = if drilled.status.is_some() { "" } else { "\n  this could not be noted beside the archive" };
    let totals: String =
        drilled.totals.differences().iter().map(|difference| format!("\n  {difference}")).collect();
    let left_out: String =
        drilled.left_out.iter().map(|what| format!("\n  a restore does not put back {what}")).collect();
    format!(
        "{}: proven\n  restored in {}, opened and compared: {} tables and {} files ({}) are the same\n  {} rows \
         altogether{changed}{totals}{left_out}{noted}\n  a real restore takes about as long, and a safety backup before it",
        archive.display(),
        seconds(drilled.took.as_secs_f64()),
        drilled.tables,
        drilled.files,
        output::bytes(drilled.bytes),
        drilled.rows,
    )
}

fn seconds(seconds: f64) -> String {
    if seconds < 100.0 { format!("{seconds:.1} s") } else { format!("{:.0} min", seconds / 60.0) }
}

fn value(archive: &Path, drilled: &Drilled) -> Value {
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
