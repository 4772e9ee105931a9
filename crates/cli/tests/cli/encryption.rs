//! Tests encrypted backups through the command line: keys, prompts, the emergency kit, exit codes, and the
//! interoperability with the program `age`.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use testkit::skipped;
use testkit::state_of;

use crate::support::{Ran, Shop, write};

/// Creates a key file, and returns its path and the public key.
fn key(shop: &Shop, name: &str) -> (String, String) {
    let file = shop.folder.join(name).to_str().unwrap().to_owned();
    let made = shop.json(&["key", "new", "--output", &file]);
    (file, made["recipient"].as_str().unwrap().to_owned())
}

fn has(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok();
    if !found {
        skipped(&format!("{program} is not installed"));
    }
    found
}

fn encrypted(shop: &Shop, recipient: &str) -> String {
    shop.json(&["backup", "--recipient", recipient])["archive"].as_str().unwrap().to_owned()
}

#[test]
fn wrong_key_no_key_damaged_and_truncated_are_four_different_errors() {
    let shop = Shop::populated();
    let (mine, recipient) = key(&shop, "mine.txt");
    let (other, _) = key(&shop, "other.txt");
    let archive = encrypted(&shop, &recipient);
    let bytes = fs::read(&archive).unwrap();
    let put = |name: &str, bytes: &[u8]| {
        let path = shop.folder.join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let mut changed = bytes.clone();
    changed[bytes.len() / 2] ^= 1;
    let (damaged, truncated) = (put("damaged", &changed), put("truncated", &bytes[..bytes.len() * 2 / 3]));
    let before = state_of(&shop.places());
    for (archive, key, code, words) in [
        (&archive, Some(&other), 8, "none of the keys given opens it"),
        (&archive, None, 8, "no key was given. Give one with --identity FILE"),
        (&damaged, Some(&mine), 5, "the encrypted bytes have been changed or damaged"),
        (&truncated, Some(&mine), 5, "the file is truncated"),
    ] {
        for command in [&["verify", archive][..], &["restore", archive, "--yes"], &["drill", archive]] {
            let key = key.map_or_else(Vec::new, |key| vec!["--identity", key.as_str()]);
            let ran = shop.run(&[command, &key].concat());
            assert_eq!(ran.code, code, "{command:?}: {}", ran.err);
            assert!(ran.err.contains(words), "{command:?}: {}", ran.err);
        }
    }
    assert!(state_of(&shop.places()) == before);
    assert_eq!(shop.run(&["verify", &archive, "--identity", &mine]).code, 0);
}

#[test]
fn show_and_list_work_without_a_key_and_show_no_secrets() {
    let shop = Shop::populated();
    let (mine, recipient) = key(&shop, "mine.txt");
    let archive = encrypted(&shop, &recipient);
    let shown = shop.json(&["show", &archive]);
    assert_eq!(shown["encrypted"], "age, for one key");
    assert!(shown["verified_at"].is_string() && shown["size"].as_u64().unwrap() > 1000);
    assert!(shown.get("counts").is_none() && shown.get("files").is_none());
    let text = shop.run(&["show", &archive]).out;
    assert!(text.contains("not shown without the key (--identity or --passphrase-file)"), "{text}");
    let with_key = shop.json(&["show", &archive, "--identity", &mine]);
    assert_eq!(with_key["counts"]["parts"], 300);
    let listed = shop.json(&["list"]);
    assert_eq!(
        (&listed["archives"][0]["encrypted"], &listed["archives"][0]["counts"]),
        (&shown["encrypted"], &serde_json::Value::Null)
    );
    assert_eq!(shop.json(&["list", "--identity", &mine])["archives"][0]["counts"]["parts"], 300);

    let checked = shop.json(&["key", "check", &mine]);
    assert_eq!(
        (checked["archive"].as_str(), checked["recipient"].as_str()),
        (Some(&*archive), Some(&*recipient))
    );
    assert!(shop.json(&["list"])["archives"][0]["key_checked_at"].is_string());
    let (other, _) = key(&shop, "other.txt");
    let ran = shop.run(&["key", "check", &other]);
    assert_eq!(ran.code, 8, "{}", ran.err);
    let ran = Shop::populated().run(&["key", "check", &mine]);
    assert_eq!((ran.code, ran.err.contains("no archive in")), (3, true), "{}", ran.err);
}

#[test]
fn a_new_key_is_private_and_the_emergency_kit_is_complete() {
    let shop = Shop::new();
    let (file, recipient) = key(&shop, "key.txt");
    let private = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o077 == 0;
    assert!(private(Path::new(&file)));
    let text = fs::read_to_string(&file).unwrap();
    let secret = text.lines().last().unwrap();
    assert!(secret.starts_with("AGE-SECRET-KEY-1") && text.contains(&recipient), "as age-keygen writes it");
    let again = shop.run(&["key", "new", "--output", &file]);
    assert_eq!((again.code, again.err.contains("exists already")), (2, true), "{}", again.err);
    assert_eq!(fs::read_to_string(&file).unwrap(), text, "a key is never overwritten");
    let second = shop.folder.join("second.txt");
    let again = shop.run(&["key", "new", "--output", second.to_str().unwrap(), "--kit", &file]);
    assert_eq!((again.code, second.exists()), (2, false), "no key is written without its kit");

    let kit = shop.run(&["key", "new"]);
    assert_eq!(kit.code, 0);
    for words in [
        "AGE-SECRET-KEY-1",
        "age1",
        "█",
        "age -d -i key.txt -o backup.zip NAME.zip.age",
        "sha256sum -c SHA256SUMS",
        "required = true",
    ] {
        assert!(kit.out.contains(words), "{words} is missing: {}", kit.out);
    }
    let page = shop.folder.join("kit.html");
    let made = shop.json(&["key", "new", "--kit", page.to_str().unwrap()]);
    assert!(made["identity"].is_null(), "the key is on the page, and nowhere else");
    assert!(private(&page));
    let html = fs::read_to_string(&page).unwrap();
    for words in [
        "<!doctype html>",
        "<svg",
        "AGE-SECRET-KEY-1",
        made["recipient"].as_str().unwrap(),
        "&amp;&amp; sha256sum",
    ] {
        assert!(html.contains(words), "{words}");
    }
    assert!(shop.json(&["key", "new"])["identity"].as_str().unwrap().starts_with("AGE-SECRET-KEY-1"));
}

#[test]
fn the_configuration_encrypts_every_backup_or_refuses_it() {
    let shop = Shop::populated();
    let plain = shop.json(&["backup", "--name", "plain"])["archive"].as_str().unwrap().to_owned();
    let (mine, recipient) = key(&shop, "mine.txt");
    let config = shop.data().join("makermatrix.toml");
    let configure = |text: &str| fs::write(&config, text).unwrap();

    configure("[backup.encryption]\nrequired = true\n");
    for command in [&["backup"][..], &["restore", &plain, "--yes"]] {
        let ran = shop.run(command);
        assert_eq!(ran.code, 9, "{command:?}: {}", ran.err);
        assert!(ran.err.contains("no recipients are configured"), "{}", ran.err);
    }
    // An older database is migrated only after a backup.
    let database = rusqlite::Connection::open(shop.places().database).unwrap();
    let newest = *inventory::migration::names().last().unwrap();
    database.execute("DELETE FROM mm_migrations WHERE version = ?1", [newest]).unwrap();
    let ran = shop.run(&["init"]);
    assert_eq!(ran.code, 9, "{}", ran.err);

    configure(&format!("[backup.encryption]\nrecipients = [\"{recipient}\"]\nrequired = true\n"));
    assert_eq!(shop.run(&["init"]).code, 0);
    let ran = shop.run(&["backup", "--no-encryption"]);
    assert_eq!(ran.code, 9, "{}", ran.err);
    let made = shop.json(&["backup", "--name", "safe"]);
    assert_eq!(
        (made["encrypted"].as_str(), made["archive"].as_str().unwrap().ends_with("safe.zip.age")),
        (Some("age, for one key"), true)
    );
    let restored = shop.json(&["restore", &plain, "--yes"]);
    let safety = restored["safety_backup"].as_str().unwrap();
    assert_eq!(shop.run(&["verify", safety, "--identity", &mine]).code, 0);
    let names: Vec<String> = fs::read_dir(shop.places().backups)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    let unprotected = |name: &&String| name.ends_with(".zip") && *name != "plain.zip";
    assert_eq!(names.iter().find(unprotected), None);

    // An invalid configuration is an error, since it might require encryption.
    for (text, words) in [
        ("[backup.encrypton]\nrequired = true\n", "line 1: unknown field"),
        (
            "[backup.encryption]\nrecipients = [\"AGE-SECRET-KEY-1HUSHHUSH\"]\n",
            "recipient 1: that is a secret key",
        ),
        ("[backup.encryption]\nrecipients = [\"age1nonsense\"]\n", "recipient 1: it is not a whole key"),
        (
            "[backup.encryption]\nrecipients = \"AGE-SECRET-KEY-1HUSHHUSH\"\n",
            "line 2: this value is not allowed here",
        ),
        ("[backup.encryption]\nrequired = \"HUSHHUSH\"\n", "line 2: this value is not allowed here"),
        ("[backup.encryption]\nAGE-SECRET-KEY-1HUSHHUSH = 1\n", "line 2: this value is not allowed here"),
        ("[backup.encryption\n", "line 1"),
    ] {
        configure(text);
        let ran = shop.run(&["backup"]);
        assert_eq!(ran.code, 2, "{}", ran.err);
        assert!(ran.err.contains(words) && !ran.err.contains("HUSHHUSH"), "{}", ran.err);
    }
    // An unreachable configuration is an error as well, and the working folder makes no difference.
    fs::remove_file(&config).unwrap();
    std::os::unix::fs::symlink("not-mounted/makermatrix.toml", &config).unwrap();
    let ran = shop.run(&["backup"]);
    assert_eq!(ran.code, 3, "{}", ran.err);
    fs::remove_file(&config).unwrap();
    configure("[backup.encryption]\nrequired = true\n");
    let url = format!("sqlite:///{}", shop.places().database.display());
    let elsewhere = |args: &[&str]| {
        shop.run(&[&["backup", "--data-dir", "elsewhere", "--database-url", &url], args].concat())
    };
    assert_eq!(elsewhere(&[]).code, 9, "the configuration beside the database applies");
    write(&shop.folder.join("elsewhere/makermatrix.toml"), b"");
    let ran = elsewhere(&[]);
    assert_eq!((ran.code, ran.err.contains("choose one of them")), (2, true), "{}", ran.err);
    assert_eq!(elsewhere(&["--config", "elsewhere/makermatrix.toml"]).code, 0);
    let named = shop.command(&["backup"]).env("MAKERMATRIX_CONFIG", "elsewhere/makermatrix.toml").output();
    assert_eq!(Ran::from(named.unwrap()).code, 0, "the variable is used");
    let ran = shop.run(&["backup", "--config", "nowhere.toml"]);
    assert_eq!(ran.code, 3, "{}", ran.err);
}

#[test]
fn invalid_keys_and_passphrases_have_specific_errors_that_do_not_repeat_them() {
    let shop = Shop::populated();
    let (mine, recipient) = key(&shop, "mine.txt");
    let secret = fs::read_to_string(&mine).unwrap().lines().last().unwrap().to_owned();
    let file = |name: &str, text: &str| {
        write(&shop.folder.join(name), text.as_bytes());
        name.to_owned()
    };
    let public = file("public.txt", &format!("{recipient}\n"));
    let archive = encrypted(&shop, &recipient);
    for (args, words) in [
        (vec!["backup", "--recipient", &secret], "that is a secret key"),
        (vec!["backup", "--recipient", "age1short"], "it is not a whole key"),
        (vec!["backup", "--recipients-file", &mine], "line 3: that is a secret key"),
        (vec!["backup", "--recipients-file", &file("none.txt", "# nobody\n\n")], "holds no key"),
        (vec!["backup", "--passphrase-file", &file("empty.txt", "\u{feff}\n")], "is empty: no passphrase"),
        (vec!["backup", "--passphrase"], "there is no terminal to ask"),
        (vec!["backup", "-p", &secret], "--passphrase takes no value"),
        (vec!["backup", &format!("--passphrase={secret}")], "--passphrase takes no value"),
        (vec!["verify", &archive, "--identity", &public], "that is a public key"),
    ] {
        let ran = shop.run(&args);
        assert_eq!(ran.code, 2, "{args:?}: {}", ran.err);
        assert!(ran.err.contains(words), "{args:?}: {}", ran.err);
        assert!(!ran.err.contains(&secret), "{}", ran.err);
    }
    // Valid keys: a file of recipients together with a recipient option.
    let (other, second) = key(&shop, "other.txt");
    let made = shop.json(&["backup", "--recipients-file", &public, "--recipient", &second]);
    assert_eq!(made["encrypted"], "age, for 2 keys");
    for identity in [&mine, &other] {
        shop.json(&["verify", made["archive"].as_str().unwrap(), "--identity", identity]);
    }
    // A secret in place of a file name is not repeated either.
    for args in [
        vec!["verify", &archive, "--identity", &secret],
        vec!["verify", &archive, "--passphrase-file", &secret],
        vec!["backup", "--recipients-file", &secret],
        vec!["key", "check", &secret],
    ] {
        let ran = shop.run(&args);
        assert_eq!(ran.code, 3, "{args:?}: {}", ran.err);
        assert!(ran.err.contains("name of a file") && !ran.err.contains(&secret), "{}", ran.err);
    }
}

#[test]
fn a_file_of_recipients_may_have_a_bom_crlf_line_ends_and_comments() {
    let shop = Shop::populated();
    let (mine, recipient) = key(&shop, "mine.txt");
    let (other, second) = key(&shop, "other.txt");
    let text = format!("\u{feff}# mine and theirs\r\n{recipient} # the laptop\r\n\r\n  {second}#tablet\r\n");
    write(&shop.folder.join("recipients"), text.as_bytes());
    let made = shop.json(&["backup", "--recipients-file", "recipients"]);
    assert_eq!(made["encrypted"], "age, for 2 keys");
    let secret = fs::read_to_string(&other).unwrap().lines().last().unwrap().to_owned();
    write(&shop.folder.join("secret"), format!("\u{feff}{secret} # other\r\n").as_bytes());
    for identity in [&mine, "secret"] {
        shop.json(&["verify", made["archive"].as_str().unwrap(), "--identity", identity]);
    }
}

#[test]
fn an_ssh_key_is_refused_with_a_hint_at_the_supported_keys() {
    let shop = Shop::populated();
    let ssh = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN me@there";
    write(&shop.folder.join("id.pub"), ssh.as_bytes());
    let private = "-----BEGIN OPENSSH PRIVATE KEY-----\nHUSHHUSH\n-----END OPENSSH PRIVATE KEY-----\n";
    write(&shop.folder.join("id"), private.as_bytes());
    let plugin = "age1yubikey1q2w7u3vpya839jxxuq8g0sedh3d740d4xvn639sqhr95ejj8vu3hyfumptt";
    for args in [
        &["backup", "-r", ssh][..],
        &["backup", "-r", plugin],
        &["backup", "-R", "id.pub"],
        &["verify", "x.zip.age", "-i", "id"],
        &["key", "check", "id"],
    ] {
        if args[0] == "verify" {
            write(&shop.folder.join("x.zip.age"), b"age-encryption.org/v1\n");
        }
        let ran = shop.run(args);
        assert_eq!(ran.code, 2, "{args:?}: {}", ran.err);
        assert!(ran.err.contains("Only the native keys of age are supported"), "{args:?}: {}", ran.err);
        assert!(!ran.err.contains("HUSHHUSH"), "{}", ran.err);
    }
}

/// Guards against a defect: the key was written without the kit, and the next attempt was refused because of the key.
#[test]
fn a_key_whose_kit_cannot_be_written_is_removed() {
    let shop = Shop::new();
    let ran = shop.run(&["key", "new", "-o", "k", "--kit", "missing/kit.html"]);
    assert_eq!(ran.code, 7, "{}", ran.err);
    assert!(ran.err.contains("missing/kit.html"), "{}", ran.err);
    assert!(!shop.folder.join("k").exists());
    let ran = shop.run(&["key", "new", "-o", "k", "--kit", "k"]);
    assert_eq!((ran.code, shop.folder.join("k").exists()), (2, false), "{}", ran.err);
    assert_eq!(shop.run(&["key", "new", "-o", "k", "--kit", "kit.html"]).code, 0);
}

/// Guards against a defect: only the first line was read, and every byte order mark at its beginning was removed.
#[test]
fn o7_a_password_may_have_several_lines_and_begin_with_a_bom() {
    let shop = Shop::populated();
    // The content of the file for encryption, of an equivalent file, and of a different one.
    for (name, file, same, other) in [
        ("lines", "first\nsecond\r\n third \r\n", "first\nsecond\r\n third ", "first"),
        ("end", "\u{feff}ends with one\n\n", "ends with one\n\r\n", "ends with one\n"),
        ("mark", "\u{feff}\u{feff}marked", "\u{feff}\u{feff}marked\n", "\u{feff}marked"),
    ] {
        write(&shop.folder.join("file"), file.as_bytes());
        shop.json(&["backup", "--name", name, "--passphrase-file", "file"]);
        write(&shop.folder.join("same"), same.as_bytes());
        shop.json(&["verify", name, "--passphrase-file", "same"]);
        write(&shop.folder.join("other"), other.as_bytes());
        let ran = shop.run(&["verify", name, "--passphrase-file", "other"]);
        assert_eq!(ran.code, 8, "{name}: all of it counts: {}", ran.err);
    }
}

#[test]
fn age_opens_our_archives_and_we_open_those_of_age() {
    if !has("age") {
        return;
    }
    let shop = Shop::populated();
    let (mine, recipient) = key(&shop, "mine.txt");
    let archive = encrypted(&shop, &recipient);
    let run = |command: &mut Command| {
        let ran = Ran::from(command.current_dir(&shop.folder).output().unwrap());
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
        ran.out
    };
    run(Command::new("age").args(["-d", "-i", &mine, "-o", "backup.zip", &archive]));
    run(Command::new("unzip").args(["-q", "backup.zip", "-d", "backup"]));
    let checked = run(Command::new("sh").args(["-c", "cd backup && sha256sum -c SHA256SUMS"]));
    assert_eq!(checked.lines().count(), 5, "{checked}");
    run(Command::new("age").args(["-r", &recipient, "-o", "theirs.age", "backup.zip"]));
    let verified = shop.json(&["verify", "theirs.age", "--identity", &mine]);
    assert_eq!(verified["counts"]["parts"], 300);
    // Also with a key made by age-keygen.
    run(Command::new("age-keygen").args(["-o", "theirs.txt"]));
    let text = fs::read_to_string(shop.folder.join("theirs.txt")).unwrap();
    let theirs = text.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap();
    let archive = encrypted(&shop, theirs);
    shop.json(&["verify", &archive, "--identity", "theirs.txt"]);
}

/// Runs a command on a pseudo-terminal, waits for each question, and types the answer.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

fn on_a_terminal(shop: &Shop, command: &Command, answers: &[(&str, &str)]) -> Ran {
    let words: Vec<_> = std::iter::once(command.get_program()).chain(command.get_args()).collect();
    let line = words.iter().map(|word| quoted(word.to_str().unwrap())).collect::<Vec<_>>().join(" ");
    let mut terminal = Command::new("script");
    terminal
        .args(["-qec", &line, "/dev/null"])
        .current_dir(&shop.folder)
        .env("MAKERMATRIX_DATA", shop.data());
    let mut child = terminal.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut keyboard, mut screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut shown = Vec::new();
    for (question, answer) in answers {
        let from = shown.len();
        while !String::from_utf8_lossy(&shown[from..]).contains(question) {
            let mut byte = [0];
            assert_eq!(screen.read(&mut byte).unwrap(), 1, "{question}: {}", String::from_utf8_lossy(&shown));
            shown.push(byte[0]);
        }
        writeln!(keyboard, "{answer}").unwrap();
    }
    screen.read_to_end(&mut shown).unwrap();
    let code = child.wait().unwrap().code().unwrap();
    Ran { code, out: String::from_utf8(shown).unwrap(), err: String::new() }
}

#[test]
fn a_passphrase_is_asked_for_on_the_terminal() {
    if !has("script") {
        return;
    }
    let shop = Shop::populated();
    let passphrase = "Ohm's law, 抵抗";
    let new = |name: &str, again: &str| {
        let command = shop.command(&["backup", "--name", name, "--passphrase"]);
        on_a_terminal(
            &shop,
            &command,
            &[("Passphrase for the archive: ", passphrase), ("Repeat the passphrase: ", again)],
        )
    };
    let ran = new("asked", passphrase);
    assert_eq!(ran.code, 0, "{}", ran.out);
    let archive = shop.places().backups.join("asked.zip.age").to_str().unwrap().to_owned();
    let question = "Passphrase of the archive: ";
    let verify = shop.command(&["verify", &archive]);
    let ran = on_a_terminal(&shop, &verify, &[(question, "a guess"), (question, passphrase)]);
    assert!(
        ran.code == 0 && ran.out.contains("That is not correct") && ran.out.contains("sound"),
        "{}",
        ran.out
    );
    let ran = new("two", "another");
    assert!(ran.code == 2 && ran.out.contains("the passphrases differ"), "{}", ran.out);
    assert!(!shop.places().backups.join("two.zip.age").exists());

    // Ctrl-C ends the program, and the terminal echoes again.
    let words = shop.command(&["verify", &archive]);
    let words: Vec<_> = std::iter::once(words.get_program()).chain(words.get_args()).collect();
    let line = words.iter().map(|word| quoted(word.to_str().unwrap())).collect::<Vec<_>>().join(" ");
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{line}; echo \"exit $?\"; stty -a")]);
    let ran = on_a_terminal(&shop, &shell, &[(question, "\u{3}")]);
    assert!(ran.out.contains("exit 130") && ran.out.contains(" echo "), "{}", ran.out);

    // Also in both directions with the program age.
    if !has("age") {
        return;
    }
    let mut decrypt = Command::new("age");
    decrypt.args(["-d", "-o", "backup.zip", &archive]);
    let ran = on_a_terminal(&shop, &decrypt, &[("Enter passphrase", passphrase)]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    let mut encrypt = Command::new("age");
    encrypt.args(["-p", "-o", "theirs.age", "backup.zip"]);
    let answers = [("Enter passphrase", passphrase), ("Confirm passphrase", passphrase)];
    let ran = on_a_terminal(&shop, &encrypt, &answers);
    assert_eq!(ran.code, 0, "{}", ran.out);
    write(&shop.folder.join("passphrase"), format!("{passphrase}\r\n").as_bytes());
    let verified = shop.json(&["verify", "theirs.age", "--passphrase-file", "passphrase"]);
    assert_eq!(verified["counts"]["parts"], 300);
}

