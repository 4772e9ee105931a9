//! The change itself. Its steps, with the one instant that decides in the middle:
//!
//! 1. the journal is written;
//! 2. files with new names are placed, disturbing nobody;
//! 3. **the database is replaced**, and its mark with it;
//! 4. files with a new content replace the old ones, files that are no more are removed;
//! 5. the journal is removed, then the staging folders.
//!
//! Until 3 everything can be taken back ([`discard`]), after it everything can be completed
//! ([`finish`]), both from the journal alone and as often as needed.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use durable::{folder_of, with_suffix};
use inventory::sqlite::{self, Live, Replaced, Watch};

use crate::places::file_stage;
use crate::{Engine, Error, Event, Observer, Step};

use super::journal::{CommitBy, FileName, Journal};

/// What SQLite may have left beside a database; `""` is the database itself.
const DATABASE_FILES: [&str; 4] = ["", "-wal", "-shm", "-journal"];

/// Runs all steps. Returns where an unusable database was moved.
pub(super) fn run(
    engine: &Engine,
    journal: &Journal,
    live: &Live,
    watch: Option<&Watch>,
    observer: &mut dyn Observer,
) -> Result<Option<PathBuf>, Error> {
    let replaced = journal.write(engine).and_then(|()| {
        observer.event(Event::Step(Step::Place));
        place(engine, journal)?;
        observer.event(Event::Step(Step::Commit));
        replace_database(engine, journal, watch)
    });
    if let Err(error) = replaced {
        return Err(settle_failure(engine, journal, error));
    }
    observer.event(Event::Step(Step::Finish));
    finish(engine, journal).map_err(|source| Error::Unfinished { source: Box::new(source) })?;
    let aside = engine.places.set_aside(&journal.id);
    Ok((matches!(live, Live::Unusable(_)) && aside.exists()).then_some(aside))
}

/// Something failed before or at the deciding instant. The mark says which.
fn settle_failure(engine: &Engine, journal: &Journal, error: Error) -> Error {
    let unfinished = |source: Error| Error::Unfinished { source: Box::new(source) };
    match sqlite::has_marker(&engine.places.database, &journal.id) {
        Ok(true) => match finish(engine, journal) {
            Ok(()) => error,
            Err(source) => unfinished(source),
        },
        // Whatever cannot be taken back now is taken back at the next start.
        Ok(false) => {
            let _ = discard(engine, journal);
            error
        }
        // Nobody knows, so nothing is decided: the journal stays.
        Err(_) => Error::Undecided { source: Box::new(error) },
    }
}

/// Step 2.
fn place(engine: &Engine, journal: &Journal) -> Result<(), Error> {
    let mut folders = BTreeSet::new();
    for file in &journal.add {
        let (staged, live) = paths(journal, file);
        let folder = folder_of(&live);
        engine.disk.create_folder(folder).map_err(Error::storage("create", folder))?;
        engine.disk.rename_new(&staged, &live).map_err(Error::storage("place", &live))?;
        note_folders(&mut folders, journal, file, &live);
    }
    sync_folders(engine, &folders)
}

/// Step 3.
fn replace_database(engine: &Engine, journal: &Journal, watch: Option<&Watch>) -> Result<(), Error> {
    let live = &engine.places.database;
    let staged = engine.places.staged_database(&journal.id);
    if journal.commit == CommitBy::Transaction {
        return match sqlite::replace(live, &staged, watch).map_err(Error::live(live))? {
            Replaced::Done => Ok(()),
            Replaced::ChangedMeanwhile => Err(Error::ChangedMeanwhile { path: live.clone() }),
        };
    }
    let aside = engine.places.set_aside(&journal.id);
    for suffix in DATABASE_FILES {
        // Even where the database itself is missing: SQLite would apply a left-over log to the
        // new one.
        let (from, to) = (with_suffix(live, suffix), with_suffix(&aside, suffix));
        if from.symlink_metadata().is_ok() {
            engine.disk.rename_new(&from, &to).map_err(Error::storage("move", &from))?;
        }
    }
    let folder = folder_of(live);
    engine.disk.sync_folder(folder).map_err(Error::storage("write", folder))?;
    engine.disk.rename_new(&staged, live).map_err(Error::storage("place", live))?;
    engine.disk.sync_folder(folder).map_err(Error::storage("write", folder))
}

/// Steps 4 and 5; steps of them that are done already stay done.
pub(crate) fn finish(engine: &Engine, journal: &Journal) -> Result<(), Error> {
    require_stages(journal)?;
    // SQLite's own files first: what decided must last before anything follows from it.
    let database_folder = folder_of(&engine.places.database);
    engine.disk.sync_folder(database_folder).map_err(Error::storage("write", database_folder))?;
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
            engine.disk.create_folder(folder).map_err(Error::storage("create", folder))?;
            engine.disk.rename(&staged, &live).map_err(Error::storage("replace", &live))?;
        }
        note_folders(&mut folders, journal, file, &live);
    }
    remove_files(engine, journal, &journal.remove, &mut folders)?;
    sync_folders(engine, &folders)?;
    journal.remove(engine)?;
    engine.remove_stages(&journal.id);
    Ok(())
}

/// Takes steps 1 and 2 back; those that never happened are passed over.
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
            engine.disk.rename_new(&from, &to).map_err(Error::storage("move back", &to))?;
        }
    }
    engine.disk.sync_folder(folder).map_err(Error::storage("write", folder))
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
            engine.disk.remove(&live).map_err(Error::storage("remove", &live))?;
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

fn sync_folders(engine: &Engine, folders: &BTreeSet<PathBuf>) -> Result<(), Error> {
    folders
        .iter()
        .filter(|folder| folder.exists())
        .try_for_each(|folder| engine.disk.sync_folder(folder).map_err(Error::storage("write", folder)))
}

/// The folder of a file and those above it, up to datasheets or images.
fn note_folders(folders: &mut BTreeSet<PathBuf>, journal: &Journal, file: &FileName, live: &Path) {
    let top = top(journal, file);
    folders
        .extend(live.ancestors().skip(1).take_while(|folder| folder.starts_with(&top)).map(Path::to_owned));
}

fn top(journal: &Journal, file: &FileName) -> PathBuf {
    journal.static_files.join(file.kind().expect("checked when it was read").folder())
}

/// Where a file is staged, and where it belongs.
fn paths(journal: &Journal, file: &FileName) -> (PathBuf, PathBuf) {
    let kind = file.kind().expect("checked when it was read");
    let staged = file_stage(&journal.static_files, kind, &journal.id).join(&file.path);
    (staged, journal.static_files.join(kind.folder()).join(&file.path))
}
