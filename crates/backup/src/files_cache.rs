//! The files cache: which files the newest archive of a folder holds, what their metadata was when they were read, and where
//! their packed bytes are. The next backup takes over the packed bytes of every file whose metadata is the same. The cache is one
//! hidden file beside the archives, can be deleted at any time, and is never written for an encrypted archive, whose names and hashes it
//! would disclose.
//!
//! Each line is a JSON object: one for each file, in the order of the archive, and at the end one for the archive itself. Without that line
//! the cache is not used. Nothing depends on it being right: the new archive is read back, and each file compared with its hash.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Take, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use archive::writer::{AddedFile, Packing};
use durable::{Disk, DiskFile, FileMode, FileView, regular_file};
use serde::{Deserialize, Serialize};

use crate::places::is_archive_name;
use crate::stable_file::FileStamp;
use crate::status::{Identity, identity};

/// The name of the cache.
const NAME: &str = ".makermatrix-files-cache";

/// How long before a backup a file must have been changed for the last time to be recorded. The times of a file system are coarse, at most two
/// seconds, and a file that is written to twice within that time looks unchanged.
const SETTLED: Duration = Duration::from_secs(3);

/// A file in the cache.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CachedFile {
    name: String,
    /// See [`FileStamp::numbers`].
    stamp: [i64; 7],
    offset: u64,
    #[serde(flatten)]
    packing: Packing,
}

/// The last line.
#[derive(Debug, Serialize, Deserialize)]
struct CachedArchive {
    archive: String,
    size: u64,
    /// Nanoseconds since 1970.
    modified: u128,
}

/// The cache of a folder, open for reading, and the archive to which it belongs.
pub(crate) struct FilesCache {
    lines: BufReader<File>,
    /// A line that has been read, and whose file has not been asked for yet.
    next: Option<CachedFile>,
    path: PathBuf,
    archive: FileView,
}

impl FilesCache {
    /// Opens the cache of a folder. Returns `None` if there is none that can be used: its archive must not have changed since the backup.
    pub(crate) fn open(folder: &Path) -> Option<Self> {
        let mut cache = regular_file::open(&folder.join(NAME)).ok()?;
        let known = last_line(&mut cache)?;
        let path = folder.join(&known.archive);
        if path.file_name()?.to_str()? != known.archive || !is_archive_name(&path) {
            return None;
        }
        let archive = regular_file::open(&path).ok()?;
        if identity(&path)? != (known.size, known.modified) {
            return None;
        }
        cache.rewind().ok()?;
        Some(Self { lines: BufReader::new(cache), next: None, path, archive: FileView::new(archive) })
    }

    /// Returns the archive to which the cache belongs.
    pub(crate) fn archive(&self) -> &Path {
        &self.path
    }

    /// Removes the cache of the archive at `path`, which is about to be removed. An error is ignored, since the cache is not used then.
    pub(crate) fn remove_with(disk: &Disk, path: &Path) {
        let cache = path.with_file_name(NAME);
        let known = regular_file::open(&cache).ok().and_then(|mut cache| last_line(&mut cache));
        if known.is_some_and(|known| path.file_name() == Some(known.archive.as_ref())) {
            let _ = disk.remove(&cache);
        }
    }

    /// Returns a view of that archive.
    pub(crate) fn view(&self) -> FileView {
        self.archive.clone()
    }

    /// Returns what is known about a file. Files must be asked for in the order of the archive.
    pub(crate) fn find(&mut self, name: &str) -> Option<CachedFile> {
        loop {
            let cached = self.next.take().or_else(|| self.read())?;
            match cached.name.as_str().cmp(name) {
                std::cmp::Ordering::Less => {}
                std::cmp::Ordering::Equal => return Some(cached),
                std::cmp::Ordering::Greater => {
                    self.next = Some(cached);
                    return None;
                }
            }
        }
    }

    /// Reads the next line that is about a file. A line that is too long is read in pieces, and each piece is skipped like any other line.
    fn read(&mut self) -> Option<CachedFile> {
        /// Several times what a file with the longest name takes.
        const LONGEST: u64 = 16 << 10;
        let mut line = Vec::new();
        while (&mut self.lines).take(LONGEST).read_until(b'\n', &mut line).ok()? > 0 {
            if let Ok(file) = serde_json::from_slice(&line) {
                return Some(file);
            }
            line.clear();
        }
        None
    }
}

