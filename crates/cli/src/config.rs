//! The configuration file, `makermatrix.toml`. It holds nothing secret, and only what cannot be said
//! anew with each command, or must not be forgotten.

use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use archive::Recipient;
use backup::EncryptionPolicy;
use durable::{folder_of, regular_file};
use serde::Deserialize;

use crate::args::Global;
use crate::exit::Failure;

/// Its name in the data folder.
const NAME: &str = "makermatrix.toml";

/// What it says.
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
    /// The one that was named; or else the one in the data folder or beside the database, if there is
    /// one. The database may lie elsewhere, and what protects it must not depend on where somebody stands.
    pub(crate) fn read(global: &Global, database: &Path) -> Result<Self, Failure> {
        if let Some(path) = global.config() {
            return Self::read_from(path);
        }
        let mut found: Vec<PathBuf> = Vec::new();
        for folder in [&global.data_dir, folder_of(database)] {
            let path = folder.join(NAME);
            // A link that leads nowhere is there, too: what it should lead to may say that backups have to
            // be encrypted.
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
                Err(Failure::usage(format!(
                    "there are {one} and {other}: name the one that counts with --config"
                )))
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

    /// How backups are to be encrypted.
    pub(crate) fn protection(&self) -> Result<EncryptionPolicy, Failure> {
        let Encryption { recipients, required } = &self.backup.encryption;
        let parsed = recipients.iter().enumerate().map(|(index, text)| {
            Recipient::from_str(text.trim()).map_err(|fault| {
                let (path, number) = (self.path.display(), index + 1);
                Failure::usage(format!("{path}: number {number} of the recipients: {fault}"))
            })
        });
        Ok(EncryptionPolicy { recipients: parsed.collect::<Result<_, _>>()?, required: *required })
    }
}

/// What the parser says, unless it repeats a value: somebody may have put a key where none belongs.
fn without_values(message: &str) -> &str {
    let repeats = message.contains('"') || message.to_ascii_uppercase().contains("AGE-SECRET-KEY");
    if repeats { "this is not what belongs here (see docs/encryption.md)" } else { message }
}
