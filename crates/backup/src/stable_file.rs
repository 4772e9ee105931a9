//! Reads a file that others may write to, so that what was read is what the file held at one moment, or
//! an error. Static files are never written to by MakerMatrix once they have their name, but they lie in
//! a folder where any program can.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use archive::writer::SourceChanged;
use durable::regular_file;

use crate::Cancellation;

/// A file being read. Its end is reached only if nobody has written to the file meanwhile, and the file
/// still bears its name; otherwise reading fails with [`SourceChanged`] as the inner error.
#[derive(Debug)]
pub(crate) struct StableFile {
    path: PathBuf,
    file: File,
    stamp: FileStamp,
    read: u64,
    cancellation: Cancellation,
}

/// What reading fails with, as the inner error, once the engine has been asked to stop.
#[derive(Debug, thiserror::Error)]
#[error("it was cancelled")]
pub(crate) struct Cancelled;

impl StableFile {
    pub(crate) fn open(path: &Path, cancellation: &Cancellation) -> io::Result<Self> {
        let file = regular_file::open(path)?;
        let stamp = FileStamp::of(&file.metadata()?);
        Ok(Self { path: path.to_owned(), file, stamp, read: 0, cancellation: cancellation.clone() })
    }

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

/// What differs once a file has been written to or replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileStamp {
    size: u64,
    modified: Option<SystemTime>,
    /// Device and inode, and the time of the last change of the inode, which nobody can set.
    inode: Option<(u64, u64, i64, i64)>,
}

impl FileStamp {
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