/// Reads the last line of a cache.
fn last_line(cache: &mut File) -> Option<CachedArchive> {
    /// More than the line has.
    const LONGEST: u64 = 1024;
    let length = cache.seek(SeekFrom::End(0)).ok()?;
    cache.seek(SeekFrom::Start(length.saturating_sub(LONGEST))).ok()?;
    let mut end = Vec::new();
    cache.read_to_end(&mut end).ok()?;
    let line = end.strip_suffix(b"\n")?.rsplit(|byte| *byte == b'\n').next()?;
    serde_json::from_slice(line).ok()
}

impl CachedFile {
    /// Returns how the file is packed if its stamp has not changed.
    pub(crate) fn packing_of(&self, stamp: &FileStamp) -> Option<Packing> {
        (stamp.numbers() == Some(self.stamp)).then_some(self.packing)
    }

    /// Returns the packed bytes, to be read from a view of the archive.
    pub(crate) fn packed(&self, mut archive: FileView) -> io::Result<PackedBytes> {
        archive.seek(SeekFrom::Start(self.offset))?;
        Ok(PackedBytes(archive.take(self.packing.packed_size)))
    }
}

/// The packed bytes of a file in an earlier archive. Reading them fails with [`Unreadable`] as the inner error.
pub(crate) struct PackedBytes(Take<FileView>);

/// The packed bytes of a file cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("its packed bytes in the last archive cannot be read")]
pub(crate) struct Unreadable;

impl Read for PackedBytes {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer) {
            Ok(n) if n > 0 || self.0.limit() == 0 || buffer.is_empty() => Ok(n),
            Ok(_) | Err(_) => Err(io::Error::other(Unreadable)),
        }
    }
}

/// Writes a cache. A failure ends the writing, and is no failure of the backup.
pub(crate) struct FilesCacheWriter {
    disk: Disk,
    partial: PathBuf,
    out: Option<BufWriter<Box<dyn DiskFile>>>,
    settled: SystemTime,
}

impl FilesCacheWriter {
    /// Begins a cache in the file `partial`, in a backup that began at `begun`.
    pub(crate) fn begin(disk: &Disk, partial: &Path, begun: SystemTime) -> Self {
        let out = disk.create(partial, FileMode::Private).ok().map(BufWriter::new);
        Self { disk: disk.clone(), partial: partial.to_owned(), out, settled: begun - SETTLED }
    }

    /// Records a file that has been added to the archive, and which had this stamp when it was read.
    pub(crate) fn add<R>(&mut self, added: &AddedFile<'_, R>, stamp: &FileStamp) {
        if stamp.is_older_than(self.settled)
            && let Some(numbers) = stamp.numbers()
        {
            let (name, packing) = (added.name.to_owned(), added.packing);
            self.write(&CachedFile { name, stamp: numbers, offset: added.offset, packing });
        }
    }

    /// Ends the cache, which is about the archive at `path` with this identity, and puts it beside the archive.
    pub(crate) fn finish(mut self, path: &Path, (size, modified): Identity) {
        let Some(archive) = path.file_name().and_then(|name| name.to_str()).map(str::to_owned) else {
            return;
        };
        self.write(&CachedArchive { archive, size, modified });
        let Some(mut out) = self.out.take() else { return };
        let written = out.flush();
        drop(out);
        if written.is_err() || self.disk.rename(&self.partial, &path.with_file_name(NAME)).is_err() {
            self.remove();
        }
    }

    fn write(&mut self, line: &impl Serialize) {
        let Some(out) = &mut self.out else { return };
        let written = serde_json::to_writer(&mut *out, line).map_err(io::Error::from);
        if written.and_then(|()| out.write_all(b"\n")).is_err() {
            self.out = None;
            self.remove();
        }
    }

    /// Removes the unfinished cache. What cannot be removed now is recognised by its name later.
    fn remove(&self) {
        let _ = self.disk.remove(&self.partial);
    }
}

impl Drop for FilesCacheWriter {
    fn drop(&mut self) {
        if self.out.take().is_some() {
            self.remove();
        }
    }
}
