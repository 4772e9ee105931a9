//! Implements `init`: creates an empty inventory, or brings an existing database up to date.

use backup::{BackupReport, Engine, Totals};
use inventory::migration::MigrationReport;
use inventory::roles::CreateDefaultRoles;
use inventory::sqlite::DatabaseState;
use inventory::{Ambient, Inventory, LiveDatabase};
use serde_json::json;

use super::{ACTOR, block_on, plan};
use crate::args::Global;
use crate::exit::{Code, Failure};
use crate::output::Lines;
use crate::progress::Progress;
use crate::{output, places};

pub(crate) fn run(global: &Global, engine: &Engine) -> Result<(), Failure> {
    let recovered = places::settle_interrupted(global, engine)?;
    let database = &engine.places().database;
    let shown = database.display();
    match LiveDatabase::new(database.as_path()).state()? {
        DatabaseState::Missing => places::require_no_other(global, engine)?,
        DatabaseState::Empty { .. } => {}
        DatabaseState::Usable { .. } => return bring_up_to_date(global, engine, recovered),
        DatabaseState::Unusable(why) => {
            let message = format!(
                "{shown} is in the way: {why}. Restore a backup over it with `makermatrix restore`, or move it away."
            );
            return Err(Failure::new(Code::Corrupt, message));
        }
    }
    create(engine)?;
    output::result(
        global,
        "Created an empty inventory. Next: `makermatrix backup`, or `makermatrix restore FILE`.",
        &json!({"database": shown.to_string(), "created": true, "migrations": inventory::migration::names(), "notes": recovered}),
    )
}

/// Creates an empty inventory.
pub(super) fn create(engine: &Engine) -> Result<(), Failure> {
    engine.prepare_new_inventory(ACTOR)?;
    block_on(async {
        let inventory = Inventory::create(&engine.places().database, Ambient::system()).await?;
        inventory.run(ACTOR, CreateDefaultRoles).await?;
        inventory.close().await
    })??;
    Ok(())
}

/// Returns lines that tell what a migration has done.
pub(super) fn migration_lines(migrated: &MigrationReport, safety: &BackupReport) -> Lines {
    let differences = migrated.before.differences(&migrated.after);
    let mut lines = Lines::from(format!(
        "Brought the database up to date ({}). Its previous state is in {}.",
        migrated.applied.join(", "),
        safety.path.display()
    ));
    plan::add_adjustments(&mut lines, &migrated.adjustments, &differences);
    for what in &safety.redacted {
        lines.add(format!("  stays in the database for the original, but is in no backup: {what}"));
    }
    lines
}

fn bring_up_to_date(global: &Global, engine: &Engine, recovered: Vec<String>) -> Result<(), Failure> {
    let mut progress = Progress::new(global);
    progress.notes = recovered;
    let migrated = engine.migrate(ACTOR, &mut progress)?;
    let notes = std::mem::take(&mut progress.notes);
    drop(progress);
    let database = engine.places().database.display().to_string();
    match migrated {
        None => output::result(
            global,
            "There is an inventory already, and it is up to date.",
            &json!({"database": database, "created": false, "migrations": [], "notes": notes}),
        ),
        Some((migrated, safety)) => {
            let differences = migrated.before.differences(&migrated.after);
            let lines = migration_lines(&migrated, &safety);
            let passwords = &safety.redacted;
            let value = json!({
                "database": database,
                "created": false,
                "migrations": migrated.applied,
                "adjustments": migrated.adjustments,
                "totals": Totals { before: migrated.before, after: migrated.after },
                "differences": differences,
                "passwords_kept_in_the_database": passwords,
                "safety_backup": output::path(&*safety.path),
                "notes": notes,
            });
            output::result(global, lines, &value)
        }
    }
}
