//! Tests the built binary: in normal use, when it is killed, on a full disk, and with failing system calls.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod accounts;
mod beside_writers;
mod check;
mod commands;
#[cfg(unix)]
mod dry_run;
mod encryption;
mod full_disk;
#[cfg(unix)]
mod going_back;
mod import;
mod injected;
mod killed;
mod lessons;
mod names;
#[cfg(unix)]
mod odd_paths;
mod output;
mod places;
mod plan;
mod read_only_mount;
#[cfg(unix)]
mod root;
#[cfg(unix)]
mod serve;
mod shell;
mod signals;
#[cfg(unix)]
mod special_files;
mod support;
mod tour;
mod transcript;
mod two_states;
mod undo;
