//! Implements `import`: shows what was found and what the import would change, asks before it replaces anything, imports,
//! and says what to do next.

use backup::import::{Contents, ImportOptions, ImportReport, ImportSource};
use backup::{Engine, Error, Plan, RestoreOptions};
use serde_json::{Value, json};

use super::restore::{encryption_note, settle_unless_dry_run};
use super::{ACTOR, plan};
use crate::args::{self, Global};
use crate::exit::Failure;
use crate::output::Lines;
use crate::progress::Progress;
use crate::{keys, output, places};

/// The largest number of missing files that are shown. The JSON output lists all of them.
const MAX_FILES_SHOWN: usize = 8;

pub(crate) fn run(global: &Global, engine: &Engine, args: &args::Import) -> Result<(), Failure> {
    let options = ImportOptions {
        source: args.source.clone(),
        static_files: args.r#static.clone(),
        restore: RestoreOptions {
            safety_backup: !args.replace.no_safety_backup,
            allow_violations: args.replace.allow_violations,
            ..RestoreOptions::new(&args.source)
        },
    };
    // Comes before any message about the current inventory, since the folder may be wrong.
    engine.find_import(ACTOR, &options).map_err(|error| import_failure(global, error))?;
    let recovered = settle_unless_dry_run(global, engine, &args.replace)?;
    if engine.places().database.symlink_metadata().is_err() {
        places::require_no_other(global, engine)?;
    }
    let describe = |source: &ImportSource, contents: &Contents, plan: &Plan| {
        let mut shown = found_lines(source, contents);
        shown.add("Importing it:");
        shown.append(&plan::lines(plan));
        let mut value = found_json(source, contents);
        value["plan"] = if global.json { plan::json(plan) } else { Value::Null };
        (shown, value)
    };
    if args.replace.dry_run {
        let (preview, mut progress) = keys::with_keys(engine, &args.keys, |engine| {
            let mut progress = Progress::new(global);
            Ok((engine.preview_import(ACTOR, &options, &mut progress)?, progress))
        })?;
        progress.notes.splice(0..0, recovered);
        let (mut shown, mut value) = describe(&preview.source, &preview.contents, &preview.plan);
        value["notes"] = json!(std::mem::take(&mut progress.notes));
        drop(progress);
        value["dry_run"] = json!(true);
        shown.add("Nothing was changed (dry run). All of it can be imported.");
        return output::result(global, shown, &value);
    }
    let (staged, mut progress) = keys::with_keys(engine, &args.keys, |engine| {
        let mut progress = Progress::new(global);
        Ok((engine.stage_import(ACTOR, &options, &mut progress)?, progress))
    })?;
    progress.notes.splice(0..0, recovered);
    let (mut shown, mut value) = describe(staged.source(), staged.contents(), staged.plan());
    if staged.plan().replaces_data() && !args.replace.yes {
        progress.suspend(|| output::before_question(&shown));
        let question = format!("Replace {} with this?", engine.places().database.display());
        match progress.suspend(|| output::confirm(&question)) {
            Some(true) => {}
            Some(false) => return Err(Failure::usage("nothing was changed")),
            None => {
                return Err(Failure::usage(
                    "there is an inventory here already, which an import replaces, and there is no terminal to ask \
                    on: nothing was changed. Use --yes to go ahead.",
                ));
            }
        }
    }
    let report = staged.commit(&mut progress)?;
    value["notes"] = json!(std::mem::take(&mut progress.notes));
    drop(progress);
    let next = next_steps(&report, engine.encrypts());
    shown.add("Imported.");
    if let Some(path) = &report.restored.safety_backup {
        let encrypted = encryption_note(report.restored.safety_backup_encryption, engine.encrypts());
        shown.add(format!("The previous inventory is in {}{encrypted}", path.display()));
    }
    shown.add("");
    shown.add("Next:");
    for step in &next {
        shown.add(format!("- {step}"));
    }
    value["archive"] = output::path(&*report.archive);
    value["safety_backup"] = output::path(report.restored.safety_backup.as_deref());
    value["set_aside"] = output::path(report.restored.set_aside.as_deref());
    value["next"] = json!(next);
    output::result(global, shown, &value)
}

