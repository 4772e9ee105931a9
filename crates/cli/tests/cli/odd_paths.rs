//! Tests paths that are not UTF-8: a name may contain any bytes except `/` and NUL.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use testkit::state_of;

use crate::support::{Ran, Shop};

/// Returns a name with a byte that is invalid in UTF-8.
fn odd(name: &str) -> OsString {
    OsString::from_vec([b"\xff_".as_slice(), name.as_bytes()].concat())
}

fn run(shop: &Shop, args: &[&dyn AsRef<OsStr>]) -> Ran {
    Ran::from(shop.command(&[]).args(args.iter().map(|arg| arg.as_ref())).output().unwrap())
}

/// Runs with and without `--json`, and expects this exit code and no panic.
fn expect(code: i32, shop: &Shop, args: &[&dyn AsRef<OsStr>]) -> serde_json::Value {
    let ran = run(shop, args);
    let shown: Vec<_> = args.iter().map(|arg| arg.as_ref().to_string_lossy()).collect();
    assert_eq!(ran.code, code, "{shown:?}: {}{}", ran.out, ran.err);
    let ran = run(shop, &[args, &[&"--json"]].concat());
    assert_eq!(ran.code, code, "{shown:?} --json: {}{}", ran.out, ran.err);
    serde_json::from_str(&ran.out).unwrap()
}

/// Guards against a defect: these commands panicked, since JSON cannot represent such paths.
#[test]
fn a_path_that_is_not_utf_8_panics_in_no_command() {
    let shop = Shop::populated();
    let before = state_of(&shop.places());
    let elsewhere = shop.folder.join(odd("elsewhere"));
    fs::create_dir(&elsewhere).unwrap();
    let made = expect(0, &shop, &[&"backup", &"-o", &elsewhere]);
    assert_eq!(made["lossy_paths"], true, "{made}");
    assert!(made["archive"].as_str().unwrap().contains("\u{fffd}_elsewhere/makermatrix_backup_"));

    let archive = elsewhere.join(odd("a.zip"));
    let found = fs::read_dir(&elsewhere).unwrap().map(|entry| entry.unwrap().path());
    let found: Vec<PathBuf> = found.filter(|path| path.extension() == Some(OsStr::new("zip"))).collect();
    fs::copy(&found[0], &archive).unwrap();
    for command in ["verify", "show", "drill"] {
        let done = expect(0, &shop, &[&command, &archive]);
        assert_eq!(done["lossy_paths"], true, "{command}");
    }
    let scratch = shop.folder.join(odd("scratch"));
    fs::create_dir(&scratch).unwrap();
    let refused = expect(2, &shop, &[&"drill", &archive, &"--scratch", &scratch]);
    assert!(refused.to_string().contains("not Unicode"), "{refused}");
    expect(0, &shop, &[&"restore", &archive, &"--dry-run"]);
    expect(0, &shop, &[&"restore", &archive, &"--yes"]);
    assert!(state_of(&shop.places()) == before);
    expect(0, &shop, &[&"import", &archive, &"--yes"]);
    expect(3, &shop, &[&"verify", &elsewhere.join("no.zip")]);
    expect(2, &shop, &[&"show", &elsewhere]);

    let (key, kit) = (elsewhere.join("key"), elsewhere.join("kit.html"));
    assert_eq!(run(&shop, &[&"key", &"new", &"-o", &key, &"--kit", &kit, &"--json"]).code, 0);
    expect(2, &shop, &[&"key", &"check", &key, &archive]);
    expect(2, &shop, &[&"verify", &archive, &"--identity", &archive]);
    expect(3, &shop, &[&"verify", &archive, &"--passphrase-file", &elsewhere.join("none")]);
    assert_eq!(run(&shop, &[&"backup", &"--name", &odd("name")]).code, 2);
}

/// Guards against a defect: one such file among the backups broke `list` and `drill --all` for all archives.
#[test]
fn a_file_with_a_name_that_is_not_utf_8_is_listed() {
    let shop = Shop::populated();
    shop.json(&["backup", "--name", "sound"]);
    let junk = shop.places().backups.join(odd("junk.zip"));
    fs::write(&junk, b"not a zip").unwrap();
    let listed = expect(0, &shop, &[&"list"]);
    assert_eq!(listed["archives"].as_array().unwrap().len(), 2, "{listed}");
    let drilled = expect(4, &shop, &[&"drill", &"--all"]);
    assert_eq!(drilled["drilled"].as_array().unwrap().len(), 2, "{drilled}");
    shop.json(&["backup", "--name", "next"]);
}

/// Guards against a defect: `restore` reported a damaged archive.
#[test]
fn a_data_folder_that_is_not_utf_8_is_refused_with_a_specific_error() {
    let shop = Shop::populated();
    let archive = PathBuf::from(shop.json(&["backup"])["archive"].as_str().unwrap());
    let data = shop.folder.join(odd("data"));
    let refused = |args: &[&dyn AsRef<OsStr>]| {
        let said = expect(2, &shop, &[args, &[&"--data-dir", &data]].concat()).to_string();
        assert!(said.contains("not Unicode") && said.contains("_data"), "{said}");
    };
    refused(&[&"init"]);
    refused(&[&"restore", &archive, &"--create", &"--yes"]);
    refused(&[&"restore", &archive, &"--create", &"--dry-run"]);
    refused(&[&"import", &archive, &"--yes"]);
    assert!(!data.exists(), "nothing is created there");
    expect(3, &shop, &[&"list", &"--data-dir", &data]);
    testkit::scratch::copy_tree(&shop.data(), &data);
    refused(&[&"backup"]);
    refused(&[&"init"]);
    expect(0, &shop, &[&"list", &"--data-dir", &data]);
    expect(0, &shop, &[&"verify", &archive, &"--data-dir", &data]);
}

/// Checks a static folder that is not UTF-8, whose path is in the journal of a restore.
#[test]
fn a_static_folder_that_is_not_utf_8_can_be_restored() {
    let shop = Shop::populated();
    let archive = PathBuf::from(shop.json(&["backup"])["archive"].as_str().unwrap());
    let files = shop.folder.join(odd("static"));
    let at = |path: &str| files.join(Path::new(path));
    expect(0, &shop, &[&"restore", &archive, &"--yes", &"--static-files", &files]);
    assert_eq!(fs::read(at("images/a/one.png")).unwrap(), b"one");
    assert!(files.as_os_str().as_bytes().contains(&0xff));
}
