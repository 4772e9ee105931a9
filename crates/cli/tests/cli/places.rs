//! Tests paths that are mistyped, new, or contain another inventory: nothing is created there by mistake.

use std::fs;

use testkit::state_of;

use crate::support::{Ran, Shop, write};

#[test]
fn a_mistyped_data_folder_is_an_error_that_offers_init() {
    let shop = Shop::populated();
    let archive = shop.json(&["backup", "--name", "made"])["archive"].as_str().unwrap().to_owned();
    for args in [
        &["list"][..],
        &["backup"],
        &["drill"],
        &["drill", "--all"],
        &["verify", "made"],
        &["verify", "latest"],
        &["show", "made"],
        &["key", "check", "key.txt"],
        &["undo"],
        &["undo", "--yes"],
    ] {
        if args[0] == "key" {
            shop.json(&["key", "new", "-o", "key.txt"]);
        }
        let ran = shop.run(&[args, &["--data-dir", "typo"]].concat());
        assert_eq!(ran.code, 3, "{args:?}: {}{}", ran.out, ran.err);
        let words = "there is no database at typo/makers_matrix.db. Create one with `makermatrix init`";
        assert!(ran.err.contains(words), "{args:?}: {}", ran.err);
        assert!(ran.out.is_empty() && !shop.folder.join("typo").exists(), "{args:?}");
    }
    let json = shop.run(&["list", "--data-dir", "typo", "--json"]);
    let error: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!((json.code, error["exit_code"].as_u64()), (3, Some(3)));

    // Inspecting an archive given by its path needs no inventory.
    for command in ["verify", "show"] {
        assert_eq!(shop.run(&[command, &archive, "--data-dir", "typo"]).code, 0);
    }
    // Archives can be listed even if the database is lost.
    fs::remove_file(shop.places().database).unwrap();
    assert_eq!(shop.json(&["list"])["archives"].as_array().unwrap().len(), 1);
    assert_eq!(shop.run(&["verify", "latest"]).code, 0);
}

