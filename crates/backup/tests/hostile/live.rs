//! The live inventory that must not change, in its own folder within a folder to which nothing else may be
//! written.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use archive::Keys;
use backup::{BackupOptions, Engine, Event, Places};
use durable::{DiskFile, FileMode, RawDisk, RealDisk};
use inventory::parts::CreatePart;
use inventory::static_files::StaticFiles;
use inventory::{Ambient, Inventory};
use inventory::{Clock, Now};
use testkit::generators::noise;
use testkit::long_run::Random;
use testkit::scratch::copy_tree;
use testkit::state::tree_of;
use testkit::{State, TestDbPath, populate_test_database, state_of};

use super::ACTOR;

/// An inventory, and an archive to restore.
pub(super) struct Live {
    scratch: TestDbPath,
}

/// Returns the same time and the same ids in every run, so that messages are the same.
fn fixed() -> Ambient {
    struct Fixed(Mutex<Random>);
    impl Clock for Fixed {
        fn now(&self) -> Now {
            let day = chrono::NaiveDate::from_ymd_opt(2026, 11, 22).unwrap();
            let time = day.and_hms_micro_opt(14, 3, 24, 617_125).unwrap();
            Now { utc: time, local: time }
        }
    }
    impl inventory::Random for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            let mut random = self.0.lock().unwrap();
            bytes.iter_mut().for_each(|byte| *byte = random.below(256) as u8);
        }
    }
    let fixed = || Fixed(Mutex::new(Random::with_seed(1)));
    Ambient::new(fixed(), fixed())
}

/// A disk that does not sync, since syncs take most of the time of a small restore and nothing here tests
/// power cuts.
struct Unsynced;

impl RawDisk for Unsynced {
    fn create(&self, path: &Path, mode: FileMode) -> io::Result<Box<dyn DiskFile>> {
        RealDisk.create(path, mode)
    }
    fn sync_file(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }
    fn sync_tree(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }
    fn sync_folder(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealDisk.rename(from, to)
    }
    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealDisk.rename_new(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove(path)
    }
    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove_folder(path)
    }
    fn remove_tree(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove_tree(path)
    }
}

/// The inventory that is copied for each thread.
pub(super) struct Template {
    live: Live,
    /// A real archive of an earlier state.
    pub(super) archive: PathBuf,
}

/// Creates an inventory that has changed since its backup, and returns the state at the time of the backup.
pub(super) fn prepare() -> (Template, State) {
    let live = Live { scratch: TestDbPath::new() };
    let engine = live.engine_of(fixed());
    let places = engine.places();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    StaticFiles::new(&places.static_files).create_folders().unwrap();
    let inventory = runtime.block_on(async {
        let inventory = Inventory::create(&places.database, fixed()).await.unwrap();
        populate_test_database(&inventory, &places.static_files).await;
        inventory
    });
    fs::create_dir(places.static_files.join("images/nested")).unwrap();
    fs::write(places.static_files.join("images/nested/noise.png"), noise(700, 7)).unwrap();
    std::fs::create_dir_all(live.scratch.beside("archive")).unwrap();
    let options = BackupOptions { output: Some(live.scratch.beside("archive")), ..BackupOptions::default() };
    let archive = engine.backup(ACTOR, &options, &mut |_: Event| {}).unwrap().path;
    let archived = state_of(places);
    runtime.block_on(async {
        let part = CreatePart { name: "made after the backup".into(), ..CreatePart::default() };
        inventory.run(ACTOR, part).await.unwrap();
        inventory.close().await.unwrap();
    });
    fs::write(places.static_files.join("images/nested/noise.png"), b"changed since").unwrap();
    fs::write(places.static_files.join("images/later.png"), b"made since").unwrap();
    (Template { live, archive }, archived)
}

impl Template {
    pub(super) fn copy(&self) -> Live {
        let copy = Live { scratch: TestDbPath::new() };
        copy_tree(&self.live.home(), &copy.home());
        copy
    }
}

impl Live {
    /// Returns the folder that must contain only [`Live::home`] and the archive.
    fn outside(&self) -> PathBuf {
        self.scratch.beside("outside")
    }

    fn home(&self) -> PathBuf {
        self.outside().join("home/inventory")
    }

    pub(super) fn engine(&self) -> Engine {
        self.engine_of(Ambient::system())
    }

    fn engine_of(&self, ambient: Ambient) -> Engine {
        fs::create_dir_all(self.home()).unwrap();
        let engine = Engine::with_disk(Places::in_folder(&self.home()), ambient, Arc::new(Unsynced));
        // Encrypted archives are tried with a guessed passphrase.
        engine.with_keys(Keys::passphrase("a guess"))
    }

    /// Writes the archive to restore, and returns the path.
    pub(super) fn put(&self, bytes: &[u8]) -> PathBuf {
        let path = self.outside().join("hostile.zip");
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Returns every file with its content, and every folder.
    pub(super) fn everything(&self) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
        let mut found = tree_of(&self.outside());
        // The lock files name or show only the last operation.
        found.retain(|path, _| {
            let is_lock = path.extension().is_some_and(|extension| extension == "lock");
            !is_lock && !path.ends_with(".mm-lease")
        });
        found
    }

    /// Returns the paths that were written outside the inventory.
    pub(super) fn written_outside(&self) -> Vec<String> {
        let named = |folder: PathBuf| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let around = named(self.outside()).chain(named(self.outside().join("home")));
        let known = [self.outside().join("hostile.zip"), self.outside().join("home"), self.home()];
        let around = around.filter(|path| !known.contains(path));
        let escaped = ["/tmp/makermatrix-escaped.txt", "/makermatrix-escaped.txt"].map(PathBuf::from);
        let escaped = escaped.into_iter().filter(|path| path.exists());
        around.chain(escaped).map(|path| format!("{} was written", path.display())).collect()
    }

    /// Removes the path of the archive from a message.
    pub(super) fn without_path(&self, message: &str) -> String {
        let archive = self.outside().join("hostile.zip");
        message.replace(&archive.display().to_string(), "ARCHIVE")
    }
}
