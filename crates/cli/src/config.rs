//! Reads the configuration file, `makermatrix.toml`. It holds no secrets, only settings that must apply to every
//! command.

use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use archive::Recipient;
use backup::EncryptionPolicy;
use durable::{folder_of, regular_file};
use serde::Deserialize;

use crate::args::Global;
use crate::exit::Failure;

/// The name of the configuration file in the data folder.
const NAME: &str = "makermatrix.toml";

/// The content of the configuration file.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    backup: Backup,
    #[serde(skip)]
    path: PathBuf,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Backup {
    encryption: Encryption,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Encryption {
    recipients: Vec<String>,
    required: bool,
}

impl Config {
    /// Reads the file given by `--config`, or else the one in the data folder or beside the database. The
    /// database may lie outside the data folder, and its protection must not depend on the working folder.
    pub(crate) fn read(global: &Global, database: &Path) -> Result<Self, Failure> {
        if let Some(path) = global.config() {
            return Self::read_from(path);
        }
        let mut found: Vec<PathBuf> = Vec::new();
        for folder in [&global.data_dir, folder_of(database)] {
            let path = folder.join(NAME);
            // A dangling link counts as a file: its target may require encryption.
            let known = || found.iter().any(|other| other.canonicalize().ok() == path.canonicalize().ok());
            if path.symlink_metadata().is_ok() && !known() {
                found.push(path);
            }
        }
        match found.as_slice() {
            [] => Ok(Self::default()),
            [path] => Self::read_from(path),
            [one, other, ..] => {
                let (one, other) = (one.display(), other.display());
                Err(Failure::usage(format!("there are {one} and {other}: choose one of them with --config")))
            }
        }
    }

    fn read_from(path: &Path) -> Result<Self, Failure> {
        let read = regular_file::read(path).and_then(|bytes| {
            String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
        });
        let text = read.map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => Failure::not_found(format!("{}: no such file", path.display())),
            _ => backup::Error::Storage { doing: "read", path: path.to_owned(), source }.into(),
        })?;
        Self::parse(&text, path)
    }

    fn parse(text: &str, path: &Path) -> Result<Self, Failure> {
        let config: Self = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(0, |span| text[..span.start].matches('\n').count()) + 1;
            let why = without_values(error.message());
            Failure::usage(format!("{}, line {line}: {why}", path.display()))
        })?;
        Ok(Self { path: path.to_owned(), ..config })
    }

    /// Returns the encryption policy for backups.
    pub(crate) fn protection(&self) -> Result<EncryptionPolicy, Failure> {
        let Encryption { recipients, required } = &self.backup.encryption;
        let parsed = recipients.iter().enumerate().map(|(index, text)| {
            Recipient::from_str(text.trim()).map_err(|fault| {
                let (path, number) = (self.path.display(), index + 1);
                Failure::usage(format!("{path}: recipient {number}: {fault}"))
            })
        });
        Ok(EncryptionPolicy { recipients: parsed.collect::<Result<_, _>>()?, required: *required })
    }
}

/// Returns the message of the parser, unless it repeats a value, which may be a misplaced secret key.
fn without_values(message: &str) -> &str {
    let repeats = message.contains('"') || message.to_ascii_uppercase().contains("AGE-SECRET-KEY");
    if repeats { "this value is not allowed here (see docs/encryption.md)" } else { message }
}
