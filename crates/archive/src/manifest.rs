//! The manifest, `backup_info.json`: what an archive states about itself.
//!
//! The first group of fields is that of format 2.0, with the types and meanings of the original
//! MakerMatrix, so that it can read archives of this program. Format 3.0 added the second group.

mod files;
mod omission;

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::hashing::Sha256Hex;
use crate::name::{DATABASE, Role};

pub(crate) use files::{FileRecord, FileVisitor, ManifestWithFiles};
pub use omission::{Omission, OmissionReason};

/// The version of the format that this crate writes. Its history, newest first:
///
/// * `3.0`: the layout of 2.0 with sub-folders, plus `SHA256SUMS`, and in `backup_info.json` the
///   size, SHA-256 and modification time of each file and the row count and digest of each table.
///
/// Formats 2.0 and older are those of MakerMatrix 1.x: no checksums, top-level files only.
pub const FORMAT_VERSION: &str = "3.0";

/// The manifest of format 3.0. Sizes in `_mb` are bytes / 1,048,576 and in `_kb` bytes / 1,024,
/// both rounded to two places, as in format 2.0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "format 2.0 names them; docs/archive-format.md explains each")]
pub struct Manifest {
    pub backup_name: String,
    /// Local wall-clock time without a zone, as the original writes it.
    pub created_at: String,
    pub makermatrix_version: String,
    pub schema_version: String,
    /// Always "2.0": the newest version that the original knows, whose layout format 3.0 keeps.
    pub backup_format_version: String,
    pub python_version: String,
    pub password_protected: bool,
    pub credential_storage: String,
    pub credential_protection: String,
    pub database_included: bool,
    pub datasheets_included: bool,
    pub images_included: bool,
    pub env_included: bool,
    pub database_size_mb: f64,
    pub datasheets_count: u64,
    pub datasheets_size_mb: f64,
    pub images_count: u64,
    pub images_size_mb: f64,
    pub env_size_kb: f64,
    /// Size of all entries together in whole MiB, rounded down. The original always writes 0.
    pub total_size_mb: u64,
    pub database_path: String,
    pub datasheets_path: String,
    pub images_path: String,
    pub env_path: String,

    /// "3.0".
    pub format_version: String,
    /// The same instant as `created_at`, in UTC, RFC 3339.
    pub created_at_utc: String,
    /// "sqlite" or "postgresql": the engine that the data came from. The entry is always SQLite.
    pub source_engine: String,
    /// The version of the source engine.
    pub source_engine_version: String,
    /// The migrations that the database has had, oldest first; empty for a database of the original.
    pub migrations: Vec<String>,
    /// Rows and digest of each table.
    #[serde(deserialize_with = "each_once")]
    pub tables: BTreeMap<String, TableRecord>,
    /// Rows that break a foreign key. A restore needs the user's consent when this is not 0.
    pub foreign_key_violations: u64,
    /// Files that rows refer to but that did not exist when the backup began.
    pub dangling: Vec<String>,
    /// What was found but is not in the archive, and why.
    pub left_out: Vec<Omission>,
    /// Why the database failed its checks. An archive with this field is for rescue only and is never
    /// restored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub damaged: Option<String>,
    // The last field is `files`: each entry except `backup_info.json` and `SHA256SUMS`, in the order of the archive. To save memory, the
    // list is written and read as a stream.
}

/// One table of the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableRecord {
    /// Number of rows.
    pub rows: u64,
    /// SHA-256 of the rows, as `docs/archive-format.md` defines it.
    pub digest: Sha256Hex,
}

/// Deserializes a map and rejects a key that occurs twice, because readers differ in which of the two
/// values they take.
fn each_once<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, TableRecord>, D::Error> {
    struct EachOnce;
    impl<'de> Visitor<'de> for EachOnce {
        type Value = BTreeMap<String, TableRecord>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map of tables")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut found = BTreeMap::new();
            while let Some((key, value)) = map.next_entry::<String, _>()? {
                if found.insert(key, value).is_some() {
                    return Err(de::Error::custom("a table is listed twice"));
                }
            }
            Ok(found)
        }
    }
    from.deserialize_map(EachOnce)
}

impl Manifest {
    /// Returns the first field that contradicts `files`, the roles and sizes of the listed files.
    pub(crate) fn contradiction(&self, files: &[(Role, u64)]) -> Option<&'static str> {
        let count = |of| files.iter().filter(|(role, _)| *role == of).count() as u64;
        let total: u64 = files.iter().fold(0, |total, (_, size)| total.saturating_add(*size));
        let (datasheets, images) = (count(Role::Datasheet), count(Role::Image));
        [
            ("database_included", self.database_included == (count(Role::Database) > 0)),
            ("env_included", self.env_included == (count(Role::Env) > 0)),
            ("datasheets_included", self.datasheets_included || datasheets == 0),
            ("images_included", self.images_included || images == 0),
            ("datasheets_count", self.datasheets_count == datasheets),
            ("images_count", self.images_count == images),
            ("total_size_mb", self.total_size_mb == total >> 20),
            ("database_path", self.database_path == DATABASE),
        ]
        .into_iter()
        .find_map(|(field, agrees)| (!agrees).then_some(field))
    }
}

/// The manifest of an archive of the original. Any field may be missing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named as in format 2.0")]
#[serde(default)]
pub struct LegacyInfo {
    pub backup_name: Option<String>,
    pub created_at: Option<String>,
    pub makermatrix_version: Option<String>,
    pub backup_format_version: Option<String>,
    pub datasheets_included: Option<bool>,
    pub images_included: Option<bool>,
}

/// What the manifest of an archive states.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Info {
    /// Format 3.0.
    V3(Box<Manifest>),
    /// Format 2.0 or older; `None` without a manifest.
    Legacy(Option<LegacyInfo>),
}

impl Info {
    /// Returns the manifest if it is one of format 3.0.
    pub fn v3(&self) -> Option<&Manifest> {
        match self {
            Self::V3(manifest) => Some(manifest),
            Self::Legacy(_) => None,
        }
    }

    /// Returns when the backup was made, as the manifest words it.
    pub fn created_at(&self) -> Option<&str> {
        match self {
            Self::V3(manifest) => Some(&manifest.created_at),
            Self::Legacy(info) => info.as_ref()?.created_at.as_deref(),
        }
    }

    /// Returns the version of the program that made the archive.
    pub fn version(&self) -> Option<&str> {
        match self {
            Self::V3(manifest) => Some(&manifest.makermatrix_version),
            Self::Legacy(info) => info.as_ref()?.makermatrix_version.as_deref(),
        }
    }
}

/// Converts bytes to MiB, rounded to two places.
pub(crate) fn mebibytes(bytes: u64) -> f64 {
    two_places(bytes as f64 / 1_048_576.0)
}

pub(crate) fn two_places(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
