//! Prints results on standard output and everything else on standard error. With `--json`, prints a single
//! object on standard output and nothing else.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

use durable::counted;
use inventory::entities;
use serde::Serialize;
use serde_json::{Value, json};

use crate::args::Global;
use crate::exit::Failure;
use crate::signals;

/// The lines of a result. Control characters and line breaks inside a line are escaped, since names from files,
/// manifests and databases may be hostile.
#[derive(Debug, Default)]
pub(crate) struct Lines(String);

impl Lines {
    /// Adds one line.
    pub(crate) fn add(&mut self, line: impl Display) {
        self.0.push_str(&escape(&line.to_string()));
        self.0.push('\n');
    }

    /// Adds a trusted text of several lines without escaping it.
    pub(crate) fn add_each(&mut self, text: &str) {
        text.lines().for_each(|line| self.add(line));
    }

    /// Adds the lines of another text.
    pub(crate) fn append(&mut self, other: &Self) {
        self.0.push_str(&other.0);
    }
}

impl<T: Display> From<T> for Lines {
    fn from(line: T) -> Self {
        let mut lines = Self::default();
        lines.add(line);
        lines
    }
}

/// Prints the result of a command as lines or as one JSON object.
pub(crate) fn result(
    global: &Global,
    lines: impl Into<Lines>,
    value: &impl Serialize,
) -> Result<(), Failure> {
    if !global.json {
        return print(lines.into().0.trim_end());
    }
    print_with(|out| {
        let mut object = MarkedObject { out, held: None, is_lossy: false };
        serde_json::to_writer(&mut object, value)?;
        object.finish()
    })
}

/// Prints a text without changes, for other programs.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    print_with(|out| out.write_all(text.as_bytes()))
}

/// Prints what `write` writes, and a line feed.
fn print_with(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    match write(&mut out).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush()) {
        // The reader has closed the pipe, as `head` does.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|error| Failure::output(&error)),
    }
}

/// Returns a path as JSON. Bytes that are not UTF-8 become U+FFFD, and [`result`] marks the object.
pub(crate) fn path<'a>(path: impl Into<Option<&'a Path>>) -> Value {
    path.into().map_or(Value::Null, |path| path.to_string_lossy().into())
}

/// Writes an object, and marks it if it contains U+FFFD: a path in it may be inexact.
struct MarkedObject<W> {
    out: W,
    /// The last byte, which may be the brace at the end.
    held: Option<u8>,
    is_lossy: bool,
}

impl<W: Write> MarkedObject<W> {
    fn finish(mut self) -> io::Result<()> {
        if self.is_lossy {
            self.out.write_all(b",\"lossy_paths\":true")?;
        }
        self.out.write_all(self.held.as_slice())
    }
}

impl<W: Write> Write for MarkedObject<W> {
    /// Writes bytes in which no character is cut.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some((last, rest)) = bytes.split_last() {
            let replacement = char::REPLACEMENT_CHARACTER.to_string();
            self.is_lossy |= bytes.windows(replacement.len()).any(|found| found == replacement.as_bytes());
            self.out.write_all(self.held.replace(*last).as_slice())?;
            self.out.write_all(rest)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Prints what is being done. `--quiet` suppresses only these messages.
pub(crate) fn progress(global: &Global, line: &str) {
    if !global.quiet {
        note(global, line);
    }
}

/// Prints a note. With `--json` the note is part of the object instead.
pub(crate) fn note(global: &Global, line: &str) {
    if !global.json {
        let _ = writeln!(io::stderr().lock(), "{}", escape(line));
    }
}

/// Prints the lines that a question refers to.
pub(crate) fn before_question(lines: &Lines) {
    let _ = writeln!(io::stderr().lock(), "{}", lines.0.trim_end());
}

/// Prints why a question is asked again, even with `--quiet`.
pub(crate) fn ask_again(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Prints a step of a command whose steps are its result.
pub(crate) fn step(global: &Global, line: &str) {
    if !global.quiet && !global.json {
        let _ = writeln!(io::stdout().lock(), "{}", escape(line));
    }
}

/// Prints the failure of a command.
pub(crate) fn failure(failure: &Failure, as_json: bool) {
    if as_json && failure.shown {
        // The one JSON object has already been printed.
    } else if as_json {
        let code = failure.code as u8;
        let _ = writeln!(io::stdout().lock(), "{}", json!({"error": failure.message, "exit_code": code}));
    } else {
        let _ = writeln!(io::stderr().lock(), "makermatrix: {}", escape(&failure.message));
    }
}

/// Escapes control characters, line breaks, and characters that change the direction of writing.
fn escape(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    for char in line.chars() {
        if char.is_control() || matches!(char, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
            shown.extend(char.escape_default());
        } else {
            shown.push(char);
        }
    }
    shown
}

/// Asks a question on the terminal. Returns `None` if there is no terminal.
pub(crate) fn confirm(question: &str) -> Option<bool> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return None;
    }
    let _ = write!(io::stderr().lock(), "{} [y/N] ", escape(question));
    let mut answer = String::new();
    if !wait_for_answer() {
        // An interrupted question counts as a no. The next message begins on a new line.
        let _ = writeln!(io::stderr().lock());
        return Some(false);
    }
    io::stdin().read_line(&mut answer).ok()?;
    Some(matches!(answer.trim(), "y" | "Y" | "yes" | "Yes"))
}

/// Waits until there is an answer to read. Returns false if a signal arrives first.
fn wait_for_answer() -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    // Limits each wait, since a signal may arrive just before it.
    const AT_MOST: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };
    let stdin = io::stdin();
    let cancellation = signals::cancellation();
    while !cancellation.is_cancelled() {
        let waiting = &mut [PollFd::new(&stdin, PollFlags::IN)];
        if poll(waiting, Some(&AT_MOST)).is_ok_and(|ready| ready > 0) {
            return true;
        }
    }
    false
}

/// Formats a number of bytes.
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

/// Formats the row counts that are not zero: "5 parts, 4 allocations, …".
pub(crate) fn counts(rows: &BTreeMap<String, u64>) -> String {
    let counts = entities::counts(rows).filter(|(_, rows)| *rows > 0);
    let shown: Vec<String> = counts.map(|(kind, rows)| counted(rows, kind.noun)).collect();
    if shown.is_empty() { "an empty inventory".to_owned() } else { shown.join(", ") }
}

/// Formats the number and size of the static files: "2 datasheets (1.2 KiB), 1 image (70 B)".
pub(crate) fn files(datasheets: (u64, u64), images: (u64, u64)) -> String {
    let shown = |(count, size): (u64, u64), noun| format!("{} ({})", counted(count, noun), bytes(size));
    format!("{}, {}", shown(datasheets, "datasheet"), shown(images, "image"))
}

/// Returns the number of things of each kind as a JSON object.
pub(crate) fn counts_json(rows: &BTreeMap<String, u64>) -> Value {
    entities::counts(rows).map(|(kind, rows)| (kind.key(), json!(rows))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_shown_with_one_decimal() {
        let shown = [0, 1023, 1024, 1_048_575, 1_048_576, 5 << 30].map(bytes);
        assert_eq!(shown, ["0 B", "1023 B", "1.0 KiB", "1.0 MiB", "1.0 MiB", "5.0 GiB"]);
    }

    #[test]
    fn line_breaks_inside_a_line_are_escaped() {
        let mut lines = Lines::from("a\nb");
        lines.add("\u{1b}[2J\u{202e}é");
        assert_eq!(lines.0, "a\\nb\n\\u{1b}[2J\\u{202e}é\n");
    }
}
