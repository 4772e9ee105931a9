//! Random inventories, with every kind of value in every table and files of every name, are unchanged
//! after backup and restore, compared by digest and value by value. A failing inventory is shrunk.

mod found;
mod round_trip;
mod script;

use backup::{BackupOptions, BackupReport, Engine, Error, Event, RestoreOptions, RestoreReport};
use inventory::{Actor, Ambient};
use testkit::scratch::TestDbPath;

const ACTOR: &Actor = &Actor::System;

/// Returns an engine for an inventory that does not exist yet.
fn engine(scratch: &TestDbPath) -> Engine {
    let places = testkit::fixtures::places(scratch, &scratch.beside("static"));
    Engine::new(places, Ambient::system())
}

fn quiet(_: Event) {}

fn back_up(engine: &Engine) -> Result<BackupReport, Error> {
    engine.backup(ACTOR, &BackupOptions::default(), &mut quiet)
}

fn restore(engine: &Engine, report: &BackupReport) -> Result<RestoreReport, Error> {
    engine.stage_restore(ACTOR, &RestoreOptions::new(&report.path), &mut quiet)?.commit(&mut quiet)
}
