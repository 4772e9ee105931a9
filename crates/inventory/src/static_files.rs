//! The static files: datasheets and images in folders of those names, including sub-folders that users created.
//!
//! Two rules make it safe to back up the files while the inventory is in use. First, names are never reused: a new file
//! gets a fresh name and never replaces another. Second, deletes are deferred while a snapshot holds a [`DeletionGuard`]: they
//! are recorded, and executed when the last guard is dropped or at the next delete.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::fields::Problem;
use crate::{Ambient, Error};
use durable::{Disk, FileMode, folder_of, open_lock_file};

/// The two folders of static files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FileKind {
    /// `datasheets/`
    Datasheets,
    /// `images/`
    Images,
}

impl FileKind {
    /// Both kinds, in the order of an archive.
    pub const ALL: [Self; 2] = [Self::Datasheets, Self::Images];

    /// Returns the name of the folder.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Datasheets => "datasheets",
            Self::Images => "images",
        }
    }
}

/// A regular file below one of the folders.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StaticFile {
    /// The path below the folder, with `/` as separator.
    pub path: String,
    /// The size in bytes.
    pub size: u64,
}

/// A static file that a row refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRef {
    /// The folder.
    pub kind: FileKind,
    /// The path below the folder.
    pub path: String,
}

/// The content of a folder.
#[derive(Debug, Default)]
pub struct Listing {
    /// The regular files, sorted by path.
    pub files: Vec<StaticFile>,
    /// The path and reason for each entry that is not a regular file with a usable name.
    pub unusable: Vec<(String, Unusable)>,
}

/// Why an entry of a folder is not a usable file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unusable {
    /// Its name is not UTF-8.
    NotUtf8,
    /// It is a symbolic link.
    SymbolicLink,
    /// It is a device, a socket or a named pipe.
    SpecialFile,
}

/// The outcome of a delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deletion {
    /// The file has been deleted.
    Done,
    /// The file will be deleted when the running snapshot ends.
    Deferred,
}

/// The address prefix of images in the original. The name follows, with or without an extension.
pub(crate) const IMAGE_URL: &str = "/api/utility/get_image/";

/// The prefix of internal files that are not part of the data: unfinished writes, staged restores, deferred deletes.
const PRIVATE_PREFIX: &str = ".mm-";
/// The lock file of [`DeletionGuard`]. The name on disk is older than that of the type, and versions must agree on it.
const DELETION_LOCK: &str = ".mm-lease";
const DEFERRED: &str = ".mm-deferred";
/// The suffix of files that are being written.
const UNFINISHED: &str = ".partial";

/// The static files of an inventory.
#[derive(Clone)]
pub struct StaticFiles {
    root: PathBuf,
    disk: Disk,
}

/// Prevents the deletion of files until it is dropped. It is a shared lock on a file beside the folders.
#[derive(Debug)]
pub struct DeletionGuard {
    _lock: File,
}

