//! Parses the list of files in a manifest as a stream, because the whole list would take more memory
//! than everything else about an archive.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::hashing::Sha256Hex;
use crate::modified::ModifiedTime;

/// One file in the archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// The name of the entry.
    pub path: String,
    /// Size in bytes.
    pub size: u64,
    /// The hash of its content.
    pub sha256: Sha256Hex,
    /// When the file was last modified; `None` if that is unknown, or of no use, as for the database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<ModifiedTime>,
}

/// Deserializes a manifest and passes each of its files to a function.
pub(crate) struct FileVisitor<F>(pub(crate) F);

impl<'de, F: FnMut(FileRecord)> DeserializeSeed<'de> for FileVisitor<F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, F: FnMut(FileRecord)> Visitor<'de> for FileVisitor<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a manifest")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let mut found = false;
        while let Some(key) = map.next_key::<String>()? {
            if key != "files" {
                map.next_value::<IgnoredAny>()?;
            } else if found {
                return Err(A::Error::duplicate_field("files"));
            } else {
                map.next_value_seed(FileList(&mut self.0))?;
                found = true;
            }
        }
        if found { Ok(()) } else { Err(A::Error::missing_field("files")) }
    }
}

struct FileList<'a, F>(&'a mut F);

impl<'de, F: FnMut(FileRecord)> DeserializeSeed<'de> for FileList<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, F: FnMut(FileRecord)> Visitor<'de> for FileList<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of files")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut files: A) -> Result<(), A::Error> {
        while let Some(file) = files.next_element()? {
            (self.0)(file);
        }
        Ok(())
    }
}
