//! Settles a restore whose journal has been written: [`finish`] completes a restore that has replaced the database,
//! and [`discard`] undoes a restore that has not. Both need only the journal, and can be repeated after an
//! interruption.

mod journal;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use durable::{folder_of, with_suffix};
use inventory::static_files::FileKind;

use crate::places::file_stage;
use crate::{Engine, Error};

pub(crate) use journal::{CommitBy, FileName, Journal};

/// The suffixes of a database file, which is `""`, and of the files that SQLite may have left beside it.
pub(crate) const DATABASE_FILES: [&str; 4] = ["", "-wal", "-shm", "-journal"];

/// Places the remaining files, then removes the journal and the staging folders. Skips the steps that are already done.
pub(crate) fn finish(engine: &Engine, journal: &Journal) -> Result<(), Error> {
    require_stages(journal)?;
    // Make the replaced database durable before any step that depends on it.
    let database_folder = folder_of(&engine.places.database);
    engine.disk.sync_folder(database_folder)?;
    // Forget the pending deletes of the old state. They do not apply to the restored files.
    engine.static_files().forget_deferred().map_err(Error::live(&journal.static_files))?;
    let mut folders = BTreeSet::new();
    for file in journal.add.iter().chain(&journal.replace) {
        let (staged, live) = staged_and_live(journal, file);
        if staged.symlink_metadata().is_err() && live.symlink_metadata().is_err() {
            let missing = io::Error::new(io::ErrorKind::NotFound, "it is neither staged nor in place");
            return Err(Error::storage("place", &live)(missing));
        }
        if staged.exists() {
            let folder = folder_of(&live);
            engine.disk.create_folder(folder)?;
            engine.disk.rename(&staged, &live)?;
        }
        collect_folders(&mut folders, journal, file, &live);
    }
    remove_files(engine, journal, &journal.remove, &mut folders)?;
    sync_folders(engine, &folders)?;
    journal.remove(engine)?;
    engine.remove_stages(&journal.id);
    Ok(())
}

/// Removes the placed files, the journal and the staging folders. Skips the steps that never happened.
pub(crate) fn discard(engine: &Engine, journal: &Journal) -> Result<(), Error> {
    require_stages(journal)?;
    if journal.commit == CommitBy::Rename {
        restore_set_aside(engine, journal)?;
    }
    // A file that is still staged was not placed, so a live file of that name belongs to somebody else.
    let placed: Vec<FileName> =
        journal.add.iter().filter(|file| !staged_and_live(journal, file).0.exists()).cloned().collect();
    let mut folders = BTreeSet::new();
    remove_files(engine, journal, &placed, &mut folders)?;
    sync_folders(engine, &folders)?;
    journal.remove(engine)?;
    engine.remove_stages(&journal.id);
    Ok(())
}

/// Checks that the staging folders of the journal exist. They exist as long as the journal does. If they are missing,
/// the static folder is not the one of the restore, for example because it is not mounted.
fn require_stages(journal: &Journal) -> Result<(), Error> {
    for file in journal.add.iter().chain(&journal.replace) {
        let kind = file.kind().expect("checked when it was read");
        let stage = file_stage(&journal.static_files, kind, &journal.id);
        if !stage.is_dir() {
            let missing =
                io::Error::new(io::ErrorKind::NotFound, "is the folder of the static files mounted?");
            return Err(Error::storage("find what is staged in", &stage)(missing));
        }
    }
    Ok(())
}

/// Moves an unusable database that had been set aside back to its place.
fn restore_set_aside(engine: &Engine, journal: &Journal) -> Result<(), Error> {
    let live = &engine.places.database;
    let aside = engine.places.set_aside(&journal.id);
    let folder = folder_of(live);
    for suffix in DATABASE_FILES {
        let (from, to) = (with_suffix(&aside, suffix), with_suffix(live, suffix));
        if from.symlink_metadata().is_ok() && to.symlink_metadata().is_err() {
            engine.disk.rename_new(&from, &to)?;
        }
    }
    Ok(engine.disk.sync_folder(folder)?)
}

/// Removes files, and the folders that become empty.
fn remove_files(
    engine: &Engine,
    journal: &Journal,
    files: &[FileName],
    folders: &mut BTreeSet<PathBuf>,
) -> Result<(), Error> {
    for file in files {
        let live = staged_and_live(journal, file).1;
        if live.symlink_metadata().is_ok() {
            engine.disk.remove(&live)?;
        }
        collect_folders(folders, journal, file, &live);
    }
    // Start with the deepest folders, and keep the top folders of datasheets and images.
    let tops: BTreeSet<PathBuf> = files.iter().map(|file| top_folder(journal, file)).collect();
    for folder in folders.clone().into_iter().rev() {
        if !tops.contains(&folder) && is_empty(&folder) && engine.disk.remove_folder(&folder).is_ok() {
            folders.remove(&folder);
        }
    }
    Ok(())
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}

/// Syncs the folders that exist.
pub(crate) fn sync_folders(engine: &Engine, folders: &BTreeSet<PathBuf>) -> Result<(), Error> {
    folders
        .iter()
        .filter(|folder| folder.exists())
        .try_for_each(|folder| Ok(engine.disk.sync_folder(folder)?))
}

/// Adds the folder of a file and the folders above it, up to the top folder of datasheets or images.
pub(crate) fn collect_folders(
    folders: &mut BTreeSet<PathBuf>,
    journal: &Journal,
    file: &FileName,
    live: &Path,
) {
    let top = top_folder(journal, file);
    folders
        .extend(live.ancestors().skip(1).take_while(|folder| folder.starts_with(&top)).map(Path::to_owned));
}

/// Returns the top folder of a file: that of datasheets or images.
fn top_folder(journal: &Journal, file: &FileName) -> PathBuf {
    journal.static_files.join(file.kind().expect("checked when it was read").folder())
}

/// Returns the staged path and the live path of a file.
pub(crate) fn staged_and_live(journal: &Journal, file: &FileName) -> (PathBuf, PathBuf) {
    let kind = file.kind().expect("checked when it was read");
    let staged = file_stage(&journal.static_files, kind, &journal.id).join(&file.path);
    (staged, journal.static_files.join(kind.folder()).join(&file.path))
}

impl Engine {
    /// Removes all staging folders of a restore. Ignores errors: the next start tries again as long as the staging
    /// folder beside the database exists, so that folder is removed last.
    pub(crate) fn remove_stages(&self, id: &str) {
        let stages = FileKind::ALL.map(|kind| file_stage(&self.places.static_files, kind, id));
        for stage in stages.iter().filter(|stage| stage.exists()) {
            if self.remove_file_stage(stage).is_err() {
                return;
            }
        }
        let stage = self.places.database_stage(id);
        if stage.exists() {
            let _ = self.disk.remove_tree(&stage);
        }
    }

    /// Removes a staging folder in the static files durably. Otherwise a power cut could bring the folder back after
    /// the staging folder beside the database is gone, and no later start would remove it.
    pub(crate) fn remove_file_stage(&self, stage: &Path) -> Result<(), Error> {
        self.disk.remove_tree(stage)?;
        Ok(self.disk.sync_folder(folder_of(stage))?)
    }
}
