//! A disk on which the Nth effect fails, or after which nothing happens any more, as after a crash;
//! and one that then also forgets what had not been made durable, as after a power cut.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use inventory::disk::{Disk, DiskFile, Readers, RealDisk, folder_of};

use crate::scratch::require_inside;

/// Counts effects and interferes at one of them.
#[derive(Debug, Clone)]
pub struct FaultyDisk {
    effects: Arc<AtomicU64>,
    at: u64,
    fault: Fault,
    unsynced: Arc<Mutex<Vec<Unsynced>>>,
}

#[derive(Debug, Clone)]
enum Fault {
    Stop,
    Fail(io::ErrorKind),
    /// What is removed goes to this folder, so that it can come back.
    PowerCut(PathBuf),
}

/// An effect that has happened but would not survive a power cut yet.
#[derive(Debug)]
enum Unsynced {
    Content(PathBuf),
    Created(PathBuf),
    Removed { path: PathBuf, kept: PathBuf },
    Renamed { from: PathBuf, to: PathBuf, replaced: Option<PathBuf> },
}

impl FaultyDisk {
    /// Effect `at` (the first is 1) and all after it do not happen: the process is as good as dead.
    pub fn stop_at(at: u64) -> Self {
        Self::new(at, Fault::Stop)
    }

    /// Effect `at` fails in this way and does not happen; later ones do.
    pub fn fail_at(at: u64, kind: io::ErrorKind) -> Self {
        Self::new(at, Fault::Fail(kind))
    }

    /// As [`FaultyDisk::stop_at`], and all earlier effects that had not been synced are undone: new
    /// names are gone, removed and replaced files back, contents torn. (What SQLite writes is not
    /// concerned: it syncs for itself.) `kept` is a folder of the test's own.
    pub fn power_cut_at(at: u64, kept: &Path) -> Self {
        require_inside(kept);
        fs::create_dir_all(kept).expect("writable");
        Self::new(at, Fault::PowerCut(kept.to_owned()))
    }

    fn new(at: u64, fault: Fault) -> Self {
        Self { effects: Arc::default(), at, fault, unsynced: Arc::default() }
    }

    /// Effects asked for so far.
    pub fn effects(&self) -> u64 {
        self.effects.load(Ordering::SeqCst)
    }

    fn effect<T>(&self, effect: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let number = self.effects.fetch_add(1, Ordering::SeqCst) + 1;
        match &self.fault {
            Fault::Fail(kind) if number == self.at => Err((*kind).into()),
            Fault::Stop | Fault::PowerCut(_) if number >= self.at => {
                self.undo_unsynced();
                Err(io::Error::other("the test stopped the disk"))
            }
            _ => effect(),
        }
    }

    fn note(&self, effect: Unsynced) {
        if matches!(self.fault, Fault::PowerCut(_)) {
            self.unsynced.lock().expect("nobody panics with it").push(effect);
        }
    }

    fn made_durable(&self, durable: impl Fn(&Unsynced) -> bool) {
        self.unsynced.lock().expect("nobody panics with it").retain(|effect| !durable(effect));
    }

    /// Moves what is about to be removed or replaced out of the way; `None` on other disks.
    fn keep(&self, path: &Path) -> io::Result<Option<PathBuf>> {
        let Fault::PowerCut(folder) = &self.fault else { return Ok(None) };
        let kept = folder.join(self.effects().to_string());
        fs::rename(path, &kept)?;
        Ok(Some(kept))
    }

    fn undo_unsynced(&self) {
        let effects = std::mem::take(&mut *self.unsynced.lock().expect("nobody panics with it"));
        for effect in effects.into_iter().rev() {
            match effect {
                Unsynced::Content(path) => {
                    if let Ok(file) = fs::OpenOptions::new().write(true).open(&path) {
                        let length = file.metadata().expect("it is open").len();
                        file.set_len(length / 2).expect("writable");
                    }
                }
                Unsynced::Created(path) => fs::remove_file(path).expect("it was created"),
                Unsynced::Removed { path, kept } => fs::rename(kept, path).expect("it was kept"),
                Unsynced::Renamed { from, to, replaced } => {
                    fs::rename(&to, from).expect("it was renamed");
                    if let Some(kept) = replaced {
                        fs::rename(kept, to).expect("it was kept");
                    }
                }
            }
        }
    }
}

