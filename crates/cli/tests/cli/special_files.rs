//! Tests a named pipe in place of a file. Guards against a defect: opening the pipe blocked forever.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{Ran, Shop, write};

fn make_pipe(path: &Path) {
    let _ = fs::remove_file(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// Runs with a timeout, since the defect was to hang.
fn run(shop: &Shop, args: &[&str]) -> Ran {
    let binary = shop.command(args);
    let mut limited = Command::new("timeout");
    limited.arg("60").arg(binary.get_program()).args(binary.get_args());
    limited.env("MAKERMATRIX_DATA", shop.data()).current_dir(&shop.folder).stdin(Stdio::null());
    Ran::from(limited.output().unwrap())
}

fn refused(shop: &Shop, code: i32, args: &[&str], name: &str) {
    let ran = run(shop, args);
    assert_eq!(ran.code, code, "{args:?}: {}{}", ran.out, ran.err);
    assert!(ran.err.contains("is a named pipe") && ran.err.contains(name), "{args:?}: {}", ran.err);
}

#[test]
fn a_named_pipe_instead_of_an_archive_is_refused_at_once() {
    let shop = Shop::populated();
    shop.json(&["backup", "--name", "sound"]);
    make_pipe(&shop.folder.join("x.zip"));
    for args in [
        &["verify", "x.zip"][..],
        &["show", "x.zip"],
        &["drill", "x.zip"],
        &["restore", "x.zip", "--yes"],
        &["restore", "x.zip", "--dry-run"],
    ] {
        refused(&shop, 2, args, "x.zip");
    }
    refused(&shop, 7, &["import", "x.zip", "--yes"], "x.zip");
    let ran = run(&shop, &["verify", "/dev/null"]);
    assert!(ran.code == 2 && ran.err.contains("is a device"), "{}", ran.err);

    // Pipes among the backups: in place of an archive, a status file, and an unfinished archive.
    let backups = shop.places().backups;
    make_pipe(&backups.join("pipe.zip"));
    make_pipe(&backups.join("sound.zip.status.json"));
    make_pipe(&backups.join(".killed.zip.partial"));
    std::os::unix::fs::symlink("/dev/zero", backups.join("device.zip")).unwrap();
    let ran = run(&shop, &["list"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    for kind in ["pipe.zip is a named pipe", "device.zip is a device"] {
        assert!(ran.out.contains(kind), "{}", ran.out);
    }
    assert_eq!(run(&shop, &["backup", "--name", "next"]).code, 0);
}

#[test]
fn a_named_pipe_instead_of_the_database_is_refused_at_once() {
    let shop = Shop::populated();
    let archive = shop.json(&["backup"])["archive"].as_str().unwrap().to_owned();
    let database = shop.places().database;
    for suffix in ["-wal", "-shm"] {
        let _ = fs::remove_file(durable::with_suffix(&database, suffix));
    }
    make_pipe(&database);
    for args in
        [&["backup"][..], &["init"], &["restore", &archive, "--yes"], &["restore", &archive, "--dry-run"]]
    {
        refused(&shop, 7, args, "makers_matrix.db");
    }
    assert_eq!(run(&shop, &["list"]).code, 0);
}

#[test]
fn a_named_pipe_instead_of_a_configuration_or_a_key_is_refused_at_once() {
    let shop = Shop::populated();
    shop.json(&["backup", "--name", "x"]);
    make_pipe(&shop.folder.join("pipe"));
    refused(&shop, 7, &["verify", "data/backups/x.zip", "--identity", "pipe"], "pipe");
    refused(&shop, 7, &["verify", "data/backups/x.zip", "--passphrase-file", "pipe"], "pipe");
    refused(&shop, 7, &["backup", "--recipients-file", "pipe"], "pipe");
    refused(&shop, 7, &["key", "check", "pipe"], "pipe");
    refused(&shop, 7, &["backup", "--config", "pipe"], "pipe");
    make_pipe(&shop.data().join("makermatrix.toml"));
    refused(&shop, 7, &["backup"], "makermatrix.toml");
}

/// Reads a passphrase from standard input, like `<(pass show backup)` in a shell.
#[test]
fn a_passphrase_can_be_read_from_an_anonymous_pipe() {
    let shop = Shop::populated();
    write(&shop.folder.join("phrase"), b"correct horse");
    shop.json(&["backup", "--name", "x", "--passphrase-file", "phrase"]);
    let mut command = shop.command(&["verify", "data/backups/x.zip.age", "--passphrase-file", "/dev/stdin"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"correct horse\n").unwrap();
    assert!(child.wait().unwrap().success());
}

/// Checks that a pipe among the static files is left out and reported.
#[test]
fn a_named_pipe_among_the_static_files_is_left_out() {
    let shop = Shop::populated();
    make_pipe(&shop.places().static_files.join("images/pipe.png"));
    let ran = run(&shop, &["backup"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("images/pipe.png"), "{}", ran.err);
}
