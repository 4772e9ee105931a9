//! `makermatrix`: the command line. Parses arguments, finds the places, calls one use case, shows
//! what came of it, and turns errors into exit codes. No rule of the domain lives here.
//!
//! Reading order: [`args`], [`places`] with [`config`], [`keys`], one file per command in [`commands`], [`output`] and
//! [`progress`] for how things are shown, [`exit`] for what the codes mean.

mod args;
mod commands;
mod config;
mod emergency_kit;
mod exit;
mod keys;
mod output;
mod places;
mod progress;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let args = args::Args::parse();
    match commands::run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::failure(&failure, args.global.json);
            failure.code.into()
        }
    }
}
