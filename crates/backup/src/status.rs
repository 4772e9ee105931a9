//! What is known about an archive beyond what it says itself: when it was verified, when it was proven
//! by restoring it, and by which version. Kept beside it, as `NAME.zip.status.json`, never in the
//! database that a restore replaces. An archive that has changed since is unverified again.

use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use durable::{regular_file, with_suffix};
use serde::{Deserialize, Serialize};

use crate::places::is_archive_name;
use crate::{Engine, Error};

/// The state of an archive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Version of this file's format: 1.
    pub format: u32,
    /// When every hash was last checked and the database opened, UTC, RFC 3339.
    pub verified_at: String,
    /// By which version.
    pub verified_by: String,
    /// That it has been restored somewhere, and everything was as it should be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proven: Option<ProofRecord>,
    /// That a key which somebody has in hand opens it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_checked: Option<KeyCheckRecord>,
    size: u64,
    modified: u128,
}

/// The last drill that an archive passed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProofRecord {
    /// When, UTC, RFC 3339.
    pub at: String,
    /// By which version.
    pub by: String,
    /// How long restoring it took, in seconds.
    pub restore_seconds: f64,
}

/// The last time that somebody showed the key to an encrypted archive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeyCheckRecord {
    /// When, UTC, RFC 3339.
    pub at: String,
    /// The public key that belongs to it.
    pub recipient: String,
}

impl Engine {
    /// Notes that the archive at `path` has just been verified, beside where it is or will be.
    pub(crate) fn note_verified(&self, path: &Path, place: &Path) -> Result<Status, Error> {
        let known = read(path);
        let (proven, key_checked) = known.map_or((None, None), |known| (known.proven, known.key_checked));
        self.note(path, place, proven, key_checked)
    }

    /// Notes that the archive at `path` has just been restored somewhere, which took so long, and
    /// compared.
    pub(crate) fn note_proven(&self, path: &Path, took: Duration) -> Result<Status, Error> {
        let (at, by) = (self.stamp(), self.version.clone());
        // To the millisecond: more would be noise.
        let restore_seconds = (took.as_secs_f64() * 1000.0).round() / 1000.0;
        let key_checked = read(path).and_then(|known| known.key_checked);
        self.note(path, path, Some(ProofRecord { at, by, restore_seconds }), key_checked)
    }

    /// Notes that the key of `recipient` has just opened the archive at `path`, which was verified before.
    pub(crate) fn note_key(&self, path: &Path, recipient: String) -> Result<Status, Error> {
        let target = status_file(path);
        let mut status = read(path).ok_or_else(|| Error::ArchiveNotFound { path: target.clone() })?;
        status.key_checked = Some(KeyCheckRecord { at: self.stamp(), recipient });
        self.write_status(&target, &status)?;
        Ok(status)
    }

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
        let (verified_at, verified_by) = (self.stamp(), self.version.clone());
        let status = Status { format: 1, verified_at, verified_by, proven, key_checked, size, modified };
        self.write_status(&target, &status)?;
        Ok(status)
    }

    fn write_status(&self, target: &Path, status: &Status) -> Result<(), Error> {
        let json = serde_json::to_vec_pretty(status).expect("a plain struct becomes JSON");
        Ok(self.disk.write_durably(target, &json)?)
    }

    fn stamp(&self) -> String {
        self.ambient.utc().format("%Y-%m-%dT%H:%M:%SZ").to_string()
    }
}

/// What is known about the archive at `path`, if it is still the same file.
pub(crate) fn read(path: &Path) -> Option<Status> {
    let status: Status = serde_json::from_slice(&regular_file::read(&status_file(path)).ok()?).ok()?;
    (identity(path)? == (status.size, status.modified)).then_some(status)
}

const SUFFIX: &str = ".status.json";

pub(crate) fn status_file(path: &Path) -> PathBuf {
    with_suffix(path, SUFFIX)
}

/// The archive that the file at `path` is a note about, if it is one.
pub(crate) fn noted_archive(path: &Path) -> Option<PathBuf> {
    // The folder can be called anything.
    let archive = path.with_file_name(path.file_name()?.to_str()?.strip_suffix(SUFFIX)?);
    is_archive_name(&archive).then_some(archive)
}

/// What tells a file from another one of its name.
pub(crate) fn identity(path: &Path) -> Option<(u64, u128)> {
    let found = path.metadata().ok()?;
    let modified = found.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some((found.len(), modified.as_nanos()))
}
