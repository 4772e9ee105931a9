//! Encrypted archives: ours with age, and those of the original and of zip programs.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod age;
mod required;
mod zip;

use archive::{Identity, KeyFault, Keys};
use backup::{EncryptionPolicy, Engine, Error, Kind};
use testkit::engine::{ACTOR, back_up, quiet, restore};
use testkit::{TestDatabase, TestStaticFiles, populate_test_database};

/// Returns an engine that encrypts for a key but has only the public part, as on a server; and that key.
async fn protected(database: &TestDatabase, files: &TestStaticFiles) -> (Engine, Identity) {
    populate_test_database(&database.inventory, files.root()).await;
    let identity = Identity::generate();
    let protection = EncryptionPolicy { recipients: vec![identity.recipient()], required: true };
    (database.engine(files).with_encryption_policy(protection), identity)
}

fn fault(error: &Error) -> KeyFault {
    assert_eq!(error.kind(), Kind::Key, "{error}");
    error.key_fault().unwrap()
}

fn with(engine: &Engine, keys: &Keys) -> Engine {
    engine.clone().with_keys(keys.clone())
}
