//! Load tests: backups beside many writers, restores beside readers, and restores beside a client that keeps
//! writing. Measured times are reported, never asserted.

mod acknowledged;
mod readers;
mod waits;
mod writers;

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use archive::{Limits, Reader, Role};
use backup::{BackupOptions, BackupReport, Engine, Error, Event, RestoreOptions, RestoreReport};
use inventory::Actor;
use rusqlite::{Connection, ErrorCode};

const ACTOR: &Actor = &Actor::System;

fn quiet(_: Event) {}

fn back_up(engine: &Engine) -> Result<BackupReport, Error> {
    engine.backup(ACTOR, &BackupOptions::default(), &mut quiet)
}

fn restore(engine: &Engine, archive: &Path, safety_backup: bool) -> Result<RestoreReport, Error> {
    let options = RestoreOptions { safety_backup, ..RestoreOptions::new(archive) };
    engine.stage_restore(ACTOR, &options, &mut quiet)?.commit(&mut quiet)
}

/// Sets the flag when dropped, so that a thread that panics also stops the others.
struct StopAtEnd<'a>(&'a AtomicBool);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Opens a connection as another program does.
fn connect(database: &Path) -> Connection {
    let connection = Connection::open(database).expect("the database is there");
    connection.busy_timeout(Duration::from_secs(30)).expect("is only a setting");
    connection
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// Opens the database of an archive, unpacked to `target`, and lists the entries.
fn unpack(archive: &Path, target: &Path) -> (Connection, Vec<String>) {
    let file = fs::File::open(archive).expect("it was just made");
    let reader = Reader::open(file, &Limits::default()).expect("it was verified");
    let entry = reader.entry(Role::Database).expect("each archive has one");
    let mut unpacked = fs::File::create(target).expect("the scratch folder is writable");
    std::io::copy(&mut reader.read(entry).expect("readable"), &mut unpacked).expect("it was verified");
    let names = reader.entries().iter().map(|entry| entry.name.clone()).collect();
    (Connection::open(target).expect("it was verified"), names)
}
