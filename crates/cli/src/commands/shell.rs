//! Implements `completions` and `man`.

use std::path::Path;

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;
use durable::Disk;
use durable::counted;
use serde_json::json;

use crate::args::{Args, Global};
use crate::exit::Failure;
use crate::output;

/// Prints a script that completes commands and options.
pub(crate) fn completions(global: &Global, shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    let mut command = Args::command();
    let name = command.get_name().to_owned();
    clap_complete::generate(shell, &mut command, name, &mut script);
    let script = String::from_utf8(script).map_err(Failure::internal)?;
    if global.json {
        return output::result(global, "", &json!({"shell": shell.to_string(), "script": script}));
    }
    output::print(script.trim_end())
}

/// Prints the manual page of the program, or writes the pages of all commands into a folder.
pub(crate) fn man(global: &Global, folder: Option<&Path>) -> Result<(), Failure> {
    let mut command = Args::command();
    command.build();
    let Some(folder) = folder else {
        let page = page(command)?;
        if global.json {
            return output::result(global, "", &json!({"page": page}));
        }
        return output::print(page.trim_end());
    };
    if !folder.is_dir() {
        return Err(Failure::not_found(format!("{}: no such folder", folder.display())));
    }
    let mut names = Vec::new();
    write_pages(folder, command, &mut names)?;
    let text = format!("{} in {}", counted(names.len(), "manual page"), folder.display());
    output::result(global, text, &json!({"folder": output::path(folder), "pages": names}))
}

/// Writes the page of a command and the pages of its subcommands.
fn write_pages(folder: &Path, command: Command, names: &mut Vec<String>) -> Result<(), Failure> {
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        write_pages(folder, below.clone(), names)?;
    }
    let name = format!("{}.1", command.get_display_name().unwrap_or(command.get_name()));
    let path = folder.join(&name);
    let page = page(command)?;
    Disk::real().write_durably(&path, page.as_bytes())?;
    names.push(name);
    Ok(())
}

fn page(command: Command) -> Result<String, Failure> {
    let mut page = Vec::new();
    Man::new(command).render(&mut page).map_err(Failure::internal)?;
    String::from_utf8(page).map_err(Failure::internal)
}
