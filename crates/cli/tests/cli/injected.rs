//! Injects faults with `strace`, where it may be used: at each system call that changes the disk, the process is killed
//! or the call fails (no space, an I/O error).

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use testkit::long_run::{self, Random};
use testkit::state::leftovers;
use testkit::state_of;

use crate::support::{Ran, Shop};
use crate::two_states::TwoStates;

/// The system calls that change a disk or make a change durable.
const CALLS: &str = "write,pwrite64,writev,pwritev,fsync,fdatasync,syncfs,ftruncate,fallocate,rename,renameat,\
                     renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir";

#[derive(Clone, Copy, Debug)]
enum Injection {
    Kill,
    NoSpace,
    IoError,
}

pub(crate) fn strace(shop: &Shop, options: &[&str], args: &[&str]) -> Ran {
    strace_first_thread(shop, &[&["-f"], options].concat(), args)
}

pub(crate) fn strace_first_thread(shop: &Shop, options: &[&str], args: &[&str]) -> Ran {
    let command = shop.command(args);
    let mut traced = Command::new("strace");
    traced.arg("-qq").args(options).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => traced.env(name, value),
            None => traced.env_remove(name),
        };
    }
    traced.current_dir(&shop.folder).stdin(std::process::Stdio::null());
    Ran::from(traced.output().unwrap())
}

/// Runs `args` with a fault injected into one system call.
fn injected(shop: &Shop, injection: Injection, (call, number): (&str, u32), args: &[&str]) -> Ran {
    let what = match injection {
        Injection::Kill => "signal=KILL",
        Injection::NoSpace => "error=ENOSPC",
        Injection::IoError => "error=EIO",
    };
    let (trace, inject) = (format!("trace={call}"), format!("inject={call}:{what}:when={number}"));
    strace(shop, &["-o", "/dev/null", "-e", &trace, "-e", &inject], args)
}

/// Returns whether `strace` can inject faults on this machine.
pub(crate) fn can_inject() -> bool {
    let tried =
        Command::new("strace").args(["-qq", "-e", "inject=write:error=ENOSPC:when=1", "true"]).output();
    let can = tried.is_ok_and(|tried| tried.status.success());
    if !can {
        testkit::skipped("strace is not installed, or may not trace");
    }
    can
}

/// Returns every disk-changing system call of `args`: its name, and its number among the calls of that name.
pub(crate) fn calls(shop: &Shop, args: &[&str]) -> Vec<(String, u32)> {
    calls_of(shop, CALLS, args)
}

fn calls_of(shop: &Shop, calls: &str, args: &[&str]) -> Vec<(String, u32)> {
    let log = shop.folder.join("strace.log");
    let trace = format!("trace={calls}");
    let ran = strace(shop, &["-o", log.to_str().unwrap(), "-e", &trace], args);
    assert_eq!(ran.code, 0, "{}", ran.err);
    // Lines begin with the thread, since `when` counts the calls of each thread separately.
    let mut counts: BTreeMap<(String, String), u32> = BTreeMap::new();
    for line in fs::read_to_string(&log).unwrap().lines() {
        // A call during which another thread makes one has a second line, which begins with an ellipsis.
        if let Some((thread, call)) = line.split_once(' ')
            && let Some((call, _)) = call.trim().split_once('(')
            && !call.starts_with("<...")
        {
            *counts.entry((call.to_owned(), thread.to_owned())).or_default() += 1;
        }
    }
    fs::remove_file(log).unwrap();
    assert!(counts.values().sum::<u32>() > 20, "{counts:?}");
    let mut most: BTreeMap<String, u32> = BTreeMap::new();
    for ((call, _), count) in counts {
        let known = most.entry(call).or_default();
        *known = u32::max(*known, count);
    }
    most.into_iter().flat_map(|(call, count)| (1..=count).map(move |number| (call.clone(), number))).collect()
}

/// Selects all calls in a long run. Otherwise selects some calls, about equally many of each kind, and the last call of
/// each kind, since random choices rarely include it.
pub(crate) fn chosen(mut calls: Vec<(String, u32)>, some: u32, random: &mut Random) -> Vec<(String, u32)> {
    let some = long_run::amount(some, u32::MAX) as usize;
    let mut kinds: BTreeMap<String, Vec<(String, u32)>> = BTreeMap::new();
    if calls.len() <= some {
        return calls;
    }
    for call in calls.drain(..) {
        kinds.entry(call.0.clone()).or_default().push(call);
    }
    let mut chosen: Vec<(String, u32)> = kinds.values_mut().filter_map(Vec::pop).collect();
    while chosen.len() < some {
        for of_kind in kinds.values_mut().filter(|of_kind| !of_kind.is_empty()) {
            let index = random.below(of_kind.len() as u64) as usize;
            chosen.push(of_kind.swap_remove(index));
        }
    }
    chosen
}

fn restore(injection: Injection, some: u32) {
    if !can_inject() {
        return;
    }
    let two = TwoStates::new(50, 3);
    let shop = &two.shop;
    fn args(archive: &str) -> [&str; 4] {
        ["restore", archive, "--yes", "--no-safety-backup"]
    }
    let mut random = Random::new("injections into a restore");
    let calls = calls(shop, &args(&two.archives[0].0));
    let (mut current, mut old, mut new) = (0, 0, 0);
    for (call, number) in chosen(calls, some, &mut random) {
        let target = 1 - current;
        let when = format!("{injection:?} at {call} {number}");
        let ran = injected(shop, injection, (&call, number), &args(&two.archives[target].0));
        let message = format!("{when}: exit code {}, {}{}", ran.code, ran.out, ran.err);
        let settled = shop.run(&["init"]);
        assert_eq!(settled.code, 0, "{message}; then: {}", settled.err);
        current = two.current(&message);
        *(if current == target { &mut new } else { &mut old }) += 1;
        match (injection, ran.code) {
            (_, 0) => assert_eq!(current, target, "{message}"),
            (Injection::Kill, _) => {}
            // If the new state is in place, the failure message must say so.
            (_, 7) => {
                let told = ran.err.contains("has been restored") || ran.err.contains("it is done");
                assert_eq!(current == target, told, "{message}");
            }
            _ => panic!("{message}"),
        }
    }
    assert!(old > 0 && new > 0, "{old} old, {new} new");
    let what = format!("{injection:?} at each disk-changing system call of `makermatrix restore`");
    long_run::figure(&what, &format!("{old} times wholly old, {new} times wholly new"));
}

