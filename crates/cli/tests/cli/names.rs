//! Tests archives given by their names in `list`, and `latest`.

use std::fs;

use serde_json::json;

use crate::support::{Shop, write};

#[test]
fn a_bare_name_from_list_works_wherever_an_archive_is_asked_for() {
    let shop = Shop::populated();
    let key = shop.folder.join("key.txt").to_str().unwrap().to_owned();
    let recipient = shop.json(&["key", "new", "-o", &key])["recipient"].as_str().unwrap().to_owned();
    shop.json(&["backup", "--name", "plain"]);
    shop.json(&["backup", "--name", "secret", "-r", &recipient]);
    let backups = shop.places().backups;
    for (name, file) in [
        ("plain", "plain.zip"),
        ("plain.zip", "plain.zip"),
        ("secret", "secret.zip.age"),
        ("secret.zip", "secret.zip.age"),
        ("secret.zip.age", "secret.zip.age"),
    ] {
        let file = json!(backups.join(file));
        let opened = |command: &[&str]| shop.json(&[command, &[name, "-i", &key]].concat());
        assert_eq!(opened(&["verify"])["archive"], file, "{name}");
        assert_eq!(opened(&["show"])["archive"], file, "{name}");
        assert_eq!(opened(&["drill"])["drilled"][0]["archive"], file, "{name}");
        assert_eq!(opened(&["restore", "--dry-run"])["archive"], file, "{name}");
    }
    assert_eq!(
        shop.json(&["key", "check", &key, "secret"])["archive"],
        json!(backups.join("secret.zip.age"))
    );
    assert_eq!(shop.json(&["restore", "plain", "--yes"])["archive"], json!(backups.join("plain.zip")));
}

#[test]
fn an_existing_file_takes_precedence_and_ambiguous_names_are_refused() {
    let shop = Shop::populated();
    shop.json(&["backup", "--name", "one"]);
    let made = shop.json(&["backup", "--name", "two"])["archive"].as_str().unwrap().to_owned();
    fs::copy(&made, shop.folder.join("one.zip")).unwrap();
    assert_eq!(
        shop.json(&["verify", "one.zip"])["archive"],
        "one.zip",
        "the file in the working folder is used"
    );
    // A folder is not an archive, so it does not make a name ambiguous.
    fs::create_dir(shop.folder.join("two")).unwrap();
    assert_eq!(shop.json(&["verify", "two"])["archive"], json!(made));

    fs::copy(&made, shop.places().backups.join("one.zip.age")).unwrap();
    let ran = shop.run(&["verify", "one"]);
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(ran.err.contains("one.zip, ") && ran.err.contains("one.zip.age"), "both are named: {}", ran.err);
    assert_eq!(shop.json(&["verify", "one.zip.age"])["sound"], true);

    for (name, words) in [
        ("three", "there is no archive three, neither"),
        ("data/backups/three.zip", "data/backups/three.zip: no such file"),
        ("one.txt", "there is no archive one.txt, neither"),
    ] {
        let ran = shop.run(&["verify", name]);
        assert_eq!((ran.code, ran.err.contains(words)), (3, true), "{name}: {}", ran.err);
    }
    let ran = shop.run(&["verify", "restores.json"]);
    assert_eq!(ran.code, 3, "only archives are found by name: {}", ran.err);
}

/// Guards against a defect: names of 240 characters and more failed at the end, since files beside an archive have longer
/// names.
#[test]
fn the_longest_name_that_is_accepted_can_be_used() {
    let shop = Shop::populated();
    let longest = "x".repeat(227);
    shop.json(&["backup", "--name", &longest]);
    assert_eq!(shop.json(&["verify", &longest])["sound"], true);
}

/// Checks that `latest` uses the time in the archive, not that of the file, which a copy changes. It never selects a safety
/// backup or an unusable archive.
#[test]
fn latest_is_the_newest_requested_backup() {
    let shop = Shop::populated();
    let ran = shop.run(&["verify", "latest"]);
    assert_eq!((ran.code, ran.err.contains("there is no backup in")), (3, true), "{}", ran.err);
    let first = shop.json(&["backup", "--name", "zz_first"])["archive"].clone();
    assert_eq!(shop.json(&["verify", "latest"])["archive"], first);
    let second = shop.json(&["backup", "--name", "second"])["archive"].clone();
    shop.json(&["restore", first.as_str().unwrap(), "--yes"]);
    let backups = shop.places().backups;
    write(&backups.join("zzz_damaged.zip"), b"this was an archive");
    // The file is touched, but its content is as old as before.
    let bytes = fs::read(first.as_str().unwrap()).unwrap();
    fs::write(first.as_str().unwrap(), bytes).unwrap();
    assert_eq!(shop.json(&["verify", "latest"])["archive"], second);
    assert_eq!(shop.json(&["drill"])["drilled"][0]["archive"], second);
    assert_eq!(shop.json(&["restore", "latest", "--dry-run"])["archive"], second);

    let ran = shop.run(&["backup", "--name", "latest"]);
    assert_eq!((ran.code, ran.err.contains("no backup can have that name")), (2, true), "{}", ran.err);
    fs::rename(backups.join("second.zip"), backups.join("latest.zip")).unwrap();
    assert_eq!(shop.json(&["show", "latest"])["archive"], json!(backups.join("latest.zip")));
    shop.json(&["backup", "--name", "third"]);
    let ran = shop.run(&["show", "latest"]);
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(ran.err.contains("latest.zip, ") && ran.err.contains("third.zip"), "{}", ran.err);
}
