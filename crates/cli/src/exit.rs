//! Exit codes. They are stable, since scripts rely on them.

use std::process::ExitCode;

use backup::{Error, Kind};

use crate::advice;

/// The text below the output of `--help`.
pub(crate) const HELP: &str = "\
Exit codes:
  0  success
  1  unexpected failure (a defect)
  2  wrong usage, or a restore that was not confirmed
  3  not found: archive, database, file
  4  refused: the archive must not be used (not ours, hostile, newer, broken foreign keys)
  5  corrupt: the archive or the live database is damaged
  6  locked: another backup, restore or server is running, or a program has locked the database
  7  storage: disk full, permission denied, read-only, input/output error, address in use
  8  key: the archive is encrypted, and the key or passphrase is missing or wrong
  9  encryption is required by makermatrix.toml and not possible: no backup was made
130, 143  stopped by SIGINT (Ctrl-C) or by SIGTERM: nothing was changed, and nothing is left behind";

/// The exit code of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Code {
    Internal = 1,
    Usage = 2,
    NotFound = 3,
    Refused = 4,
    Corrupt = 5,
    Locked = 6,
    Storage = 7,
    Key = 8,
    EncryptionRequired = 9,
    Interrupted = 130,
    Terminated = 143,
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code as u8)
    }
}

/// The failure of a command.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: Code,
    pub(crate) message: String,
    /// Whether the result has already been printed and gives the reason.
    pub(crate) shown: bool,
}

impl Failure {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), shown: false }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Code::Usage, message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(Code::NotFound, message)
    }

    pub(crate) fn internal(error: impl std::fmt::Display) -> Self {
        Self::new(Code::Internal, error.to_string())
    }

    /// Returns the failure for an unwritable standard output: a full disk behind a redirection, or a closed pipe. Its
    /// message says that the work is done, so that nobody repeats it.
    pub(crate) fn output(error: &std::io::Error) -> Self {
        let message = format!("it is done, but the result cannot be written to standard output: {error}");
        Self::new(Code::Storage, message)
    }
}

impl From<Kind> for Code {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Usage | Kind::TooLarge | Kind::Conflict | Kind::NotSignedIn | Kind::Forbidden => {
                Self::Usage
            }
            Kind::NotFound => Self::NotFound,
            Kind::Refused => Self::Refused,
            Kind::Corrupt => Self::Corrupt,
            Kind::Locked => Self::Locked,
            Kind::Storage => Self::Storage,
            Kind::Key => Self::Key,
            Kind::EncryptionRequired => Self::EncryptionRequired,
            Kind::Cancelled => Self::Interrupted,
            Kind::Internal => Self::Internal,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::new(error.kind().into(), advice::error_message(&error))
    }
}

impl From<durable::Error> for Failure {
    fn from(error: durable::Error) -> Self {
        Error::from(error).into()
    }
}

impl From<inventory::Error> for Failure {
    fn from(error: inventory::Error) -> Self {
        Self::new(Kind::of(&error).into(), advice::inventory_message(&error))
    }
}

impl From<server::Error> for Failure {
    fn from(error: server::Error) -> Self {
        match error {
            server::Error::Inventory(error) => error.into(),
            server::Error::AlreadyServed { .. } => Self::new(Code::Locked, error.to_string()),
            server::Error::Listen { .. } => {
                Self::new(Code::Storage, format!("{error}. Choose another address with --listen."))
            }
            other => Self::new(Code::Storage, other.to_string()),
        }
    }
}
