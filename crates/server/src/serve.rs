//! Starts and stops the server.

use std::future::Future;
use std::net::SocketAddr;

use tokio::net::TcpListener;

use crate::app::App;

/// An error that stops the server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The state of the server cannot be opened.
    #[error("the state of the server (sessions and tasks) cannot be opened: {0}")]
    State(#[from] sqlx::Error),
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

/// Binds to an address.
///
/// # Errors
/// [`Error::Listen`].
pub async fn listen(address: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(address).await.map_err(|source| Error::Listen { address, source })
}

/// Serves until `stop` completes. Then accepts no more connections, finishes the requests that have begun, and closes the
/// inventory.
///
/// # Errors
/// [`Error::Accept`].
pub async fn serve(
    app: App,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Error> {
    let service = crate::router(app.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(listener, service).with_graceful_shutdown(stop).await;
    app.close().await;
    served.map_err(Error::Accept)
}
