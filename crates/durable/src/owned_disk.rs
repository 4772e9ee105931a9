//! A [`RawDisk`] that sets the owner of new files and folders.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::{DiskFile, FileMode, Owner, RawDisk, folder_of};

/// A [`RawDisk`] that sets the owner of new files and folders.
pub struct OwnedDisk {
    inner: Arc<dyn RawDisk>,
    database: PathBuf,
    backups: PathBuf,
}

impl OwnedDisk {
    /// Wraps a disk for a process that runs as root. New files in or below the folder of the file `database` get the
    /// owner of that file. All other new files, and everything in or below the folder `backups`, get the owner of the
    /// folder that contains them. Returns `inner` itself unless the process runs as root: only root can change owners.
    pub fn for_root(inner: Arc<dyn RawDisk>, database: &Path, backups: &Path) -> Arc<dyn RawDisk> {
        if !rustix::process::geteuid().is_root() {
            return inner;
        }
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Arc::new(Self { inner, database: absolute(database), backups: absolute(backups) })
    }

    /// Returns the owner that a new file at `path` gets.
    fn owner(&self, path: &Path) -> io::Result<Owner> {
        let path = std::path::absolute(path)?;
        let above = path.ancestors().skip(1).find(|above| above.is_dir()).unwrap_or(Path::new("/"));
        if !above.starts_with(&self.backups)
            && path.starts_with(folder_of(&self.database))
            && let Ok(database) = self.database.metadata()
        {
            return Ok(Owner::of(&database));
        }
        Ok(Owner::of(&above.metadata()?))
    }
}

impl RawDisk for OwnedDisk {
    fn create(&self, path: &Path, mode: FileMode) -> io::Result<Box<dyn DiskFile>> {
        let owner = self.owner(path)?;
        let mut file = self.inner.create(path, mode)?;
        file.set_owner(owner)?;
        Ok(file)
    }

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        let missing: Vec<&Path> = path
            .ancestors()
            .take_while(|above| !above.as_os_str().is_empty() && above.symlink_metadata().is_err())
            .collect();
        if missing.is_empty() {
            return self.inner.create_folder(path);
        }
        for folder in missing.into_iter().rev() {
            let owner = self.owner(folder)?;
            self.inner.create_folder(folder)?;
            set_folder_owner(folder, owner)?;
        }
        Ok(())
    }

    fn sync_file(&self, path: &Path) -> io::Result<()> {
        self.inner.sync_file(path)
    }

    fn sync_tree(&self, root: &Path) -> io::Result<()> {
        self.inner.sync_tree(root)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.inner.sync_folder(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.inner.rename(from, to)
    }

    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.inner.rename_new(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.inner.remove(path)
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        self.inner.remove_folder(path)
    }

    fn remove_tree(&self, path: &Path) -> io::Result<()> {
        self.inner.remove_tree(path)
    }
}

/// Sets the owner of a new folder. Ignores a missing folder: another process may have removed it as abandoned.
fn set_folder_owner(folder: &Path, owner: Owner) -> io::Result<()> {
    use rustix::fs::{Mode, OFlags, open};
    match open(folder, OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()) {
        Ok(opened) => owner.apply_to(&std::fs::File::from(opened)),
        Err(rustix::io::Errno::NOENT) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
