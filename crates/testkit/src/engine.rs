//! What most tests of the engine do with it: back up, restore, with nobody listening.

use std::path::{Path, PathBuf};

use backup::{BackupOptions, Engine, Error, Event, RestoreOptions, RestoreReport};
use inventory::Actor;

/// Who may do everything.
pub const ACTOR: &Actor = &Actor::System;

/// Hears nothing.
pub fn quiet(_: Event) {}

/// Takes a backup of everything, and returns the archive.
pub fn back_up(engine: &Engine) -> PathBuf {
    engine.backup(ACTOR, &BackupOptions::default(), &mut quiet).expect("it can be backed up").path
}

/// Restores an archive as it is done unless told otherwise.
pub fn restore(engine: &Engine, archive: &Path) -> Result<RestoreReport, Error> {
    restore_with(engine, &RestoreOptions::new(archive))
}

/// Restores as told.
pub fn restore_with(engine: &Engine, options: &RestoreOptions) -> Result<RestoreReport, Error> {
    engine.stage_restore(ACTOR, options, &mut quiet)?.commit(&mut quiet)
}
