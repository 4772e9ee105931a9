//! Runs the commands of a page in sequence in one folder, and compares their output with the page.
//!
//! `MAKERMATRIX_TOUR=write` rewrites the page from the actual output. Review the difference like code.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::Shop;

/// The folder of the original on a page.
const ORIGINAL: &str = "/srv/makermatrix";
/// The line that stands for lines that a page leaves out.
const OMITTED: &str = "[…as before]\n";

/// Returns the folder that stands for [`ORIGINAL`].
pub(crate) fn original_of(shop: &Shop) -> PathBuf {
    shop.folder.join("srv/makermatrix")
}

/// Runs all commands in the `console` blocks of a page. Fails if the output is not that of the page.
pub(crate) fn assert_page_is_true(page: &str, shop: &Shop) {
    assert_page_is_true_with(page, shop, &[(ORIGINAL, &original_of(shop).display().to_string())]);
}

/// The same for a page with words that stand for others, such as an address.
pub(crate) fn assert_page_is_true_with(page: &str, shop: &Shop, words: &[(&str, &str)]) {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(page);
    let text = fs::read_to_string(&page).unwrap();
    let mut commands = 0;
    let mut written = String::new();
    let mut differences = Vec::new();
    for part in parts(&text) {
        match part {
            Part::Prose(line) => written.push_str(&format!("{line}\n")),
            Part::Command { command, expected } => {
                commands += 1;
                let printed = run(shop, &command, words);
                if same(&printed, &expected) {
                    written.push_str(&format!("$ {command}\n{expected}"));
                } else {
                    differences.push(format!("$ {command}\n--- the page\n{expected}--- printed\n{printed}"));
                    written.push_str(&format!("$ {command}\n{printed}"));
                }
            }
        }
    }
    assert!(commands > 2, "the page has commands");
    if env::var_os("MAKERMATRIX_TOUR").is_some_and(|wish| wish == "write") {
        fs::write(&page, written).unwrap();
    } else {
        assert!(differences.is_empty(), "{}", differences.join("\n"));
        assert_eq!(written, text, "the whole page is parsed");
    }
}

enum Part {
    Prose(String),
    Command { command: String, expected: String },
}

/// Returns the lines of a page and, from its `console` blocks, each command with the lines below it.
fn parts(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if let Some(fence) = line.strip_prefix("```") {
            inside = fence == "console";
        }
        match (inside, line.strip_prefix("$ "), parts.last_mut()) {
            (true, Some(command), _) => {
                parts.push(Part::Command { command: command.to_owned(), expected: String::new() });
            }
            (true, None, Some(Part::Command { command, .. })) if command.ends_with('\\') => {
                command.push_str(&format!("\n{line}"));
            }
            (true, None, Some(Part::Command { expected, .. })) => expected.push_str(&format!("{line}\n")),
            _ => parts.push(Part::Prose(line.to_owned())),
        }
    }
    parts
}

/// Runs a command in a shell, and returns its combined output. Each command sees the variables of those before it.
fn run(shop: &Shop, command: &str, words: &[(&str, &str)]) -> String {
    let binary = PathBuf::from(env!("CARGO_BIN_EXE_makermatrix"));
    let path = format!("{}:{}", binary.parent().unwrap().display(), env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    for variable in
        ["MAKERMATRIX_DATA", "DATABASE_URL", "STATIC_FILES_PATH", "BACKUPS_PATH", "MAKERMATRIX_CONFIG"]
    {
        shell.env_remove(variable);
    }
    let replaced = words.iter().fold(command.to_owned(), |text, (word, actual)| text.replace(word, actual));
    let variables = shop.folder.join(".variables").display().to_string();
    let script = format!(
        "exec 2>&1\n[ ! -f {variables} ] || . {variables}\nset -a\n{replaced}\nexport -p > {variables}"
    );
    let output = shell
        .args(["-c", &script])
        .env("PATH", path)
        .current_dir(&shop.folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    words.iter().fold(printed, |text, (word, actual)| text.replace(actual, word))
}

/// Returns whether the output is the expected one, except for values that differ between runs: times, ids, keys, sizes.
/// The line [`OMITTED`] stands for any lines.
fn same(printed: &str, expected: &str) -> bool {
    let words = |text: &str| text.lines().map(settled).collect::<Vec<_>>();
    let printed = words(printed);
    match expected.split_once(OMITTED) {
        Some((first, last)) => printed.starts_with(&words(first)) && printed.ends_with(&words(last)),
        None => printed == words(expected),
    }
}

/// Replaces the numbers of times, ids, sizes and durations in a line with `#`, and removes padding.
fn settled(line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let settled = words.iter().enumerate().map(|(index, word)| {
        let unit = words.get(index + 1).map_or("", |next| next.trim_end_matches([',', '.', ')', ';']));
        let measured = matches!(unit, "B" | "KiB" | "MiB" | "s" | "ms" | "seconds");
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        if word.contains("age1") || word.contains("AGE-SECRET-KEY-1") {
            "KEY".to_owned()
        } else if measured || digits >= 6 {
            without_numbers(word)
        } else {
            (*word).to_owned()
        }
    });
    // The second archive within one second has a number after its name.
    settled.collect::<Vec<_>>().join(" ").replace("_#_#_#zip", "_#_#zip")
}

/// Replaces each run of hexadecimal digits, dots and colons that contains a digit with a single `#`.
fn without_numbers(word: &str) -> String {
    let mut settled = String::new();
    for character in word.chars() {
        if character.is_ascii_hexdigit() || matches!(character, ':' | '.' | '-') {
            if !settled.ends_with('#') {
                settled.push('#');
            }
        } else {
            settled.push(character);
        }
    }
    settled
}
