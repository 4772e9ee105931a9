//! Tests that an interrupted command stops, cleans up and reports it. `strace` delivers the signal at a given system
//! call, so no test waits.

use std::fs;
use std::path::Path;
use std::process::Command;

use testkit::long_run::Random;
use testkit::state::{FILES_CACHE, leftovers};
use testkit::state_of;

use crate::injected::{calls, can_inject, chosen, strace_first_thread};
use crate::support::{Ran, Shop};
use crate::two_states::TwoStates;

/// Runs `args` and delivers a signal at one of its system calls.
fn signalled(shop: &Shop, signal: &str, (call, number): (&str, u32), args: &[&str]) -> Ran {
    let (trace, inject) = (format!("trace={call}"), format!("inject={call}:signal={signal}:when={number}"));
    // Only in the first thread: a second signal, in another thread, would end the process at once.
    strace_first_thread(shop, &["-o", "/dev/null", "-e", &trace, "-e", &inject], args)
}

/// Delivers each of the two signals at some of the system calls of `args`, and calls `then` with the exit code (0 if the
/// signal came too late) and the message.
fn at_some_calls(shop: &Shop, args: &[&str], some: u32, mut then: impl FnMut(i32, &str)) {
    let mut random = Random::new("signals");
    let calls = calls(shop, args);
    let (mut stopped, mut completed) = (0, 0);
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        for (call, number) in chosen(calls.clone(), some, &mut random) {
            let ran = signalled(shop, signal, (&call, number), args);
            let message = format!("{signal} at {call} {number} of {args:?}: {}, {}", ran.code, ran.err);
            assert!(ran.code == 0 || ran.code == code, "{message}");
            if ran.code == code {
                assert!(ran.err.contains("cancelled: nothing was changed"), "{message}");
                stopped += 1;
            } else {
                completed += 1;
            }
            then(ran.code, &message);
        }
    }
    assert!(stopped > 2, "{stopped} stopped, {completed} completed");
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().next().is_none()
}

/// Guards against a defect: copies of the database and a partial archive stayed until the next backup to the same folder.
#[test]
fn a_backup_that_is_interrupted_leaves_nothing() {
    if !can_inject() {
        return;
    }
    let shop = TwoStates::new(50, 3).shop;
    let output = shop.folder.join("usb");
    fs::create_dir(&output).unwrap();
    let args = ["backup", "-o", output.to_str().unwrap(), "--name", "x"];
    let clear = || {
        let _ = fs::remove_file(output.join("x.zip"));
        let _ = fs::remove_file(output.join("x.zip.status.json"));
        let _ = fs::remove_file(output.join(FILES_CACHE));
    };
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let mut stopped = 0;
        for number in [1, 5, 20, 40, 60, 80, 120] {
            let ran = signalled(&shop, signal, ("write", number), &args);
            let message = format!("{signal} at {number}: {}, {}", ran.code, ran.err);
            assert!(ran.code == 0 || ran.code == code, "{message}");
            stopped += u32::from(ran.code == code);
            assert_eq!(output.join("x.zip").exists(), ran.code == 0, "{message}");
            clear();
            assert!(is_empty(&output), "{message}");
            assert_eq!(leftovers(&shop.places()), Vec::<String>::new(), "{message}");
        }
        assert!(stopped > 0, "no signal came in time");
    }
}

