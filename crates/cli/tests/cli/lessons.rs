//! Tests that the binary does not repeat defects of the original MakerMatrix. Each test is named after its row in the
//! table of `docs/RELIABILITY.md`.

use std::fs;

use testkit::state_of;

use crate::injected::{can_inject, strace};
use crate::support::{Ran, Shop, damage, write};

/// The original slept for 2.9 seconds in each backup, to show its progress.
#[test]
fn b11_nothing_sleeps() {
    if !can_inject() {
        return;
    }
    let shop = Shop::populated();
    let trace = shop.folder.join("trace");
    let calls = ["-o", trace.to_str().unwrap(), "-e", "trace=nanosleep,clock_nanosleep,execve"];
    for args in [
        &["backup", "--name", "x"][..],
        &["verify", "data/backups/x.zip"],
        &["drill", "data/backups/x.zip"],
        &["restore", "data/backups/x.zip", "--yes"],
    ] {
        let ran = strace(&shop, &calls, args);
        assert_eq!(ran.code, 0, "{args:?}: {}", ran.err);
        let seen = fs::read_to_string(&trace).unwrap();
        assert!(seen.contains("execve("), "nothing was seen: {seen}");
        assert!(!seen.contains("nanosleep("), "{args:?}: {seen}");
    }
}

/// The original looked for a database in one place after the other, and its server used yet another.
#[test]
fn b15_no_other_database_is_guessed() {
    let other = Shop::populated();
    let shop = Shop::new();
    let database = other.places().database;
    rusqlite::Connection::open(&database).unwrap().pragma_update(None, "journal_mode", "DELETE").unwrap();
    let lures =
        ["makers_matrix.db", "makermatrix.db", "data/makermatrix.db"].map(|path| shop.folder.join(path));
    for lure in &lures {
        write(lure, &fs::read(&database).unwrap());
    }
    let before = lures.clone().map(|lure| fs::read(lure).unwrap());
    let ran = shop.run(&["backup"]);
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(ran.err.contains("no database at") && ran.err.contains("data/makers_matrix.db"), "{}", ran.err);

    // A restore uses the same database as a backup.
    let archive = other.json(&["backup"])["archive"].as_str().unwrap().to_owned();
    let url = format!("sqlite:///{}", shop.places().database.display());
    let ran = shop.run(&["restore", &archive, "--create", "--yes", "--database-url", &url]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("data/makers_matrix.db"), "it says which database: {}", ran.err);
    assert!(state_of(&shop.places()) == state_of(&other.places()));
    assert!(lures.map(|lure| fs::read(lure).unwrap()) == before);
}

/// The original did not tell the name of the new backup file.
#[test]
fn b17_a_backup_reports_its_path() {
    let shop = Shop::populated();
    let ran = shop.run(&["backup"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let said = ran.out.lines().next().unwrap();
    let archives = fs::read_dir(shop.places().backups).unwrap().map(|entry| entry.unwrap().path());
    let archives: Vec<_> = archives.filter(|path| path.extension().is_some_and(|end| end == "zip")).collect();
    assert_eq!(archives, [shop.folder.join(said)]);
    let made = shop.json(&["backup"]);
    assert!(shop.folder.join(made["archive"].as_str().unwrap()).is_file(), "{made}");
}

/// The original kept a copy of each uploaded archive forever.
#[test]
fn r9_no_copy_of_an_archive_stays_behind() {
    let shop = Shop::populated();
    let made = shop.json(&["backup", "--name", "sound"]);
    let bytes = fs::read(made["archive"].as_str().unwrap()).unwrap();
    let scratch = shop.folder.join("tmp");
    fs::create_dir(&scratch).unwrap();
    write(&shop.folder.join("sound.zip"), &bytes);
    let mut damaged = bytes.clone();
    damage(&mut damaged);
    write(&shop.folder.join("damaged.zip"), &damaged);
    for (archive, code) in [("sound.zip", 0), ("damaged.zip", 5)] {
        for args in [&["verify"][..], &["restore", "--dry-run"], &["restore", "--yes"], &["drill"]] {
            let mut command = shop.command(args);
            let ran = Ran::from(command.arg(archive).env("TMPDIR", &scratch).output().unwrap());
            assert_eq!(ran.code, code, "{args:?} {archive}: {}", ran.err);
            assert_eq!(fs::read_dir(&scratch).unwrap().count(), 0, "{args:?} {archive}");
        }
    }
    let mut found: Vec<_> =
        fs::read_dir(&shop.folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    found.sort();
    // The drill writes a status file beside the archive.
    assert_eq!(found, ["damaged.zip", "data", "sound.zip", "sound.zip.status.json", "tmp"]);
    assert_eq!(testkit::state::leftovers(&shop.places()), Vec::<String>::new());
}

/// The original could neither preview a restore, nor restore a backup from its own list.
#[test]
fn r17_a_listed_backup_can_be_previewed_and_restored() {
    let shop = Shop::populated();
    let archived = state_of(&shop.places());
    shop.json(&["backup"]);
    testkit::generators::add_many_parts_from(&shop.places().database, 1000, 5);
    write(&shop.places().static_files.join("images/later.png"), b"png");
    let before = state_of(&shop.places());

    let listed = shop.json(&["list"]);
    let archive = listed["archives"][0]["archive"].as_str().unwrap();
    assert!(shop.json(&["verify", archive])["sound"].as_bool().unwrap());
    let plan = shop.json(&["restore", archive, "--dry-run"]);
    assert!(state_of(&shop.places()) == before, "neither changes anything");
    assert_eq!(plan["files"][1]["remove"], serde_json::json!(["later.png"]));

    let mut done = shop.json(&["restore", archive, "--yes"]);
    for key in ["safety_backup", "safety_backup_encrypted", "set_aside"] {
        done.as_object_mut().unwrap().remove(key).unwrap();
    }
    done["dry_run"] = true.into();
    assert_eq!(done, plan, "the result matches the plan");
    assert!(state_of(&shop.places()) == archived);
}
