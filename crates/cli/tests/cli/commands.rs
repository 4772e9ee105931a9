//! Tests the results, messages and exit codes of the command line, and its environment variables. Each test runs the
//! built binary in a separate folder.

use std::fs;
use std::process::Command;

use serde_json::json;
use testkit::state::leftovers;
use testkit::state_of;

use crate::support::{Ran, Shop, damage, write};

#[test]
fn init_backup_verify_show_list_restore() {
    let shop = Shop::populated();
    let before = state_of(&shop.places());
    let made = shop.json(&["backup", "--name", "first"]);
    let archive = made["archive"].as_str().unwrap().to_owned();
    assert!(archive.ends_with("data/backups/first.zip"));
    assert_eq!((made["counts"]["parts"].as_u64(), made["images"].as_u64()), (Some(300), Some(2)));

    let verified = shop.json(&["verify", &archive]);
    assert_eq!((verified["sound"].as_bool(), verified["format"].as_str()), (Some(true), Some("3.0")));
    let shown = shop.json(&["show", &archive]);
    assert_eq!(shown["tables"]["partmodel"], 300);
    assert_eq!(shown["files"].as_array().unwrap().len(), 6);
    let listed = shop.json(&["list"]);
    assert_eq!(listed["archives"][0]["archive"], made["archive"]);
    assert!(listed["archives"][0]["verified_at"].is_string());

    fs::remove_dir_all(shop.data().join("static/images")).unwrap();
    testkit::generators::add_many_parts_from(&shop.places().database, 1000, 5);
    let plan = shop.json(&["restore", &archive, "--dry-run"]);
    assert_eq!((plan["now"]["parts"].as_u64(), plan["after"]["parts"].as_u64()), (Some(305), Some(300)));
    assert_eq!(plan["files"][1]["add"].as_array().unwrap().len(), 2);
    assert!(state_of(&shop.places()) != before, "a dry run changes nothing");

    let restored = shop.json(&["restore", &archive, "--yes"]);
    let safety = restored["safety_backup"].as_str().unwrap();
    assert!(safety.contains("safety_backup_before_restore_"), "{safety}");
    assert!(state_of(&shop.places()) == before);
    assert_eq!(shop.json(&["verify", safety])["counts"]["parts"], 305);
    assert_eq!(leftovers(&shop.places()), Vec::<String>::new());
}

/// Checks that `DATABASE_URL`, `STATIC_FILES_PATH` and `BACKUPS_PATH` each override one path, and that options take
/// precedence over the environment.
#[test]
fn environment_variables_override_the_default_paths() {
    let shop = Shop::new();
    let elsewhere = shop.folder.join("else where");
    let run = |args: &[&str]| {
        let mut command = shop.command(args);
        command
            .env("DATABASE_URL", format!("sqlite:///{}", elsewhere.join("shop.db").display()))
            .env("STATIC_FILES_PATH", elsewhere.join("files"))
            .env("BACKUPS_PATH", elsewhere.join("archives"));
        Ran::from(command.output().unwrap())
    };
    let ran = run(&["init"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("else where/shop.db"), "the message names the database: {}", ran.err);
    write(&elsewhere.join("files/images/a.png"), b"png");
    assert_eq!(run(&["backup", "--name", "there"]).code, 0);
    assert!(elsewhere.join("archives/there.zip").is_file());
    assert!(run(&["show", elsewhere.join("archives/there.zip").to_str().unwrap()]).out.contains("1 image"));
    assert!(!shop.data().exists(), "nothing is written to the default paths");

    let other = shop.folder.join("other");
    assert_eq!(run(&["backup", "--backups", other.to_str().unwrap(), "--name", "x"]).code, 0);
    assert!(other.join("x.zip").is_file());

    // A relative path is below the working folder, as in the original.
    let mut command = shop.command(&["init"]);
    let ran = Ran::from(command.env("DATABASE_URL", "sqlite:///near.db").output().unwrap());
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(shop.folder.join("near.db").is_file());
    let mut command = shop.command(&["init"]);
    let ran = Ran::from(command.env("DATABASE_URL", "postgres://u:secret@h/d").output().unwrap());
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("PostgreSQL is not supported") && !ran.err.contains("secret"), "{}", ran.err);
}

#[test]
fn global_options_may_come_before_or_after_the_command() {
    let shop = Shop::new();
    let folder = shop.folder.join("mine");
    let path = folder.to_str().unwrap();
    assert_eq!(shop.run(&["--data-dir", path, "init"]).code, 0);
    assert_eq!(shop.run(&["list", "--data-dir", path, "--json"]).code, 0);
    assert!(folder.join("makers_matrix.db").is_file());
}

