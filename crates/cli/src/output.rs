//! How things are shown: results on standard output, everything else on standard error, and with
//! `--json` one object on standard output and nothing else.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use serde_json::{Value, json};

use crate::args::Global;
use crate::exit::Failure;

/// Prints the result of a command: lines for people, or one JSON object.
pub(crate) fn result(global: &Global, text: &str, value: &Value) -> Result<(), Failure> {
    let shown =
        if global.json { mark_lossy(value.to_string()) } else { harmless(text.trim_end()).into_owned() };
    let mut out = io::stdout().lock();
    match writeln!(out, "{shown}").and_then(|()| out.flush()) {
        // Who reads has read enough, as `head` does.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|error| Failure::output(&error)),
    }
}

/// A path in JSON, which is Unicode: what of it is not becomes U+FFFD, and [`result`] says so.
pub(crate) fn path<'a>(path: impl Into<Option<&'a Path>>) -> Value {
    path.into().map_or(Value::Null, |path| path.to_string_lossy().into())
}

/// Adds to an object with U+FFFD in it that a path may not be given to the letter.
fn mark_lossy(shown: String) -> String {
    match shown.strip_suffix('}') {
        Some(object) if shown.contains(char::REPLACEMENT_CHARACTER) => {
            format!("{object},\"lossy_paths\":true}}")
        }
        _ => shown,
    }
}

/// Something to know meanwhile.
pub(crate) fn say(global: &Global, line: &str) {
    if !global.quiet && !global.json {
        let _ = writeln!(io::stderr().lock(), "{}", harmless(line));
    }
}

/// Said before a question that is asked again; whoever is asked must see it.
pub(crate) fn ask_again(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// A step of a command whose steps are its result.
pub(crate) fn step(global: &Global, line: &str) {
    if !global.quiet && !global.json {
        let _ = writeln!(io::stdout().lock(), "{}", harmless(line));
    }
}

/// The end of a command that failed.
pub(crate) fn failure(failure: &Failure, as_json: bool) {
    if as_json && failure.shown {
        // There is one object, and it is out.
    } else if as_json {
        let code = failure.code as u8;
        let _ = writeln!(io::stdout().lock(), "{}", json!({"error": failure.message, "exit_code": code}));
    } else {
        let _ = writeln!(io::stderr().lock(), "makermatrix: {}", harmless(&failure.message));
    }
}

/// Control characters as escapes: manifests and databases from elsewhere can hold what a terminal would
/// obey.
fn harmless(text: &str) -> Cow<'_, str> {
    let obeyed = |char: char| char.is_control() && char != '\n';
    if !text.contains(obeyed) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for char in text.chars() {
        if obeyed(char) {
            shown.extend(char.escape_default());
        } else {
            shown.push(char);
        }
    }
    shown.into()
}

/// Asks a question on the terminal. `None` when there is none to ask on.
pub(crate) fn confirm(question: &str) -> Option<bool> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return None;
    }
    let _ = write!(io::stderr().lock(), "{question} [y/N] ");
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).ok()?;
    Some(matches!(answer.trim(), "y" | "Y" | "yes" | "Yes"))
}

/// Bytes, for people.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1023.95 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// "5 parts, 4 allocations, …" of what there is at all.
pub(crate) fn counts(rows: &BTreeMap<String, u64>) -> String {
    let counts = backup::restore::entity_counts(rows);
    let shown = counts.into_iter().filter(|(_, rows)| *rows > 0).map(|(name, rows)| format!("{rows} {name}"));
    let shown: Vec<String> = shown.collect();
    if shown.is_empty() { "an empty inventory".to_owned() } else { shown.join(", ") }
}

/// The same as an object.
pub(crate) fn counts_json(rows: &BTreeMap<String, u64>) -> Value {
    let counts = backup::restore::entity_counts(rows);
    counts.into_iter().map(|(name, rows)| (name.replace(' ', "_"), json!(rows))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_shown_with_one_decimal() {
        let shown = [0, 1023, 1024, 1_048_575, 1_048_576, 5 << 30].map(bytes);
        assert_eq!(shown, ["0 B", "1023 B", "1.0 KiB", "1.0 MiB", "1.0 MiB", "5.0 GiB"]);
    }
}