#[test]
fn a_restore_killed_at_a_system_call_is_wholly_old_or_wholly_new() {
    restore(Injection::Kill, 40);
}

#[test]
fn a_restore_on_a_disk_that_fills_up_is_wholly_old_or_wholly_new() {
    restore(Injection::NoSpace, 25);
}

#[test]
fn a_restore_on_a_disk_that_fails_is_wholly_old_or_wholly_new() {
    restore(Injection::IoError, 25);
}

fn backup(injection: Injection, some: u32) {
    if !can_inject() {
        return;
    }
    let shop = TwoStates::new(50, 3).shop;
    let (places, before) = (shop.places(), state_of(&shop.places()));
    let path = places.backups.join("cut.zip");
    let mut random = Random::new("injections into a backup");
    let calls = calls(&shop, &["backup", "--name", "counted"]);
    let (mut none, mut whole) = (0, 0);
    for (call, number) in chosen(calls, some, &mut random) {
        let ran = injected(&shop, injection, (&call, number), &["backup", "--name", "cut"]);
        let message =
            format!("{injection:?} at {call} {number}: exit code {}, {}{}", ran.code, ran.out, ran.err);
        if path.exists() {
            let verified = shop.run(&["verify", path.to_str().unwrap()]);
            assert_eq!(verified.code, 0, "{message}; then: {}", verified.err);
            fs::remove_file(&path).unwrap();
            whole += 1;
        } else {
            assert_ne!(ran.code, 0, "{message}");
            none += 1;
        }
        assert!(matches!((injection, ran.code), (Injection::Kill, _) | (_, 0 | 7)), "{message}");
        shop.json(&["backup", "--name", "next"]);
        fs::remove_file(places.backups.join("next.zip")).unwrap();
        assert_eq!(leftovers(&places), ["next.zip.status.json"], "{message}");
    }
    assert!(state_of(&places) == before);
    assert!(none > 0 && whole > 0, "{none} without, {whole} with an archive");
    let what = format!("{injection:?} at each disk-changing system call of `makermatrix backup`");
    long_run::figure(&what, &format!("{none} times no archive, {whole} times a whole one"));
}

#[test]
fn a_backup_killed_at_a_system_call_leaves_a_whole_archive_or_none() {
    backup(Injection::Kill, 25);
}

#[test]
fn a_backup_on_a_disk_that_fills_up_leaves_a_whole_archive_or_none() {
    backup(Injection::NoSpace, 25);
}

#[test]
fn a_backup_on_a_disk_that_fails_leaves_a_whole_archive_or_none() {
    backup(Injection::IoError, 25);
}

/// Guards against a defect: a failed read or open was reported as a damaged archive. SQLite calls a database malformed
/// if it cannot read it.
#[test]
fn machine_errors_are_not_reported_as_a_damaged_archive() {
    if !can_inject() {
        return;
    }
    let shop = TwoStates::new(50, 3).shop;
    let archive = shop.json(&["backup"])["archive"].as_str().unwrap().to_owned();
    let mut random = Random::new("injections into a verification");
    let (mut failed, mut done) = (0, 0);
    for (call, error, some) in [("pread64", "EIO", 12), ("read", "EIO", 12), ("openat", "EMFILE", 25)] {
        for command in [&["verify", &archive][..], &["restore", &archive, "--dry-run"]] {
            for (call, number) in chosen(calls_of(&shop, call, command), some, &mut random) {
                let inject = format!("inject={call}:error={error}:when={number}");
                let ran = strace(&shop, &["-o", "/dev/null", "-e", &inject], command);
                let message = format!("{error} at {call} {number} of {command:?}: {} {}", ran.code, ran.err);
                match ran.code {
                    0 => done += 1,
                    7 => failed += 1,
                    // The program could not be loaded.
                    127 => assert!(ran.err.contains("shared libraries"), "{message}"),
                    _ => panic!("{message}"),
                }
            }
        }
    }
    assert!(failed > 5 && done > 5, "{failed} failed, {done} were done");
}

/// Guards against a defect: the message named the live database instead of the scratch copy.
#[test]
fn too_few_file_descriptors_are_a_machine_error() {
    let shop = Shop::populated();
    shop.json(&["backup", "--name", "x"]);
    let mut refused = 0;
    for limit in 6..14 {
        let script = format!("ulimit -n {limit}; exec \"$0\" drill data/backups/x.zip");
        let mut command = Command::new("sh");
        command.args(["-c", &script]).arg(shop.command(&[]).get_program());
        command.env("MAKERMATRIX_DATA", shop.data()).current_dir(&shop.folder);
        let ran = Ran::from(command.output().unwrap());
        assert!(matches!(ran.code, 0 | 7), "{limit}: {} {}", ran.code, ran.err);
        if ran.code == 7 {
            refused += 1;
            assert!(ran.err.contains(".drill-"), "the message names the file: {}", ran.err);
            assert!(!ran.err.contains("live database") && !ran.err.contains("another backup"), "{}", ran.err);
        }
    }
    assert!(refused > 3, "{refused}");
}
