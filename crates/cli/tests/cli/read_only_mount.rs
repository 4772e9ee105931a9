//! Tests an inventory on a read-only file system, in a mount namespace that ends with the command. If the machine does not
//! allow that, the test reports it and passes.

use std::fs;
use std::process::{Command, Stdio};

use testkit::state::FILES_CACHE;

use crate::support::{Ran, Shop};

/// Runs the binary with the data folder mounted read-only. Returns `None` if mounting is not permitted.
fn run_on_read_only_mount(shop: &Shop, args: &[&str]) -> Option<Ran> {
    const SCRIPT: &str = r#"
        mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" || exit 200
        if touch "$1/probe" 2>/dev/null; then exit 200; fi
        binary=$2; shift 2
        exec "$binary" "$@"
    "#;
    let wanted = shop.command(args);
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", SCRIPT, "sh"]);
    command.arg(shop.data()).arg(wanted.get_program()).args(wanted.get_args());
    for (name, value) in wanted.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let ran = command.current_dir(&shop.folder).stdin(Stdio::null()).output().ok().map(Ran::from)?;
    let allowed = ran.code != 200 && !ran.err.contains("unshare");
    if !allowed {
        testkit::skipped(&format!("mounting is not permitted here: {}", ran.err));
    }
    allowed.then_some(ran)
}

#[test]
fn an_inventory_on_a_read_only_mount_can_be_backed_up() {
    let shop = Shop::populated();
    let output = shop.folder.join("medium");
    fs::create_dir(&output).unwrap();
    for mode in ["wal", "delete"] {
        rusqlite::Connection::open(shop.places().database)
            .unwrap()
            .query_row(&format!("PRAGMA journal_mode = {mode}"), [], |_| Ok(()))
            .unwrap();
        let Some(ran) = run_on_read_only_mount(&shop, &["backup", "-o", "medium", "--name", mode]) else {
            return;
        };
        assert_eq!(ran.code, 0, "{mode}: {}", ran.err);
        assert!(ran.err.contains("mounted read-only"), "{mode}: {}", ran.err);
        let archive = output.join(format!("{mode}.zip"));
        let shown = shop.json(&["drill", archive.to_str().unwrap()]);
        assert_eq!(shown["drilled"][0]["proven"], true, "{shown}");
    }
    // The copy of an encrypted backup is not beside the archive, and cannot be beside the database.
    let key = shop.json(&["key", "new", "--output", "identity", "--kit", "kit.html"]);
    let recipient = key["recipient"].as_str().unwrap();
    let args = ["backup", "-o", "medium", "--name", "secret", "--recipient", recipient];
    let ran = run_on_read_only_mount(&shop, &args).unwrap();
    assert_eq!(ran.code, 0, "{}", ran.err);
    let verified = shop.run(&["verify", "medium/secret.zip.age", "--identity", "identity"]);
    assert_eq!(verified.code, 0, "{}", verified.err);
    let mut names: Vec<_> = fs::read_dir(&output).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.retain(|name| !name.to_string_lossy().ends_with(".status.json") && name != FILES_CACHE);
    names.sort();
    assert_eq!(names, ["delete.zip", "secret.zip.age", "wal.zip"]);
    let ran = run_on_read_only_mount(&shop, &["restore", "medium/wal.zip", "--yes"]).unwrap();
    assert_eq!(ran.code, 7, "{}", ran.err);
}
