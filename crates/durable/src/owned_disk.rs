//! A disk on which new files and folders get an owner.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::{DiskFile, FileMode, Owner, RawDisk, folder_of};

/// A disk on which new files and folders get an owner.
pub struct OwnedDisk {
    inner: Arc<dyn RawDisk>,
    main: PathBuf,
    apart: PathBuf,
}

impl OwnedDisk {
    /// Gives what is created in or below the folder of the file `main` to the owner of that file, and everything
    /// else to the owner of the folder it is created in; what is created in or below the folder `apart` too, wherever
    /// that lies. Where this process is not root's, and so cannot give anything away, returns `inner` itself.
    pub fn for_root(inner: Arc<dyn RawDisk>, main: &Path, apart: &Path) -> Arc<dyn RawDisk> {
        if !rustix::process::geteuid().is_root() {
            return inner;
        }
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Arc::new(Self { inner, main: absolute(main), apart: absolute(apart) })
    }

    /// Returns who owns what is created at `path`.
    fn owner(&self, path: &Path) -> io::Result<Owner> {
        let path = std::path::absolute(path)?;
        let above = path.ancestors().skip(1).find(|above| above.is_dir()).unwrap_or(Path::new("/"));
        if !above.starts_with(&self.apart)
            && path.starts_with(folder_of(&self.main))
            && let Ok(main) = self.main.metadata()
        {
            return Ok(Owner::of(&main));
        }
        Ok(Owner::of(&above.metadata()?))
    }
}

impl RawDisk for OwnedDisk {
    fn create(&self, path: &Path, mode: FileMode) -> io::Result<Box<dyn DiskFile>> {
        let owner = self.owner(path)?;
        let mut file = self.inner.create(path, mode)?;
        file.give_to(owner)?;
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
            give_folder(folder, owner)?;
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

/// Gives a new folder to its owner. One that is gone again, taken for abandoned by somebody else, has none.
fn give_folder(folder: &Path, owner: Owner) -> io::Result<()> {
    use rustix::fs::{Mode, OFlags, open};
    match open(folder, OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()) {
        Ok(opened) => owner.give(&std::fs::File::from(opened)),
        Err(rustix::io::Errno::NOENT) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
