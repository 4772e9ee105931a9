//! Prepares the folders and the database file of a new inventory.

use durable::{FileMode, folder_of};
use inventory::{Actor, Permission};

use crate::{Engine, Error};

impl Engine {
    /// Creates the folders of a new inventory and an empty file for its database. Only the owner may
    /// read and write that file, because the database holds password hashes. SQLite would make it readable to
    /// every user.
    ///
    /// # Errors
    /// [`Error::PathNotText`], [`Error::Storage`].
    pub fn prepare_new_inventory(&self, actor: &Actor) -> Result<(), Error> {
        crate::permission::require(actor, "creating an inventory", Permission::BackupRestore)?;
        self.places.require_text()?;
        let database = &self.places.database;
        let folder = folder_of(database);
        self.disk.create_folder(folder)?;
        let static_files = self.static_files();
        static_files.create_folders().map_err(Error::live(static_files.root()))?;
        if database.symlink_metadata().is_err() {
            self.disk.create(database, FileMode::Private)?;
        }
        Ok(())
    }
}
