//! The database in use, whatever its engine, as far as the backup engine is concerned: tell its state, write a snapshot
//! of it to a SQLite file, replace it from one, and say whether a restore has put its marker in. What is done to such a
//! SQLite file is in [`crate::sqlite`].
//!
//! PostgreSQL has its place here and is not supported yet: each operation answers [`Error::EngineNotSupported`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use snapshot::{CopyReport, DatabaseState, Progress, ReplaceOutcome, RowChanges, SchemaObject, Watch};

use crate::db::DatabaseUrl;
use crate::migration::{self, MigrationReport, SchemaState};
use crate::{Error, sqlite};

/// The database in use.
#[derive(Debug, Clone)]
pub struct LiveDatabase {
    url: DatabaseUrl,
}

impl LiveDatabase {
    /// Names the database. Nothing is opened yet.
    pub fn new(url: impl Into<DatabaseUrl>) -> Self {
        Self { url: url.into() }
    }

    /// Looks at the database. One that SQLite calls unusable is looked at twice, since a read may have failed.
    ///
    /// # Errors
    /// [`Error::Busy`] when another program holds it, [`Error::Io`].
    pub fn state(&self) -> Result<DatabaseState, Error> {
        let file = self.file()?;
        match snapshot::probe_database(file)? {
            DatabaseState::Unusable(_) => Ok(snapshot::probe_database(file)?),
            state => Ok(state),
        }
    }

    /// Refuses a sound database that must not be replaced: of another program, or of a newer version of this one.
    ///
    /// # Errors
    /// [`Error::Foreign`], [`Error::Newer`], [`Error::Busy`], [`Error::Io`].
    pub fn check_replaceable(&self) -> Result<(), Error> {
        sqlite::check_replaceable(self.file()?)
    }

    /// Writes the database as of one moment to a new SQLite file, while others read and write.
    ///
    /// # Errors
    /// [`Error::Damaged`], [`Error::NotADatabase`], [`Error::Busy`], [`Error::Io`].
    pub fn snapshot(&self, target: &Path, progress: &mut Progress<'_>) -> Result<CopyReport, Error> {
        Ok(snapshot::snapshot(self.file()?, target, progress)?)
    }

    /// Copies what can be read of a damaged database, so that it can be examined later.
    ///
    /// # Errors
    /// As [`LiveDatabase::snapshot`].
    pub fn salvage(&self, target: &Path) -> Result<(), Error> {
        Ok(snapshot::salvage(self.file()?, target)?)
    }

    /// Watches from now on whether anybody writes.
    ///
    /// # Errors
    /// As [`LiveDatabase::snapshot`].
    pub fn watch(&self) -> Result<Watch, Error> {
        Ok(Watch::new(self.file()?)?)
    }

    /// Replaces the content of the database by that of a SQLite file, as one transaction. With a `watch`, only if
    /// nobody has written since the watch began.
    ///
    /// # Errors
    /// As [`LiveDatabase::snapshot`]. On any error the content is as it was, unless the marker says otherwise.
    pub fn replace(&self, copy: &Path, watch: Option<&Watch>) -> Result<ReplaceOutcome, Error> {
        Ok(snapshot::replace(self.file()?, copy, watch)?)
    }

    /// Tells whether the restore with this id has put its content in place. False where there is no database, or none
    /// that can be read.
    ///
    /// # Errors
    /// [`Error::Busy`] and [`Error::Io`]: then it cannot be told, and nothing may be decided.
    pub fn has_marker(&self, restore_id: &str) -> Result<bool, Error> {
        sqlite::has_marker(self.file()?, restore_id)
    }

    /// Returns the number of rows of each table.
    ///
    /// # Errors
    /// As [`LiveDatabase::snapshot`].
    pub fn row_counts(&self) -> Result<BTreeMap<String, u64>, Error> {
        Ok(snapshot::row_counts(self.file()?)?)
    }

    /// Returns, per table, how the rows would change if a SQLite file replaced the database.
    ///
    /// # Errors
    /// As [`LiveDatabase::snapshot`].
    pub fn row_changes(&self, copy: &Path) -> Result<BTreeMap<String, RowChanges>, Error> {
        Ok(snapshot::compare_rows(self.file()?, copy)?)
    }

    /// Returns what people added to the schema: triggers, views, virtual tables, generated columns, computing indexes.
    ///
    /// # Errors
    /// As [`LiveDatabase::snapshot`].
    pub fn schema_objects(&self) -> Result<Vec<SchemaObject>, Error> {
        sqlite::live_objects(self.file()?)
    }

    /// Tells where the database stands among the migrations.
    ///
    /// # Errors
    /// As [`migration::pending`].
    pub fn pending_migrations(&self) -> Result<SchemaState, Error> {
        migration::pending(self.file()?)
    }

    /// Applies all pending migrations, or none.
    ///
    /// # Errors
    /// As [`migration::migrate`].
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
    fn an_engine_that_cannot_be_backed_up_yet_is_named() {
        let url: DatabaseUrl = "postgres://me:secret@localhost/parts".parse().unwrap();
        let error = LiveDatabase::new(url).state().unwrap_err();
        assert!(error.to_string().contains("PostgreSQL") && !error.to_string().contains("secret"), "{error}");
    }
}
