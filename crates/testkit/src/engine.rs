//! Backup and restore as most tests need them, with the events ignored.

use std::path::{Path, PathBuf};

use backup::{BackupOptions, Engine, Error, Event, RestoreOptions, RestoreReport};
use inventory::Actor;

/// An actor with every permission.
pub const ACTOR: &Actor = &Actor::System;

/// Ignores an event.
pub fn quiet(_: Event) {}

/// Backs up everything, and returns the path of the archive.
pub fn back_up(engine: &Engine) -> PathBuf {
    engine.backup(ACTOR, &BackupOptions::default(), &mut quiet).expect("it can be backed up").path
}

/// Restores an archive with the default options.
pub fn restore(engine: &Engine, archive: &Path) -> Result<RestoreReport, Error> {
    restore_with(engine, &RestoreOptions::new(archive))
}

/// Restores with these options.
pub fn restore_with(engine: &Engine, options: &RestoreOptions) -> Result<RestoreReport, Error> {
    engine.stage_restore(ACTOR, options, &mut quiet)?.commit(&mut quiet)
}
