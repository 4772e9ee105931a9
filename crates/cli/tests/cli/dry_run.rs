//! Tests that a dry run changes nothing, does not settle an interrupted restore, and reports what would be refused.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use backup::{Engine, RestoreOptions};
use inventory::Ambient;
use testkit::FaultyDisk;
use testkit::engine::restore_with;

use crate::root::run_as_nobody;
use crate::support::{Ran, Shop, write};
use crate::two_states::TwoStates;

/// Returns every file below a folder with its content and modification time, and every folder with `None`.
fn tree(folder: &Path) -> BTreeMap<PathBuf, Option<(Vec<u8>, SystemTime)>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(tree(&path));
            found.insert(path, None);
        } else {
            let modified = path.metadata().unwrap().modified().unwrap();
            found.insert(path.clone(), Some((fs::read(&path).unwrap(), modified)));
        }
    }
    found
}

/// Guards against a defect: a dry run created the data folder, a lock file and the static folders.
#[test]
fn a_dry_run_leaves_no_folders_and_no_lock_files_behind() {
    let shop = Shop::populated();
    let archive = shop.json(&["backup"])["archive"].as_str().unwrap().to_owned();
    let empty = shop.folder.join("empty");
    let none = shop.folder.join("none");
    fs::create_dir(&empty).unwrap();
    let scratch = shop.folder.join("tmp");
    fs::create_dir(&scratch).unwrap();
    for data in [&empty, &none] {
        for args in [
            &["restore", &archive, "--dry-run", "--create"][..],
            &["import", &archive, "--dry-run"],
            &["import", "source", "--dry-run"],
        ] {
            write(&shop.folder.join("source/makermatrix.db"), &fs::read(shop.places().database).unwrap());
            write(&shop.folder.join("source/static/images/x.png"), b"x");
            let before = tree(&shop.folder);
            let mut command = shop.command(args);
            let ran = command.args(["--data-dir", data.to_str().unwrap()]).env("TMPDIR", &scratch).output();
            let ran = Ran::from(ran.unwrap());
            assert_eq!(ran.code, 0, "{args:?} {}: {}{}", data.display(), ran.out, ran.err);
            assert!(ran.out.contains("Nothing was changed"), "{}", ran.out);
            assert!(tree(&shop.folder) == before, "{args:?} {}", data.display());
        }
    }
}

/// Interrupts a restore and leaves its journal behind.
fn interrupt(two: &TwoStates) {
    let places = two.shop.places();
    let restore = RestoreOptions { safety_backup: false, ..RestoreOptions::new(&two.archives[0].0) };
    let interrupted = (20..500).any(|effect| {
        let disk = Arc::new(FaultyDisk::stop_at(effect));
        let _ = restore_with(&Engine::with_disk(places.clone(), Ambient::system(), disk), &restore);
        let beside = inventory::restore_names::beside(&places.database).unwrap();
        beside.iter().any(|(_, name)| name.ends_with(".json"))
    });
    assert!(interrupted);
}

/// Guards against a defect: a dry run finished the interrupted restore and then said that nothing was changed, and
/// read-only commands did not mention the restore.
#[test]
fn read_only_commands_report_an_interrupted_restore_without_settling_it() {
    let two = TwoStates::new(50, 3);
    let shop = &two.shop;
    interrupt(&two);
    let archive = two.archives[1].0.as_str();
    let before = tree(&shop.data());
    for args in [
        &["restore", archive, "--dry-run"][..],
        &["import", archive, "--dry-run"],
        &["list"],
        &["show", archive],
    ] {
        let ran = shop.run(args);
        assert_eq!(ran.code, 0, "{args:?}: {}{}", ran.out, ran.err);
        assert!(ran.err.contains("was interrupted"), "{args:?}: {}", ran.err);
        assert!(tree(&shop.data()) == before, "{args:?}");
    }
    // These commands write a status file beside the archive.
    for args in [&["verify", archive][..], &["drill", archive]] {
        let ran = shop.run(args);
        assert!(ran.code == 0 && ran.err.contains("was interrupted"), "{args:?}: {}", ran.err);
    }
    assert_eq!(shop.json(&["list"])["pending_restores"].as_array().unwrap().len(), 1);
    assert_eq!(shop.run(&["init"]).code, 0);
    two.current("after the next command that changes something");
    assert_eq!(shop.json(&["list"])["pending_restores"], serde_json::json!([]));
}

/// Guards against a defect: the dry run succeeded, and then the restore was refused.
#[cfg(unix)]
#[test]
fn a_dry_run_reports_missing_permissions() {
    use std::os::unix::fs::{PermissionsExt, chown};
    let shop = Shop::populated();
    shop.json(&["backup", "--name", "x"]);
    write(&shop.places().static_files.join("images/a/one.png"), b"changed");
    let everything: Vec<PathBuf> = tree(&shop.folder).into_keys().chain([shop.folder.clone()]).collect();
    if everything.iter().any(|path| chown(path, Some(65534), Some(65534)).is_err()) {
        testkit::skipped("only root can give files away");
        return;
    }
    let args = ["restore", "data/backups/x.zip", "--dry-run"];
    let Some(ran) = run_as_nobody(&shop, &args) else {
        return;
    };
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    for (path, mode, usual) in [
        ("static/images/a", 0o500, 0o700),
        ("static/images", 0o500, 0o700),
        ("backups", 0o500, 0o700),
        ("makers_matrix.db", 0o400, 0o600),
        // Only the safety backup reads this file.
        ("static/images/two.png", 0o000, 0o600),
    ] {
        let path = shop.data().join(path);
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let ran = run_as_nobody(&shop, &args).unwrap();
        assert_eq!(ran.code, 7, "{}: {}{}", path.display(), ran.out, ran.err);
        assert!(
            ran.err.contains(path.to_str().unwrap()) && ran.err.contains("permission denied"),
            "{}",
            ran.err
        );
        fs::set_permissions(&path, fs::Permissions::from_mode(usual)).unwrap();
    }
    assert_eq!(run_as_nobody(&shop, &args).unwrap().code, 0);
}
