//! Reads an answer from the terminal without echoing it. The echo is off before the question appears, so that nothing that is
//! typed early is shown or lost, and it is on again after Ctrl-C.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};

/// The character that Ctrl-C sends.
const CTRL_C: u8 = 3;

/// Asks a question on the terminal of the process, and returns the answer without the line break.
///
/// # Errors
/// [`io::ErrorKind::Interrupted`] after Ctrl-C, [`io::ErrorKind::UnexpectedEof`] after Ctrl-D.
pub(crate) fn ask(question: &str) -> io::Result<String> {
    let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
    let hidden = Hidden::new(&terminal)?;
    (&terminal).write_all(question.as_bytes())?;
    let answer = read_line(&terminal);
    drop(hidden);
    (&terminal).write_all(b"\n")?;
    String::from_utf8(answer?).map_err(|_| io::ErrorKind::InvalidData.into())
}

/// Reads up to a line break.
fn read_line(mut terminal: &File) -> io::Result<Vec<u8>> {
    let mut answer = Vec::new();
    loop {
        let mut byte = [0];
        match (terminal.read(&mut byte)?, byte[0]) {
            (0, _) => return Err(io::ErrorKind::UnexpectedEof.into()),
            (_, b'\n') => return Ok(answer),
            (_, CTRL_C) => return Err(io::ErrorKind::Interrupted.into()),
            (_, byte) => answer.push(byte),
        }
    }
}

/// Keeps the echo off until it is dropped.
struct Hidden<'a> {
    terminal: &'a File,
    before: Termios,
}

impl<'a> Hidden<'a> {
    fn new(terminal: &'a File) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut hidden = before.clone();
        // Ctrl-C ends the line instead of the process, which would leave the echo off.
        hidden.local_modes.remove(LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ISIG);
        hidden.special_codes[SpecialCodeIndex::VEOL] = CTRL_C;
        // Not `Flush`, which discards what was typed before the question.
        tcsetattr(terminal, OptionalActions::Now, &hidden)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Hidden<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(self.terminal, OptionalActions::Now, &self.before);
    }
}
