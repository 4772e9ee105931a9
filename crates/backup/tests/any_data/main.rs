//! Any inventory comes back as it was. Random ones, with every kind of value in every table and files
//! of every name, go through backup and restore; what comes out is compared with what went in, by
//! digest and value by value. What fails is made smaller before it is shown.

mod found;
mod round_trip;
mod script;

use backup::{BackupOptions, BackupReport, Engine, Error, Event, RestoreOptions, RestoreReport};
use inventory::{Actor, Ambient};
use testkit::scratch::TestDbPath;

const ACTOR: &Actor = &Actor::System;

/// The engine for an inventory that is yet to be put in place.
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
