//! What every use case works with. The use cases themselves are methods, each in its own file.

use std::path::Path;
use std::sync::Arc;

use archive::{Keys, Recipient};
use durable::{Disk, OwnedDisk, RawDisk, RealDisk, ScratchFolder};
use inventory::static_files::StaticFiles;
use inventory::{Ambient, LiveDatabase};

use crate::{Cancellation, Error, Places};

/// The schema version of the original that our tables are those of.
pub(crate) const SCHEMA_VERSION: &str = "1.0.0";

/// How backups are encrypted unless one of them is asked for otherwise.
#[derive(Debug, Clone, Default)]
pub struct EncryptionPolicy {
    /// For whom; nobody means not at all.
    pub recipients: Vec<Recipient>,
    /// Refuse to write what is not encrypted.
    pub required: bool,
}

/// The backup engine of one inventory.
#[derive(Clone)]
pub struct Engine {
    pub(crate) places: Places,
    pub(crate) disk: Disk,
    pub(crate) ambient: Ambient,
    /// The version of the program, as it goes into archives.
    pub(crate) version: String,
    pub(crate) protection: EncryptionPolicy,
    /// What encrypted archives are opened with.
    pub(crate) keys: Keys,
    pub(crate) cancellation: Cancellation,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("places", &self.places).finish_non_exhaustive()
    }
}

impl Engine {
    /// The engine for the inventory at `places`.
    pub fn new(places: Places, ambient: Ambient) -> Self {
        Self::with_disk(places, ambient, Arc::new(RealDisk))
    }

    /// The same, changing files through another [`Disk`].
    pub fn with_disk(places: Places, ambient: Ambient, disk: Arc<dyn RawDisk>) -> Self {
        let places = places.resolved();
        let disk = OwnedDisk::for_root(disk, &places.database, &places.static_files);
        Self {
            places,
            disk: Disk::new(disk),
            ambient,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            protection: EncryptionPolicy::default(),
            keys: Keys::default(),
            cancellation: Cancellation::default(),
        }
    }

    /// The same, with backups encrypted: those that somebody asks for, and those before a restore or a
    /// migration.
    #[must_use]
    pub fn with_encryption_policy(self, protection: EncryptionPolicy) -> Self {
        Self { protection, ..self }
    }

    /// Whether backups are encrypted unless one is asked for otherwise.
    pub fn encrypts(&self) -> bool {
        !self.protection.recipients.is_empty()
    }

    /// The same, with keys for archives that are encrypted.
    #[must_use]
    pub fn with_keys(self, keys: Keys) -> Self {
        Self { keys, ..self }
    }

    /// The same, stopping when it is asked to.
    #[must_use]
    pub fn cancelled_by(self, cancellation: Cancellation) -> Self {
        Self { cancellation, ..self }
    }

    /// Where the inventory is.
    pub fn places(&self) -> &Places {
        &self.places
    }

    /// Creates a folder that is removed when it is dropped, named after `beside` and `marker`.
    pub(crate) fn scratch_folder(&self, beside: &Path, marker: &str) -> Result<ScratchFolder, Error> {
        Ok(ScratchFolder::create(&self.disk, beside, marker, || self.ambient.uuid().to_string())?)
    }

    /// Returns the database in use.
    pub(crate) fn database(&self) -> LiveDatabase {
        LiveDatabase::new(self.places.database.as_path())
    }

    pub(crate) fn static_files(&self) -> StaticFiles {
        StaticFiles::with_disk(&self.places.static_files, self.disk.clone())
    }
}
