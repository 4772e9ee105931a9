//! Tests the output: streams, wording, and escaped control sequences.

use std::fs;

use serde_json::Value;

use crate::support::{Ran, Shop, write};

/// Guards against a defect: `-q`, which is common in cron jobs, suppressed warnings as well.
#[test]
fn quiet_suppresses_only_progress() {
    let shop = Shop::populated();
    let database = rusqlite::Connection::open(shop.places().database).unwrap();
    database
        .execute_batch("UPDATE partmodel SET image_url = '/api/utility/get_image/gone.png' WHERE rowid = 1")
        .unwrap();
    drop(database);
    let loud = shop.run(&["backup", "--name", "loud"]);
    assert!(
        loud.err.contains("Database ") && loud.err.contains("Note: ") && loud.err.contains("gone.png"),
        "{}",
        loud.err
    );
    let quiet = shop.run(&["backup", "--name", "quiet", "-q"]);
    assert_eq!(quiet.code, 0);
    assert!(!quiet.err.contains("Database "), "{}", quiet.err);
    assert!(quiet.err.contains("Note: ") && quiet.err.contains("gone.png"), "{}", quiet.err);
}

/// Simulates a restore that was killed after its commit: the next command finishes the restore and reports it.
#[test]
fn a_finished_interrupted_restore_is_reported_even_with_quiet() {
    let shop = Shop::populated();
    let id = "11111111-2222-3333-4444-555555555555";
    let interrupt = || {
        let places = shop.places();
        let marker = format!(
            "INSERT OR IGNORE INTO mm_restore (id, restored_at, archive) VALUES ('{id}', '2026-01-01 00:00:00.000000', 'x.zip')"
        );
        rusqlite::Connection::open(&places.database).unwrap().execute_batch(&marker).unwrap();
        let journal = serde_json::json!({
            "format": 1, "id": id, "archive": "x.zip", "static_files": places.static_files,
            "commit": "transaction", "add": [], "replace": [], "remove": [],
        });
        let beside = durable::with_suffix(&places.database, &format!(".restore-{id}"));
        fs::create_dir_all(&beside).unwrap();
        write(&durable::with_suffix(&beside, ".json"), journal.to_string().as_bytes());
    };
    interrupt();
    let ran = shop.run(&["backup", "-q"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("an interrupted restore of x.zip has been completed"), "{}", ran.err);
    interrupt();
    let value = shop.json(&["backup"]);
    assert!(value["notes"][0].as_str().unwrap().contains("has been completed"), "{value}");
}

#[test]
fn the_plan_is_shown_before_the_question_even_with_quiet() {
    let shop = Shop::populated();
    shop.json(&["backup", "--name", "made"]);
    let ran = shop.run(&["restore", "made", "-q"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.contains("now") && ran.err.contains("parts") && !ran.err.contains("Database "),
        "{}",
        ran.err
    );
}

/// Guards against a defect: a line break in the name of a file started a new line with any text.
#[test]
fn a_newline_in_the_name_of_a_file_is_printed_escaped() {
    let shop = Shop::populated();
    let name = "a\nRestored: everything.png";
    write(&shop.places().static_files.join("images").join(name), b"png");
    let made = shop.run(&["backup", "--name", "first"]);
    fs::remove_file(shop.places().static_files.join("images").join(name)).unwrap();
    fs::write(shop.places().static_files.join("images/two.png"), "other").unwrap();
    let missing = shop.run(&["verify", "no\nsuch.zip"]);
    assert_eq!(missing.code, 3);
    let shown = shop.run(&["show", "first", "--files"]);
    fs::create_dir(shop.folder.join("out\nput")).unwrap();
    let other = shop.run(&["backup", "--name", "b", "--output", "out\nput"]);
    for text in [&made.err, &made.out, &missing.err, &shown.out, &other.out, &other.err] {
        assert!(
            !text.lines().any(|line| line.starts_with("Restored:")
                || line.starts_with("such")
                || line.starts_with("put")),
            "{text}"
        );
    }
    assert!(missing.err.contains("no\\nsuch.zip"), "{}", missing.err);
    assert!(other.out.contains("out\\nput/b.zip"), "{}", other.out);
}

#[test]
fn usage_errors_are_one_json_object_too() {
    let shop = Shop::populated();
    for (args, words) in [
        (&["frobnicate", "--json"][..], "unrecognized subcommand 'frobnicate'"),
        (&["--json"], "requires a subcommand"),
        (&["show", "--json"], "<FILE>"),
        (&["--json", "key"], "command"),
        (&["backup", "--jsno", "--json"], "unexpected argument '--jsno'"),
        (&["backup", "--force", "--json"], "--include-env"),
        (&["drill", "--all", "x.zip", "--json"], "cannot be used with"),
        (&["completions", "tcsh", "--json"], "invalid value 'tcsh'"),
        (&["backup", "--json", "-p", "hush"], "--passphrase takes no value"),
    ] {
        let ran = shop.run(args);
        assert_eq!((ran.code, ran.err.as_str()), (2, ""), "{args:?}: {}", ran.out);
        let error: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(error["exit_code"], 2);
        let error = error["error"].as_str().unwrap();
        assert!(
            error.contains(words) && !error.contains("Usage:") && !error.contains("hush"),
            "{args:?}: {error}"
        );
    }
    // Help is not an error, and arguments after -- are not options.
    assert!(shop.run(&["--help", "--json"]).out.contains("Usage:"));
    let ran = shop.run(&["frobnicate", "--", "--json"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
}

#[test]
fn counts_of_one_are_printed_in_the_singular() {
    let shop = Shop::new();
    assert_eq!(shop.run(&["init"]).code, 0);
    testkit::generators::add_many_parts(&shop.places().database, 1);
    write(&shop.places().static_files.join("images/one.png"), b"one");
    let mut said = String::new();
    let mut run = |args: &[&str]| {
        let ran = shop.run(args);
        assert_eq!(ran.code, 0, "{args:?}: {}", ran.err);
        said.push_str(&ran.out);
        said.push_str(&ran.err);
    };
    run(&["backup", "--name", "made"]);
    run(&["list"]);
    run(&["show", "made"]);
    run(&["verify", "made"]);
    run(&["drill", "made"]);
    fs::remove_file(shop.places().static_files.join("images/one.png")).unwrap();
    run(&["restore", "made", "--yes"]);
    run(&["demo"]);
    let words: Vec<&str> = said.split_whitespace().collect();
    let wrong: Vec<_> = words
        .windows(2)
        .filter(|pair| pair[0] == "1" && pair[1].trim_end_matches([',', ';', ':', '.']).ends_with('s'))
        .collect();
    assert_eq!(wrong, Vec::<&[&str]>::new(), "{said}");
    assert!(said.contains("1 part") && said.contains("1 image"), "{said}");
}

/// Guards against a defect: the folder was created and left behind.
#[test]
fn verify_does_not_create_a_missing_temporary_folder() {
    let shop = Shop::populated();
    shop.json(&["backup", "--name", "made"]);
    let missing = shop.folder.join("no-tmp");
    let mut command = shop.command(&["verify", "made"]);
    let ran = Ran::from(command.env("TMPDIR", &missing).output().unwrap());
    assert_eq!(ran.code, 7, "{}", ran.err);
    assert!(ran.err.contains("TMPDIR") && ran.err.contains("no-tmp"), "{}", ran.err);
    assert!(!missing.exists());
}
