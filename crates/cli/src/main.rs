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
use clap::error::ErrorKind;

/// Whether what is wrong with the arguments may be a passphrase among them, which must not be shown again.
fn repeats_a_secret(error: &clap::Error) -> bool {
    let is_passphrase =
        |arg: String| arg == "-p" || arg == "--passphrase" || arg.starts_with("--passphrase=");
    matches!(error.kind(), ErrorKind::UnknownArgument | ErrorKind::TooManyValues)
        && std::env::args_os().any(|arg| is_passphrase(arg.to_string_lossy().into_owned()))
}

fn main() -> ExitCode {
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(error) if repeats_a_secret(&error) => {
            let why = "--passphrase takes no value: it asks. Whoever can see the arguments of a command has seen this one.";
            output::failure(&exit::Failure::usage(why), false);
            return exit::Code::Usage.into();
        }
        Err(error) => error.exit(),
    };
    match commands::run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::failure(&failure, args.global.json);
            failure.code.into()
        }
    }
}
