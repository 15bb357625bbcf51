//! From files to what a handshake needs.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

use crate::config::{Plaintext, ServerIdentity, TlsConfig};
use crate::error::StartError;

/// What the TCP endpoint needs for TLS. Files are read once, when the server starts.
pub(crate) struct Tls {
    pub(super) acceptor: TlsAcceptor,
    pub(super) plaintext: Plaintext,
    /// Whether clients have to show a certificate.
    knows_clients: bool,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = f.debug_struct("Tls");
        out.field("plaintext", &self.plaintext).field("knows_clients", &self.knows_clients).finish_non_exhaustive()
    }
}

/// A file that cannot be used, for one reason or another.
fn unusable<E>(path: &Path, what: &'static str) -> impl Fn(E) -> StartError
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let path = path.to_owned();
    move |source| StartError::Tls { path: path.clone(), what, source: source.into() }
}

/// The certificates of a PEM file, one at least.
fn certificates(path: &Path, what: &'static str) -> Result<Vec<CertificateDer<'static>>, StartError> {
    let list = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let list = list.map_err(unusable(path, what))?;
    if list.is_empty() { Err(unusable(path, what)("there is no certificate in it")) } else { Ok(list) }
}

/// Checks the certificates of clients against those of a file.
fn verifier(path: &Path) -> Result<Arc<dyn ClientCertVerifier>, StartError> {
    const WHAT: &str = "CA of clients";
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path, WHAT)? {
        roots.add(certificate).map_err(unusable(path, WHAT))?;
    }
    let provider = Arc::new(ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
    verifier.map_err(unusable(path, WHAT))
}

impl Tls {
    /// Reads the files. TLS 1.3 only.
    ///
    /// # Errors
    ///
    /// [`StartError::Tls`] naming the file.
    pub(crate) fn load(identity: &ServerIdentity, config: &TlsConfig) -> Result<Self, StartError> {
        let (ServerIdentity { certificate, key }, TlsConfig { client_ca, plaintext, .. }) = (identity, config);
        let chain = certificates(certificate, "certificate")?;
        let private = PrivateKeyDer::from_pem_file(key).map_err(unusable(key, "private key"))?;
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(unusable(certificate, "certificate"))?;
        let builder = match client_ca {
            Some(path) => builder.with_client_cert_verifier(verifier(path)?),
            None => builder.with_no_client_auth(),
        };
        let server = builder.with_single_cert(chain, private).map_err(unusable(certificate, "certificate"))?;
        let knows_clients = client_ca.is_some();
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(server)), plaintext: *plaintext, knows_clients })
    }

    /// Whether nobody gets in without a certificate.
    pub(crate) fn lets_only_known_in(&self) -> bool {
        self.knows_clients && self.plaintext == Plaintext::Refused
    }
}