#[test]
fn the_key_of_the_emergency_kit_can_be_typed_in() {
    if !has("script") {
        return;
    }
    let shop = Shop::populated();
    let (mine, recipient) = key(&shop, "mine.txt");
    let secret = fs::read_to_string(&mine).unwrap().lines().last().unwrap().to_owned();
    let archive = encrypted(&shop, &recipient);
    let before = state_of(&shop.places());
    let ran = on_a_terminal(
        &shop,
        &shop.command(&["restore", &archive]),
        &[("Secret key", &secret), ("[y/N]", "y")],
    );
    assert_eq!(ran.code, 0, "{}", ran.out);
    assert!(state_of(&shop.places()) == before);
}

/// Returns every file below these folders with its content.
fn everything(folders: &[PathBuf]) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = folders.to_vec();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().flatten() {
            match entry.file_type().unwrap() {
                kind if kind.is_dir() => folders.push(entry.path()),
                kind if kind.is_file() => found.push((entry.path(), fs::read(entry.path()).unwrap())),
                _ => {}
            }
        }
    }
    found
}

/// Checks that no key, passphrase or secret of the environment file remains after a run in the data folder, the archives,
/// the temporary files or the output. Secrets cannot be given as arguments or environment variables at all.
#[test]
fn no_run_leaves_a_secret_behind() {
    let shop = Shop::populated();
    let vault = shop.folder.join("vault");
    let temporary = shop.folder.join("tmp");
    fs::create_dir_all(&vault).unwrap();
    fs::create_dir_all(&temporary).unwrap();
    let mut printed = Vec::new();
    let mut run = |args: &[&str], code: i32| {
        let output = shop.command(args).env("TMPDIR", &temporary).output().unwrap();
        printed.extend([output.stdout.clone(), output.stderr.clone()].concat());
        let ran = Ran::from(output);
        assert_eq!(ran.code, code, "{args:?}: {}{}", ran.out, ran.err);
        ran.out
    };
    let path = |name: &str| vault.join(name).to_str().unwrap().to_owned();
    let (mine, other) = (path("mine.txt"), path("other.txt"));
    for file in [&mine, &other] {
        // The kit is written into the vault, since it contains the key on purpose.
        run(&["key", "new", "--output", file, "--kit", &format!("{file}.html")], 0);
    }
    let text = fs::read_to_string(&mine).unwrap();
    let secret = text.lines().last().unwrap().to_owned();
    let recipient = text.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap();
    let (passphrase, env) =
        ("a-passphrase-like-no-other-4711", "JWT_SECRET_KEY=secret-of-the-environment-4711");
    fs::write(path("passphrase"), passphrase).unwrap();
    fs::write(path("wrong"), "a-guess").unwrap();
    fs::write(
        shop.data().join("makermatrix.toml"),
        format!("backup.encryption.recipients = [\"{recipient}\"]\n"),
    )
    .unwrap();

    fs::write(shop.data().join(".env"), env).unwrap();
    run(&["backup", "--name", "one", "--include-env"], 0);
    fs::remove_file(shop.data().join(".env")).unwrap();
    run(&["backup", "--name", "two", "--passphrase-file", &path("passphrase")], 0);
    let archive = |name: &str| shop.places().backups.join(name).to_str().unwrap().to_owned();
    let (one, two) = (archive("one.zip.age"), archive("two.zip.age"));
    run(&["verify", &one, "--identity", &mine], 0);
    run(&["verify", &one, "--identity", &other], 8);
    run(&["verify", &two, "--passphrase-file", &path("passphrase")], 0);
    run(&["verify", &two, "--passphrase-file", &path("wrong")], 8);
    run(&["show", &one, "--identity", &mine, "--json"], 0);
    run(&["list", "--identity", &mine, "--passphrase-file", &path("passphrase")], 0);
    run(&["key", "check", &other], 8);
    run(&["key", "check", &mine], 0);
    run(&["drill", &one, &two, "--identity", &mine, "--passphrase-file", &path("passphrase")], 0);
    run(&["restore", &one, "--identity", &mine, "--yes"], 0);
    run(&["restore", &two, "--passphrase-file", &path("passphrase"), "--yes", "--json"], 0);

    let mut left = everything(&[shop.data(), temporary]);
    left.push(("what was printed".into(), printed));
    assert!(left.len() > 10);
    for (path, content) in left {
        for hidden in [secret.as_str(), &secret[16..50], &secret.to_lowercase(), passphrase, env] {
            let found = content.windows(hidden.len()).any(|bytes| bytes == hidden.as_bytes());
            assert!(!found, "{} holds {hidden}", path.display());
        }
    }
}

/// Checks that `verify` removes the database of a killed run, which may come from an encrypted archive, but not that
/// of a running one.
#[test]
fn verify_removes_the_leftovers_of_a_killed_run() {
    let shop = Shop::populated();
    let archive = shop.json(&["backup"])["archive"].as_str().unwrap().to_owned();
    let temporary = shop.folder.join("tmp");
    let named = |id: &str| temporary.join(format!("makermatrix.verify-{id}-89ab-cdef-0123-456789abcdef"));
    let (left, used) = (named("01234567"), named("76543210"));
    for folder in [&left, &used] {
        write(&folder.join("makers_matrix.db"), b"decrypted");
    }
    let lock = fs::File::open(&used).unwrap();
    lock.lock().unwrap();
    let ran = Ran::from(shop.command(&["verify", &archive]).env("TMPDIR", &temporary).output().unwrap());
    assert_eq!(ran.code, 0, "{}", ran.err);
    let there: Vec<_> = fs::read_dir(&temporary).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(there, [used]);
}