impl StaticFiles {
    /// Creates a handle for the files below `root`. Does not create any folder.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self::with_disk(root, Disk::real())
    }

    /// Creates a handle for the files below `root` on another [`Disk`].
    pub fn with_disk(root: impl Into<PathBuf>, disk: Disk) -> Self {
        Self { root: root.into(), disk }
    }

    /// Returns the parent of the two folders.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the path of one of the two folders.
    pub fn folder(&self, kind: FileKind) -> PathBuf {
        self.root.join(kind.folder())
    }

    /// Creates the missing folders.
    pub fn create_folders(&self) -> Result<(), Error> {
        for kind in FileKind::ALL {
            let folder = self.folder(kind);
            self.disk.create_folder(&folder)?;
        }
        Ok(())
    }

    /// Stores a new file under a fresh name with this extension, in `sub_folder` unless that is empty. The file appears under
    /// its name only when it is complete and durable.
    pub fn store(
        &self,
        kind: FileKind,
        sub_folder: &str,
        extension: &str,
        content: &mut dyn Read,
        ambient: &Ambient,
    ) -> Result<StaticFile, Error> {
        let name = format!("{}.{extension}", ambient.uuid());
        let path = if sub_folder.is_empty() { name } else { format!("{sub_folder}/{name}") };
        let target = self.below(kind, &path)?;
        let partial = self.folder(kind).join(format!("{PRIVATE_PREFIX}{}{UNFINISHED}", ambient.uuid()));
        let stored = self.write(&partial, &target, content);
        if stored.is_err() {
            // The suffix marks the file as unfinished, and lists and backups skip it.
            let _ = self.disk.remove(&partial);
        }
        Ok(StaticFile { path, size: stored? })
    }

    fn write(&self, partial: &Path, target: &Path, content: &mut dyn Read) -> Result<u64, Error> {
        let failed = |source| Error::io(target, source);
        self.disk.create_folder(folder_of(partial))?;
        self.disk.create_folder(folder_of(target))?;
        let mut file = self.disk.create(partial, FileMode::Default)?;
        let size = io::copy(content, &mut file).map_err(failed)?;
        file.flush().and_then(|()| file.sync()).map_err(failed)?;
        self.disk.rename_new(partial, target)?;
        self.disk.sync_folder(folder_of(target))?;
        Ok(size)
    }

    /// Deletes a file, or records the delete for the end of the running snapshot.
    pub fn delete(&self, kind: FileKind, path: &str, ambient: &Ambient) -> Result<Deletion, Error> {
        let target = self.below(kind, path)?;
        let Some(_exclusive) = self.exclusive()? else {
            let notes = self.root.join(DEFERRED);
            self.disk.create_folder(&notes)?;
            let note = notes.join(ambient.uuid().to_string());
            let line = format!("{}/{path}", kind.folder());
            self.disk.write_durably(&note, line.as_bytes())?;
            return Ok(Deletion::Deferred);
        };
        self.remove_deferred()?;
        self.disk.remove(&target)?;
        self.disk.sync_folder(folder_of(&target))?;
        Ok(Deletion::Done)
    }

    /// Defers deletes until the returned guard is dropped. Several guards may exist at once.
    pub fn defer_deletions(&self) -> Result<DeletionGuard, Error> {
        let lock = self.lock_file()?;
        lock.lock_shared().map_err(|source| Error::io(&self.root, source))?;
        Ok(DeletionGuard { _lock: lock })
    }

    /// Executes the deferred deletes, unless a snapshot is running.
    pub fn sweep(&self) -> Result<(), Error> {
        if self.root.join(DEFERRED).exists()
            && let Some(_exclusive) = self.exclusive()?
        {
            self.remove_deferred()?;
        }
        Ok(())
    }

    /// Discards the deferred deletes without executing them, after a restore has replaced the files.
    pub fn forget_deferred(&self) -> Result<(), Error> {
        for note in self.notes()? {
            self.disk.remove(&note)?;
        }
        Ok(())
    }

    /// Returns the names of other entries beside the two folders, sorted. MakerMatrix did not create them.
    pub fn others(&self) -> Result<Vec<String>, Error> {
        let mut others = Vec::new();
        if self.root.exists() {
            for entry in fs::read_dir(&self.root).map_err(|source| Error::io(&self.root, source))? {
                let entry = entry.map_err(|source| Error::io(&self.root, source))?;
                let name = entry.file_name().to_string_lossy().into_owned();
                let ours = FileKind::ALL.iter().any(|kind| kind.folder() == name);
                if !ours && !name.starts_with(PRIVATE_PREFIX) {
                    others.push(name);
                }
            }
        }
        others.sort();
        Ok(others)
    }

    /// Lists all files of a folder, including sub-folders.
    pub fn list(&self, kind: FileKind) -> Result<Listing, Error> {
        let mut listing = Listing::default();
        let folder = self.folder(kind);
        if folder.exists() {
            list_into(&folder, "", &mut listing)?;
        }
        listing.files.sort_unstable();
        Ok(listing)
    }

    /// Returns the absolute path of a file. Refuses a path that leads out of its folder.
    pub fn below(&self, kind: FileKind, path: &str) -> Result<PathBuf, Error> {
        let parts = Path::new(path).components();
        let plain = parts.clone().all(|part| matches!(part, std::path::Component::Normal(_)));
        if !plain || parts.count() == 0 {
            return Err(Error::invalid("file", Problem::OutsideFolder));
        }
        Ok(self.folder(kind).join(path))
    }

    fn lock_file(&self) -> Result<File, Error> {
        self.disk.create_folder(&self.root)?;
        let path = self.root.join(DELETION_LOCK);
        Ok(open_lock_file(&self.disk, &path)?)
    }

    fn exclusive(&self) -> Result<Option<File>, Error> {
        let lock = self.lock_file()?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(lock)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(Error::io(&self.root, source)),
        }
    }

    /// Returns the records of deferred deletes. Skips records that another process is still writing, which needs no lock.
    fn notes(&self) -> Result<Vec<PathBuf>, Error> {
        let folder = self.root.join(DEFERRED);
        let unfinished = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "partial");
        let listed = match fs::read_dir(&folder) {
            Ok(entries) => entries
                .map(|entry| Ok(entry?.path()))
                .filter(|path| !path.as_ref().is_ok_and(unfinished))
                .collect(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => Err(error),
        };
        listed.map_err(|source| Error::io(&folder, source))
    }

    /// Returns the files whose deletion is deferred.
    pub fn deferred(&self) -> Result<Vec<(FileKind, String)>, Error> {
        let mut deferred = Vec::new();
        for note in self.notes()? {
            match fs::read_to_string(&note) {
                Ok(line) => deferred.extend(noted(&line).map(|(kind, path)| (kind, path.to_owned()))),
                // Another process has executed it meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(Error::io(&note, error)),
            }
        }
        Ok(deferred)
    }

    /// Returns the files in a folder that are being written, or whose writing was interrupted.
    pub fn unfinished(&self, kind: FileKind) -> Result<Vec<StaticFile>, Error> {
        let folder = self.folder(kind);
        let mut unfinished = Vec::new();
        if folder.exists() {
            for entry in fs::read_dir(&folder).map_err(|source| Error::io(&folder, source))? {
                let entry = entry.map_err(|source| Error::io(&folder, source))?;
                let path = entry.file_name().to_string_lossy().into_owned();
                let is_ours = path.starts_with(PRIVATE_PREFIX) && path.ends_with(UNFINISHED);
                if let Ok(found) = entry.metadata()
                    && is_ours
                    && found.is_file()
                {
                    unfinished.push(StaticFile { path, size: found.len() });
                }
            }
        }
        Ok(unfinished)
    }

    /// Executes the deferred deletes. The caller must hold the exclusive lock.
    fn remove_deferred(&self) -> Result<(), Error> {
        for note in self.notes()? {
            let line = fs::read_to_string(&note).map_err(|source| Error::io(&note, source))?;
            if let Some(target) = noted(&line).and_then(|(kind, path)| self.below(kind, path).ok()) {
                match self.disk.remove(&target) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        return Err(error.into());
                    }
                    _ => {}
                }
            }
            self.disk.remove(&note)?;
        }
        Ok(())
    }
}