/// Returns the failure for an import, with advice if the inventory already lies at the destination.
fn import_failure(global: &Global, error: Error) -> Failure {
    let code = error.kind().into();
    match &error {
        Error::ImportSame { path, database } if path == database => {
            let message = format!(
                "{} is the database of the inventory here already: there is nothing to import. To import it into another \
                 place, name that with --data-dir.",
                path.display()
            );
            Failure::new(code, message)
        }
        Error::ImportSame { database, .. } => {
            let init = places::init_with(global, database);
            let message = format!(
                "{error}. To go on with it where it is: {init} (and the same DATABASE_URL for every command). To import \
                 it, name another place for the inventory with --data-dir."
            );
            Failure::new(code, message)
        }
        _ => error.into(),
    }
}

fn found_lines(source: &ImportSource, contents: &Contents) -> Lines {
    let mut lines = Lines::default();
    match source {
        ImportSource::Archive(path) => {
            lines.add("Found an archive");
            lines.add(format!("  archive   {}", path.display()));
        }
        ImportSource::Data { database, .. } => {
            let size = output::bytes(contents.database_size);
            lines.add("Found an inventory");
            lines.add(format!("  database  {} ({size})", database.display()));
        }
    }
    lines.add(format!("  holds     {}", output::counts(&contents.rows)));
    let files = output::files(contents.datasheets, contents.images);
    lines.add(match source {
        ImportSource::Archive(_) => format!("  files     {files}"),
        ImportSource::Data { static_files: Some(folder), .. } => {
            format!("  files     {}: {files}", folder.display())
        }
        ImportSource::Data { static_files: None, .. } => {
            "  files     none found (name their folder with --static, if there are any)".to_owned()
        }
    });
    for path in contents.dangling.iter().take(MAX_FILES_SHOWN) {
        lines.add(format!("  missing   {path} (referred to, but not found)"));
    }
    if contents.dangling.len() > MAX_FILES_SHOWN {
        lines.add(format!("  missing   {} more", contents.dangling.len() - MAX_FILES_SHOWN));
    }
    if let ImportSource::Data { env: Some(env), .. } = source {
        lines.add(format!("  settings  {} (not imported)", env.display()));
    }
    for what in &contents.passwords {
        lines.add(format!("  secrets   {what} stored in the clear: removed"));
    }
    for user in &contents.default_passwords {
        lines.add(format!("  secrets   {user} still has the default password"));
    }
    lines
}

fn found_json(source: &ImportSource, contents: &Contents) -> Value {
    let source = match source {
        ImportSource::Archive(path) => json!({"archive": output::path(&**path)}),
        ImportSource::Data { database, static_files, env } => {
            json!({
                "database": output::path(&**database),
                "static_files": output::path(static_files.as_deref()),
                "env": output::path(env.as_deref()),
            })
        }
    };
    let files = |(count, bytes): (u64, u64)| json!({"count": count, "bytes": bytes});
    json!({
        "source": source,
        "database_size": contents.database_size,
        "counts": output::counts_json(&contents.rows),
        "datasheets": files(contents.datasheets),
        "images": files(contents.images),
        "dangling": contents.dangling,
        "passwords_taken_out": contents.passwords,
        "default_passwords": contents.default_passwords,
    })
}

fn next_steps(report: &ImportReport, encrypts: bool) -> Vec<String> {
    let mut next = Vec::new();
    if !report.contents.default_passwords.is_empty() {
        next.push(format!(
            "Change the password of {}: it is the default password of the original.",
            report.contents.default_passwords.join(", ")
        ));
    }
    next.push(match &report.source {
        ImportSource::Archive(_) => "`makermatrix list` shows your backups. Make one now.".to_owned(),
        ImportSource::Data { .. } => format!(
            "`makermatrix list` shows your backups. The first one holds the imported data: {}",
            report.archive.display()
        ),
    });
    next.push(
        "Passwords and API keys work as before. Ids are the same, so printed \
        labels stay valid."
            .to_owned(),
    );
    if let ImportSource::Data { env: Some(env), .. } = &report.source {
        next.push(format!(
            "{} was not imported. If it holds API keys of suppliers, copy them by hand.",
            env.display()
        ));
    }
    if !report.contents.passwords.is_empty() {
        next.push(
            "The removed passwords were stored in the clear. If you use one of them elsewhere, change it there."
                .to_owned(),
        );
    }
    if !encrypts {
        next.push("Make encrypted backups from now on: `makermatrix key new` makes the key.".to_owned());
    }
    next.push(
        "Anybody can read the encrypted archives of the original without the password: delete \
        them, or import them and make new encrypted backups."
            .to_owned(),
    );
    next
}
