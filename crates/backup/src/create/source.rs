//! What a backup is made of.

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
    /// The database as people know it; another one where a copy of it is read.
    pub(crate) known_as: &'a Path,
    /// The folder with datasheets and images.
    pub(crate) static_files: &'a Path,
    /// Whether a lease can keep the files in place. Otherwise they are only read.
    pub(crate) can_be_locked: bool,
    /// The folder for copies that nobody else may see, where that of the database cannot be written.
    pub(crate) private_copies: Option<&'a Path>,
}

impl<'a> Source<'a> {
    /// Returns the inventory of an engine.
    pub(crate) fn of(engine: &'a Engine, purpose: Purpose) -> Self {
        let database = engine.places.database.as_path();
        let static_files = &engine.places.static_files;
        Self {
            purpose,
            database,
            known_as: database,
            static_files,
            can_be_locked: true,
            private_copies: None,
        }
    }

    /// Tells whether the source is the inventory here.
    fn is_ours(&self) -> bool {
        self.purpose != Purpose::Import
    }

    pub(super) fn files(&self, engine: &Engine) -> StaticFiles {
        StaticFiles::with_disk(self.static_files, engine.disk.clone())
    }

    /// Names the database that an error is about.
    pub(super) fn failed<E: Into<inventory::Error>>(&self) -> impl FnOnce(E) -> Error {
        let (is_ours, known_as) = (self.is_ours(), self.known_as.to_owned());
        move |error| {
            if is_ours { Error::live(&known_as)(error) } else { Error::imported(&known_as)(error) }
        }
    }
}