/// Returns the file whose deletion a note records.
fn noted(line: &str) -> Option<(FileKind, &str)> {
    let path = |kind: FileKind| line.strip_prefix(kind.folder())?.strip_prefix('/');
    FileKind::ALL.into_iter().find_map(|kind| Some((kind, path(kind)?)))
}

fn list_into(folder: &Path, above: &str, listing: &mut Listing) -> Result<(), Error> {
    let failed = |source| Error::io(folder, source);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let Ok(name) = entry.file_name().into_string() else {
            let shown = format!("{above}{}", entry.file_name().to_string_lossy());
            listing.unusable.push((shown, Unusable::NotUtf8));
            continue;
        };
        if name.starts_with(PRIVATE_PREFIX) {
            continue;
        }
        // Allocates no more than the path takes, unlike `format!`.
        let path = [above, &name].concat();
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_dir() {
            list_into(&entry.path(), &format!("{path}/"), listing)?;
        } else if kind.is_file() {
            let size = entry.metadata().map_err(failed)?.len();
            listing.files.push(StaticFile { path, size });
        } else if kind.is_symlink() {
            listing.unusable.push((path, Unusable::SymbolicLink));
        } else {
            listing.unusable.push((path, Unusable::SpecialFile));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delete_waits_for_the_guard() {
        let folder = testkit::TestFolder::new();
        let files = StaticFiles::new(folder.path());
        let ambient = Ambient::system();
        let stored = files.store(FileKind::Images, "a/b", "png", &mut &b"png"[..], &ambient).unwrap();
        assert_eq!(files.list(FileKind::Images).unwrap().files, std::slice::from_ref(&stored));

        let deletion_guard = files.defer_deletions().unwrap();
        assert_eq!(files.delete(FileKind::Images, &stored.path, &ambient).unwrap(), Deletion::Deferred);
        files.sweep().unwrap();
        assert_eq!(files.list(FileKind::Images).unwrap().files.len(), 1, "the snapshot still needs it");
        drop(deletion_guard);
        files.sweep().unwrap();
        assert!(files.list(FileKind::Images).unwrap().files.is_empty());

        let stored = files.store(FileKind::Images, "", "png", &mut &b"png"[..], &ambient).unwrap();
        assert_eq!(files.delete(FileKind::Images, &stored.path, &ambient).unwrap(), Deletion::Done);
        assert!(files.list(FileKind::Images).unwrap().files.is_empty());
    }

    #[test]
    fn a_delete_record_that_is_still_being_written_is_not_executed() {
        let folder = testkit::TestFolder::new();
        let files = StaticFiles::new(folder.path());
        let notes = folder.path().join(DEFERRED);
        fs::create_dir(&notes).unwrap();
        let (unfinished, note) = (notes.join("some-id.partial"), notes.join("some-id"));
        fs::write(&unfinished, b"").unwrap();
        files.sweep().unwrap();
        let stored = files.store(FileKind::Images, "", "png", &mut &b"png"[..], &Ambient::system()).unwrap();
        fs::write(&unfinished, format!("images/{}", stored.path)).unwrap();
        files.forget_deferred().unwrap();
        fs::rename(&unfinished, &note).unwrap();
        files.sweep().unwrap();
        assert!(!note.exists() && files.list(FileKind::Images).unwrap().files.is_empty());
    }

    #[test]
    fn paths_never_leave_their_folder() {
        let files = StaticFiles::new("/nowhere");
        for path in ["../x", "/etc/passwd", "a/../../x", ""] {
            assert!(files.below(FileKind::Datasheets, path).is_err(), "{path:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_and_unfinished_writes_are_not_listed_as_files() {
        let folder = testkit::TestFolder::new();
        let files = StaticFiles::new(folder.path());
        files.create_folders().unwrap();
        let images = files.folder(FileKind::Images);
        std::os::unix::fs::symlink("/etc/passwd", images.join("link.png")).unwrap();
        fs::write(images.join(".mm-x.partial"), b"half").unwrap();
        let listing = files.list(FileKind::Images).unwrap();
        assert!(listing.files.is_empty());
        assert_eq!(listing.unusable, [("link.png".to_owned(), Unusable::SymbolicLink)]);
    }
}
