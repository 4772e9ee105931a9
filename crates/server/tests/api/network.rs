//! The server on a loopback port: clients that are slow, TLS, and stopping.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::http::header;
use inventory::Permission;
use server::{App, Error, Options, ServerLock, Timeouts, Tls};
use testkit::TestFolder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::support::{PASSWORD, TestServer};

/// A server that listens.
struct Listening {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<()>,
    server: TestServer,
}

async fn listening(timeouts: Timeouts, tls: Option<Tls>) -> Listening {
    let server = TestServer::new().await;
    server.user("admin", [Permission::All].into()).await;
    let options = Options { timeouts, ..Options::default() };
    let app =
        App::new(server.inventory.reopen().await.unwrap(), server.engine.clone(), options).await.unwrap();
    let listener = server::listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let stopped = async { stopped.await.unwrap_or(()) };
    let ended = tokio::spawn(server::serve(app, listener, tls, stopped));
    Listening { address, stop, ended, server }
}

impl Listening {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Stops the server, and waits for its end.
    async fn stop(self) -> TestServer {
        self.stop.send(()).unwrap();
        self.ended.await.unwrap();
        self.server
    }
}

const HEALTH: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

async fn rest_of(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut text = Vec::new();
    // A closed TLS connection without a farewell is an error, and the end all the same.
    let _ = stream.read_to_end(&mut text).await;
    String::from_utf8(text).unwrap()
}

fn short() -> Timeouts {
    Timeouts { header: Duration::from_millis(300), ..Timeouts::default() }
}

