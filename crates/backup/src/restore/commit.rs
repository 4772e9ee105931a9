//! The change itself. Its steps, with the one instant that decides in the middle:
//!
//! 1. the journal is written;
//! 2. files with new names are placed, disturbing nobody;
//! 3. **the database is replaced**, and its mark with it;
//! 4. files with a new content replace the old ones, files that are no more are removed;
//! 5. the journal is removed, then the staging folders.
//!
//! Until 3 everything can be taken back ([`discard`]), after it everything can be completed
//! ([`finish`]).

use std::collections::BTreeSet;
use std::path::PathBuf;

use durable::{folder_of, with_suffix};
use inventory::sqlite::{ChangeDetector, DatabaseState, ReplaceOutcome};

use crate::settle::{CommitBy, DATABASE_FILES, Journal, discard, finish, note_folders, paths, sync_folders};
use crate::{Engine, Error, Event, Observer, Step};

/// Runs all steps. Returns where an unusable database was moved.
pub(super) fn run(
    engine: &Engine,
    journal: &Journal,
    live: &DatabaseState,
    watch: Option<&ChangeDetector>,
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
    Ok((matches!(live, DatabaseState::Unusable(_)) && aside.exists()).then_some(aside))
}

/// Something failed before or at the deciding instant. The mark says which.
fn settle_failure(engine: &Engine, journal: &Journal, error: Error) -> Error {
    let unfinished = |source: Error| Error::Unfinished { source: Box::new(source) };
    match engine.database().has_marker(&journal.id) {
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
        engine.disk.create_folder(folder)?;
        engine.disk.rename_new(&staged, &live)?;
        note_folders(&mut folders, journal, file, &live);
    }
    sync_folders(engine, &folders)
}

/// Step 3.
fn replace_database(engine: &Engine, journal: &Journal, watch: Option<&ChangeDetector>) -> Result<(), Error> {
    let live = &engine.places.database;
    let staged = engine.places.staged_database(&journal.id);
    if journal.commit == CommitBy::Transaction {
        return match engine.database().replace(&staged, watch).map_err(Error::live(live))? {
            ReplaceOutcome::Done => Ok(()),
            ReplaceOutcome::ChangedMeanwhile => Err(Error::ChangedMeanwhile { path: live.clone() }),
        };
    }
    let aside = engine.places.set_aside(&journal.id);
    for suffix in DATABASE_FILES {
        // Even where the database itself is missing: SQLite would apply a left-over log to the
        // new one.
        let (from, to) = (with_suffix(live, suffix), with_suffix(&aside, suffix));
        if from.symlink_metadata().is_ok() {
            engine.disk.rename_new(&from, &to)?;
        }
    }
    let folder = folder_of(live);
    engine.disk.sync_folder(folder)?;
    engine.disk.rename_new(&staged, live)?;
    Ok(engine.disk.sync_folder(folder)?)
}
