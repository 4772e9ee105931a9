//! The errors that stop the server.

use std::net::SocketAddr;

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
    /// The address cannot be used.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// Accepting connections failed.
    #[error("accepting connections failed: {0}")]
    Accept(std::io::Error),
}
