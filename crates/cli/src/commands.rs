//! One file per command. Each calls one use case and shows what came of it.

mod backup;
mod demo;
mod drill;
mod import;
mod init;
mod list;
mod restore;
mod show;
mod verify;

use inventory::Actor;

use crate::args::{Args, Command};
use crate::exit::Failure;
use crate::places;

/// Whoever may run the binary on the data may do everything with it.
const ACTOR: &Actor = &Actor::System;

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let global = &args.global;
    if let Command::Demo { keep } = &args.command {
        return demo::run(global, *keep);
    }
    let engine = places::engine(global)?;
    match &args.command {
        Command::Init => init::run(global, &engine),
        Command::Backup(options) => backup::run(global, &engine, options),
        Command::Verify { file } => verify::run(global, &engine, file),
        Command::Drill(options) => drill::run(global, &engine, options),
        Command::Show { file, files } => show::run(global, &engine, file, *files),
        Command::Restore(options) => restore::run(global, &engine, options),
        Command::Import(options) => import::run(global, &engine, options),
        Command::List => list::run(global, &engine),
        Command::Demo { .. } => unreachable!("handled above"),
    }
}

/// Runs async use cases; the engine itself needs no runtime.
fn block_on<T>(future: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    Ok(runtime.map_err(Failure::internal)?.block_on(future))
}
