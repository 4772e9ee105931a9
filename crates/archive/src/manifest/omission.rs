//! What an archive does not hold, and why.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::name::NameFault;

/// Something that was found but is not in the archive, or that a restore does not put back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Omission {
    /// A path below the static folder, or a part of the database such as "trigger x" or "view y".
    pub what: String,
    /// The reason.
    pub why: OmissionReason,
}

/// Why something is not in an archive. The manifest holds the name of a reason. Manifests of earlier versions hold the
/// sentence that was shown, which is an alias here.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OmissionReason {
    /// A symbolic link among the static files.
    #[serde(alias = "it is a symbolic link")]
    SymbolicLink,
    /// A device, socket or named pipe among the static files.
    #[serde(alias = "it is not a regular file")]
    SpecialFile,
    /// A file or folder beside the folders of datasheets and images.
    #[serde(alias = "only datasheets and images are archived")]
    NotAStaticFile,
    /// Passwords that the original stores in plain text.
    #[serde(alias = "passwords do not belong in archives")]
    Password,
    /// A schema object that users added. The archive holds its definition as text, which a restore does not run.
    #[serde(
        alias = "the archive holds its definition as text, in the table mm_schema_objects, and a restore does not run that"
    )]
    NotRestored,
    /// A schema object that users added. Archives of earlier versions do not hold its definition.
    #[serde(alias = "archives hold tables and indexes only")]
    NotArchived,
    /// A file whose name must not be in an archive.
    #[serde(untagged)]
    Name(NameFault),
    /// A reason of another version.
    #[serde(untagged)]
    Other(String),
}

impl fmt::Display for OmissionReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SymbolicLink => "symbolic links are not archived",
            Self::SpecialFile => "only regular files are archived",
            Self::NotAStaticFile => "only datasheets and images are archived",
            Self::Password => "passwords do not belong in archives",
            Self::NotRestored => {
                "the archive holds its definition as text, in the table mm_schema_objects, and a restore does not run that"
            }
            Self::NotArchived => "archives of that version hold tables and indexes only",
            Self::Name(fault) => return write!(f, "the name cannot be archived: {fault}"),
            Self::Other(reason) => reason,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(why: &str) -> OmissionReason {
        serde_json::from_value(serde_json::json!({"what": "x", "why": why}))
            .map(|read: Omission| read.why)
            .unwrap()
    }

    #[test]
    fn a_manifest_holds_the_names_of_reasons() {
        for (why, name) in [
            (OmissionReason::SymbolicLink, "symbolic_link"),
            (OmissionReason::SpecialFile, "special_file"),
            (OmissionReason::NotAStaticFile, "not_a_static_file"),
            (OmissionReason::Password, "password"),
            (OmissionReason::NotRestored, "not_restored"),
            (OmissionReason::NotArchived, "not_archived"),
            (OmissionReason::Name(NameFault::NotUtf8), "name_not_utf8"),
            (OmissionReason::Name(NameFault::Private), "name_private"),
            (OmissionReason::Other("a later reason".to_owned()), "a later reason"),
        ] {
            assert_eq!(serde_json::to_value(&why).unwrap(), name);
            assert_eq!(parsed(name), why);
        }
    }

    #[test]
    fn the_sentences_of_earlier_manifests_are_understood() {
        for (sentence, why) in [
            ("it is a symbolic link", OmissionReason::SymbolicLink),
            ("it is not a regular file", OmissionReason::SpecialFile),
            ("only datasheets and images are archived", OmissionReason::NotAStaticFile),
            ("passwords do not belong in archives", OmissionReason::Password),
            ("archives hold tables and indexes only", OmissionReason::NotArchived),
            (
                "the archive holds its definition as text, in the table mm_schema_objects, and a restore does not run that",
                OmissionReason::NotRestored,
            ),
            ("it contains a backslash", OmissionReason::Other("it contains a backslash".to_owned())),
        ] {
            assert_eq!(parsed(sentence), why, "{sentence}");
        }
    }
}
