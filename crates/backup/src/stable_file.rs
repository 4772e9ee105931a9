//! Reads a file that other programs may write to. Reading returns the content of one moment, or an error.
//! MakerMatrix never changes a static file once the file has its name, but other programs can.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use archive::ModifiedTime;
use archive::writer::SourceChanged;
use durable::regular_file;

use crate::Cancellation;

/// A file that must not change while it is read. Reading reaches the end only if nothing has written to the file
/// and the file still has its name. Otherwise it fails with [`SourceChanged`] as the inner error.
#[derive(Debug)]
pub(crate) struct StableFile {
    path: PathBuf,
    file: File,
    stamp: FileStamp,
    read: u64,
    cancellation: Cancellation,
}

/// The inner error of reading once the engine has been asked to stop.
#[derive(Debug, thiserror::Error)]
#[error("it was cancelled")]
pub(crate) struct Cancelled;

impl StableFile {
    /// Opens a regular file and records its stamp.
    pub(crate) fn open(path: &Path, cancellation: &Cancellation) -> io::Result<Self> {
        let file = regular_file::open(path)?;
        let stamp = FileStamp::of(&file.metadata()?);
        Ok(Self { path: path.to_owned(), file, stamp, read: 0, cancellation: cancellation.clone() })
    }

    /// Returns the stamp that the file has had while it is read.
    pub(crate) fn stamp(&self) -> FileStamp {
        self.stamp
    }

    /// Fails if the file has changed, has been replaced, or has another size than was read.
    fn check(&self) -> io::Result<()> {
        let named = self.path.symlink_metadata().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => io::Error::other(SourceChanged),
            _ => error,
        })?;
        let same = FileStamp::of(&self.file.metadata()?) == self.stamp
            && (named.is_symlink() || FileStamp::of(&named) == self.stamp)
            && self.read == self.stamp.size;
        if same { Ok(()) } else { Err(io::Error::other(SourceChanged)) }
    }
}

impl Read for StableFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.cancellation.is_cancelled() {
            return Err(io::Error::other(Cancelled));
        }
        let n = self.file.read(buffer)?;
        self.read += n as u64;
        if n == 0 && !buffer.is_empty() {
            self.check()?;
        }
        Ok(n)
    }
}

/// The metadata that changes when a file is written to or replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileStamp {
    size: u64,
    modified: Option<SystemTime>,
    /// Device, inode, and the time of the last change of the inode, which programs cannot set.
    inode: Option<(u64, u64, i64, i64)>,
}

impl FileStamp {
    /// Returns the stamp of a file with this metadata.
    pub(crate) fn of(found: &Metadata) -> Self {
        #[cfg(unix)]
        let inode = {
            use std::os::unix::fs::MetadataExt;
            Some((found.dev(), found.ino(), found.ctime(), found.ctime_nsec()))
        };
        #[cfg(not(unix))]
        let inode = None;
        Self { size: found.len(), modified: found.modified().ok(), inode }
    }

    /// Returns the modification time for a manifest.
    pub(crate) fn modified(&self) -> Option<ModifiedTime> {
        self.modified.and_then(ModifiedTime::from_system)
    }

    /// Returns whether file and inode were changed for the last time before `time`.
    pub(crate) fn is_older_than(&self, time: SystemTime) -> bool {
        let (Some(modified), Some((.., seconds, _))) = (self.modified, self.inode) else { return false };
        let limit = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        modified < time && u64::try_from(seconds).is_ok_and(|seconds| seconds < limit)
    }

    /// Returns all of the stamp as numbers: the size, the modification time, the device, the inode, and the time of its last change, both times
    /// in seconds and nanoseconds. Returns `None` if the system does not tell all of them.
    pub(crate) fn numbers(&self) -> Option<[i64; 7]> {
        let modified = self.modified?.duration_since(UNIX_EPOCH).ok()?;
        let (device, inode, changed, nanoseconds) = self.inode?;
        let (size, seconds) = (i64::try_from(self.size).ok()?, i64::try_from(modified.as_secs()).ok()?);
        let subsecond = i64::from(modified.subsec_nanos());
        Some([size, seconds, subsecond, device.cast_signed(), inode.cast_signed(), changed, nanoseconds])
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::{Seek, Write};

    use super::*;

    /// Reads the first half, lets something happen, and reads the rest.
    fn read_around(path: &Path, meanwhile: impl FnOnce()) -> io::Result<Vec<u8>> {
        let mut source = StableFile::open(path, &Cancellation::default())?;
        let mut begin = vec![0; 4];
        source.read_exact(&mut begin)?;
        meanwhile();
        source.read_to_end(&mut begin)?;
        Ok(begin)
    }

    fn is_changed(result: &io::Result<Vec<u8>>) -> bool {
        let inner = result.as_ref().err().and_then(io::Error::get_ref);
        inner.is_some_and(|inner| inner.is::<SourceChanged>())
    }

    #[test]
    fn a_file_that_is_written_to_while_it_is_read_is_no_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        fs::write(&path, b"old-old-").unwrap();
        // In another tick of the clock than what follows.
        File::options().write(true).open(&path).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(read_around(&path, || {}).unwrap(), b"old-old-");
        let overwrite = || {
            let mut file = File::options().write(true).open(&path).unwrap();
            file.write_all(b"new-").unwrap();
            file.seek(io::SeekFrom::Start(4)).unwrap();
            file.write_all(b"new-").unwrap();
        };
        assert!(is_changed(&read_around(&path, overwrite)), "same size");
        assert!(is_changed(&read_around(&path, || fs::write(&path, b"longer than before").unwrap())));
        assert!(is_changed(&read_around(&path, || {
            File::options().write(true).open(&path).unwrap().set_len(6).unwrap();
        })));
        let replaced = read_around(&path, || {
            fs::write(folder.path().join("y"), b"longer than before").unwrap();
            fs::rename(folder.path().join("y"), &path).unwrap();
        });
        assert!(is_changed(&replaced), "another file bears its name");
        assert!(is_changed(&read_around(&path, || fs::remove_file(&path).unwrap())), "none does");
    }
}
