//! `import`: what there is of the original, what would become of it, a question where something would be
//! replaced, then the change, and what to do next.

use std::fmt::Write;

use backup::import::{Contents, ImportOptions, ImportReport, ImportSource};
use backup::{Engine, RestoreOptions};
use serde_json::{Value, json};

use super::ACTOR;
use super::restore::{encrypted_like, plan_json, plan_text};
use crate::args::{self, Global};
use crate::exit::Failure;
use crate::progress::Progress;
use crate::{keys, output, places};

/// Missing files shown; the JSON has them all.
const SHOWN: usize = 8;

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
    // Before anything is said about the inventory here: this may be the wrong folder.
    engine.find_import(&options)?;
    places::announce(global, engine)?;
    let (staged, mut progress) = keys::unlocking(engine, &args.keys, |engine| {
        let mut progress = Progress::new(global);
        Ok((engine.stage_import(ACTOR, &options, &mut progress)?, progress))
    })?;
    let found = found_text(staged.source(), staged.contents());
    let plan = format!("Importing it:\n{}", plan_text(staged.plan()));
    let mut value = found_json(staged.source(), staged.contents());
    value["plan"] = if global.json { plan_json(staged.plan()) } else { Value::Null };
    if args.replace.dry_run {
        drop(progress);
        value["dry_run"] = json!(true);
        return output::result(
            global,
            &format!("{found}{plan}Nothing was changed (dry run). All of it can be imported."),
            &value,
        );
    }
    if staged.plan().replaces_data() && !args.replace.yes {
        progress.suspend(|| output::say(global, &format!("{found}{}", plan.trim_end())));
        let question = format!("Replace {} with this?", engine.places().database.display());
        match progress.suspend(|| output::confirm(&question)) {
            Some(true) => {}
            Some(false) => return Err(Failure::usage("nothing was changed")),
            None => {
                return Err(Failure::usage(
                    "there is an inventory here already, which an import replaces, and there is no terminal to ask \
                     on: nothing was changed. Say --yes to go ahead.",
                ));
            }
        }
    }
    let report = staged.commit(&mut progress)?;
    value["notes"] = json!(std::mem::take(&mut progress.notes));
    drop(progress);
    let next = next_steps(&report, engine.encrypts());
    let mut text = format!("{found}{plan}Imported.\n");
    if let Some(path) = &report.restored.safety_backup {
        let encrypted = encrypted_like(report.restored.safety_lock, engine.encrypts());
        let _ = writeln!(text, "What was there before is in {}{encrypted}", path.display());
    }
    text.push_str("\nNext:\n");
    for step in &next {
        let _ = writeln!(text, "- {step}");
    }
    value["archive"] = output::path(&*report.archive);
    value["safety_backup"] = output::path(report.restored.safety_backup.as_deref());
    value["set_aside"] = output::path(report.restored.set_aside.as_deref());
    value["next"] = json!(next);
    output::result(global, &text, &value)
}

fn found_text(source: &ImportSource, contents: &Contents) -> String {
    let mut text = match source {
        ImportSource::Archive(path) => {
            format!("Found an archive\n  archive   {}\n", path.display())
        }
        ImportSource::Data { database, .. } => {
            let size = output::bytes(contents.database_size);
            format!("Found an inventory\n  database  {} ({size})\n", database.display())
        }
    };
    let _ = writeln!(text, "  holds     {}", output::counts(&contents.rows));
    let files = format!(
        "{} datasheets ({}), {} images ({})",
        contents.datasheets.0,
        output::bytes(contents.datasheets.1),
        contents.images.0,
        output::bytes(contents.images.1)
    );
    let _ = match source {
        ImportSource::Archive(_) => writeln!(text, "  files     {files}"),
        ImportSource::Data { static_files: Some(folder), .. } => {
            writeln!(text, "  files     {}: {files}", folder.display())
        }
        ImportSource::Data { static_files: None, .. } => {
            writeln!(text, "  files     none found (name their folder with --static, if there are any)")
        }
    };
    for path in contents.dangling.iter().take(SHOWN) {
        let _ = writeln!(text, "  missing   {path} (referred to, but not there)");
    }
    if contents.dangling.len() > SHOWN {
        let _ = writeln!(text, "  missing   {} more", contents.dangling.len() - SHOWN);
    }
    if let ImportSource::Data { env: Some(env), .. } = source {
        let _ = writeln!(text, "  settings  {} (not imported)", env.display());
    }
    for what in &contents.passwords {
        let _ = writeln!(text, "  secrets   {what}, kept in the clear: taken out");
    }
    for user in &contents.default_passwords {
        let _ = writeln!(text, "  secrets   {user} still has the password that everybody knows");
    }
    text
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
            "Change the password of {}: it is the one that the original gives everybody.",
            report.contents.default_passwords.join(", ")
        ));
    }
    next.push(match &report.source {
        ImportSource::Archive(_) => {
            "`makermatrix list` shows the backups there are. Make one now.".to_owned()
        }
        ImportSource::Data { .. } => format!(
            "`makermatrix list` shows the backups there are. The first is what was imported: {}",
            report.archive.display()
        ),
    });
    next.push(
        "People sign in with the passwords they have, and API keys work as before. Ids are the same, so printed \
         labels stay good."
            .to_owned(),
    );
    if let ImportSource::Data { env: Some(env), .. } = &report.source {
        next.push(format!(
            "{} was not imported. If it holds keys of suppliers, carry them over by hand.",
            env.display()
        ));
    }
    if !report.contents.passwords.is_empty() {
        next.push(
            "The passwords that were taken out were never safe. Where one of them protects anything else, change it."
                .to_owned(),
        );
    }
    if !encrypts {
        next.push("Make encrypted backups from now on: `makermatrix key new` makes the key.".to_owned());
    }
    next.push(
        "Encrypted archives that the original made can be read by anybody who has them, without the password: delete \
         them, or import them and make encrypted ones."
            .to_owned(),
    );
    next
}
