//! Settles a restore whose journal is written: once the database has been replaced, [`finish`] completes the
//! rest; before that, [`discard`] takes everything back. Both need the journal alone, and can be repeated as
//! often as they are interrupted.

mod journal;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use durable::{folder_of, with_suffix};
use inventory::static_files::FileKind;

use crate::places::file_stage;
use crate::{Engine, Error};

pub(crate) use journal::{CommitBy, FileName, Journal};

/// What SQLite may have left beside a database; `""` is the database itself.
pub(crate) const DATABASE_FILES: [&str; 4] = ["", "-wal", "-shm", "-journal"];

/// Puts the remaining files in place and removes the journal and the staging folders. What is done already stays done.
pub(crate) fn finish(engine: &Engine, journal: &Journal) -> Result<(), Error> {
    require_stages(journal)?;
    // SQLite's own files first: what decided must last before anything follows from it.
    let database_folder = folder_of(&engine.places.database);
    engine.disk.sync_folder(database_folder)?;
    // Deletes that people asked for in the old state; the new one has its own list.
    engine.static_files().forget_deferred().map_err(Error::live(&journal.static_files))?;
    let mut folders = BTreeSet::new();
    for file in journal.add.iter().chain(&journal.replace) {
        let (staged, live) = paths(journal, file);
        if staged.symlink_metadata().is_err() && live.symlink_metadata().is_err() {
            let missing = io::Error::new(io::ErrorKind::NotFound, "it is neither staged nor in place");
            return Err(Error::storage("place", &live)(missing));
        }
        if staged.exists() {
            let folder = folder_of(&live);
            engine.disk.create_folder(folder)?;
            engine.disk.rename(&staged, &live)?;
        }
        note_folders(&mut folders, journal, file, &live);
    }
    remove_files(engine, journal, &journal.remove, &mut folders)?;
    sync_folders(engine, &folders)?;
    journal.remove(engine)?;
    engine.remove_stages(&journal.id);
    Ok(())
}

/// Removes the files that were placed, the journal and the staging folders. What never happened is passed over.
pub(crate) fn discard(engine: &Engine, journal: &Journal) -> Result<(), Error> {
    require_stages(journal)?;
    if journal.commit == CommitBy::Rename {
        put_back(engine, journal)?;
    }
    // A file that is still staged was not placed; what bears its name is not ours.
    let placed: Vec<FileName> =
        journal.add.iter().filter(|file| !paths(journal, file).0.exists()).cloned().collect();
    let mut folders = BTreeSet::new();
    remove_files(engine, journal, &placed, &mut folders)?;
    sync_folders(engine, &folders)?;
    journal.remove(engine)?;
    engine.remove_stages(&journal.id);
    Ok(())
}

/// As long as there is a journal there are the staging folders it speaks of. Where they are not, the
/// static folder is not what it was (a mount that is missing, say), and nothing can be told from it.
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

/// Moves an unusable database back that had been set aside.
fn put_back(engine: &Engine, journal: &Journal) -> Result<(), Error> {
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

/// Removes files, and folders that this leaves empty.
fn remove_files(
    engine: &Engine,
    journal: &Journal,
    files: &[FileName],
    folders: &mut BTreeSet<PathBuf>,
) -> Result<(), Error> {
    for file in files {
        let live = paths(journal, file).1;
        if live.symlink_metadata().is_ok() {
            engine.disk.remove(&live)?;
        }
        note_folders(folders, journal, file, &live);
    }
    // Deepest first; the two folders themselves stay. One that is not empty refuses to go.
    let tops: BTreeSet<PathBuf> = files.iter().map(|file| top(journal, file)).collect();
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

pub(crate) fn sync_folders(engine: &Engine, folders: &BTreeSet<PathBuf>) -> Result<(), Error> {
    folders
        .iter()
        .filter(|folder| folder.exists())
        .try_for_each(|folder| Ok(engine.disk.sync_folder(folder)?))
}

/// The folder of a file and those above it, up to datasheets or images.
pub(crate) fn note_folders(folders: &mut BTreeSet<PathBuf>, journal: &Journal, file: &FileName, live: &Path) {
    let top = top(journal, file);
    folders
        .extend(live.ancestors().skip(1).take_while(|folder| folder.starts_with(&top)).map(Path::to_owned));
}

fn top(journal: &Journal, file: &FileName) -> PathBuf {
    journal.static_files.join(file.kind().expect("checked when it was read").folder())
}

/// Where a file is staged, and where it belongs.
pub(crate) fn paths(journal: &Journal, file: &FileName) -> (PathBuf, PathBuf) {
    let kind = file.kind().expect("checked when it was read");
    let staged = file_stage(&journal.static_files, kind, &journal.id).join(&file.path);
    (staged, journal.static_files.join(kind.folder()).join(&file.path))
}

impl Engine {
    /// Removes what a restore staged, wherever it got to. Best effort: what fails is done at the next
    /// start, which knows of it as long as the folder beside the database is there. So that goes last.
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

    /// Removes a staging folder among the static files, durably: once the folder beside the database
    /// is gone, nothing would tell of one that a power cut brought back.
    pub(crate) fn remove_file_stage(&self, stage: &Path) -> Result<(), Error> {
        self.disk.remove_tree(stage)?;
        Ok(self.disk.sync_folder(folder_of(stage))?)
    }
}
