//! The engine that every use case uses. The use cases themselves are methods, each in its own file.

use std::path::Path;
use std::sync::Arc;

use archive::{Keys, Recipient};
use durable::{Disk, OwnedDisk, RawDisk, RealDisk, ScratchFolder};
use inventory::static_files::StaticFiles;
use inventory::{Ambient, LiveDatabase};

use crate::{Cancellation, Error, Places};

/// The version of the original's schema that our tables follow.
pub(crate) const SCHEMA_VERSION: &str = "1.0.0";

/// How backups are encrypted by default.
#[derive(Debug, Clone, Default)]
pub struct EncryptionPolicy {
    /// The public keys to encrypt for. An empty list means no encryption.
    pub recipients: Vec<Recipient>,
    /// Whether the engine refuses to write unencrypted backups.
    pub required: bool,
}

/// The backup engine of one inventory.
#[derive(Clone)]
pub struct Engine {
    pub(crate) places: Places,
    pub(crate) disk: Disk,
    pub(crate) ambient: Ambient,
    /// The version of the program, which is written into archives.
    pub(crate) version: String,
    pub(crate) encryption_policy: EncryptionPolicy,
    /// The keys that open encrypted archives.
    pub(crate) keys: Keys,
    pub(crate) cancellation: Cancellation,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("places", &self.places).finish_non_exhaustive()
    }
}

impl Engine {
    /// Creates an engine for the inventory at `places`.
    pub fn new(places: Places, ambient: Ambient) -> Self {
        Self::with_disk(places, ambient, Arc::new(RealDisk))
    }

    /// Creates an engine that changes files through `disk`.
    pub fn with_disk(places: Places, ambient: Ambient, disk: Arc<dyn RawDisk>) -> Self {
        let places = places.resolved();
        let disk = OwnedDisk::for_root(disk, &places.database, &places.static_files);
        Self {
            places,
            disk: Disk::new(disk),
            ambient,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            encryption_policy: EncryptionPolicy::default(),
            keys: Keys::default(),
            cancellation: Cancellation::default(),
        }
    }

    /// Sets how backups are encrypted by default, including the safety backups before a restore or a
    /// migration.
    #[must_use]
    pub fn with_encryption_policy(self, encryption_policy: EncryptionPolicy) -> Self {
        Self { encryption_policy, ..self }
    }

    /// Returns whether backups are encrypted by default.
    pub fn encrypts(&self) -> bool {
        !self.encryption_policy.recipients.is_empty()
    }

    /// Sets the keys that open encrypted archives.
    #[must_use]
    pub fn with_keys(self, keys: Keys) -> Self {
        Self { keys, ..self }
    }

    /// Sets the flag that asks the engine to stop.
    #[must_use]
    pub fn cancelled_by(self, cancellation: Cancellation) -> Self {
        Self { cancellation, ..self }
    }

    /// Returns where the inventory is.
    pub fn places(&self) -> &Places {
        &self.places
    }

    /// Creates a scratch folder with a name that starts with that of `beside` and `marker`. Dropping it removes the
    /// folder.
    pub(crate) fn scratch_folder(&self, beside: &Path, marker: &str) -> Result<ScratchFolder, Error> {
        Ok(ScratchFolder::create(&self.disk, beside, marker, || self.ambient.uuid().to_string())?)
    }

    /// Returns the live database.
    pub(crate) fn database(&self) -> LiveDatabase {
        LiveDatabase::new(self.places.database.as_path())
    }

    pub(crate) fn static_files(&self) -> StaticFiles {
        StaticFiles::with_disk(&self.places.static_files, self.disk.clone())
    }
}
