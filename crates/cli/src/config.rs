//! The configuration file, `makermatrix.toml`. It holds nothing secret, and only what cannot be said
//! anew with each command, or must not be forgotten.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use archive::Recipient;
use backup::Protection;
use serde::Deserialize;

use crate::args::Global;
use crate::exit::Failure;
use crate::places::set;

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
    /// The one that was named, or else the one in the data folder, if there is one.
    pub(crate) fn read(global: &Global) -> Result<Self, Failure> {
        let named = set(&global.config);
        let path = named.cloned().unwrap_or_else(|| global.data_dir.join(NAME));
        match fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text, &path),
            Err(error) if error.kind() == io::ErrorKind::NotFound && named.is_none() => Ok(Self::default()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(Failure::not_found(format!("{}: no such file", path.display())))
            }
            // Never go on without: it may say that backups have to be encrypted.
            Err(source) => Err(backup::Error::Storage { doing: "read", path, source }.into()),
        }
    }

    fn parse(text: &str, path: &Path) -> Result<Self, Failure> {
        let config: Self = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(0, |span| text[..span.start].matches('\n').count()) + 1;
            // Not the error as it shows itself: that repeats the line.
            Failure::usage(format!("{}, line {line}: {}", path.display(), error.message()))
        })?;
        Ok(Self { path: path.to_owned(), ..config })
    }

    /// How backups are to be encrypted.
    pub(crate) fn protection(&self) -> Result<Protection, Failure> {
        let Encryption { recipients, required } = &self.backup.encryption;
        let parsed = recipients.iter().enumerate().map(|(index, text)| {
            Recipient::from_str(text.trim()).map_err(|fault| {
                let (path, number) = (self.path.display(), index + 1);
                Failure::usage(format!("{path}: number {number} of the recipients: {fault}"))
            })
        });
        Ok(Protection { recipients: parsed.collect::<Result<_, _>>()?, required: *required })
    }
}
