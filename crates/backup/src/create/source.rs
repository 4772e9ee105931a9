//! The source of a backup: a database and its files.

use std::path::Path;

use inventory::StaticFiles;

use crate::{Engine, Error};

use super::Purpose;

/// A database and the files that belong to it.
pub(crate) struct Source<'a> {
    /// Why the backup is made.
    pub(crate) purpose: Purpose,
    /// The database that is copied.
    pub(crate) database: &'a Path,
    /// The path to show to users. It differs from `database` if that is a temporary copy.
    pub(crate) display_path: &'a Path,
    /// The folder with datasheets and images.
    pub(crate) static_files: &'a Path,
    /// Whether deletes can be deferred, so that the files stay in place. If not, the files are only read.
    pub(crate) can_be_locked: bool,
    /// The folder for confidential copies if the folder of the database is not writable.
    pub(crate) private_copies: Option<&'a Path>,
}

impl<'a> Source<'a> {
    /// Returns the inventory of an engine as a source.
    pub(crate) fn of(engine: &'a Engine, purpose: Purpose) -> Self {
        let database = engine.places.database.as_path();
        let static_files = &engine.places.static_files;
        Self {
            purpose,
            database,
            display_path: database,
            static_files,
            can_be_locked: true,
            private_copies: None,
        }
    }

    /// Returns whether the source is the inventory of the engine.
    fn is_ours(&self) -> bool {
        self.purpose != Purpose::Import
    }

    /// Returns the static files of the source.
    pub(super) fn files(&self, engine: &Engine) -> StaticFiles {
        StaticFiles::with_disk(self.static_files, engine.disk.clone())
    }

    /// Returns a function that adds the path of the database to an error.
    pub(super) fn failed<E: Into<inventory::Error>>(&self) -> impl FnOnce(E) -> Error {
        let (is_ours, display_path) = (self.is_ours(), self.display_path.to_owned());
        move |error| {
            if is_ours { Error::live(&display_path)(error) } else { Error::imported(&display_path)(error) }
        }
    }
}
