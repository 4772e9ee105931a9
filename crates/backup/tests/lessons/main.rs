//! What the original MakerMatrix got wrong, and must not happen here. Each test is named after its
//! row in the table of `docs/RELIABILITY.md`, and does what showed the defect there.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod backup_defects;
mod one_moment;
mod restore_defects;

use std::path::{Path, PathBuf};

use backup::{BackupOptions, Engine, Error, Event, RestoreOptions, RestoreReport};
use inventory::Actor;
use rusqlite::Connection;

const ACTOR: &Actor = &Actor::System;

fn quiet(_: Event) {}

fn back_up(engine: &Engine) -> PathBuf {
    engine.backup(ACTOR, &BackupOptions::default(), &mut quiet).unwrap().path
}

fn restore(engine: &Engine, archive: &Path) -> Result<RestoreReport, Error> {
    engine.stage_restore(ACTOR, &RestoreOptions::new(archive), &mut quiet)?.commit(&mut quiet)
}

/// The one number that a query gives.
fn number(connection: &Connection, sql: &str) -> i64 {
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}
