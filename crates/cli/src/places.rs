//! From arguments and environment to places, and saying which database a command will touch.

use std::path::PathBuf;

use backup::{Engine, Places};
use inventory::Ambient;

use crate::args::Global;
use crate::config::Config;
use crate::exit::Failure;
use crate::output;

/// The engine for the places that were asked for.
pub(crate) fn engine(global: &Global) -> Result<Engine, Failure> {
    let mut places = Places::in_folder(&global.data_dir);
    if let Some(url) = global.database_url.as_deref().filter(|url| !url.is_empty()) {
        places = places.with_database_url(url)?;
    }
    if let Some(folder) = set(&global.static_files) {
        places.static_files.clone_from(folder);
    }
    if let Some(folder) = set(&global.backups) {
        places.backups.clone_from(folder);
    }
    let places = places.resolved();
    let config = Config::read(global, &places.database)?;
    Ok(Engine::new(places, Ambient::system()).protecting(config.protection()?))
}

/// An empty variable is as good as none, as in every shell.
pub(crate) fn set(path: &Option<PathBuf>) -> Option<&PathBuf> {
    path.as_ref().filter(|path| !path.as_os_str().is_empty())
}

/// Says which database will be touched, then finishes or discards what was interrupted on it.
pub(crate) fn announce(global: &Global, engine: &Engine) -> Result<(), Failure> {
    output::say(global, &format!("Database {}", engine.places().database.display()));
    for recovered in engine.recover()? {
        output::say(global, &format!("Note: {recovered}"));
    }
    Ok(())
}
