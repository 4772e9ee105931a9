//! Proves that a key opens an archive. A machine that makes encrypted backups has no secret key, so its owner
//! checks the key from time to time, and the time of the last check is recorded.

use std::path::Path;

use archive::{EncryptionScheme, Identity, Keys};
use inventory::{Actor, Permission};

use crate::{Engine, Error, Status};

impl Engine {
    /// Opens the archive at `path` with `identity`: decrypts it, and reads its directory, its manifest
    /// and the list of hashes. Records the time in the status of the archive. Returns `None` if the archive has no
    /// status because it was never verified, or if the status cannot be written.
    ///
    /// # Errors
    /// [`Error::NotEncrypted`], and the errors of opening an archive.
    pub fn check_key(
        &self,
        actor: &Actor,
        path: &Path,
        identity: &Identity,
    ) -> Result<Option<Status>, Error> {
        crate::permission::require(actor, "checking the key of a backup", Permission::BackupCreate)?;
        let not_for_keys = || Error::NotEncrypted { path: path.to_owned() };
        match self.clone().with_keys(Keys::identity(identity.clone())).open(path) {
            Ok(archive) if matches!(archive.reader.encryption(), Some(EncryptionScheme::Recipients(_))) => {}
            Ok(_) => return Err(not_for_keys()),
            Err(error) if error.key_fault().is_some_and(|fault| fault.scheme().takes_passphrase()) => {
                return Err(not_for_keys());
            }
            Err(error) => return Err(error),
        }
        Ok(self.note_key(path, identity.recipient().to_string()).ok())
    }
}
