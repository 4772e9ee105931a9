//! The interface to the file system: the real one, or one that a test stops or lets fail at any change. Reading changes
//! nothing and does not use this interface. (SQLite writes its own files; a change to a database counts as one effect.)

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::time::SystemTime;

use crate::Owner;
use crate::paths::folder_of;

/// The operations that change the file system. Paths are absolute or relative to the working folder.
pub trait RawDisk: Send + Sync {
    /// Creates a file that must not exist yet.
    fn create(&self, path: &Path, mode: FileMode) -> io::Result<Box<dyn DiskFile>>;
    /// Makes the content of a file durable. Must not be called on a database that this process has
    /// open: closing any descriptor of a file drops the locks that SQLite holds on it.
    fn sync_file(&self, path: &Path) -> io::Result<()>;
    /// Makes all files in and below a folder durable: contents and names.
    fn sync_tree(&self, root: &Path) -> io::Result<()>;
    /// Makes the names in a folder durable.
    fn sync_folder(&self, path: &Path) -> io::Result<()>;
    /// Creates a folder and its parents durably. The folder may exist already.
    fn create_folder(&self, path: &Path) -> io::Result<()>;
    /// Moves a file and replaces the target.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Moves a file to a path that must not exist.
    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Removes an empty folder.
    fn remove_folder(&self, path: &Path) -> io::Result<()>;
    /// Removes a folder and everything in it.
    fn remove_tree(&self, path: &Path) -> io::Result<()>;
}

/// Who may read a new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileMode {
    /// Its owner alone: the file holds secrets, such as password hashes.
    Private,
    /// Whoever the umask of the process allows.
    Default,
}

/// A file being written.
pub trait DiskFile: Write + Send {
    /// Makes its content durable. A failure is final: the kernel may have dropped the data, and
    /// asking again would report success.
    fn sync(&mut self) -> io::Result<()>;
    /// Changes the owner of the file. Only root may do so.
    fn set_owner(&mut self, owner: Owner) -> io::Result<()>;
    /// Sets the modification time. Later writes change it again.
    fn set_modified(&mut self, time: SystemTime) -> io::Result<()>;
}

/// The real file system.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealDisk;

impl DiskFile for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_all()
    }

    fn set_owner(&mut self, owner: Owner) -> io::Result<()> {
        owner.apply_to(self)
    }

    fn set_modified(&mut self, time: SystemTime) -> io::Result<()> {
        Self::set_modified(self, time)
    }
}

impl RawDisk for RealDisk {
    fn create(&self, path: &Path, mode: FileMode) -> io::Result<Box<dyn DiskFile>> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        if mode == FileMode::Private {
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        }
        #[cfg(not(unix))]
        let _ = mode;
        let file = options.open(path)?;
        // The lock tells other processes that the file is still being written, and not left behind by a
        // crash. On file systems without locks only that distinction is lost.
        let _ = file.try_lock();
        Ok(Box::new(file))
    }

    fn sync_file(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn sync_tree(&self, root: &Path) -> io::Result<()> {
        // One call syncs thousands of files. Since Linux 5.8 the call reports failed writes.
        #[cfg(target_os = "linux")]
        return Ok(rustix::fs::syncfs(File::open(root)?)?);
        #[cfg(not(target_os = "linux"))]
        {
            for entry in fs::read_dir(root)? {
                let path = entry?.path();
                if path.is_dir() { self.sync_tree(&path)? } else { self.sync_file(&path)? }
            }
            self.sync_folder(root)
        }
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        if path.is_dir() {
            return Ok(());
        }
        let above = folder_of(path);
        self.create_folder(above)?;
        match fs::create_dir(path) {
            Ok(()) => self.sync_folder(above),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let why = format!("{} is not a folder", path.display());
                Err(io::Error::new(io::ErrorKind::NotADirectory, why))
            }
            Err(error) => Err(error),
        }
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        {
            use rustix::fs::{CWD, RenameFlags, renameat_with};
            match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
                // Some file systems (NFS, FAT) do not support this rename.
                Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {}
                result => return Ok(result?),
            }
        }
        if to.symlink_metadata().is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }

    fn remove_tree(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir_all(path)
    }
}
