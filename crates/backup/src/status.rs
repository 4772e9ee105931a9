//! The status of an archive: when and by which version it was verified, and proven by a drill. It is stored
//! beside the archive as `NAME.zip.status.json`, and never in the database, which a restore replaces. The status of
//! an archive that has changed is void.

use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use durable::{regular_file, with_suffix};
use serde::{Deserialize, Serialize};

use crate::places::is_archive_name;
use crate::{Engine, Error};

/// The status of an archive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Version of this file's format: 1.
    pub format: u32,
    /// When all hashes and the database were last checked, UTC, RFC 3339.
    pub verified_at: String,
    /// The version of the program that verified the archive.
    pub verified_by: String,
    /// The last drill that the archive passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proven: Option<ProofRecord>,
    /// The last successful check of its key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_checked: Option<KeyCheckRecord>,
    size: u64,
    modified: u128,
}

/// The record of a passed drill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProofRecord {
    /// When, UTC, RFC 3339.
    pub at: String,
    /// The version of the program.
    pub by: String,
    /// How long the restore took, in seconds.
    pub restore_seconds: f64,
}

/// The record of a key check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeyCheckRecord {
    /// When, UTC, RFC 3339.
    pub at: String,
    /// The public key of the checked key.
    pub recipient: String,
}

impl Engine {
    /// Records that the archive at `path` has been verified. The status is written beside `place`, the final path of
    /// the archive.
    pub(crate) fn note_verified(&self, path: &Path, place: &Path) -> Result<Status, Error> {
        let known = read(path);
        let (proven, key_checked) = known.map_or((None, None), |known| (known.proven, known.key_checked));
        self.note(path, place, proven, key_checked)
    }

    /// Records that the archive at `path` has passed a drill, whose restore took `took`.
    pub(crate) fn note_proven(&self, path: &Path, took: Duration) -> Result<Status, Error> {
        let (at, by) = (self.timestamp(), self.version.clone());
        // Round to milliseconds.
        let restore_seconds = (took.as_secs_f64() * 1000.0).round() / 1000.0;
        let key_checked = read(path).and_then(|known| known.key_checked);
        self.note(path, path, Some(ProofRecord { at, by, restore_seconds }), key_checked)
    }

    /// Records that the key of `recipient` has opened the archive at `path`.
    ///
    /// # Errors
    /// [`Error::ArchiveNotFound`] when the archive has no status because it was never verified.
    pub(crate) fn note_key(&self, path: &Path, recipient: String) -> Result<Status, Error> {
        let target = status_file(path);
        let mut status = read(path).ok_or_else(|| Error::ArchiveNotFound { path: target.clone() })?;
        status.key_checked = Some(KeyCheckRecord { at: self.timestamp(), recipient });
        self.write_status(&target, &status)?;
        Ok(status)
    }

    /// Writes the status of a verified archive.
    fn note(
        &self,
        path: &Path,
        place: &Path,
        proven: Option<ProofRecord>,
        key_checked: Option<KeyCheckRecord>,
    ) -> Result<Status, Error> {
        let target = status_file(place);
        let (size, modified) =
            identity(path).ok_or_else(|| Error::ArchiveNotFound { path: path.to_owned() })?;
        let (verified_at, verified_by) = (self.timestamp(), self.version.clone());
        let status = Status { format: 1, verified_at, verified_by, proven, key_checked, size, modified };
        self.write_status(&target, &status)?;
        Ok(status)
    }

    fn write_status(&self, target: &Path, status: &Status) -> Result<(), Error> {
        let json = serde_json::to_vec_pretty(status).expect("a plain struct becomes JSON");
        Ok(self.disk.write_durably(target, &json)?)
    }

    fn timestamp(&self) -> String {
        self.ambient.utc().format("%Y-%m-%dT%H:%M:%SZ").to_string()
    }
}

/// Reads the status of the archive at `path`; `None` if there is none, or if the archive has changed.
pub(crate) fn read(path: &Path) -> Option<Status> {
    let status: Status = serde_json::from_slice(&regular_file::read(&status_file(path)).ok()?).ok()?;
    (identity(path)? == (status.size, status.modified)).then_some(status)
}

const SUFFIX: &str = ".status.json";

/// Returns the path of the status file of an archive.
pub(crate) fn status_file(path: &Path) -> PathBuf {
    with_suffix(path, SUFFIX)
}

/// Returns the archive to which the status file at `path` belongs; `None` if `path` is not a status file.
pub(crate) fn archive_of_status(path: &Path) -> Option<PathBuf> {
    // Only the file name must be Unicode, not the path of its folder.
    let archive = path.with_file_name(path.file_name()?.to_str()?.strip_suffix(SUFFIX)?);
    is_archive_name(&archive).then_some(archive)
}

/// Returns the size and modification time of a file, which identify its content.
pub(crate) fn identity(path: &Path) -> Option<(u64, u128)> {
    let found = path.metadata().ok()?;
    let modified = found.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some((found.len(), modified.as_nanos()))
}
