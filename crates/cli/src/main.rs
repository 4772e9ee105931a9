//! The command line program `makermatrix`. Parses arguments, resolves paths, calls one use case, prints
//! its result, and turns errors into exit codes. Contains no domain rules.
//!
//! Reading order: [`args`], [`places`] with [`config`], [`keys`], one file per command in [`commands`], [`output`] and
//! [`progress`] (printing), [`signals`] (interruption), [`exit`] (exit codes).

mod advice;
mod args;
mod commands;
mod config;
mod emergency_kit;
mod exit;
mod hidden_answer;
mod keys;
mod output;
mod places;
mod progress;
mod signals;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

/// Returns whether the message for wrong arguments may repeat a passphrase, which must not be shown.
fn repeats_a_secret(error: &clap::Error) -> bool {
    let is_passphrase =
        |arg: String| arg == "-p" || arg == "--passphrase" || arg.starts_with("--passphrase=");
    matches!(error.kind(), ErrorKind::UnknownArgument | ErrorKind::TooManyValues)
        && std::env::args_os().any(|arg| is_passphrase(arg.to_string_lossy().into_owned()))
}

/// Returns whether the raw arguments ask for JSON. Used when the arguments could not be parsed.
fn wants_json() -> bool {
    std::env::args_os().skip(1).take_while(|arg| arg != "--").any(|arg| arg == "--json")
}

/// Prints the help, the version or the usage error that clap reports, and returns the exit code.
fn usage_error(error: &clap::Error) -> ExitCode {
    if repeats_a_secret(error) {
        let why = "--passphrase takes no value: it asks for the passphrase. Other users may have seen the one given here.";
        output::failure(&exit::Failure::usage(why), wants_json());
    } else if error.use_stderr() && wants_json() {
        output::failure(&exit::Failure::usage(message_of(error)), true);
    } else {
        error.exit();
    }
    exit::Code::Usage.into()
}

/// Returns the message of a clap error without the usage text.
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
