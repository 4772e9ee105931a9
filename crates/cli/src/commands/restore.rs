//! `restore`: the plan first, then a question, then the change.

use std::fmt::Write;

use archive::EncryptionScheme;
use backup::{Engine, Plan, RestoreOptions};
use serde_json::{Value, json};

use super::ACTOR;
use crate::args::{self, Global};
use crate::exit::{Code, Failure};
use crate::progress::Progress;
use crate::{keys, output, places};

/// Names of files shown per line of the plan; the JSON has them all.
const SHOWN: usize = 8;

pub(crate) fn run(global: &Global, engine: &Engine, args: &args::Restore) -> Result<(), Failure> {
    let options = RestoreOptions {
        archive: args.file.clone(),
        safety_backup: !args.replace.no_safety_backup,
        allow_violations: args.replace.allow_violations,
    };
    places::announce(global, engine)?;
    let (staged, mut progress) = keys::unlocking(engine, &args.keys, |engine| {
        // Not around the question for a key.
        let mut progress = Progress::new(global);
        Ok((engine.stage_restore(ACTOR, &options, &mut progress)?, progress))
    })?;
    let plan = plan_text(staged.plan());
    // Only where it is shown: it names every file.
    let mut value = if global.json { plan_json(staged.plan()) } else { json!({}) };
    let set = |value: &mut Value, key: &str, to: Value| value[key] = to;
    set(&mut value, "archive", json!(args.file));
    if args.replace.dry_run {
        drop(progress);
        set(&mut value, "dry_run", json!(true));
        let text = format!("{plan}Nothing was changed (dry run). The archive is sound.");
        return output::result(global, &text, &value);
    }
    if !args.replace.yes {
        progress.suspend(|| output::say(global, plan.trim_end()));
        let question = format!("Replace {} with this backup?", engine.places().database.display());
        match progress.suspend(|| output::confirm(&question)) {
            Some(true) => {}
            Some(false) => {
                return Err(Failure::new(Code::Usage, "nothing was changed"));
            }
            None => {
                return Err(Failure::usage(
                    "a restore replaces the inventory, and there is no terminal to ask on: nothing was changed. Say --yes to go ahead.",
                ));
            }
        }
    }
    let report = staged.commit(&mut progress)?;
    let notes = std::mem::take(&mut progress.notes);
    drop(progress);
    let mut text = format!("Restored {}\n{plan}", args.file.display());
    match &report.safety_backup {
        Some(path) => {
            let encrypted = encrypted_like(report.safety_lock, engine.encrypts());
            let _ = writeln!(text, "What was there before is in {}{encrypted}", path.display());
        }
        None if options.safety_backup => text.push_str("There was nothing before to keep.\n"),
        None => text.push_str("What was there before has not been kept (--no-safety-backup).\n"),
    }
    set(&mut value, "dry_run", json!(false));
    set(&mut value, "safety_backup", json!(report.safety_backup));
    set(&mut value, "safety_backup_encrypted", json!(report.safety_lock.map(|lock| lock.to_string())));
    set(&mut value, "set_aside", json!(report.set_aside));
    set(&mut value, "notes", json!(notes));
    output::result(global, &text, &value)
}

/// Who put nothing into the configuration has to be told what opens it.
pub(super) fn encrypted_like(lock: Option<EncryptionScheme>, configured: bool) -> &'static str {
    match lock {
        None => "",
        Some(_) if configured => ", encrypted as backups are here",
        Some(EncryptionScheme::Recipients(_)) => ", encrypted for the keys that were given for the archive",
        Some(_) => ", encrypted with the passphrase of the archive",
    }
}

pub(super) fn plan_text(plan: &Plan) -> String {
    let mut text = String::new();
    let after = backup::restore::entity_counts(&plan.rows_after);
    let now = plan.rows_now.as_ref().map(backup::restore::entity_counts);
    let _ = writeln!(text, "  {:<12} {:>10} {:>10}", "", "now", "after");
    for (index, (name, rows)) in after.iter().enumerate() {
        let before = now.as_ref().map(|now| now[index].1);
        if *rows > 0 || before.unwrap_or(0) > 0 {
            let before = before.map_or_else(|| "-".to_owned(), |before| before.to_string());
            let _ = writeln!(text, "  {name:<12} {before:>10} {rows:>10}");
        }
    }
    for changes in &plan.files {
        let folder = changes.kind.folder();
        let (add, replace, remove) = (changes.add.len(), changes.replace.len(), changes.remove.len());
        let _ = writeln!(
            text,
            "  {folder:<12} {add} added, {replace} replaced, {remove} removed, {} unchanged",
            changes.unchanged
        );
        for (what, files) in [("replaces", &changes.replace), ("removes", &changes.remove)] {
            for file in files.iter().take(SHOWN) {
                let _ = writeln!(text, "    {what} {folder}/{file}");
            }
            if files.len() > SHOWN {
                let _ = writeln!(text, "    {what} {} more", files.len() - SHOWN);
            }
        }
    }
    if !plan.migrations.is_empty() {
        let _ = writeln!(text, "  brings the schema up to date: {}", plan.migrations.join(", "));
    }
    if plan.cancelled_tasks > 0 {
        let _ = writeln!(text, "  cancels {} unfinished tasks of the backup", plan.cancelled_tasks);
    }
    for what in &plan.redacted {
        let _ = writeln!(text, "  takes out what was kept in the clear: {what}");
    }
    if plan.violations > 0 {
        let _ = writeln!(text, "  takes {} rows with broken foreign keys as they are", plan.violations);
    }
    text
}

pub(super) fn plan_json(plan: &Plan) -> Value {
    json!({
        "now": plan.rows_now.as_ref().map(output::counts_json),
        "after": output::counts_json(&plan.rows_after),
        "migrations": plan.migrations,
        "cancelled_tasks": plan.cancelled_tasks,
        "passwords_taken_out": plan.redacted,
        "foreign_key_violations": plan.violations,
        "left_out": plan.left_out,
        "files": plan.files,
    })
}
