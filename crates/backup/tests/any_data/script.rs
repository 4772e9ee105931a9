//! Promise 6 for random data: the script in `docs/archive-format.md`, which uses none of our code,
//! computes the digests that the manifest states.

use std::fs;
use std::process::Command;
use std::sync::Arc;

use archive::{Limits, Reader, Role};
use proptest::strategy::{Strategy, ValueTree};
use testkit::any_data::{Schema, any_inventory, runner};
use testkit::long_run::amount;
use testkit::scratch::TestDbPath;

use super::{back_up, engine};

const PAGE: &str = include_str!("../../../../docs/archive-format.md");

#[test]
fn the_script_in_the_documentation_computes_the_same_digests() {
    let version = "import sqlite3; assert sqlite3.sqlite_version_info >= (3, 37)";
    if !Command::new("python3").args(["-c", version]).output().is_ok_and(|done| done.status.success()) {
        eprintln!("skipped: there is no python3 with SQLite 3.37 or newer");
        return;
    }
    let script =
        PAGE.split("```python\n").nth(1).and_then(|rest| rest.split("```").next()).expect("one script");
    let (any, mut runner) = (any_inventory(&Arc::new(Schema::current())), runner("script", 1));
    for _ in 0..amount(2, 60) {
        let scratch = TestDbPath::new();
        let engine = engine(&scratch);
        any.new_tree(&mut runner).expect("anything goes").current().put(engine.places());
        let report = back_up(&engine).expect("any inventory can be backed up");
        let reader = Reader::open(fs::File::open(&report.path).expect("just made"), &Limits::default());
        let reader = reader.expect("it was verified");
        let unpack = |role, prefix| {
            let (entry, target) = (reader.entry(role).expect("it is there"), scratch.beside(prefix));
            let mut file = fs::File::create(&target).expect("the scratch folder is writable");
            std::io::copy(&mut reader.read(entry).expect("readable"), &mut file).expect("it was verified");
            target
        };
        let (database, manifest) =
            (unpack(Role::Database, "unpacked.db"), unpack(Role::Manifest, "info.json"));
        let done = Command::new("python3").arg("-c").arg(script).arg(database).arg(manifest).output();
        let done = done.expect("it runs");
        let (out, errors) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert!(done.status.success(), "{errors}");
        assert_eq!(out.lines().count(), report.manifest.tables.len(), "{out}");
        assert!(!out.contains("DIFFERS"), "{out}");
    }
}
