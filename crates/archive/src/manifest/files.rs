//! Writes and parses the list of files in a manifest as a stream, because the whole list would take more memory
//! than everything else about an archive.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use crate::hashing::Sha256Hex;
use crate::modified::ModifiedTime;

use super::Manifest;

/// One file in the archive.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct FileRecord<'a> {
    /// The name of the entry.
    pub(crate) path: Cow<'a, str>,
    /// Size in bytes.
    pub(crate) size: u64,
    /// The hash of its content.
    pub(crate) sha256: Sha256Hex,
    /// When the file was last modified; `None` if that is unknown, or of no use, as for the database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) modified: Option<ModifiedTime>,
}

/// Serializes a manifest with its list of files.
#[derive(Serialize)]
pub(crate) struct ManifestWithFiles<'a, F: Fn() -> I, I: Iterator<Item = FileRecord<'a>>> {
    #[serde(flatten)]
    manifest: &'a Manifest,
    #[serde(serialize_with = "each_record")]
    files: F,
}

impl<'a, F: Fn() -> I, I: Iterator<Item = FileRecord<'a>>> ManifestWithFiles<'a, F, I> {
    /// Combines a manifest with a function that lists the files.
    pub(crate) fn new(manifest: &'a Manifest, files: F) -> Self {
        Self { manifest, files }
    }
}

fn each_record<'a, S: Serializer, I: Iterator<Item = FileRecord<'a>>>(
    files: &impl Fn() -> I,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(files())
}

/// Deserializes a manifest and passes each of its files to a function.
pub(crate) struct FileVisitor<F>(pub(crate) F);

impl<'de, F: FnMut(FileRecord<'static>)> DeserializeSeed<'de> for FileVisitor<F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, F: FnMut(FileRecord<'static>)> Visitor<'de> for FileVisitor<F> {
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

impl<'de, F: FnMut(FileRecord<'static>)> DeserializeSeed<'de> for FileList<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, F: FnMut(FileRecord<'static>)> Visitor<'de> for FileList<'_, F> {
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
