//! Starts and stops the server.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;

use crate::app::App;
use crate::error::Error;

/// The time between two records of the uses of API keys.
const RECORD_KEY_USES: Duration = Duration::from_secs(60);

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
    let recorder = tokio::spawn(record_key_uses(app.clone()));
    let served = axum::serve(listener, service).with_graceful_shutdown(stop).await;
    recorder.abort();
    app.close().await;
    served.map_err(Error::Accept)
}

/// Records the uses of API keys from time to time. A crash loses those of the last interval.
async fn record_key_uses(app: App) {
    let mut ticks = tokio::time::interval(RECORD_KEY_USES);
    loop {
        ticks.tick().await;
        app.record_key_uses().await;
    }
}
