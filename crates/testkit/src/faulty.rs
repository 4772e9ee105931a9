//! A disk on which the Nth effect fails, or after which nothing happens any more, as after a crash.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use inventory::disk::{Disk, DiskFile, Readers, RealDisk};

/// Counts effects and interferes at one of them.
#[derive(Debug, Clone)]
pub struct FaultyDisk {
    effects: Arc<AtomicU64>,
    at: u64,
    fault: Fault,
}

#[derive(Debug, Clone, Copy)]
enum Fault {
    Stop,
    Fail(io::ErrorKind),
}

impl FaultyDisk {
    /// Effect `at` (the first is 1) and all after it do not happen: the process is as good as dead.
    pub fn stop_at(at: u64) -> Self {
        Self { effects: Arc::default(), at, fault: Fault::Stop }
    }

    /// Effect `at` fails in this way and does not happen; later ones do.
    pub fn fail_at(at: u64, kind: io::ErrorKind) -> Self {
        Self { effects: Arc::default(), at, fault: Fault::Fail(kind) }
    }

    /// A disk that only counts.
    pub fn counting() -> Self {
        Self::stop_at(u64::MAX)
    }

    /// Effects asked for so far.
    pub fn effects(&self) -> u64 {
        self.effects.load(Ordering::SeqCst)
    }

    fn effect<T>(&self, effect: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let number = self.effects.fetch_add(1, Ordering::SeqCst) + 1;
        match self.fault {
            Fault::Stop if number >= self.at => Err(io::Error::other("the test stopped the disk")),
            Fault::Fail(kind) if number == self.at => Err(kind.into()),
            _ => effect(),
        }
    }
}

struct FaultyFile {
    inner: Box<dyn DiskFile>,
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
        self.disk.effect(|| self.inner.sync())
    }
}

impl Disk for FaultyDisk {
    fn create(&self, path: &Path, readers: Readers) -> io::Result<Box<dyn DiskFile>> {
        let inner = self.effect(|| RealDisk.create(path, readers))?;
        Ok(Box::new(FaultyFile { inner, disk: self.clone() }))
    }

    fn sync_file(&self, path: &Path) -> io::Result<()> {
        self.effect(|| RealDisk.sync_file(path))
    }

    fn sync_tree(&self, root: &Path) -> io::Result<()> {
        // Not `syncfs`: the tests of this machine share one file system.
        self.effect(|| root.metadata().map(|_| ()))
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.effect(|| RealDisk.sync_folder(path))
    }

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        self.effect(|| RealDisk.create_folder(path))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.effect(|| RealDisk.rename(from, to))
    }

    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.effect(|| RealDisk.rename_new(from, to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.effect(|| RealDisk.remove(path))
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        self.effect(|| RealDisk.remove_folder(path))
    }

    fn remove_tree(&self, path: &Path) -> io::Result<()> {
        self.effect(|| RealDisk.remove_tree(path))
    }
}
