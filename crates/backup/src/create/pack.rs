//! Packs the database and the files into an archive. The packed bytes of a file that has not changed since the last backup are taken over
//! from that backup.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use archive::Writer;
use archive::writer::{AddedFile, Content, SourceChanged};
use durable::FileView;
use inventory::static_files::{FileKind, StaticFile};

use crate::event::Meter;
use crate::files_cache::{CachedFile, FilesCache, FilesCacheWriter, PackedBytes, Unreadable};
use crate::stable_file::{Cancelled, FileStamp, StableFile};
use crate::{Engine, Error, Observer};

use super::unfinished::PartialArchive;
use super::{BackupOptions, Source};

/// Packs one backup.
pub(super) struct Packer<'a> {
    pub(super) engine: &'a Engine,
    pub(super) options: &'a BackupOptions,
    pub(super) source: &'a Source<'a>,
    pub(super) unfinished: &'a PartialArchive,
}

/// The files caches of the last backup and of this one.
pub(super) struct Caches<'a> {
    pub(super) last: Option<&'a mut FilesCache>,
    pub(super) next: Option<&'a mut FilesCacheWriter>,
}

impl Packer<'_> {
    /// Writes the database, these files and the environment file. Returns an archive that lacks its manifest, and the number of files that
    /// were taken over.
    pub(super) fn pack<W: Write>(
        &self,
        out: W,
        files: Vec<(FileKind, StaticFile)>,
        caches: Caches<'_>,
        observer: &mut dyn Observer,
    ) -> Result<(Writer<W>, u64), Error> {
        let copy = &self.unfinished.database;
        let database_size = copy.metadata().map_or(0, |found| found.len());
        let bytes: u64 = files.iter().map(|(_, file)| file.size).sum();
        let meter = Meter::new(&self.engine.cancellation, observer, bytes + database_size);
        let mut names: Vec<String> =
            // Allocates no more than the name takes, unlike `format!`.
            files.into_iter().map(|(kind, file)| [kind.folder(), "/", &file.path].concat()).collect();
        names.shrink_to_fit();
        // Plus the database, the environment file, the manifest and the list of hashes.
        let entries = names.len() + 4;
        let mut writer = Writer::with_capacity(out, self.engine.ambient.utc(), entries);
        if copy.exists() {
            self.add(&mut writer, archive::DATABASE, copy, &meter)?;
        }
        let unchanged = self.add_files(&mut writer, names, caches, &meter)?;
        if self.options.env {
            self.add(&mut writer, archive::ENV, &self.engine.places.env_file, &meter)?;
        }
        Ok((writer, unchanged))
    }

    /// Adds one file of any size.
    fn add<W: Write>(
        &self,
        writer: &mut Writer<W>,
        name: &str,
        path: &Path,
        meter: &Meter<'_>,
    ) -> Result<(), Error> {
        let added = writer.add(name, &mut self.open(path)?, &mut |bytes| meter.add(bytes));
        added.map_err(|error| write_error(error, &self.unfinished.archive, |_| path.to_owned()))
    }

    /// Adds the static files, and returns how many were taken over.
    fn add_files<W: Write>(
        &self,
        writer: &mut Writer<W>,
        names: Vec<String>,
        mut caches: Caches<'_>,
        meter: &Meter<'_>,
    ) -> Result<u64, Error> {
        let last = caches.last.as_ref().map(|cache| cache.view());
        let files = names.into_iter().map(|name| {
            let cached = caches.last.as_mut().and_then(|cache| cache.find(&name));
            (name, cached)
        });
        let mut taken_over = 0;
        let added = |added: AddedFile<'_, FileContent>| {
            taken_over += u64::from(matches!(added.source.bytes, Bytes::Packed(_)));
            if let Some(next) = &mut caches.next {
                next.add(&added, &added.source.stamp);
            }
        };
        let open = |name: &str, cached: &Option<CachedFile>| {
            let content = self.content(name, cached.as_ref().zip(last.as_ref()))?;
            let (Content::Unpacked(file) | Content::Packed(file, _)) = &content;
            let modified = file.stamp.modified();
            Ok((content, modified))
        };
        let result = writer.add_all(files, open, added, &mut |bytes| meter.add(bytes));
        result.map_err(|error: AddError| match error {
            AddError::File(error) => error,
            AddError::Archive(error) => {
                write_error(error, &self.unfinished.archive, |name| self.path_of(name))
            }
        })?;
        Ok(taken_over)
    }

    /// Returns the packed bytes of a file in the last archive if the file has not changed since, and otherwise its content.
    fn content(
        &self,
        name: &str,
        last: Option<(&CachedFile, &FileView)>,
    ) -> Result<Content<FileContent>, Error> {
        self.engine.cancellation.check()?;
        let path = self.path_of(name);
        if let Some((cached, archive)) = last
            && let Ok(found) = path.symlink_metadata()
            && let stamp = FileStamp::of(&found)
            && let Some(packing) = cached.packing_of(&stamp)
        {
            let packed = cached.packed(archive.clone()).map_err(Error::storage("read", &path))?;
            return Ok(Content::Packed(FileContent { stamp, bytes: Bytes::Packed(packed) }, packing));
        }
        let file = self.open(&path)?;
        Ok(Content::Unpacked(FileContent { stamp: file.stamp(), bytes: Bytes::Live(file) }))
    }

    /// Returns the path of a static file. Its name in the archive is its path below the static folder.
    fn path_of(&self, name: &str) -> PathBuf {
        self.source.static_files.join(name)
    }

    fn open(&self, path: &Path) -> Result<StableFile, Error> {
        StableFile::open(path, &self.engine.cancellation).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => Error::Vanished { path: path.to_owned() },
            _ => Error::storage("read", path)(source),
        })
    }
}

/// The content of a static file, and its stamp when it was opened.
struct FileContent {
    stamp: FileStamp,
    bytes: Bytes,
}

enum Bytes {
    Live(StableFile),
    Packed(PackedBytes),
}

impl Read for FileContent {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.bytes {
            Bytes::Live(file) => file.read(buffer),
            Bytes::Packed(packed) => packed.read(buffer),
        }
    }
}

/// Converts an error of writing an archive. `source_of` returns the file of an entry.
pub(super) fn write_error(
    error: archive::Error,
    archive: &Path,
    source_of: impl Fn(&str) -> PathBuf,
) -> Error {
    match error {
        archive::Error::Source { name, source } => {
            let path = source_of(&name);
            match source.get_ref() {
                Some(inner) if inner.is::<Cancelled>() => Error::Cancelled,
                Some(inner) if inner.is::<SourceChanged>() => Error::FileBusy { path },
                Some(inner) if inner.is::<Unreadable>() => {
                    Error::archive(archive)(archive::Error::Source { name, source })
                }
                _ => Error::storage("read", &path)(source),
            }
        }
        archive::Error::Io(source) => Error::storage("write", archive)(source),
        other => Error::archive(archive)(other),
    }
}

/// An error of adding files: of a file, or of the archive.
enum AddError {
    File(Error),
    Archive(archive::Error),
}

impl From<Error> for AddError {
    fn from(error: Error) -> Self {
        Self::File(error)
    }
}

impl From<archive::Error> for AddError {
    fn from(error: archive::Error) -> Self {
        Self::Archive(error)
    }
}
