//! Copies and checks the database for a backup.

use std::path::Path;

use durable::{FileMode, folder_of};
use inventory::LiveDatabase;
use inventory::migration::SchemaState;
use inventory::sqlite::{self, DatabaseState, Inspection, RedactedPasswords, SchemaObject};

use crate::damage::{is_damage, recheck_damage};
use crate::{Engine, Error, Event, Note, Observer, Step, space};

use super::{Purpose, Source};

/// The checked copy of a database, or the damage that prevented one.
#[derive(Default)]
pub(crate) struct DatabaseCopy {
    pub(crate) inspection: Option<Inspection>,
    pub(super) damaged: Option<String>,
    pub(super) stripped: Vec<SchemaObject>,
    pub(super) redacted: Vec<RedactedPasswords>,
    pub(super) restarts: u32,
}

impl Engine {
    /// Copies the database to `copy` as of one moment and checks the copy. Before a restore, a damaged
    /// database is copied as it is: the user is about to replace it, and it is the only copy of the data.
    pub(crate) fn copy_database(
        &self,
        source: &Source<'_>,
        copy: &Path,
        observer: &mut dyn Observer,
    ) -> Result<DatabaseCopy, Error> {
        let live = LiveDatabase::new(source.database);
        let state = live.state().map_err(source.failed())?;
        let rescue = source.purpose == Purpose::BeforeRestore;
        let damaged = |why: String, observer: &mut dyn Observer| {
            observer.event(Event::Note(Note::LiveDamaged { why: why.clone() }));
            Ok(DatabaseCopy { damaged: Some(why), ..DatabaseCopy::default() })
        };
        if rescue && let DatabaseState::Unusable(why) = state {
            return damaged(why, observer);
        }
        if rescue && matches!(state, DatabaseState::Missing | DatabaseState::Empty { .. }) {
            return Ok(DatabaseCopy {
                damaged: Some("there was none".to_owned()),
                ..DatabaseCopy::default()
            });
        }
        if matches!(state, DatabaseState::Empty { .. }) {
            return Err(Error::EmptyDatabase { path: source.display_path.to_owned() });
        }
        if let Ok(found) = source.database.metadata() {
            space::require(folder_of(copy), found.len())?;
        }
        self.create_private(copy)?;
        let mut copied = self.copy_checked(&live, copy, observer);
        if copied.as_ref().is_err_and(is_damage) {
            // A failed read may look like damage, so copy the database again.
            self.disk.remove(copy)?;
            self.create_private(copy)?;
            copied = self.copy_checked(&live, copy, observer);
        }
        match copied.map_err(|error| error.locate_value(copy)) {
            Ok(copied) => Ok(copied),
            Err(error) if rescue && is_damage(&error) => {
                let _ = self.disk.remove(copy);
                self.create_private(copy)?;
                live.salvage(copy).map_err(source.failed())?;
                damaged(error.to_string(), observer)
            }
            Err(error) => Err(source.failed()(error)),
        }
    }

    /// Creates the empty file for SQLite to fill. SQLite itself would create a file that every user can read.
    fn create_private(&self, copy: &Path) -> Result<(), Error> {
        self.disk.create(copy, FileMode::Private)?;
        Ok(())
    }

    fn copy_checked(
        &self,
        live: &LiveDatabase,
        copy: &Path,
        observer: &mut dyn Observer,
    ) -> Result<DatabaseCopy, inventory::Error> {
        observer.event(Event::Step(Step::Snapshot));
        let copied = live.snapshot(copy, &mut |done, total| {
            observer.event(Event::Progress { done, total });
        })?;
        observer.event(Event::Step(Step::CheckCopy));
        if self.cancellation.is_cancelled() {
            // The caller checks for cancellation, too, and discards the copy.
            return Ok(DatabaseCopy { restarts: copied.restarts, ..DatabaseCopy::default() });
        }
        let stripped = recheck_damage(copy, || sqlite::strip(copy))?;
        sqlite::store_objects(copy, &stripped)?;
        let redacted = sqlite::redact(copy)?;
        let inspection = recheck_damage(copy, || sqlite::inspect_and_remove_orphans(copy))?;
        if let SchemaState::Newer(found) = inspection.schema {
            return Err(inventory::Error::Newer { found });
        }
        Ok(DatabaseCopy {
            inspection: Some(inspection),
            damaged: None,
            stripped,
            redacted,
            restarts: copied.restarts,
        })
    }
}