/// Guards against a defect: a client that sent nothing kept its connection for ever.
#[tokio::test]
async fn clients_that_send_nothing_or_little_are_cut_off_and_starve_nobody() {
    let server = listening(short(), None).await;
    let mut silent = server.connect().await;
    let mut beginning = server.connect().await;
    beginning.write_all(b"PRI * HTTP/2.0\r\n").await.unwrap();
    let mut slow = server.connect().await;
    let dripping = async {
        slow.write_all(b"GET /healthz HTTP/1.1\r\nX-Slow: ").await.unwrap();
        // Until the server closes the connection.
        while slow.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let others = async {
        for _ in 0..5 {
            let mut other = server.connect().await;
            other.write_all(HEALTH).await.unwrap();
            assert!(rest_of(&mut other).await.starts_with("HTTP/1.1 200"));
        }
    };
    let all = async { tokio::join!(dripping, others, rest_of(&mut silent), rest_of(&mut beginning)) };
    let limit = Duration::from_secs(20);
    let ((), (), silent, _) = tokio::time::timeout(limit, all).await.expect("all connections have ended");
    assert_eq!(silent, "");
    server.stop().await;
}

#[tokio::test]
async fn a_connection_is_kept_between_requests() {
    let server = listening(Timeouts::default(), None).await;
    let mut stream = server.connect().await;
    for _ in 0..3 {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut head = [0; 15];
        stream.read_exact(&mut head).await.unwrap();
        assert_eq!(&head, b"HTTP/1.1 200 OK");
        let mut seen = Vec::new();
        while !seen.ends_with(b"\r\n\r\nok") {
            seen.push(stream.read_u8().await.unwrap());
        }
    }
    drop(stream);
    server.stop().await;
}

#[tokio::test]
async fn stopping_finishes_the_request_that_has_begun_and_closes_idle_connections() {
    let server = listening(Timeouts::default(), None).await;
    let mut idle = server.connect().await;
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    idle.readable().await.unwrap();
    let body = format!("{{\"username\": \"admin\", \"password\": \"{PASSWORD}\"}}");
    let (first, second) = body.split_at(10);
    let mut begun = server.connect().await;
    let head = format!(
        "POST /api/v1/session HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    begun.write_all(head.as_bytes()).await.unwrap();
    // The handler asks for the body: the request has begun.
    let mut asked = [0; 25];
    begun.read_exact(&mut asked).await.unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    begun.write_all(first.as_bytes()).await.unwrap();
    let address = server.address;
    let stopped = tokio::spawn(server.stop());
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    begun.write_all(second.as_bytes()).await.unwrap();
    let response = rest_of(&mut begun).await;
    assert!(response.starts_with("HTTP/1.1 201"), "{response}");
    assert!(rest_of(&mut idle).await.ends_with("ok"));
    stopped.await.unwrap();
}

#[tokio::test]
async fn stopping_does_not_wait_for_ever() {
    let timeouts = Timeouts { grace: Duration::from_millis(50), ..Timeouts::default() };
    let server = listening(timeouts, None).await;
    let mut begun = server.connect().await;
    begun
        .write_all(
            b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n",
        )
        .await
        .unwrap();
    begun.readable().await.unwrap();
    tokio::time::timeout(Duration::from_secs(20), server.stop()).await.expect("the server has stopped");
}

/// Begins to download a large archive over a connection with small buffers, and returns it after the headers.
async fn download(server: &Listening) -> TcpStream {
    let archive = server.server.engine.places().backups.join("large.zip");
    std::fs::create_dir_all(archive.parent().unwrap()).unwrap();
    std::fs::File::create(archive).unwrap().set_len(LARGE).unwrap();
    let client = server.server.client("admin").await;
    let cookie = client.headers[header::COOKIE].to_str().unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(64 << 10).unwrap();
    let mut stream = socket.connect(server.address).await.unwrap();
    let request = format!(
        "GET /api/v1/backups/large.zip/content HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// More than the buffers between the server and a client hold.
const LARGE: u64 = 32 << 20;

/// Guards against a defect: a client that took nothing of a response kept its connection for ever.
#[tokio::test]
async fn a_client_that_takes_nothing_of_a_response_is_cut_off() {
    let timeouts = Timeouts { stalled: Duration::from_millis(200), ..Timeouts::default() };
    let server = listening(timeouts, None).await;
    let stalled = download(&server).await;
    stalled.readable().await.unwrap();
    // Stopping waits for connections, for longer than this.
    tokio::time::timeout(Duration::from_secs(20), server.stop()).await.expect("the connection has ended");
}

#[tokio::test]
async fn a_client_that_takes_a_response_slowly_gets_all_of_it() {
    let timeouts = Timeouts { stalled: Duration::from_secs(1), ..Timeouts::default() };
    let server = listening(timeouts, None).await;
    let mut slow = download(&server).await;
    let began = std::time::Instant::now();
    let mut pace = tokio::time::interval(Duration::from_millis(10));
    let (mut piece, mut received) = (vec![0; 128 << 10], 0);
    loop {
        pace.tick().await;
        match slow.read(&mut piece).await.unwrap() {
            0 => break,
            size => received += size as u64,
        }
    }
    assert!(received > LARGE, "{received}");
    assert!(began.elapsed() > 2 * timeouts.stalled, "the test was too fast to show anything");
    server.stop().await;
}

struct Certificate {
    der: CertificateDer<'static>,
    pem: String,
    key: String,
}

fn certificate() -> Certificate {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (pem, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    Certificate { der: made.cert.der().clone(), pem, key }
}

/// Puts a certificate into place, as a renewal does.
fn install(certificate: &Certificate, folder: &Path) -> (PathBuf, PathBuf) {
    let files = (folder.join("cert.pem"), folder.join("key.pem"));
    std::fs::write(&files.0, &certificate.pem).unwrap();
    std::fs::write(&files.1, &certificate.key).unwrap();
    files
}

/// Sends a request over TLS, trusting one certificate only.
async fn over_tls(address: SocketAddr, trusted: &Certificate, request: &[u8]) -> io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.der.clone()).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TcpStream::connect(address).await?;
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    stream.write_all(request).await?;
    Ok(rest_of(&mut stream).await)
}

#[tokio::test]
async fn a_renewed_certificate_is_used_without_a_restart() {
    let folder = TestFolder::new();
    let (old, new) = (certificate(), certificate());
    let (file, key) = install(&old, folder.path());
    let tls = Tls::load(&file, &key, Duration::from_millis(10)).unwrap();
    let server = listening(Timeouts::default(), Some(tls)).await;
    assert!(over_tls(server.address, &old, HEALTH).await.unwrap().starts_with("HTTP/1.1 200"));
    assert!(over_tls(server.address, &new, HEALTH).await.is_err());

    std::fs::write(&key, "half of a").unwrap();
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        over_tls(server.address, &old, HEALTH).await.expect("the old one stays in use");
    }
    install(&new, folder.path());
    let renewed = async {
        while over_tls(server.address, &new, HEALTH).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), renewed).await.expect("the new one is used");
    server.stop().await;
}

#[tokio::test]
async fn over_tls_the_cookie_is_secure_and_plain_http_gets_no_answer() {
    let folder = TestFolder::new();
    let trusted = certificate();
    let (file, key) = install(&trusted, folder.path());
    let server = listening(short(), Some(Tls::load(&file, &key, Tls::CHECK_EVERY).unwrap())).await;
    let body = format!("{{\"username\": \"admin\", \"password\": \"{PASSWORD}\"}}");
    let request = format!(
        "POST /api/v1/session HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let response = over_tls(server.address, &trusted, request.as_bytes()).await.unwrap();
    let cookie = response.lines().find(|line| line.starts_with("set-cookie: ")).expect("a cookie");
    assert!(cookie.contains("__Host-makermatrix_session=") && cookie.contains("; Secure"), "{cookie}");
    let mut plain = server.connect().await;
    plain.write_all(HEALTH).await.unwrap();
    let mut bytes = Vec::new();
    let _ = plain.read_to_end(&mut bytes).await;
    assert!(!bytes.starts_with(b"HTTP"), "{bytes:?}");
    // A client that never begins the handshake.
    let mut silent = server.connect().await;
    let end = tokio::time::timeout(Duration::from_secs(20), rest_of(&mut silent)).await;
    assert_eq!(end.expect("the connection has ended"), "");
    server.stop().await;
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_is_an_error_that_names_the_files() {
    let folder = TestFolder::new();
    let (file, key) = install(&certificate(), folder.path());
    std::fs::write(&key, certificate().key).unwrap();
    let refused = |key: &Path| Tls::load(&file, key, Tls::CHECK_EVERY).unwrap_err().to_string();
    for message in [refused(&key), refused(&folder.path().join("missing.pem"))] {
        assert!(message.contains("cert.pem") && message.contains(".pem cannot be used: "), "{message}");
    }
}

#[tokio::test]
async fn one_server_at_a_time_serves_an_inventory() {
    let folder = TestFolder::new();
    let database = folder.path().join("makers_matrix.db");
    let lock = ServerLock::take(&database).unwrap();
    match ServerLock::take(&database) {
        Err(Error::AlreadyServed { process }) => assert_eq!(process, std::process::id().to_string()),
        other => panic!("{other:?}"),
    }
    drop(lock);
    ServerLock::take(&database).unwrap();
}
