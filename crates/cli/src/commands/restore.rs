//! Implements `restore` and `undo`: shows the plan, asks for confirmation, then restores.

use std::path::PathBuf;

use archive::EncryptionScheme;
use backup::{Engine, Plan, RestoreOptions};
use serde_json::{Value, json};

use super::{ACTOR, plan};
use crate::args::{self, Global};
use crate::exit::{Code, Failure};
use crate::output::Lines;
use crate::progress::Progress;
use crate::{keys, output, places};

pub(crate) fn run(global: &Global, engine: &Engine, args: &args::Restore) -> Result<(), Failure> {
    let recovered = settle_unless_dry_run(global, engine, &args.replace)?;
    places::require_inventory_or(args.create, global, engine)?;
    let archive = places::archive(global, engine, &args.file)?;
    let request = RestoreRequest { archive, replace: &args.replace, keys: &args.keys, why: None };
    restore(global, engine, request, recovered, json!({}))
}

pub(crate) fn undo(
    global: &Global,
    engine: &Engine,
    replace: &args::Replace,
    keys: &args::Keys,
) -> Result<(), Failure> {
    let recovered = settle_unless_dry_run(global, engine, replace)?;
    places::require_inventory(global, engine)?;
    let undo = engine.find_undo(ACTOR)?;
    let (archive, at) = (&undo.restore.archive, &undo.restore.at);
    let why = format!("undoing the restore of {archive}, {at}");
    let value = json!({"undone": {"archive": archive, "restored_at": at}});
    let request = RestoreRequest { archive: undo.safety_backup, replace, keys, why: Some(why) };
    restore(global, engine, request, recovered, value)
}

/// Prints the database and settles interrupted restores. A dry run only reports them.
pub(super) fn settle_unless_dry_run(
    global: &Global,
    engine: &Engine,
    replace: &args::Replace,
) -> Result<Vec<String>, Failure> {
    if replace.dry_run {
        places::report_interrupted(global, engine)
    } else {
        places::settle_interrupted(global, engine)
    }
}

/// The archive to restore, the options, and the reason.
struct RestoreRequest<'a> {
    archive: PathBuf,
    replace: &'a args::Replace,
    keys: &'a args::Keys,
    why: Option<String>,
}

fn restore(
    global: &Global,
    engine: &Engine,
    request: RestoreRequest<'_>,
    recovered: Vec<String>,
    mut value: Value,
) -> Result<(), Failure> {
    let RestoreRequest { archive, replace, keys, why } = request;
    let options = RestoreOptions {
        archive: archive.clone(),
        safety_backup: !replace.no_safety_backup,
        allow_violations: replace.allow_violations,
    };
    let why = why.map_or_else(String::new, |why| format!(", {why}"));
    // Built only if it is shown, since it names every file.
    let add_plan = |value: &mut Value, plan: &Plan| {
        if let (true, Value::Object(plan)) = (global.json, plan::json(plan)) {
            value.as_object_mut().expect("it is an object").extend(plan);
        }
        value["archive"] = output::path(archive.as_path());
    };
    if replace.dry_run {
        let (plan, mut progress) = keys::with_keys(engine, keys, |engine| {
            let mut progress = Progress::new(global);
            Ok((engine.preview_restore(ACTOR, &options, &mut progress)?, progress))
        })?;
        progress.notes.splice(0..0, recovered);
        add_plan(&mut value, &plan);
        value["notes"] = json!(std::mem::take(&mut progress.notes));
        drop(progress);
        value["dry_run"] = json!(true);
        let mut lines = Lines::from(format!("Restoring {}{why}:", archive.display()));
        lines.append(&plan::lines(&plan));
        lines.add("Nothing was changed (dry run). The archive is sound.");
        return output::result(global, lines, &value);
    }
    let (staged, mut progress) = keys::with_keys(engine, keys, |engine| {
        // Created after the question for a key, which it would overwrite.
        let mut progress = Progress::new(global);
        Ok((engine.stage_restore(ACTOR, &options, &mut progress)?, progress))
    })?;
    progress.notes.splice(0..0, recovered);
    let plan = plan::lines(staged.plan());
    add_plan(&mut value, staged.plan());
    if !replace.yes {
        let mut lines = Lines::from(format!("Restoring {}{why}:", archive.display()));
        lines.append(&plan);
        progress.suspend(|| output::before_question(&lines));
        let question = format!("Replace {} with this backup?", engine.places().database.display());
        match progress.suspend(|| output::confirm(&question)) {
            Some(true) => {}
            Some(false) => {
                return Err(Failure::new(Code::Usage, "nothing was changed"));
            }
            None => {
                return Err(Failure::usage(
                    "a restore replaces the inventory, and there is no terminal to ask on: nothing was changed. Use --yes to go ahead.",
                ));
            }
        }
    }
    let report = staged.commit(&mut progress)?;
    value["notes"] = json!(std::mem::take(&mut progress.notes));
    drop(progress);
    let mut lines = Lines::from(format!("Restored {}{why}", archive.display()));
    lines.append(&plan);
    match &report.safety_backup {
        Some(path) => {
            let encrypted = encryption_note(report.safety_backup_encryption, engine.encrypts());
            lines.add(format!("The previous inventory is in {}{encrypted}", path.display()));
            lines.add("`makermatrix undo` undoes this restore.");
        }
        None if options.safety_backup => lines.add("There was no previous inventory to keep."),
        None => lines.add("The previous inventory was not kept (--no-safety-backup)."),
    }
    value["dry_run"] = json!(false);
    value["safety_backup"] = output::path(report.safety_backup.as_deref());
    value["safety_backup_encrypted"] =
        json!(report.safety_backup_encryption.map(|encryption| encryption.to_string()));
    value["set_aside"] = output::path(report.set_aside.as_deref());
    output::result(global, lines, &value)
}

/// Returns how the safety backup is encrypted. Names the key unless the configuration does.
pub(super) fn encryption_note(encryption: Option<EncryptionScheme>, configured: bool) -> &'static str {
    match encryption {
        None => "",
        Some(_) if configured => ", encrypted as backups are here",
        Some(EncryptionScheme::Recipients(_)) => ", encrypted for the keys that were given for the archive",
        Some(_) => ", encrypted with the passphrase of the archive",
    }
}
