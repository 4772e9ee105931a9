//! Proving that a key in hand opens an archive. The machine that makes encrypted backups cannot: it has
//! no secret key. So its owner does, now and then, and it is noted when.

use std::path::Path;

use archive::{EncryptionScheme, Identity, Keys};
use inventory::Actor;

use crate::{Engine, Error, Status};

impl Engine {
    /// Opens the archive at `path` with `identity`: decrypts it, and reads its directory, its manifest
    /// and the list of hashes. Notes beside the archive when that was, if it lies where that can be
    /// written and is known to be sound.
    ///
    /// # Errors
    /// [`Error::NotEncrypted`], and those of opening an archive.
    pub fn check_key(
        &self,
        actor: &Actor,
        path: &Path,
        identity: &Identity,
    ) -> Result<Option<Status>, Error> {
        crate::permission::require(actor, "checking the key of a backup", "backup:create")?;
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
