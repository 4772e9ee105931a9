//! From arguments and environment to places, and what is at them: which database a command will touch, and
//! whether there is an inventory at all.

use std::path::{Path, PathBuf};

use backup::{Engine, Error, PendingRestore, Places};
use inventory::{Actor, Ambient};

use crate::args::Global;
use crate::config::Config;
use crate::exit::Failure;
use crate::{output, signals};

/// Whoever may run the binary on the data may do everything with it.
pub(crate) const ACTOR: &Actor = &Actor::System;

/// Returns the engine for the places that were asked for.
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

/// Says which database will be touched, then finishes or discards what was interrupted on it. Returns what was
/// done about that, for the JSON object.
pub(crate) fn announce(global: &Global, engine: &Engine) -> Result<Vec<String>, Failure> {
    output::progress(global, &format!("Database {}", engine.places().database.display()));
    let recovered: Vec<String> = engine.recover(ACTOR)?.iter().map(ToString::to_string).collect();
    recovered.iter().for_each(|line| output::note(global, &format!("Note: {line}")));
    Ok(recovered)
}

/// Says which database a dry run is about, and that an interrupted restore waits to be settled.
pub(crate) fn announce_dry_run(global: &Global, engine: &Engine) -> Result<Vec<String>, Failure> {
    output::progress(global, &format!("Database {}", engine.places().database.display()));
    pending(global, engine)
}

/// Says that an interrupted restore waits to be settled, where one does. Returns the same for the JSON object.
pub(crate) fn pending(global: &Global, engine: &Engine) -> Result<Vec<String>, Failure> {
    let shown = |pending: &PendingRestore| {
        let archive = pending.archive.as_deref().unwrap_or("an archive that cannot be told");
        format!(
            "a restore of {archive} was interrupted, and is finished or discarded by the next command that changes \
             something, such as `makermatrix init`"
        )
    };
    let pending: Vec<String> = engine.pending_restores(ACTOR)?.iter().map(shown).collect();
    pending.iter().for_each(|line| output::note(global, &format!("Note: {line}")));
    Ok(pending)
}

/// Returns the archive that a person names. Where there is neither an archive of that name nor an inventory, the
/// place is what is wrong.
pub(crate) fn archive(global: &Global, engine: &Engine, named: &Path) -> Result<PathBuf, Failure> {
    engine.find_archive(ACTOR, named).map_err(|error| explain_missing(global, engine, error))
}

/// Returns why no archive was found: there may be no inventory at all.
pub(crate) fn explain_missing(global: &Global, engine: &Engine, error: Error) -> Failure {
    let nothing = matches!(error, Error::NoSuchArchive { .. } | Error::NoBackups { .. });
    if nothing
        && !engine.places().backups.exists()
        && let Err(failure) = require_inventory(global, engine)
    {
        return failure;
    }
    error.into()
}

/// Refuses to go on where there is no inventory: the place may be mistyped, or not mounted.
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

/// Refuses to make an inventory unless that was asked for, and beside another one even then.
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
            "Say --create to make a new inventory there, or check --data-dir and DATABASE_URL.".to_owned()
        }
    };
    Err(Failure::not_found(format!("there is no database at {}. {hint}", database.display())))
}

/// Refuses to make an inventory beside one that lies in the data folder as the original lays it out. Whoever names
/// a database knows which one is meant.
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

/// Returns a database of the original in the data folder, unless a database was named.
fn other_database(global: &Global, engine: &Engine) -> Result<Option<PathBuf>, Failure> {
    if global.database_url().is_some() {
        return Ok(None);
    }
    let found = backup::import::databases_in(&global.data_dir)?;
    Ok(found.into_iter().find(|path| *path != engine.places().database))
}

fn in_another_place(global: &Global, other: &Path) -> String {
    format!(
        "But there is {}. To go on with that one as it is: {} (and the same DATABASE_URL for every command)",
        other.display(),
        init_with(global, other)
    )
}

/// Returns the command that takes a database where it is.
pub(crate) fn init_with(global: &Global, database: &Path) -> String {
    let absolute = std::path::absolute(database).unwrap_or_else(|_| database.to_owned());
    let url = quoted(&format!("sqlite:///{}", absolute.display()));
    let data = quoted(&global.data_dir.display().to_string());
    format!("DATABASE_URL={url} makermatrix init --data-dir {data}")
}

/// Returns a word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || "/._-:=+,@%".contains(char);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
