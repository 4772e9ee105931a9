//! Tests promise 2 with SIGKILL: the process dies at any instant, and the next command finds either the complete old
//! state or the complete new state. The delays vary the instant of the kill; no test waits for a condition.

use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use testkit::long_run::{self, Random};
use testkit::state::leftovers;
use testkit::state_of;

use crate::support::Shop;
use crate::two_states::TwoStates;

/// Runs a command and kills it after `delay`, unless it has ended by then.
fn run_and_kill(shop: &Shop, args: &[&str], delay: Duration) {
    let mut child = shop.command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    thread::sleep(delay);
    let _ = child.kill();
    child.wait().unwrap();
}

/// Returns the instants of the kills as fractions of a run: evenly spread over the run and slightly beyond, each random
/// within its interval.
fn fractions(kills: u32, random: &mut Random) -> Vec<f64> {
    (0..kills).map(|number| 1.1 * (f64::from(number) + random.fraction()) / f64::from(kills)).collect()
}

#[test]
fn r8_a_restore_killed_at_any_instant_is_wholly_old_or_wholly_new() {
    let two = TwoStates::new(200, 8);
    let shop = &two.shop;
    let restore = |archive| ["restore", archive, "--yes", "--no-safety-backup", "--json"];
    let begun = Instant::now();
    shop.json(&restore(&two.archives[0].0)[..4]);
    let whole = begun.elapsed();
    let mut random = Random::new("kills of a restore");
    let (mut current, mut old, mut new) = (0, 0, 0);
    for (number, fraction) in fractions(long_run::amount(70, 1500), &mut random).into_iter().enumerate() {
        let delay = whole.mul_f64(fraction);
        let target = 1 - current;
        run_and_kill(shop, &restore(&two.archives[target].0), delay);
        if number % 4 == 0 {
            // Kills the recovery as well.
            run_and_kill(shop, &["init"], whole.mul_f64(0.2 * random.fraction()));
        }
        let settled = shop.run(&["init"]);
        assert_eq!(settled.code, 0, "the next start settles it: {}", settled.err);
        let found = two.current(&format!("killed after {delay:?}"));
        *(if found == target { &mut new } else { &mut old }) += 1;
        current = found;
    }
    shop.json(&restore(&two.archives[0].0)[..4]);
    assert_eq!(two.current("a restore afterwards"), 0);
    assert!(old > 0, "no kill came in time");
    long_run::figure(
        "SIGKILL of `makermatrix restore`",
        &format!("{old} times wholly old, {new} times wholly new"),
    );
}

#[test]
fn a_backup_killed_at_any_instant_leaves_a_whole_archive_or_none() {
    let shop = TwoStates::new(200, 8).shop;
    let (places, before) = (shop.places(), state_of(&shop.places()));
    let path = |name: &str| places.backups.join(format!("{name}.zip"));
    let timed = |name: &str| {
        let begun = Instant::now();
        shop.json(&["backup", "--name", name]);
        begun.elapsed()
    };
    let mut whole = timed("timed");
    let mut random = Random::new("kills of a backup");
    let (mut none, mut complete) = (0, 0);
    for fraction in fractions(long_run::amount(45, 700), &mut random) {
        let delay = whole.mul_f64(fraction);
        run_and_kill(&shop, &["backup", "--name", "killed"], delay);
        if path("killed").exists() {
            let ran = shop.run(&["verify", path("killed").to_str().unwrap()]);
            assert_eq!(ran.code, 0, "killed after {delay:?}: {}", ran.err);
            complete += 1;
        } else {
            none += 1;
        }
        let _ = fs::remove_file(path("killed"));
        whole = timed("next");
        fs::remove_file(path("next")).unwrap();
        let left = leftovers(&places);
        assert_eq!(left, ["next.zip.status.json"], "killed after {delay:?}");
    }
    assert!(state_of(&places) == before);
    assert!(none > 0, "no kill came in time");
    long_run::figure(
        "SIGKILL of `makermatrix backup`",
        &format!("{none} times no archive, {complete} times a whole one"),
    );
}