#[test]
fn each_wrong_input_has_its_own_message_and_code() {
    let shop = Shop::populated();
    let archive = shop.json(&["backup", "--name", "good"])["archive"].as_str().unwrap().to_owned();
    let bytes = fs::read(&archive).unwrap();
    let file = |name: &str, content: &[u8]| {
        let path = shop.folder.join(name);
        write(&path, content);
        path.to_str().unwrap().to_owned()
    };
    let mut wrong_hash = bytes.clone();
    damage(&mut wrong_hash);
    let cases: Vec<(Vec<String>, i32, &str)> = vec![
        (vec!["nowhere.zip".into()], 3, "there is no archive nowhere.zip, neither"),
        (vec![shop.folder.to_str().unwrap().into()], 2, "is a folder, not an archive"),
        (vec![file("empty.zip", b"")], 4, "the file is empty"),
        (vec![file("text.zip", b"hello\n")], 4, "it looks like a text file"),
        (vec![file("half.zip", &bytes[..bytes.len() / 2])], 5, "the file is truncated"),
        (vec![file("flip.zip", &wrong_hash)], 5, "\"makers_matrix.db\""),
        (vec![shop.places().database.to_str().unwrap().into()], 4, "a SQLite database, not a backup of one"),
    ];
    let before = state_of(&shop.places());
    for (file, code, words) in cases {
        for command in [&["verify"][..], &["restore", "--yes"]] {
            let args: Vec<&str> = command.iter().copied().chain(file.iter().map(String::as_str)).collect();
            let ran = shop.run(&args);
            assert_eq!(ran.code, code, "{args:?}: {}", ran.err);
            assert!(ran.err.contains(words), "{args:?}: {}", ran.err);
            assert!(ran.out.is_empty());
        }
    }
    for (args, code, words) in [
        (&["backup", "--name", "a/b"][..], 2, "is not a valid name for a backup"),
        (&["backup", "--name", "good"], 2, "already exists"),
        (&["backup", "--name", &"x".repeat(228)], 2, "names have 1 to 227 letters"),
        (&["backup", "--name", &"x".repeat(240)], 2, "is not a valid name for a backup"),
        (&["backup", "--include-env"], 2, "the backup is not encrypted. Encrypt it"),
        (&["backup", "--include-env", "--force"], 3, "there is no"),
        (&["backup", "--force"], 2, "--include-env"),
        (&["restore", &archive], 2, "there is no terminal to ask on"),
        (&["frobnicate"], 2, "unrecognized subcommand"),
        (&["backup", "--data-dir", "nothing-here"], 3, "there is no database at nothing-here"),
        (&["backup", "--output", "/proc/nope"], 3, "the folder /proc/nope does not exist"),
    ] {
        let ran = shop.run(args);
        assert_eq!(ran.code, code, "{args:?}: {}", ran.err);
        assert!(ran.err.contains(words), "{args:?}: {}", ran.err);
    }
    assert!(state_of(&shop.places()) == before, "none of the commands changed anything");
    assert!(!shop.folder.join("nothing-here").exists());

    let ran = shop.run(&["verify", "nowhere.zip", "--json"]);
    let error: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, error["exit_code"].as_u64()), (3, Some(3)));
    assert!(ran.err.is_empty());
}

#[test]
fn a_database_of_another_program_is_neither_backed_up_nor_changed() {
    let shop = Shop::new();
    fs::create_dir_all(shop.data()).unwrap();
    let database = shop.places().database;
    rusqlite::Connection::open(&database).unwrap().execute_batch("CREATE TABLE songs (title)").unwrap();
    let before = fs::read(&database).unwrap();
    for command in ["backup", "init"] {
        let ran = shop.run(&[command]);
        assert_eq!(ran.code, 4, "{}", ran.err);
        assert!(ran.err.contains("is not a MakerMatrix database (its tables: songs)"), "{}", ran.err);
    }
    assert_eq!(fs::read(&database).unwrap(), before);
    fs::write(&database, b"plain text").unwrap();
    let ran = shop.run(&["init"]);
    assert_eq!(ran.code, 5, "{}", ran.err);
    assert!(ran.err.contains("is in the way"), "{}", ran.err);
}

#[test]
fn b17_a_second_backup_or_restore_reports_that_another_one_is_running() {
    let shop = Shop::populated();
    let lock = fs::File::create(shop.data().join("makers_matrix.db.lock")).unwrap();
    lock.lock().unwrap();
    for args in [&["backup"][..], &["restore", "--yes", "x.zip"]] {
        if args[0] == "restore" {
            let made = shop.folder.join("x.zip");
            drop(lock.unlock());
            fs::copy(shop.json(&["backup"])["archive"].as_str().unwrap(), made).unwrap();
            lock.lock().unwrap();
        }
        let ran = shop.run(args);
        assert_eq!(ran.code, 6, "{args:?} {}", ran.err);
        assert!(ran.err.contains("another backup or restore of this inventory is running"), "{}", ran.err);
    }
}

