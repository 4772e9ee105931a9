//! `init`: an empty inventory, or an existing database brought up to date.

use backup::{Engine, Totals};
use inventory::sqlite::{self, Live};
use inventory::{Ambient, Inventory};
use serde_json::json;

use super::restore::changes_text;
use super::{ACTOR, block_on};
use crate::args::Global;
use crate::exit::{Code, Failure};
use crate::progress::Progress;
use crate::{output, places};

pub(crate) fn run(global: &Global, engine: &Engine) -> Result<(), Failure> {
    places::announce(global, engine)?;
    let database = &engine.places().database;
    let shown = database.display();
    match sqlite::live_state(database)? {
        Live::Missing | Live::Empty { .. } => {}
        Live::Usable { .. } => return bring_up_to_date(global, engine),
        Live::Unusable(why) => {
            let message = format!(
                "{shown} is in the way: {why}. Restore a backup over it with `makermatrix restore`, or move it away."
            );
            return Err(Failure::new(Code::Corrupt, message));
        }
    }
    engine.prepare_new_inventory(ACTOR)?;
    block_on(async {
        let inventory = Inventory::create(database, Ambient::system()).await?;
        inventory.close().await
    })??;
    output::result(
        global,
        "Created an empty inventory. Next: `makermatrix backup`, or `makermatrix restore FILE`.",
        &json!({"database": shown.to_string(), "created": true, "migrations": inventory::migration::names()}),
    )
}

fn bring_up_to_date(global: &Global, engine: &Engine) -> Result<(), Failure> {
    let mut progress = Progress::new(global);
    let migrated = engine.migrate(ACTOR, &mut progress)?;
    drop(progress);
    let database = engine.places().database.display().to_string();
    match migrated {
        None => output::result(
            global,
            "There is an inventory already, and it is up to date.",
            &json!({"database": database, "created": false, "migrations": []}),
        ),
        Some((migrated, safety)) => {
            let differences = migrated.before.differences(&migrated.after);
            let mut text = format!(
                "Brought the database up to date ({}). As it was before, it is in {}.\n{}",
                migrated.applied.join(", "),
                safety.path.display(),
                changes_text(&migrated.adjustments, &differences)
            );
            let passwords = safety.passwords_left_out();
            for what in &passwords {
                text += &format!(
                    "  stays in the database, which the original may need, but is in no backup: {what}\n"
                );
            }
            let value = json!({
                "database": database,
                "created": false,
                "migrations": migrated.applied,
                "adjustments": migrated.adjustments,
                "totals": Totals { before: migrated.before, after: migrated.after },
                "differences": differences,
                "passwords_kept_in_the_database": passwords,
                "safety_backup": output::path(&*safety.path),
            });
            output::result(global, &text, &value)
        }
    }
}
