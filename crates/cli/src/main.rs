//! `makermatrix`: the command line. Parses arguments, finds the places, calls one use case, shows
//! what came of it, and turns errors into exit codes. No rule of the domain lives here.
//!
//! Reading order: [`args`], [`places`] with [`config`], [`keys`], one file per command in [`commands`], [`output`] and
//! [`progress`] for how things are shown, [`signals`] for what stops a command, [`exit`] for what the codes mean.

mod advice;
mod args;
mod commands;
mod config;
mod emergency_kit;
mod entities;
mod exit;
mod keys;
mod output;
mod places;
mod progress;
mod signals;

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

/// Whether one JSON object is wanted, by the arguments alone: they could not be parsed.
fn wants_json() -> bool {
    std::env::args_os().skip(1).take_while(|arg| arg != "--").any(|arg| arg == "--json")
}

/// Ends the process for what clap says: help and version, or wrong usage.
fn usage_error(error: &clap::Error) -> ExitCode {
    if repeats_a_secret(error) {
        let why = "--passphrase takes no value: it asks. Whoever can see the arguments of a command has seen this one.";
        output::failure(&exit::Failure::usage(why), wants_json());
    } else if error.use_stderr() && wants_json() {
        output::failure(&exit::Failure::usage(message_of(error)), true);
    } else {
        error.exit();
    }
    exit::Code::Usage.into()
}

/// Returns what clap says is wrong, without the usage that follows.
fn message_of(error: &clap::Error) -> String {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return "a command is missing; --help lists them".to_owned();
    }
    let text = error.render().to_string();
    let text = text.split("\n\nUsage:").next().unwrap_or_default();
    let words: Vec<&str> = text.strip_prefix("error: ").unwrap_or(text).split_whitespace().collect();
    words.join(" ")
}

fn main() -> ExitCode {
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(error) => return usage_error(&error),
    };
    if let Err(error) = signals::install() {
        output::failure(&exit::Failure::internal(error), args.global.json);
        return exit::Code::Internal.into();
    }
    match commands::run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(mut failure) => {
            failure.code = signals::exit_code().unwrap_or(failure.code);
            output::failure(&failure, args.global.json);
            failure.code.into()
        }
    }
}