#[test]
fn a_restore_that_is_interrupted_is_wholly_old_or_wholly_new_and_leaves_nothing() {
    if !can_inject() {
        return;
    }
    let two = TwoStates::new(50, 3);
    let shop = &two.shop;
    let args = |archive: usize| ["restore", two.archives[archive].0.as_str(), "--yes", "--no-safety-backup"];
    let mut random = Random::new("signals to a restore");
    let calls = calls(shop, &args(0));
    let (mut current, mut stopped, mut completed) = (0, 0, 0);
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        for (call, number) in chosen(calls.clone(), 15, &mut random) {
            let target = 1 - current;
            let ran = signalled(shop, signal, (&call, number), &args(target));
            let message = format!("{signal} at {call} {number}: {}, {}", ran.code, ran.err);
            assert!(ran.code == 0 || ran.code == code, "{message}");
            current = two.current(&message);
            assert_eq!(current == target, ran.code == 0, "{message}");
            assert_eq!(leftovers(&shop.places()), Vec::<String>::new(), "{message}");
            *(if ran.code == 0 { &mut completed } else { &mut stopped }) += 1;
        }
    }
    assert!(stopped > 3 && completed > 3, "{stopped} stopped, {completed} completed");
}

#[test]
fn a_drill_or_a_verification_that_is_interrupted_leaves_nothing() {
    if !can_inject() {
        return;
    }
    let shop = TwoStates::new(50, 3).shop;
    shop.json(&["backup", "--name", "x"]);
    let before = state_of(&shop.places());
    let scratch = shop.folder.join("scratch");
    fs::create_dir(&scratch).unwrap();
    for args in [
        &["drill", "data/backups/x.zip", "--scratch", scratch.to_str().unwrap()][..],
        &["restore", "data/backups/x.zip", "--dry-run"],
    ] {
        at_some_calls(&shop, args, 10, |_, message| {
            assert!(is_empty(&scratch), "{message}");
            assert_eq!(leftovers(&shop.places()), Vec::<String>::new(), "{message}");
        });
    }
    assert!(state_of(&shop.places()) == before);
}

/// Guards against a defect: with `ulimit -f`, SIGXFSZ ended the process without cleanup.
#[test]
fn exceeding_the_file_size_limit_is_an_error_and_leaves_nothing() {
    let shop = Shop::populated();
    testkit::generators::add_many_parts_from(&shop.places().database, 1000, 2000);
    shop.json(&["backup", "--name", "x"]);
    let before = state_of(&shop.places());
    for args in ["backup --name y", "restore data/backups/x.zip --yes", "drill data/backups/x.zip"] {
        let script = format!("ulimit -f 64; exec \"$0\" {args}");
        let mut command = Command::new("sh");
        command.args(["-c", &script]).arg(env!("CARGO_BIN_EXE_makermatrix"));
        command.env("MAKERMATRIX_DATA", shop.data()).current_dir(&shop.folder);
        let ran = Ran::from(command.output().unwrap());
        assert_eq!(ran.code, 7, "{args}: {}{}", ran.out, ran.err);
        assert_eq!(leftovers(&shop.places()), Vec::<String>::new(), "{args}");
    }
    assert!(state_of(&shop.places()) == before);
}

/// Guards against a defect: leftovers were reported only if the next run used the same folder.
#[test]
fn leftovers_of_a_killed_run_are_listed() {
    let shop = Shop::populated();
    shop.json(&["backup", "--name", "x"]);
    assert_eq!(shop.json(&["list"])["leftovers"], serde_json::json!([]));
    let id = "01234567-89ab-cdef-0123-456789abcdef";
    let left = [
        shop.places().backups.join(".killed.zip.partial"),
        shop.places().backups.join(".killed.zip.partial.db"),
        shop.data().join(format!("makers_matrix.db.backup-{id}")),
    ];
    left.iter().for_each(|path| fs::write(path, b"half").unwrap());
    let folders = ["drill", "restore"].map(|what| shop.data().join(format!("makers_matrix.db.{what}-{id}")));
    folders.iter().for_each(|path| fs::create_dir(path).unwrap());
    let ran = shop.run(&["list"]);
    for path in left.iter().chain(&folders) {
        assert!(ran.out.contains(path.to_str().unwrap()), "{}: {}", path.display(), ran.out);
    }
    shop.json(&["backup", "--name", "y"]);
    fs::remove_dir(&folders[0]).unwrap();
    assert_eq!(shop.json(&["list"])["leftovers"], serde_json::json!([]));
}
