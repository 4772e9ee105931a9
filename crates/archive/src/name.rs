//! Names of entries: the fixed ones, the role that a name gives to an entry, and the rule that each
//! name must follow. The writer and the reader apply the same rule.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::limits::{MAX_COMPONENT, MAX_DEPTH, MAX_NAME};

/// The name of the database in every archive, whatever its file is called on disk.
pub const DATABASE: &str = "makers_matrix.db";
/// The name of the manifest.
pub const MANIFEST: &str = "backup_info.json";
/// The name of the list of hashes, which has the format of `sha256sum`.
pub const CHECKSUMS: &str = "SHA256SUMS";
/// The name of the environment file, which is present only on request.
pub const ENV: &str = ".env";

/// What an entry is, as its name tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// The database.
    Database,
    /// A file of the datasheets folder.
    Datasheet,
    /// A file of the images folder.
    Image,
    /// The environment file.
    Env,
    /// `backup_info.json`.
    Manifest,
    /// `SHA256SUMS`.
    Checksums,
    /// A folder, or an entry that does not belong in a backup.
    Other,
}

impl Role {
    /// Returns the role of an entry with this name.
    pub fn of(name: &str) -> Self {
        match name {
            DATABASE => Self::Database,
            ENV => Self::Env,
            MANIFEST => Self::Manifest,
            CHECKSUMS => Self::Checksums,
            _ if name.ends_with('/') => Self::Other,
            _ if name.starts_with("datasheets/") => Self::Datasheet,
            _ if name.starts_with("images/") => Self::Image,
            _ => Self::Other,
        }
    }

    /// Returns whether the entry is a static file.
    pub fn is_static(self) -> bool {
        matches!(self, Self::Datasheet | Self::Image)
    }
}

/// The prefix of MakerMatrix's own files in the static folders: staged restores, unfinished writes
/// and notes. No backup contains them, and a restored one would be mistaken for a live one.
const PRIVATE: &str = ".mm-";

/// What is wrong with a name. Manifests hold the names given here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the display text describes each")]
pub enum NameFault {
    #[serde(rename = "name_empty")]
    Empty,
    #[serde(rename = "name_not_utf8")]
    NotUtf8,
    #[serde(rename = "name_absolute")]
    Absolute,
    #[serde(rename = "name_parent")]
    Parent,
    #[serde(rename = "name_empty_part")]
    EmptyPart,
    #[serde(rename = "name_backslash")]
    Backslash,
    #[serde(rename = "name_drive")]
    Drive,
    #[serde(rename = "name_control")]
    Control,
    #[serde(rename = "name_too_long")]
    TooLong,
    #[serde(rename = "name_too_deep")]
    TooDeep,
    #[serde(rename = "name_private")]
    Private,
}

impl fmt::Display for NameFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("it is empty"),
            Self::NotUtf8 => f.write_str("it is not UTF-8"),
            Self::Absolute => f.write_str("it is an absolute path"),
            Self::Parent => f.write_str("it contains '.' or '..' as a folder"),
            Self::EmptyPart => f.write_str("it contains an empty folder name"),
            Self::Backslash => f.write_str("it contains a backslash"),
            Self::Drive => f.write_str("it starts with a drive letter"),
            Self::Control => f.write_str("it contains a control character"),
            Self::TooLong => {
                write!(
                    f,
                    "it is longer than {MAX_NAME} bytes, or a part of it is longer than {MAX_COMPONENT}"
                )
            }
            Self::Private => {
                write!(
                    f,
                    "a part of it begins with {PRIVATE:?}, which is reserved for temporary files of makermatrix"
                )
            }
            Self::TooDeep => write!(f, "it is more than {MAX_DEPTH} folders deep"),
        }
    }
}

/// Checks the name of an entry. One slash at the end is allowed and marks a folder.
pub fn check(name: &str) -> Result<(), NameFault> {
    let path = name.strip_suffix('/').unwrap_or(name);
    let bytes = path.as_bytes();
    if path.is_empty() {
        return Err(if name.is_empty() { NameFault::Empty } else { NameFault::Absolute });
    }
    if path.chars().any(char::is_control) {
        return Err(NameFault::Control);
    }
    if path.contains('\\') {
        return Err(NameFault::Backslash);
    }
    if path.starts_with('/') {
        return Err(NameFault::Absolute);
    }
    if bytes.len() >= 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':' {
        return Err(NameFault::Drive);
    }
    if bytes.len() > MAX_NAME {
        return Err(NameFault::TooLong);
    }
    let mut depth = 0;
    for part in path.split('/') {
        match part {
            "" => return Err(NameFault::EmptyPart),
            "." | ".." => return Err(NameFault::Parent),
            _ if part.starts_with(PRIVATE) => return Err(NameFault::Private),
            _ if part.len() > MAX_COMPONENT => return Err(NameFault::TooLong),
            _ => depth += 1,
        }
    }
    if depth > MAX_DEPTH + 1 { Err(NameFault::TooDeep) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_escape_are_refused() {
        for (name, fault) in [
            ("", NameFault::Empty),
            ("/", NameFault::Absolute),
            ("/etc/passwd", NameFault::Absolute),
            ("../up", NameFault::Parent),
            ("images/../../up", NameFault::Parent),
            ("images/./x", NameFault::Parent),
            ("images//x", NameFault::EmptyPart),
            ("images\\x", NameFault::Backslash),
            ("C:/x", NameFault::Drive),
            ("images/a\0b", NameFault::Control),
            ("images/a\nb", NameFault::Control),
            ("images/.mm-restore-1/x", NameFault::Private),
        ] {
            assert_eq!(check(name), Err(fault), "{name:?}");
        }
        assert_eq!(check(&"x".repeat(256)), Err(NameFault::TooLong));
        assert_eq!(check(&"x/".repeat(40)), Err(NameFault::TooDeep));
        assert_eq!(check(&format!("{}x", "long-folder-name/".repeat(70))), Err(NameFault::TooLong));
    }

    #[test]
    fn ordinary_names_pass() {
        for name in
            ["makers_matrix.db", ".env", "images/a b/ü 抵抗.png", "datasheets/", "images/..x", "images/x:y"]
        {
            assert_eq!(check(name), Ok(()), "{name:?}");
        }
    }
}