/// Checks that a restore requires `--create` on a new machine, since a mistyped folder or an unmounted disk look the same.
#[test]
fn a_restore_creates_an_inventory_only_with_create() {
    let shop = Shop::populated();
    let before = state_of(&shop.places());
    let archive = shop.json(&["backup", "--name", "made"])["archive"].as_str().unwrap().to_owned();
    for args in [&["--yes"][..], &["--dry-run"], &[]] {
        let ran = shop.run(&[&["restore", &archive, "--data-dir", "new"], args].concat());
        assert_eq!(ran.code, 3, "{args:?}: {}", ran.err);
        assert!(ran.err.contains("new/makers_matrix.db. Use --create to create"), "{}", ran.err);
        assert!(!shop.folder.join("new").exists(), "{args:?}");
    }
    // An empty folder may be the mount point of an unmounted disk.
    fs::create_dir(shop.folder.join("new")).unwrap();
    assert_eq!(shop.run(&["restore", &archive, "--data-dir", "new", "--yes"]).code, 3);
    assert_eq!(fs::read_dir(shop.folder.join("new")).unwrap().count(), 0);
    let ran = shop.run(&["restore", &archive, "--data-dir", "new", "--create", "--yes"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(state_of(&backup::Places::in_folder(&shop.folder.join("new"))) == before);
    // With an existing inventory, --create has no effect.
    assert_eq!(shop.run(&["restore", "made", "--create", "--yes"]).code, 0);
}

/// Guards against a defect: a dry run left folders and lock files behind.
#[test]
fn o7_a_dry_run_leaves_no_folder_and_no_file_behind() {
    let shop = Shop::populated();
    let archive = shop.json(&["backup", "--name", "made"])["archive"].as_str().unwrap().to_owned();
    let (data, places) = of_the_original(&shop);
    let before = state_of(&places);
    for args in [&["restore", &archive, "--create"][..], &["import", &data], &["import", &archive]] {
        let ran = shop.run(&[args, &["--dry-run", "--data-dir", "new"]].concat());
        assert_eq!(ran.code, 0, "{args:?}: {}", ran.err);
        assert!(ran.out.contains("Nothing was changed (dry run)"), "{}", ran.out);
        assert!(!shop.folder.join("new").exists(), "{args:?}");
    }
    let names = || {
        let mut names = testkit::state::files_of(&shop.data().join("static")).into_keys().collect::<Vec<_>>();
        names.extend(
            fs::read_dir(shop.data()).unwrap().map(|file| file.unwrap().path().display().to_string()),
        );
        names.extend(
            fs::read_dir(shop.places().backups)
                .unwrap()
                .map(|file| file.unwrap().path().display().to_string()),
        );
        names.sort();
        names
    };
    let here = names();
    assert_eq!(shop.run(&["restore", "made", "--dry-run"]).code, 0);
    assert_eq!(shop.run(&["import", &data, "--dry-run"]).code, 0);
    assert_eq!(names(), here);
    assert!(state_of(&places) == before);
}

#[test]
fn an_empty_database_file_is_reported_by_its_own_path() {
    let shop = Shop::new();
    write(&shop.folder.join("zero.db"), b"");
    let ran = shop.run(&["backup", "--database-url", "sqlite:///zero.db"]);
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(ran.err.contains("the database zero.db is empty"), "{}", ran.err);
    assert!(!ran.err.contains(".partial"), "{}", ran.err);
}

/// Creates a data folder of the original: `database/makermatrix.db` and `static/`.
fn of_the_original(shop: &Shop) -> (String, backup::Places) {
    let old = Shop::populated();
    let data = shop.folder.join("old data");
    testkit::scratch::copy_tree(&old.places().static_files, &data.join("static"));
    let database = data.join("database/makermatrix.db");
    write(&database, b"");
    fs::copy(&old.places().database, &database).unwrap();
    let places = backup::Places { database, ..backup::Places::in_folder(&data) };
    (data.to_str().unwrap().to_owned(), places)
}

/// Guards against a defect: the user was told to run `init`, which created an empty inventory beside the real one.
#[test]
fn o4_an_import_from_the_target_folder_tells_how_to_use_the_database_there() {
    let shop = Shop::new();
    let (data, places) = of_the_original(&shop);
    let before = state_of(&places);
    let url = format!("'sqlite:///{}'", places.database.display());
    let command = format!("DATABASE_URL={url} makermatrix init --data-dir '{data}'");
    for (args, code) in [
        (&["import", &data][..], 2),
        (&["import", &data, "--yes"], 2),
        (&["import", places.database.to_str().unwrap()], 2),
        (&["init"], 2),
        (&["backup"], 3),
        (&["list"], 3),
        (&["restore", "latest", "--yes"], 3),
        (&["restore", "latest", "--create", "--yes"], 2),
    ] {
        let ran = shop.run(&[args, &["--data-dir", &data]].concat());
        assert_eq!(ran.code, code, "{args:?}: {}", ran.err);
        assert!(ran.err.contains(&command), "{args:?}: {}", ran.err);
        assert!(!std::path::Path::new(&data).join("makers_matrix.db").exists(), "{args:?}");
    }
    assert!(state_of(&places) == before);
    // The command works verbatim in a shell.
    let mut shell = std::process::Command::new("sh");
    let line = command.replace("makermatrix init", &format!("'{}' init", env!("CARGO_BIN_EXE_makermatrix")));
    let ran = Ran::from(shell.args(["-c", &line]).current_dir(&shop.folder).output().unwrap());
    assert_eq!((ran.code, ran.out.contains("up to date")), (0, true), "{}{}", ran.out, ran.err);
    assert!(state_of(&places) == before);
}

#[test]
fn an_inventory_is_not_imported_into_itself() {
    let shop = Shop::populated();
    let ran = shop.run(&["import", "data"]);
    assert_eq!(
        (ran.code, ran.err.contains("is the database of the inventory here already")),
        (2, true),
        "{}",
        ran.err
    );
}
