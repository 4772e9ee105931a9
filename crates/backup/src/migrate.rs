//! Migrates the live database to the current schema, after a safety backup.

use inventory::migration::{MigrationReport, SchemaState};
use inventory::{Actor, Permission};

use crate::{BackupOptions, BackupReport, Engine, Error, Observer, Purpose};

impl Engine {
    /// Makes a safety backup and migrates the live database to the current schema. Returns what the migration did,
    /// and the backup; `None` if the schema is already current.
    pub fn migrate(
        &self,
        actor: &Actor,
        observer: &mut dyn Observer,
    ) -> Result<Option<(MigrationReport, BackupReport)>, Error> {
        crate::permission::require(actor, "migrating the database", Permission::BackupCreate)?;
        let database = &self.places.database;
        if !database.exists() {
            return Err(Error::NoDatabase { path: database.clone() });
        }
        let session = self.session("a migration")?;
        match self.database().pending_migrations().map_err(Error::live(database))? {
            SchemaState::Current => return Ok(None),
            SchemaState::Newer(found) => {
                return Err(Error::live(database)(inventory::Error::Newer { found }));
            }
            SchemaState::Behind(_) => {}
        }
        let report = session.backup(&BackupOptions::default(), Purpose::BeforeMigration, observer)?;
        let migrated = self.database().migrate().map_err(Error::live(database))?;
        Ok(Some((migrated, report)))
    }
}
