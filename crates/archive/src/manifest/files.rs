//! The list of files in a manifest, one after the other: together they take more memory than all the
//! rest of an archive.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::FileRecord;

/// Deserializes a manifest, and hands out its files.
pub(crate) struct EachFile<F>(pub(crate) F);

impl<'de, F: FnMut(FileRecord)> DeserializeSeed<'de> for EachFile<F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, F: FnMut(FileRecord)> Visitor<'de> for EachFile<F> {
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
                map.next_value_seed(List(&mut self.0))?;
                found = true;
            }
        }
        if found { Ok(()) } else { Err(A::Error::missing_field("files")) }
    }
}

struct List<'a, F>(&'a mut F);

impl<'de, F: FnMut(FileRecord)> DeserializeSeed<'de> for List<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, F: FnMut(FileRecord)> Visitor<'de> for List<'_, F> {
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