struct FaultyFile {
    inner: Box<dyn DiskFile>,
    path: PathBuf,
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
        self.disk.made_durable(|effect| matches!(effect, Unsynced::Content(path) if *path == self.path));
        Ok(())
    }
}

impl Disk for FaultyDisk {
    fn create(&self, path: &Path, readers: Readers) -> io::Result<Box<dyn DiskFile>> {
        let inner = self.effect(|| RealDisk.create(path, readers))?;
        self.note(Unsynced::Created(path.to_owned()));
        self.note(Unsynced::Content(path.to_owned()));
        Ok(Box::new(FaultyFile { inner, path: path.to_owned(), disk: self.clone() }))
    }

    fn sync_file(&self, path: &Path) -> io::Result<()> {
        self.effect(|| RealDisk.sync_file(path))?;
        self.made_durable(|effect| matches!(effect, Unsynced::Content(synced) if synced == path));
        Ok(())
    }

    fn sync_tree(&self, root: &Path) -> io::Result<()> {
        // Not `syncfs`: the tests of this machine share one file system.
        self.effect(|| root.metadata().map(|_| ()))?;
        self.made_durable(|effect| match effect {
            Unsynced::Content(path) | Unsynced::Created(path) | Unsynced::Removed { path, .. } => {
                path.starts_with(root)
            }
            Unsynced::Renamed { to, .. } => to.starts_with(root),
        });
        Ok(())
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.effect(|| RealDisk.sync_folder(path))?;
        // What happened inside a folder that is gone for good is of no interest any more.
        let gone = |effect: &Unsynced| match effect {
            Unsynced::Removed { path: name, .. } if folder_of(name) == path => Some(name.clone()),
            _ => None,
        };
        let gone: Vec<PathBuf> =
            self.unsynced.lock().expect("nobody panics with it").iter().filter_map(gone).collect();
        self.made_durable(|effect| match effect {
            Unsynced::Content(_) => false,
            Unsynced::Created(name) | Unsynced::Removed { path: name, .. } => {
                folder_of(name) == path || gone.iter().any(|gone| name.starts_with(gone))
            }
            Unsynced::Renamed { to, .. } => folder_of(to) == path,
        });
        Ok(())
    }

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        // Durable by itself.
        self.effect(|| RealDisk.create_folder(path))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let replaced = self.effect(|| {
            let replaced = if to.exists() { self.keep(to)? } else { None };
            RealDisk.rename(from, to)?;
            Ok(replaced)
        })?;
        self.note(Unsynced::Renamed { from: from.to_owned(), to: to.to_owned(), replaced });
        Ok(())
    }

    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.effect(|| RealDisk.rename_new(from, to))?;
        self.note(Unsynced::Renamed { from: from.to_owned(), to: to.to_owned(), replaced: None });
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.effect(|| match self.keep(path)? {
            Some(kept) => {
                self.note(Unsynced::Removed { path: path.to_owned(), kept });
                Ok(())
            }
            None => RealDisk.remove(path),
        })
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        self.effect(|| match self.keep(path)? {
            Some(kept) => {
                self.note(Unsynced::Removed { path: path.to_owned(), kept });
                Ok(())
            }
            None => RealDisk.remove_folder(path),
        })
    }

    fn remove_tree(&self, path: &Path) -> io::Result<()> {
        self.effect(|| match self.keep(path)? {
            Some(kept) => {
                self.note(Unsynced::Removed { path: path.to_owned(), kept });
                Ok(())
            }
            None => RealDisk.remove_tree(path),
        })
    }
}
