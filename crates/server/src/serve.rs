//! Accepts connections, and stops without losing a request.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot};
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt;

use crate::app::{App, Timeouts};
use crate::error::Error;
use crate::tls::{OverTls, Tls};

/// The largest number of connections. Further clients wait.
const MAX_CONNECTIONS: usize = 2048;
/// The largest size of the headers of a request in bytes.
const MAX_HEADERS: usize = 64 << 10;
/// The pause after an error of `accept`, which is usually a lack of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
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
pub async fn serve(app: App, listener: TcpListener, tls: Option<Tls>, stop: impl Future<Output = ()> + Send) {
    let router = crate::router(app.clone());
    let (serving, stopped) = oneshot::channel();
    let recorder = tokio::spawn(record_key_uses(app.clone(), stopped));
    let connections = GracefulShutdown::new();
    let timeouts = app.options.timeouts;
    let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut stop = pin!(stop);
    loop {
        let accepted = async {
            let permit = Arc::clone(&permits).acquire_owned().await;
            (listener.accept().await, permit)
        };
        let (accepted, permit) = tokio::select! {
            accepted = accepted => accepted,
            () = &mut stop => break,
        };
        match (accepted, permit) {
            (Ok((stream, peer)), Ok(permit)) => {
                let (router, watcher) = (router.clone(), connections.watcher());
                let connection = Connection { router, peer, watcher, permit, timeouts };
                tokio::spawn(connection.serve(stream, tls.clone()));
            }
            (Err(error), _) => {
                tracing::warn!(%error, "accepting a connection failed");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
            (_, Err(_)) => break,
        }
    }
    drop(listener);
    // Streams of events end with their task, so tasks must end first.
    app.tasks.close().await;
    if tokio::time::timeout(timeouts.grace, connections.shutdown()).await.is_err() {
        tracing::warn!(
            "some connections were still open after {} seconds, and were closed",
            timeouts.grace.as_secs()
        );
    }
    // Waits, since uses that are being written would be lost.
    drop(serving);
    let _ = recorder.await;
    app.close().await;
}

struct Connection {
    router: Router,
    peer: SocketAddr,
    watcher: Watcher,
    permit: OwnedSemaphorePermit,
    timeouts: Timeouts,
}

impl Connection {
    async fn serve(self, stream: TcpStream, tls: Option<Tls>) {
        let peer = self.peer;
        // Responses are small, and must not wait for more data.
        let _ = stream.set_nodelay(true);
        match tls {
            None => self.requests(stream, false).await,
            Some(tls) => match tokio::time::timeout(self.timeouts.header, tls.accept(stream)).await {
                Ok(Ok(stream)) => self.requests(stream, true).await,
                Ok(Err(error)) => tracing::debug!(%peer, %error, "a TLS handshake failed"),
                Err(_) => tracing::debug!(%peer, "a TLS handshake took too long"),
            },
        }
    }

    async fn requests(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, encrypted: bool) {
        let Self { router, peer, watcher, permit, timeouts } = self;
        let requested = Arc::new(Notify::new());
        let first = Arc::clone(&requested);
        let service = service_fn(move |request: Request<Incoming>| {
            requested.notify_one();
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            if encrypted {
                request.extensions_mut().insert(OverTls);
            }
            router.clone().oneshot(request)
        });
        let builder = protocols(timeouts.header);
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(timeouts.stalled));
        let connection = builder.serve_connection(TokioIo::new(Box::pin(stream)), service);
        let result = tokio::select! {
            result = watcher.watch(connection.into_owned()) => result,
            () = silent(&first, timeouts.header) => Err("the client sent no request in time".into()),
        };
        if let Err(error) = result {
            tracing::debug!(%peer, %error, "a connection ended with an error");
        }
        drop(permit);
    }
}

/// Returns the protocols, with their limits.
fn protocols(header_timeout: Duration) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(header_timeout).max_buf_size(MAX_HEADERS);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(MAX_HEADERS).unwrap_or(u32::MAX))
        .max_concurrent_streams(100)
        .keep_alive_interval(header_timeout);
    builder
}

/// Completes if there is no request within a time. Hyper has no time limit until it knows the protocol.
async fn silent(first_request: &Notify, limit: Duration) {
    if tokio::time::timeout(limit, first_request.notified()).await.is_ok() {
        std::future::pending::<()>().await;
    }
}

/// Records the uses of API keys from time to time, until the server stops. A crash loses those of the last interval.
async fn record_key_uses(app: App, mut stopped: oneshot::Receiver<Infallible>) {
    let mut ticks = tokio::time::interval(RECORD_KEY_USES);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = &mut stopped => return,
        }
        app.record_key_uses().await;
    }
}
