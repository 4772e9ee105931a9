//! The errors that stop the server.

use std::net::SocketAddr;
use std::path::PathBuf;

/// An error that stops the server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The state of the server cannot be opened.
    #[error("the state of the server (sessions and tasks) cannot be opened: {0}")]
    State(#[from] sqlx::Error),
    /// The inventory cannot be used.
    #[error(transparent)]
    Inventory(#[from] inventory::Error),
    /// The backup folder cannot be read.
    #[error(transparent)]
    Backups(#[from] backup::Error),
    /// Another server serves the same inventory.
    #[error("another server serves this inventory already (process {process})")]
    AlreadyServed {
        /// The id of its process.
        process: String,
    },
    /// The lock of the server cannot be taken.
    #[error("{} cannot be locked: {source}", path.display())]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The address cannot be used.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The certificate or its key cannot be used.
    #[error("the certificate {} with the key {} cannot be used: {why}", certificate.display(), key.display())]
    Certificate {
        /// The file with the certificate chain.
        certificate: PathBuf,
        /// The file with the private key.
        key: PathBuf,
        /// The reason.
        why: String,
    },
}
