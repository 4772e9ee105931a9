//! Where the library keeps its files. They are not synced: what a power failure damages is found by its checksum when the
//! index is opened, and made anew. So a change costs no wait for the disk.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use durable::{Disk, DiskFile, FileMode};
use tantivy::directory::error::{DeleteError, LockError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    AntiCallToken, Directory, DirectoryLock, FileHandle, Lock, MmapDirectory, TerminatingWrite,
    WatchCallback, WatchHandle, WritePtr,
};

/// A folder that is read by the library's memory maps, and written through a disk.
#[derive(Clone, Debug)]
pub(crate) struct DerivedDirectory {
    disk: Disk,
    folder: PathBuf,
    maps: MmapDirectory,
    /// The list of files that is not written yet.
    files: Arc<Mutex<Option<Vec<u8>>>>,
}

/// The library's list of the files that are its own.
pub(crate) const FILES: &str = ".managed.json";

impl DerivedDirectory {
    pub(crate) fn open(disk: &Disk, folder: &Path) -> tantivy::Result<Self> {
        let maps = MmapDirectory::open(folder)?;
        Ok(Self { disk: disk.clone(), folder: folder.to_owned(), maps, files: Arc::default() })
    }

    fn replace(&self, path: &Path, data: &[u8]) -> durable::Result<()> {
        let path = self.folder.join(path);
        let partial = durable::with_suffix(&path, PARTIAL);
        if partial.symlink_metadata().is_ok() {
            self.disk.remove(&partial)?;
        }
        let mut file = self.disk.create(&partial, FileMode::Default)?;
        file.write_all(data).map_err(|source| durable::Error {
            operation: "write",
            path: partial.clone(),
            source,
        })?;
        self.disk.rename(&partial, &path)
    }
}

/// What is appended to the name of a file until its content is complete.
pub(crate) const PARTIAL: &str = ".partial";

impl Directory for DerivedDirectory {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        self.maps.get_file_handle(path)
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        let removed = self.disk.remove(&self.folder.join(path));
        removed.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => DeleteError::FileDoesNotExist(path.to_owned()),
            _ => DeleteError::IoError { io_error: Arc::new(as_io(error)), filepath: path.to_owned() },
        })
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        self.maps.exists(path)
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        let created = self.disk.create(&self.folder.join(path), FileMode::Default);
        let file = created.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => OpenWriteError::FileAlreadyExists(path.to_owned()),
            _ => OpenWriteError::wrap_io_error(as_io(error), path.to_owned()),
        })?;
        Ok(BufWriter::new(Box::new(UnsyncedFile(Mutex::new(file)))))
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        self.maps.atomic_read(path)
    }

    /// The list of all files is written anew for each new file. One that is written with the list of segments is enough: files
    /// that it lacks after a crash are removed when the index is opened.
    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if path == Path::new(FILES) {
            *files = Some(data.to_owned());
            return Ok(());
        }
        if let Some(files) = files.take() {
            self.replace(Path::new(FILES), &files).map_err(as_io)?;
        }
        self.replace(path, data).map_err(as_io)
    }

    fn sync_directory(&self) -> io::Result<()> {
        Ok(())
    }

    fn acquire_lock(&self, lock: &Lock) -> Result<DirectoryLock, LockError> {
        self.maps.acquire_lock(lock)
    }

    fn watch(&self, callback: WatchCallback) -> tantivy::Result<WatchHandle> {
        self.maps.watch(callback)
    }
}

/// A file. The library asks for one that threads may share, though it never does.
struct UnsyncedFile(Mutex<Box<dyn DiskFile>>);

impl UnsyncedFile {
    fn file(&mut self) -> &mut dyn DiskFile {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner).as_mut()
    }
}

impl Write for UnsyncedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file().flush()
    }
}

impl TerminatingWrite for UnsyncedFile {
    fn terminate_ref(&mut self, _: AntiCallToken) -> io::Result<()> {
        self.file().flush()
    }
}

fn as_io(error: durable::Error) -> io::Error {
    io::Error::new(error.kind(), error)
}
