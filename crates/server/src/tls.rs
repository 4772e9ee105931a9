//! TLS with a certificate from files. A renewed certificate is used without a restart.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use tokio::net::TcpStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{self, ServerConfig};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::error::Error;

/// Marks a request that came over TLS.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OverTls;

/// The TLS side of a server. Cheap to clone.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

impl Tls {
    /// The usual time between two looks at the files.
    pub const CHECK_EVERY: Duration = Duration::from_secs(30);

    /// Loads a certificate chain and its private key, both PEM files. Looks at the files every `check_every`, loads them again
    /// when they have changed, and keeps the old ones if the new ones do not fit together. Must be called inside an async runtime.
    ///
    /// # Errors
    /// [`Error::Certificate`].
    pub fn load(certificate: &Path, key: &Path, check_every: Duration) -> Result<Self, Error> {
        let files = Files { certificate: certificate.to_owned(), key: key.to_owned() };
        let current = Arc::new(Current(RwLock::new(files.read()?)));
        let provider = Arc::new(ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| files.error(&error))?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&current) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        tokio::spawn(follow(files, current, check_every));
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)) })
    }

    pub(crate) async fn accept(&self, stream: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
        self.acceptor.accept(stream).await
    }
}

/// The certificate in use.
#[derive(Debug)]
struct Current(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

impl Files {
    fn read(&self) -> Result<Arc<CertifiedKey>, Error> {
        let chain = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| self.error(&error))?;
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(|error| self.error(&error))?;
        let certified = CertifiedKey::from_der(chain, key, &ring::default_provider());
        certified.map(Arc::new).map_err(|error: rustls::Error| self.error(&error))
    }

    /// Returns the modification times, which tell whether the files were replaced.
    fn modified(&self) -> [Option<SystemTime>; 2] {
        [&self.certificate, &self.key].map(|path| path.metadata().and_then(|found| found.modified()).ok())
    }

    fn error(&self, error: &dyn std::fmt::Display) -> Error {
        Error::Certificate {
            certificate: self.certificate.clone(),
            key: self.key.clone(),
            why: error.to_string(),
        }
    }
}

async fn follow(files: Files, current: Arc<Current>, check_every: Duration) {
    let mut known = files.modified();
    loop {
        tokio::time::sleep(check_every).await;
        let found = files.modified();
        if found == known {
            continue;
        }
        match files.read() {
            Ok(certified) => {
                *current.0.write().unwrap_or_else(PoisonError::into_inner) = certified;
                known = found;
                tracing::info!("the certificate was renewed");
            }
            // The files may be in the middle of being replaced.
            Err(error) => tracing::warn!(%error, "the changed certificate is not used"),
        }
    }
}
