//! Resolves arguments and environment to paths, and checks which database a command uses and whether there is an
//! inventory.

use std::path::{Path, PathBuf};

use backup::{Engine, Error, PendingRestore, Places};
use inventory::{Actor, Ambient};

use crate::args::Global;
use crate::config::Config;
use crate::exit::Failure;
use crate::{output, signals};

/// The actor of every command: a user who can run the program on the data may do everything.
pub(crate) const ACTOR: &Actor = &Actor::System;

/// Returns the engine for the requested paths.
pub(crate) fn engine(global: &Global) -> Result<Engine, Failure> {
    let mut places = Places::in_folder(&global.data_dir);
    if let Some(url) = global.database_url() {
        places = places.with_database_url(url)?;
    }
    if let Some(folder) = global.static_files() {
        folder.clone_into(&mut places.static_files);
    }
    if let Some(folder) = global.backups() {
        folder.clone_into(&mut places.backups);
    }
    let places = places.resolved();
    let config = Config::read(global, &places.database)?;
    Ok(Engine::new(places, Ambient::system())
        .with_encryption_policy(config.protection()?)
        .cancelled_by(signals::cancellation()))
}

/// Prints the database in use, then finishes or discards interrupted restores. Returns messages about them for the JSON
/// object.
pub(crate) fn settle_interrupted(global: &Global, engine: &Engine) -> Result<Vec<String>, Failure> {
    output::progress(global, &format!("Database {}", engine.places().database.display()));
    let recovered: Vec<String> = engine.recover(ACTOR)?.iter().map(ToString::to_string).collect();
    recovered.iter().for_each(|line| output::note(global, &format!("Note: {line}")));
    Ok(recovered)
}

/// Prints the database of a dry run, and reports interrupted restores without settling them.
pub(crate) fn report_interrupted(global: &Global, engine: &Engine) -> Result<Vec<String>, Failure> {
    output::progress(global, &format!("Database {}", engine.places().database.display()));
    report_pending(global, engine)
}

/// Reports interrupted restores that have not been settled. Returns the messages for the JSON object.
pub(crate) fn report_pending(global: &Global, engine: &Engine) -> Result<Vec<String>, Failure> {
    let shown = |pending: &PendingRestore| {
        let archive = pending.archive.as_deref().unwrap_or("an unknown archive");
        format!(
            "a restore of {archive} was interrupted; the next command that changes something, such as \
            `makermatrix init`, finishes or discards it"
        )
    };
    let pending: Vec<String> = engine.pending_restores(ACTOR)?.iter().map(shown).collect();
    pending.iter().for_each(|line| output::note(global, &format!("Note: {line}")));
    Ok(pending)
}

/// Returns the path of a named archive. If there is neither such an archive nor an inventory, reports the missing
/// inventory.
pub(crate) fn archive(global: &Global, engine: &Engine, named: &Path) -> Result<PathBuf, Failure> {
    engine.find_archive(ACTOR, named).map_err(|error| missing_archive(global, engine, error))
}

/// Returns the failure for a missing archive: possibly, the inventory itself is missing.
pub(crate) fn missing_archive(global: &Global, engine: &Engine, error: Error) -> Failure {
    let nothing = matches!(error, Error::NoSuchArchive { .. } | Error::NoBackups { .. });
    if nothing
        && !engine.places().backups.exists()
        && let Err(failure) = require_inventory(global, engine)
    {
        return failure;
    }
    error.into()
}

/// Fails if there is no inventory: the path may be mistyped or not mounted.
pub(crate) fn require_inventory(global: &Global, engine: &Engine) -> Result<(), Failure> {
    let database = &engine.places().database;
    if database.symlink_metadata().is_ok() {
        return Ok(());
    }
    let hint = match other_database(global, engine)? {
        Some(other) => in_another_place(global, &other),
        None => "Create one with `makermatrix init`, or check --data-dir and DATABASE_URL.".to_owned(),
    };
    Err(Failure::not_found(format!("there is no database at {}. {hint}", database.display())))
}

/// Fails if there is no inventory, unless `create` is set and there is no other inventory in the data folder.
pub(crate) fn require_inventory_or(create: bool, global: &Global, engine: &Engine) -> Result<(), Failure> {
    let database = &engine.places().database;
    if database.symlink_metadata().is_ok() {
        return Ok(());
    }
    if create {
        return require_no_other(global, engine);
    }
    let hint = match other_database(global, engine)? {
        Some(other) => in_another_place(global, &other),
        None => {
            "Use --create to create a new inventory there, or check --data-dir and DATABASE_URL.".to_owned()
        }
    };
    Err(Failure::not_found(format!("there is no database at {}. {hint}", database.display())))
}

/// Refuses to create an inventory beside a database of the original in the data folder. Allows it if a database was named
/// explicitly.
pub(crate) fn require_no_other(global: &Global, engine: &Engine) -> Result<(), Failure> {
    match other_database(global, engine)? {
        Some(other) => Err(Failure::usage(format!(
            "there is no database at {}. {}",
            engine.places().database.display(),
            in_another_place(global, &other)
        ))),
        None => Ok(()),
    }
}

/// Returns the database of the original in the data folder, unless a database was named explicitly.
fn other_database(global: &Global, engine: &Engine) -> Result<Option<PathBuf>, Failure> {
    if global.database_url().is_some() {
        return Ok(None);
    }
    let found = backup::import::databases_in(&global.data_dir)?;
    Ok(found.into_iter().find(|path| *path != engine.places().database))
}

fn in_another_place(global: &Global, other: &Path) -> String {
    format!(
        "But there is {}. To use that database where it is: {} (and the same DATABASE_URL for every command)",
        other.display(),
        init_with(global, other)
    )
}

/// Returns the `init` command for an existing database.
pub(crate) fn init_with(global: &Global, database: &Path) -> String {
    let absolute = std::path::absolute(database).unwrap_or_else(|_| database.to_owned());
    let url = quoted(&format!("sqlite:///{}", absolute.display()));
    let data = quoted(&global.data_dir.display().to_string());
    format!("DATABASE_URL={url} makermatrix init --data-dir {data}")
}

/// Quotes a word for a shell.
fn quoted(word: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || "/._-:=+,@%".contains(char);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