/// Checks promise 6: the data can be recovered without this program.
#[test]
fn unzip_and_sha256sum_open_and_check_an_archive() {
    let shop = Shop::populated();
    let noisy = testkit::generators::noise(3 << 20, 9);
    write(&shop.data().join("static/datasheets/sub/Größe Ω.pdf"), &noisy);
    write(&shop.data().join("static/images/Maß: 5 Ω.png"), b"png");
    let archive = shop.json(&["backup"])["archive"].as_str().unwrap().to_owned();
    let out = shop.folder.join("unpacked");
    let tool = |program: &str, args: &[&str]| {
        let mut command = Command::new(program);
        // unzip uses the encoding of the locale for names.
        command.args(args).env("LC_ALL", "C.UTF-8");
        if out.exists() {
            command.current_dir(&out);
        }
        let ran = command.output().unwrap_or_else(|error| panic!("{program}: {error}"));
        assert!(ran.status.success(), "{program}: {}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).unwrap()
    };
    tool("unzip", &["-q", &archive, "-d", out.to_str().unwrap()]);
    let checked = tool("sha256sum", &["-c", "--strict", "SHA256SUMS"]);
    assert_eq!(checked.lines().filter(|line| line.ends_with(": OK")).count(), 7, "{checked}");
    assert_eq!(tool("sqlite3", &["makers_matrix.db", "SELECT count(*) FROM partmodel"]).trim(), "300");
    assert_eq!(tool("sqlite3", &["makers_matrix.db", "PRAGMA journal_mode"]).trim(), "delete");
    assert!(fs::read(out.join("datasheets/sub/Größe Ω.pdf")).unwrap() == noisy);
    let python = "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print(len(z.namelist()))";
    if Command::new("python3").arg("--version").output().is_ok() {
        assert_eq!(tool("python3", &["-c", python, &archive]).trim(), "8");
    }
}

/// Restores an archive like those of the original, with a byte copy of a database in WAL mode, over a live database with
/// another page size.
#[test]
fn a_zipped_wal_database_replaces_one_with_another_page_size() {
    let shop = Shop::populated();
    let run = |path: &std::path::Path, sql: &str| {
        rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap()
    };
    let copy = shop.folder.join("makers_matrix.db");
    fs::copy(&shop.places().database, &copy).unwrap();
    run(&copy, "PRAGMA journal_mode = WAL; DELETE FROM mm_restore");
    assert!(
        Command::new("zip")
            .args(["-q", "old.zip", "makers_matrix.db"])
            .current_dir(&shop.folder)
            .status()
            .unwrap()
            .success()
    );
    run(
        &shop.places().database,
        "PRAGMA journal_mode = DELETE; PRAGMA page_size = 8192; VACUUM; DELETE FROM partmodel WHERE 0",
    );
    let ran = shop.run(&["restore", "old.zip", "--yes"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let page_size: i64 = rusqlite::Connection::open(shop.places().database)
        .unwrap()
        .query_row("PRAGMA page_size", [], |row| row.get(0))
        .unwrap();
    assert_eq!(page_size, 8192);
    assert_eq!(state_of(&shop.places()).tables["partmodel"].0, 300);
}

#[test]
fn the_demo_succeeds_and_cleans_up() {
    let shop = Shop::new();
    let mut command = shop.command(&["demo", "--json"]);
    let scratch = shop.folder.join("tmp");
    fs::create_dir(&scratch).unwrap();
    let ran = Ran::from(command.env("TMPDIR", &scratch).output().unwrap());
    assert_eq!(ran.code, 0, "{}", ran.out);
    let shown: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((shown["proven"].as_bool(), shown["files"].as_u64()), (Some(true), Some(4)));
    assert_eq!(fs::read_dir(&scratch).unwrap().count(), 0);
    assert!(!shop.data().exists());
    let ran = shop.run(&["demo"]);
    let steps =
        ["1. Populate", "2. Back it up", "3. Verify", "4. Damage", "5. Restore", "6. Prove it", "Proven: "];
    let found: Vec<Option<usize>> = steps.iter().map(|step| ran.out.find(step)).collect();
    assert!(found.iter().all(Option::is_some) && found.is_sorted(), "{}", ran.out);
}

/// Checks that a drill reports whether each archive is proven, and fails if one is not.
#[test]
fn a_drill_proves_archives_and_fails_if_one_cannot_be_proven() {
    let shop = Shop::populated();
    let ran = shop.run(&["drill"]);
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(ran.err.contains("there is no backup in"), "{}", ran.err);
    let before = state_of(&shop.places());
    let older = shop.json(&["backup", "--name", "older"])["archive"].as_str().unwrap().to_owned();
    let newer = shop.json(&["backup", "--name", "newer"])["archive"].as_str().unwrap().to_owned();

    let drilled = shop.json(&["drill"]);
    assert_eq!(drilled["drilled"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&drilled["drilled"][0]["archive"], &drilled["drilled"][0]["proven"]),
        (&json!(newer), &json!(true))
    );
    assert_eq!((&drilled["drilled"][0]["files"], &drilled["drilled"][0]["tables"]), (&json!(3), &json!(44)));
    let listed = shop.json(&["list"]);
    assert!(listed["archives"][0]["proven_at"].is_string() && listed["archives"][1]["proven_at"].is_null());
    assert!(shop.run(&["list"]).out.contains("not proven"));
    assert!(shop.json(&["show", &newer])["proven"]["restore_seconds"].is_number());

    let ran = shop.run(&["drill", "--all"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(ran.out.matches(": proven\n").count(), 2, "{}", ran.out);

    let mut bytes = fs::read(&older).unwrap();
    damage(&mut bytes);
    fs::write(&older, bytes).unwrap();
    let ran = shop.run(&["drill", "--all"]);
    assert_eq!(ran.code, 5, "{}", ran.err);
    assert!(ran.out.contains("NOT PROVEN") && ran.out.contains("newer.zip: proven"), "{}", ran.out);
    assert!(ran.err.contains("1 of 2 archives"), "{}", ran.err);
    let ran = shop.run(&["drill", "--all", "--json"]);
    let value: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, value["drilled"].as_array().unwrap().len()), (5, 2));
    let ran = shop.run(&["drill", &older]);
    assert_eq!((ran.code, ran.out.as_str()), (5, ""));
    assert!(ran.err.contains("makers_matrix.db"), "{}", ran.err);

    // A rescue archive of a damaged database is not a backup, so it does not fail the drill.
    fs::remove_file(&older).unwrap();
    let live = shop.places().database;
    fs::write(&live, b"this was a database").unwrap();
    ["-wal", "-shm"].iter().for_each(|end| drop(fs::remove_file(durable::with_suffix(&live, end))));
    shop.json(&["restore", &newer, "--yes"]);
    let aside = fs::read_dir(shop.data()).unwrap().map(|entry| entry.unwrap().path());
    aside
        .filter(|path| path.to_string_lossy().contains(".damaged-"))
        .for_each(|path| fs::remove_file(path).unwrap());
    let ran = shop.run(&["drill", "--all"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("Passed over: ") && ran.out.contains("newer.zip: proven"), "{}", ran.out);

    let elsewhere = shop.folder.join("scratch");
    fs::create_dir(&elsewhere).unwrap();
    assert_eq!(shop.run(&["drill", &newer, "--scratch", elsewhere.to_str().unwrap()]).code, 0);
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
    assert!(state_of(&shop.places()) == before);
    assert_eq!(leftovers(&shop.places()), Vec::<String>::new());
}

#[test]
fn errors_of_an_unwritable_backup_folder_and_a_full_disk_are_specific() {
    let shop = Shop::populated();
    // Root may write anywhere, so a file in place of the folder simulates an unwritable folder.
    write(&shop.folder.join("file"), b"");
    let ran = shop.run(&["backup", "--output", shop.folder.join("file/below").to_str().unwrap()]);
    assert_eq!(ran.code, 7, "{}", ran.err);
    assert!(ran.err.contains("cannot create") && ran.err.contains("file/below"), "{}", ran.err);
    // Standard output is redirected to a device that is always full.
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = shop.command(&["list"]);
    let status = command.stdout(full).stderr(std::process::Stdio::null()).status().unwrap();
    assert_eq!(status.code(), Some(7));
}

/// Guards against a defect: names of files and texts of untrusted manifests were printed unescaped, so they could control
/// the terminal.
#[test]
fn control_sequences_in_names_are_escaped() {
    let shop = Shop::populated();
    write(&shop.data().join("static/images/\u{1b}[2Jgone\u{9b}31m.png"), b"one");
    let made = shop.run(&["backup", "--name", "first"]);
    let shown = shop.run(&["show", "data/backups/first.zip"]);
    let shown_name = "images/\\u{1b}[2Jgone\\u{9b}31m.png";
    for (text, where_) in [(&made.err, "note"), (&shown.out, "list")] {
        assert!(text.contains(shown_name), "{where_}: {text:?}");
        assert!(!text.contains(['\u{1b}', '\u{9b}']), "{where_}: {text:?}");
    }
}
