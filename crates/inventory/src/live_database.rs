//! The live database for the backup engine, independent of the database engine: returns its state, writes a snapshot to a
//! SQLite file, replaces the content from such a file, and checks for the restore marker. Operations on the SQLite file are
//! in [`crate::sqlite`].
//!
//! PostgreSQL is not supported yet: each operation returns [`Error::EngineNotSupported`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use durable::Disk;
use snapshot::{
    ChangeDetector, CopyReport, DatabaseState, Progress, ReplaceOutcome, RowChanges, SchemaObject,
};

use crate::db::DatabaseUrl;
use crate::migration::{self, MigrationReport, SchemaState};
use crate::sqlite::PartChanges;
use crate::write_gate::{ClosedGate, WriteGate};
use crate::{Error, sqlite};

/// The live database.
#[derive(Debug, Clone)]
pub struct LiveDatabase {
    url: DatabaseUrl,
}

impl LiveDatabase {
    /// Creates a handle for the database. Does not open it.
    pub fn new(url: impl Into<DatabaseUrl>) -> Self {
        Self { url: url.into() }
    }

    /// Returns the state of the database. Probes an unusable database twice, since a read may have failed.
    ///
    /// # Errors
    /// [`Error::Busy`] when another program has locked the database, [`Error::Io`].
    pub fn state(&self) -> Result<DatabaseState, Error> {
        let file = self.file()?;
        match snapshot::probe_database(file)? {
            DatabaseState::Unusable(_) => Ok(snapshot::probe_database(file)?),
            state => Ok(state),
        }
    }

    /// Refuses to replace an intact database of another program or of a newer version.
    ///
    /// # Errors
    /// [`Error::Foreign`], [`Error::Newer`], [`Error::Busy`], [`Error::Io`].
    pub fn check_replaceable(&self) -> Result<(), Error> {
        sqlite::check_replaceable(self.file()?)
    }

    /// Writes a consistent snapshot of the database to a new SQLite file, while other programs read and write.
    ///
    /// # Errors
    /// [`Error::Damaged`], [`Error::NotADatabase`], [`Error::Busy`], [`Error::Io`].
    pub fn snapshot(&self, target: &Path, progress: &mut Progress<'_>) -> Result<CopyReport, Error> {
        Ok(snapshot::snapshot(self.file()?, target, progress)?)
    }

    /// Copies the readable pages of a damaged database, so that the copy can be examined later.
    ///
    /// # Errors
    /// The errors of [`LiveDatabase::snapshot`].
    pub fn salvage(&self, target: &Path) -> Result<(), Error> {
        Ok(snapshot::salvage(self.file()?, target)?)
    }

    /// Keeps the write transactions of every [`Inventory`](crate::Inventory) on this database waiting, in all processes,
    /// until the result is dropped. Waits for those that have begun, until `keep_waiting` returns false. Blocks. Lock files are
    /// created through `disk`.
    ///
    /// # Errors
    /// [`Error::Busy`] when a write transaction does not end, [`Error::Io`].
    pub fn close_to_writers(
        &self,
        disk: &Disk,
        keep_waiting: &dyn Fn() -> bool,
    ) -> Result<ClosedGate, Error> {
        WriteGate::with_disk(self.file()?, disk.clone()).close(keep_waiting)
    }

    /// Starts to detect changes by other programs.
    ///
    /// # Errors
    /// The errors of [`LiveDatabase::snapshot`].
    pub fn detect_changes(&self) -> Result<ChangeDetector, Error> {
        Ok(ChangeDetector::new(self.file()?)?)
    }

    /// Replaces the content of the database with that of a SQLite file in one transaction. With a `detector`, replaces it only
    /// if no other program has written since the detector was created.
    ///
    /// # Errors
    /// The errors of [`LiveDatabase::snapshot`]. After an error the content is unchanged, unless it holds the restore marker.
    pub fn replace(&self, copy: &Path, detector: Option<&ChangeDetector>) -> Result<ReplaceOutcome, Error> {
        Ok(snapshot::replace(self.file()?, copy, detector)?)
    }

    /// Returns whether the database holds the marker of the restore with this id. Returns false if there is no database,
    /// or none that can be read.
    ///
    /// # Errors
    /// [`Error::Busy`] and [`Error::Io`] when the answer is unknown.
    pub fn has_marker(&self, restore_id: &str) -> Result<bool, Error> {
        sqlite::has_marker(self.file()?, restore_id)
    }

    /// Returns the number of rows of each table.
    ///
    /// # Errors
    /// The errors of [`LiveDatabase::snapshot`].
    pub fn row_counts(&self) -> Result<BTreeMap<String, u64>, Error> {
        Ok(snapshot::row_counts(self.file()?)?)
    }

    /// Returns the row changes per table that replacing the database with a SQLite file would cause.
    ///
    /// # Errors
    /// The errors of [`LiveDatabase::snapshot`].
    pub fn row_changes(&self, copy: &Path) -> Result<BTreeMap<String, RowChanges>, Error> {
        Ok(snapshot::compare_rows(self.file()?, copy)?)
    }

    /// Returns the parts that replacing the database with a SQLite file of the current schema would take away, bring back, or give
    /// another stock. Both must have the encoding UTF-8.
    ///
    /// # Errors
    /// The errors of [`LiveDatabase::snapshot`].
    pub fn part_changes(&self, copy: &Path) -> Result<PartChanges, Error> {
        sqlite::part_changes(self.file()?, copy)
    }

    /// Returns the objects that users added to the schema: triggers, views, virtual tables, generated columns, expression
    /// indexes and partial indexes.
    ///
    /// # Errors
    /// The errors of [`LiveDatabase::snapshot`].
    pub fn schema_objects(&self) -> Result<Vec<SchemaObject>, Error> {
        sqlite::live_objects(self.file()?)
    }

    /// Returns the migration state of the database.
    ///
    /// # Errors
    /// The errors of [`migration::pending`].
    pub fn pending_migrations(&self) -> Result<SchemaState, Error> {
        migration::pending(self.file()?)
    }

    /// Applies either all pending migrations or none.
    ///
    /// # Errors
    /// The errors of [`migration::migrate`].
    pub fn migrate(&self) -> Result<MigrationReport, Error> {
        migration::migrate(self.file()?)
    }

    fn file(&self) -> Result<&PathBuf, Error> {
        match &self.url {
            DatabaseUrl::Sqlite(path) => Ok(path),
            DatabaseUrl::Postgres(_) => Err(Error::EngineNotSupported { engine: "PostgreSQL" }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unsupported_engine_is_reported_by_name() {
        let url: DatabaseUrl = "postgres://me:secret@localhost/parts".parse().unwrap();
        let error = LiveDatabase::new(url).state().unwrap_err();
        assert!(error.to_string().contains("PostgreSQL") && !error.to_string().contains("secret"), "{error}");
    }
}
