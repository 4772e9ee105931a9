//! Tests a full disk: a small file system in memory, in a mount namespace that ends with the command. If the machine
//! does not allow that, the tests report it and pass.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use testkit::long_run;
use testkit::state_of;

use crate::support::Ran;
use crate::two_states::TwoStates;

/// Copies `data` onto a file system of `kibibytes`, runs the binary there, and copies the result to `out`. Returns `None`
/// if mounting is not permitted, or if the data alone does not fit.
fn run_on_small_disk(data: &Path, out: &Path, kibibytes: u64, args: &[&str]) -> Option<Ran> {
    const SCRIPT: &str = r#"
        set -e
        mount -t tmpfs -o size="$1"k tmpfs "$2" || exit 200
        cp -a "$3"/. "$2"/ 2>/dev/null || exit 201
        out=$4 disk=$2 binary=$5; shift 5
        code=0
        MAKERMATRIX_DATA=$disk "$binary" "$@" || code=$?
        cp -a "$disk"/. "$out"/
        exit $code
    "#;
    let disk = out.with_extension("disk");
    for folder in [&disk, &out.to_owned()] {
        let _ = fs::remove_dir_all(folder);
        fs::create_dir_all(folder).unwrap();
    }
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", SCRIPT, "sh", &kibibytes.to_string()]);
    command.args([&disk, data, out]).arg(env!("CARGO_BIN_EXE_makermatrix")).args(args);
    for variable in ["DATABASE_URL", "STATIC_FILES_PATH", "BACKUPS_PATH"] {
        command.env_remove(variable);
    }
    let ran = command.stdin(Stdio::null()).output().ok().map(Ran::from)?;
    let allowed = ran.code != 200 && !ran.err.contains("unshare");
    if !allowed {
        testkit::skipped(&format!("mounting is not permitted here: {}", ran.err));
    }
    (allowed && ran.code != 201).then_some(ran)
}

/// Returns sizes in KiB, from the size of the data to one that is surely sufficient.
fn sizes(data: &Path) -> impl Iterator<Item = u64> {
    let du = Command::new("du").args(["-sk", data.to_str().unwrap()]).output().unwrap();
    let taken: u64 =
        String::from_utf8(du.stdout).unwrap().split_whitespace().next().unwrap().parse().unwrap();
    let steps = u64::from(long_run::amount(12, 150));
    // The smallest sizes fit the data, but not the files that SQLite needs to open it.
    let close = (0..4).map(move |step| taken + 8 * step);
    close.chain((0..=steps).map(move |step| taken + (5 * taken).max(2000) * step / steps))
}

#[test]
fn a_restore_on_a_full_disk_reports_it_and_changes_nothing() {
    let two = TwoStates::new(700, 10);
    let places = two.shop.places();
    let out = two.shop.folder.join("out");
    // The archives are outside, as on another disk.
    let archive = two.shop.folder.join("one.zip");
    fs::copy(&two.archives[0].0, &archive).unwrap();
    fs::remove_dir_all(&places.backups).unwrap();
    let (mut full, mut done) = (0, 0);
    for kibibytes in sizes(&two.shop.data()) {
        let args = ["restore", archive.to_str().unwrap(), "--yes", "--no-safety-backup"];
        let Some(ran) = run_on_small_disk(&two.shop.data(), &out, kibibytes, &args) else { continue };
        let state = state_of(&backup::Places::in_folder(&out));
        let left = testkit::state::leftovers(&backup::Places::in_folder(&out));
        let message = format!("{kibibytes} KiB: exit code {}, {}", ran.code, ran.err);
        assert_eq!(left, Vec::<String>::new(), "{message}");
        match ran.code {
            0 => assert!(state == two.archives[0].1, "{message}"),
            7 => assert!(state == two.archives[1].1 && ran.err.contains("full"), "{message}"),
            _ => panic!("{message}"),
        }
        *(if ran.code == 0 { &mut done } else { &mut full }) += 1;
    }
    if full + done > 0 {
        assert!(full > 2 && done > 0, "{full} times full, {done} times enough");
        long_run::figure(
            "restore on a full disk",
            &format!("{full} times refused and unchanged, {done} times done"),
        );
    }
}

#[test]
fn a_backup_on_a_full_disk_reports_it_and_leaves_nothing() {
    let two = TwoStates::new(700, 10);
    let places = two.shop.places();
    fs::remove_dir_all(&places.backups).unwrap();
    let out = two.shop.folder.join("out");
    let (mut full, mut done) = (0, 0);
    for kibibytes in sizes(&two.shop.data()) {
        let Some(ran) = run_on_small_disk(&two.shop.data(), &out, kibibytes, &["backup", "--name", "small"])
        else {
            continue;
        };
        let there = backup::Places::in_folder(&out);
        let message = format!("{kibibytes} KiB: exit code {}, {}", ran.code, ran.err);
        assert_eq!(testkit::state::leftovers(&there), Vec::<String>::new(), "{message}");
        assert!(state_of(&there) == two.archives[1].1, "{message}");
        let archive = there.backups.join("small.zip");
        assert_eq!(archive.exists(), ran.code == 0, "{message}");
        match ran.code {
            0 => assert_eq!(two.shop.run(&["verify", archive.to_str().unwrap()]).code, 0, "{message}"),
            7 => assert!(ran.err.contains("full"), "{message}"),
            _ => panic!("{message}"),
        }
        *(if ran.code == 0 { &mut done } else { &mut full }) += 1;
    }
    if full + done > 0 {
        assert!(full > 2 && done > 0, "{full} times full, {done} times enough");
        long_run::figure("backup on a full disk", &format!("{full} times refused, {done} times done"));
    }
}
