//! Commits a restore. Step 3 is the commit point:
//!
//! 1. write the journal;
//! 2. place the files with new names, which affects no reader;
//! 3. **replace the database**, together with its marker;
//! 4. replace files whose content changes, and remove files that are not in the archive;
//! 5. remove the journal, then the staging folders.
//!
//! Before step 3 everything can be undone ([`discard`]). After it everything can be completed
//! ([`finish`]).

use std::collections::BTreeSet;
use std::path::PathBuf;

use durable::{folder_of, with_suffix};
use inventory::sqlite::{ChangeDetector, DatabaseState, ReplaceOutcome};

use crate::settle::{
    CommitBy, DATABASE_FILES, Journal, collect_folders, discard, finish, staged_and_live, sync_folders,
};
use crate::{Engine, Error, Event, Observer, Step};

/// Runs all steps. Returns the path to which an unusable database was moved.
pub(super) fn run(
    engine: &Engine,
    journal: &Journal,
    live: &DatabaseState,
    watch: Option<&ChangeDetector>,
    observer: &mut dyn Observer,
) -> Result<Option<PathBuf>, Error> {
    let replaced = journal.write(engine).and_then(|()| {
        observer.event(Event::Step(Step::Place));
        place_new_files(engine, journal)?;
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

/// Settles a failure before or at the commit point. The marker in the database says whether the database was
/// replaced.
fn settle_failure(engine: &Engine, journal: &Journal, error: Error) -> Error {
    let unfinished = |source: Error| Error::Unfinished { source: Box::new(source) };
    match engine.database().has_marker(&journal.id) {
        Ok(true) => match finish(engine, journal) {
            Ok(()) => error,
            Err(source) => unfinished(source),
        },
        // If this fails, the next start discards the restore.
        Ok(false) => {
            let _ = discard(engine, journal);
            error
        }
        // The state of the database is unknown, so keep the journal for the next start.
        Err(_) => Error::Undecided { source: Box::new(error) },
    }
}

/// Places the files with new names (step 2).
fn place_new_files(engine: &Engine, journal: &Journal) -> Result<(), Error> {
    let mut folders = BTreeSet::new();
    for file in &journal.add {
        let (staged, live) = staged_and_live(journal, file);
        let folder = folder_of(&live);
        engine.disk.create_folder(folder)?;
        engine.disk.rename_new(&staged, &live)?;
        collect_folders(&mut folders, journal, file, &live);
    }
    sync_folders(engine, &folders)
}

/// Replaces the database (step 3).
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
        // Move the log even if there is no database, or SQLite would apply it to the new one.
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
