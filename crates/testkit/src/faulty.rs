//! A disk on which the Nth effect fails, or which does nothing from then on, as after a crash. It can also
//! lose what was not durable, as in a power cut.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use durable::{DiskFile, FileMode, RawDisk, RealDisk};

use crate::scratch::require_inside;

mod cache;

pub use cache::Lost;
use cache::{Cache, Id};

/// A disk that counts effects and fails at one of them.
#[derive(Debug, Clone)]
pub struct FaultyDisk {
    effects: Arc<AtomicU64>,
    at: u64,
    fault: Fault,
    cache: Option<Arc<Mutex<Cache>>>,
}

#[derive(Debug, Clone, Copy)]
enum Fault {
    Stop,
    Fail(io::ErrorKind),
}

impl FaultyDisk {
    /// Makes a disk that skips effect `at` (the first is 1) and all later ones, as if the process had died.
    pub fn stop_at(at: u64) -> Self {
        Self { effects: Arc::default(), at, fault: Fault::Stop, cache: None }
    }

    /// Makes a disk on which effect `at` fails in this way, and later ones succeed.
    pub fn fail_at(at: u64, kind: io::ErrorKind) -> Self {
        Self { fault: Fault::Fail(kind), ..Self::stop_at(at) }
    }

    /// Makes a disk as [`FaultyDisk::stop_at`] does that also records what is not synced, for
    /// [`FaultyDisk::cut_power`]. Removed and replaced files are kept in the folder `kept`, in case they
    /// have to come back.
    pub fn power_cut_at(at: u64, kept: &Path) -> Self {
        require_inside(kept);
        let _ = fs::remove_dir_all(kept);
        fs::create_dir_all(kept).expect("writable");
        Self { cache: Some(Arc::new(Mutex::new(Cache::new(kept)))), ..Self::stop_at(at) }
    }

    /// Returns the number of effects requested so far.
    pub fn effects(&self) -> u64 {
        self.effects.load(Ordering::SeqCst)
    }

    /// Returns the number of changes, of names and of contents, that a power cut could lose now.
    pub fn unsynced(&self) -> usize {
        self.cache().map_or(0, |cache| cache.unsynced())
    }

    /// Loses `lost` of the changes that are not synced. Files that SQLite writes are not affected, because
    /// it syncs them itself. Requires [`FaultyDisk::power_cut_at`], and that no operation is running.
    pub fn cut_power(&self, lost: Lost) {
        self.cache().expect("made with `power_cut_at`").cut_power(lost);
    }

    fn cache(&self) -> Option<MutexGuard<'_, Cache>> {
        self.cache.as_ref().map(|cache| cache.lock().expect("nobody panics with it"))
    }

    fn effect<T>(&self, effect: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let number = self.effects.fetch_add(1, Ordering::SeqCst) + 1;
        match self.fault {
            Fault::Fail(kind) if number == self.at => Err(kind.into()),
            Fault::Stop if number >= self.at => Err(io::Error::other("the test stopped the disk")),
            _ => effect(),
        }
    }

    /// Performs an effect, and records it if the disk is one for power cuts.
    fn noted<T>(
        &self,
        really: impl FnOnce() -> io::Result<T>,
        noting: impl FnOnce(&mut Cache, &mut dyn FnMut() -> io::Result<T>) -> io::Result<T>,
    ) -> io::Result<T> {
        self.effect(|| match self.cache() {
            None => really(),
            Some(mut cache) => {
                let mut once = Some(really);
                noting(&mut cache, &mut || once.take().expect("asked for once")())
            }
        })
    }
}

struct FaultyFile {
    inner: Box<dyn DiskFile>,
    id: Option<Id>,
    disk: FaultyDisk,
}

impl Write for FaultyFile {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.disk.effect(|| self.inner.write(buffer))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl DiskFile for FaultyFile {
    fn sync(&mut self) -> io::Result<()> {
        self.disk.effect(|| self.inner.sync())?;
        if let (Some(mut cache), Some(id)) = (self.disk.cache(), self.id) {
            cache.content_synced(id);
        }
        Ok(())
    }

    fn set_owner(&mut self, owner: durable::Owner) -> io::Result<()> {
        self.inner.set_owner(owner)
    }

    fn set_modified(&mut self, time: std::time::SystemTime) -> io::Result<()> {
        self.inner.set_modified(time)
    }
}

impl RawDisk for FaultyDisk {
    fn create(&self, path: &Path, mode: FileMode) -> io::Result<Box<dyn DiskFile>> {
        let inner = self.effect(|| RealDisk.create(path, mode))?;
        let id = self.cache().map(|mut cache| cache.created(path));
        Ok(Box::new(FaultyFile { inner, id, disk: self.clone() }))
    }

    fn sync_file(&self, path: &Path) -> io::Result<()> {
        self.noted(
            || RealDisk.sync_file(path),
            |cache, really| {
                really()?;
                cache.file_synced(path);
                Ok(())
            },
        )
    }

    fn sync_tree(&self, root: &Path) -> io::Result<()> {
        // Not `syncfs`: all tests share one file system.
        self.noted(
            || root.metadata().map(|_| ()),
            |cache, really| {
                really()?;
                cache.tree_synced(root);
                Ok(())
            },
        )
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.noted(
            || RealDisk.sync_folder(path),
            |cache, really| {
                really()?;
                cache.folder_synced(path);
                Ok(())
            },
        )
    }

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        // Durable when it returns.
        self.noted(
            || RealDisk.create_folder(path),
            |cache, really| {
                let missing = path.ancestors().take_while(|above| !above.is_dir());
                let missing: Vec<&Path> = missing.filter(|above| *above != Path::new("")).collect();
                really()?;
                missing.into_iter().for_each(|path| cache.folder_created(path));
                Ok(())
            },
        )
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.noted(|| RealDisk.rename(from, to), |cache, really| cache.renamed(from, to, really))
    }

    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.noted(|| RealDisk.rename_new(from, to), |cache, really| cache.renamed(from, to, really))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.noted(|| RealDisk.remove(path), |cache, really| cache.removed(path, really))
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        self.noted(|| RealDisk.remove_folder(path), |cache, really| cache.removed(path, really))
    }

    /// Counts one effect per file and folder, since it can stop halfway.
    fn remove_tree(&self, path: &Path) -> io::Result<()> {
        let mut inside: Vec<_> =
            fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
        inside.sort();
        for path in inside {
            if path.symlink_metadata()?.is_dir() { self.remove_tree(&path)? } else { self.remove(&path)? }
        }
        self.remove_folder(path)
    }
}
