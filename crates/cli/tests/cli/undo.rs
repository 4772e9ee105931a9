//! Tests `undo`: it undoes the last restore, and can itself be undone.

use std::fs;

use testkit::generators::add_many_parts_from;
use testkit::state::leftovers;
use testkit::state_of;

use crate::support::{Shop, write};

#[test]
fn an_undo_reverts_the_last_restore_and_a_second_undo_reverts_the_first() {
    let shop = Shop::populated();
    let archived = state_of(&shop.places());
    shop.json(&["backup", "--name", "old"]);
    add_many_parts_from(&shop.places().database, 1000, 5);
    write(&shop.places().static_files.join("images/later.png"), b"png");
    let later = state_of(&shop.places());

    let ran = shop.run(&["undo"]);
    assert_eq!((ran.code, ran.err.contains("nothing to undo")), (3, true), "{}", ran.err);
    let ran = shop.run(&["restore", "old", "--yes"]);
    assert!(ran.out.contains("`makermatrix undo` undoes this restore"), "{}", ran.out);
    assert!(state_of(&shop.places()) == archived);

    // The plan is shown first, as for any restore.
    let ran = shop.run(&["undo"]);
    assert_eq!((ran.code, ran.err.contains("there is no terminal to ask on")), (2, true), "{}", ran.err);
    assert!(ran.err.contains("undoing the restore of ") && ran.err.contains("old.zip"), "{}", ran.err);
    let plan = shop.json(&["undo", "--dry-run"]);
    assert_eq!(
        (plan["changes"]["parts"]["added"].as_u64(), plan["dry_run"].as_bool()),
        (Some(5), Some(true))
    );
    assert!(state_of(&shop.places()) == archived, "nothing has changed");

    let undone = shop.json(&["undo", "--yes"]);
    assert!(undone["undone"]["archive"].as_str().unwrap().ends_with("old.zip"), "{undone}");
    assert!(state_of(&shop.places()) == later);
    shop.json(&["undo", "--yes"]);
    assert!(state_of(&shop.places()) == archived, "an undo can be undone like any other restore");
    shop.json(&["undo", "--yes"]);
    assert!(state_of(&shop.places()) == later);
    assert_eq!(leftovers(&shop.places()), Vec::<String>::new());
}

#[test]
fn an_impossible_undo_is_refused_with_the_reason() {
    let shop = Shop::populated();
    let before = state_of(&shop.places());
    shop.json(&["backup", "--name", "old"]);
    shop.json(&["restore", "old", "--yes"]);
    // Only the last restore can be undone, even if the one before it has a safety backup.
    shop.json(&["restore", "old", "--yes", "--no-safety-backup"]);
    let ran = shop.run(&["undo", "--yes"]);
    assert_eq!((ran.code, ran.err.contains("it made no safety backup")), (3, true), "{}", ran.err);

    let safety = shop.json(&["restore", "old", "--yes"])["safety_backup"].as_str().unwrap().to_owned();
    fs::remove_file(&safety).unwrap();
    let ran = shop.run(&["undo", "--yes", "--json"]);
    assert_eq!(ran.code, 3);
    assert!(ran.out.contains(&format!("its safety backup {safety} is no longer there")), "{}", ran.out);
    assert!(state_of(&shop.places()) == before);

    // An unreadable history does not prevent a restore.
    write(&shop.places().backups.join("restores.json"), b"scribbled over");
    assert_eq!(shop.run(&["undo"]).code, 3);
    shop.json(&["restore", "old", "--yes"]);
    shop.json(&["undo", "--yes"]);
}

/// Checks that the record of a failed restore is not taken for the last restore.
#[test]
fn a_failed_restore_is_not_undone() {
    let shop = Shop::populated();
    shop.json(&["backup", "--name", "old"]);
    add_many_parts_from(&shop.places().database, 1000, 5);
    let later = state_of(&shop.places());
    shop.json(&["restore", "old", "--yes"]);
    let notes = shop.places().backups.join("restores.json");
    let mut noted: serde_json::Value = serde_json::from_slice(&fs::read(&notes).unwrap()).unwrap();
    let restores = noted["restores"].as_array_mut().unwrap();
    let mut failed = restores[0].clone();
    failed["id"] = "00000000-0000-0000-0000-000000000000".into();
    failed["safety_backup"] = "of_the_failed_one.zip".into();
    restores.push(failed);
    write(&notes, noted.to_string().as_bytes());
    shop.json(&["undo", "--yes"]);
    assert!(state_of(&shop.places()) == later);
}

#[test]
fn an_import_over_an_inventory_can_be_undone() {
    let shop = Shop::populated();
    let before = state_of(&shop.places());
    let other = Shop::populated();
    add_many_parts_from(&other.places().database, 1000, 5);
    shop.json(&["import", other.data().to_str().unwrap(), "--yes"]);
    assert!(state_of(&shop.places()) != before);
    shop.json(&["undo", "--yes"]);
    assert!(state_of(&shop.places()) == before);
}
