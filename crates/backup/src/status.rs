//! The status of an archive: when and by which version it was verified, and proven by a drill. It is stored
//! beside the archive as `NAME.zip.status.json`, and never in the database, which a restore replaces. The status of
//! an archive that has changed is void. An archive is unchanged if its size and modification time are as recorded, or
//! else if its hash is: a copy has another modification time.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use archive::{HashingReader, Sha256Hex};
use durable::{regular_file, with_suffix};
use serde::{Deserialize, Serialize};

use crate::places::is_archive_name;
use crate::stable_file::{Cancelled, StableFile};
use crate::{Cancellation, Engine, Error};

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
    /// Nanoseconds since 1970.
    modified: u128,
    /// The hash of the whole file; `None` if an earlier version wrote the status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sha256: Option<Sha256Hex>,
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
    /// Returns the status of the archive at `path`; `None` if there is none, or if the archive has changed. Hashes the
    /// archive if only its modification time is another one, and records that time if the folder is writable.
    pub(crate) fn status_of(&self, path: &Path) -> Option<Status> {
        let known = recorded(path)?;
        let (size, modified) = identity(path)?;
        if size != known.size || modified == known.modified {
            return (size == known.size).then_some(known);
        }
        let expected = known.sha256?;
        if self.fingerprint(path, (size, modified), &Cancellation::default()).ok()?.sha256 != expected {
            return None;
        }
        // Another process may have recorded a new status in the meantime.
        if recorded(path).as_ref() != Some(&known) {
            return self.status_of(path);
        }
        let status = Status { modified, ..known };
        // Without the new time, the archive is only hashed again next time.
        let _ = self.write_status(&status_file(path), &status);
        Some(status)
    }

    /// Records that the archive at `path`, which had this fingerprint, has been verified. The status is written beside `place`, the
    /// final path of the archive.
    ///
    /// # Errors
    /// [`Error::FileBusy`] if another file has taken the name of the archive; [`Error::Storage`].
    pub(crate) fn note_verified(
        &self,
        path: &Path,
        fingerprint: &Fingerprint,
        place: &Path,
    ) -> Result<Status, Error> {
        if identity(path) != Some(fingerprint.identity) {
            return Err(Error::FileBusy { path: path.to_owned() });
        }
        let mut status = self.new_status(fingerprint);
        if let Some(known) = recorded(path).filter(|known| known.is_of(&status)) {
            status = Status { proven: known.proven, key_checked: known.key_checked, ..status };
        }
        self.write_status(&status_file(place), &status)?;
        Ok(status)
    }

    /// Records that the archive at `path`, whose identity was `identity` before it was read, has passed a drill, whose
    /// restore took `took`.
    pub(crate) fn note_proven(
        &self,
        path: &Path,
        identity: Identity,
        took: Duration,
    ) -> Result<Status, Error> {
        let mut status = self.new_status(&self.fingerprint(path, identity, &Cancellation::default())?);
        let (at, by) = (self.timestamp(), self.version.clone());
        // Round to milliseconds.
        let restore_seconds = (took.as_secs_f64() * 1000.0).round() / 1000.0;
        status.proven = Some(ProofRecord { at, by, restore_seconds });
        status.key_checked =
            recorded(path).filter(|known| known.is_of(&status)).and_then(|known| known.key_checked);
        self.write_status(&status_file(path), &status)?;
        Ok(status)
    }

    /// Records that the key of `recipient` has opened the archive at `path`.
    ///
    /// # Errors
    /// [`Error::ArchiveNotFound`] when the archive has no status because it was never verified.
    pub(crate) fn note_key(&self, path: &Path, recipient: String) -> Result<Status, Error> {
        let target = status_file(path);
        let mut status =
            self.status_of(path).ok_or_else(|| Error::ArchiveNotFound { path: target.clone() })?;
        status.key_checked = Some(KeyCheckRecord { at: self.timestamp(), recipient });
        self.write_status(&target, &status)?;
        Ok(status)
    }

    /// Returns the status of an archive that has just been verified.
    fn new_status(&self, &Fingerprint { identity: (size, modified), sha256 }: &Fingerprint) -> Status {
        let (verified_at, verified_by) = (self.timestamp(), self.version.clone());
        let (proven, key_checked, sha256) = (None, None, Some(sha256));
        Status { format: 1, verified_at, verified_by, proven, key_checked, size, modified, sha256 }
    }

    /// Returns the fingerprint of an archive, unless `stop` says that nobody needs it any more.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Cancelled`]; [`Error::FileBusy`] if the identity of the archive is not `expected`.
    pub(crate) fn fingerprint(
        &self,
        path: &Path,
        expected: Identity,
        stop: &Cancellation,
    ) -> Result<Fingerprint, Error> {
        const BUFFER: usize = 128 << 10;
        let failed = |error: io::Error| match error.get_ref() {
            Some(inner) if inner.is::<Cancelled>() => Error::Cancelled,
            _ => Error::storage("read", path)(error),
        };
        let mut content = HashingReader::new(StableFile::open(path, &self.cancellation).map_err(failed)?);
        let mut buffer = vec![0; BUFFER];
        while content.read(&mut buffer).map_err(failed)? > 0 {
            stop.check()?;
        }
        if identity(path) != Some(expected) {
            return Err(Error::FileBusy { path: path.to_owned() });
        }
        Ok(Fingerprint { identity: expected, sha256: content.finish().1 })
    }

    fn write_status(&self, target: &Path, status: &Status) -> Result<(), Error> {
        let json = serde_json::to_vec_pretty(status).expect("a plain struct becomes JSON");
        Ok(self.disk.write_durably(target, &json)?)
    }

    fn timestamp(&self) -> String {
        self.ambient.utc().format("%Y-%m-%dT%H:%M:%SZ").to_string()
    }
}

impl Status {
    /// Returns whether this status, recorded earlier, is one of the same content as `new`.
    fn is_of(&self, new: &Self) -> bool {
        let same_content =
            if self.sha256.is_some() { self.sha256 == new.sha256 } else { self.modified == new.modified };
        self.size == new.size && same_content
    }
}

/// Reads the status that is recorded beside the archive at `path`.
fn recorded(path: &Path) -> Option<Status> {
    serde_json::from_slice(&regular_file::read(&status_file(path)).ok()?).ok()
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

/// What an archive was when it was read.
pub(crate) struct Fingerprint {
    pub(crate) identity: Identity,
    sha256: Sha256Hex,
}

/// The size of a file and its modification time in nanoseconds since 1970, which tell whether it has changed.
pub(crate) type Identity = (u64, u128);

/// Returns the identity of a file.
pub(crate) fn identity(path: &Path) -> Option<Identity> {
    let found = path.metadata().ok()?;
    let modified = found.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some((found.len(), modified.as_nanos()))
}
