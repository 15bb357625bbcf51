//! What a handshake needs to know, and where that comes from.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};

use super::Connector;
use crate::error::TlsError;

/// PEM, wherever it is.
#[derive(Clone)]
enum Source {
    File(PathBuf),
    Bytes(Vec<u8>),
}

impl Source {
    fn place(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Bytes(_) => "the PEM given".to_owned(),
        }
    }

    fn unusable(&self, what: &'static str, cause: pem::Error) -> TlsError {
        let place = self.place();
        match cause {
            pem::Error::Io(cause) => TlsError::Unreadable { what, place, cause },
            pem::Error::NoItemsFound => TlsError::Missing { what, place },
            other => TlsError::Malformed { what, place, cause: other.to_string() },
        }
    }

    fn certificates(&self, what: &'static str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        let list = match self {
            Self::File(path) => CertificateDer::pem_file_iter(path).and_then(Iterator::collect),
            Self::Bytes(bytes) => CertificateDer::pem_slice_iter(bytes).collect(),
        };
        let list: Vec<_> = list.map_err(|cause| self.unusable(what, cause))?;
        if list.is_empty() { Err(TlsError::Missing { what, place: self.place() }) } else { Ok(list) }
    }

    fn key(&self) -> Result<PrivateKeyDer<'static>, TlsError> {
        let key = match self {
            Self::File(path) => PrivateKeyDer::from_pem_file(path),
            Self::Bytes(bytes) => PrivateKeyDer::from_pem_slice(bytes),
        };
        key.map_err(|cause| self.unusable("private key", cause))
    }
}

/// How to check who the server is, and how to show who we are, over TLS 1.3.
///
/// Whom to trust has to be said: the server's certificate has to be signed by one of the roots, and to be for the name of
/// the host that is connected to. PEM is read when connecting.
///
/// ```no_run
/// use vineyard_core::{RpcOptions, TlsOptions};
/// let tls = TlsOptions::new().roots_file("ca.pem").certificate_files("me.pem", "me.key");
/// let client = RpcOptions::new().endpoint("storage.example:9600").tls(tls).connect()?;
/// # Ok::<(), vineyard_core::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct TlsOptions {
    roots: Vec<Source>,
    /// Our certificate and its key.
    certificate: Option<(Source, Source)>,
    server_name: Option<String>,
}

impl fmt::Debug for TlsOptions {
    /// Leaves keys out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("TlsOptions");
        out.field("roots", &self.roots.iter().map(Source::place).collect::<Vec<_>>());
        out.field("certificate", &self.certificate.as_ref().map(|(certificate, _)| certificate.place()));
        out.field("server_name", &self.server_name).finish_non_exhaustive()
    }
}

impl TlsOptions {
    /// No roots, no certificate of ours, and the name of the host that is connected to.
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts what the certificates of this PEM file have signed. May be called several times.
    #[must_use]
    pub fn roots_file(mut self, path: impl AsRef<Path>) -> Self {
        self.roots.push(Source::File(path.as_ref().to_owned()));
        self
    }

    /// As [`roots_file`](Self::roots_file), with the PEM itself.
    #[must_use]
    pub fn roots_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.roots.push(Source::Bytes(pem.into()));
        self
    }

    /// Shows the server this certificate, with those between it and a root, and proves that its key is ours; both are PEM
    /// files. For servers that ask for one.
    #[must_use]
    pub fn certificate_files(mut self, certificate: impl AsRef<Path>, key: impl AsRef<Path>) -> Self {
        let [certificate, key] = [certificate.as_ref(), key.as_ref()].map(|path| Source::File(path.to_owned()));
        self.certificate = Some((certificate, key));
        self
    }

    /// As [`certificate_files`](Self::certificate_files), with the PEM itself.
    #[must_use]
    pub fn certificate_pem(mut self, certificate: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        self.certificate = Some((Source::Bytes(certificate.into()), Source::Bytes(key.into())));
        self
    }

    /// The name or address that the server's certificate has to be for, if it is not the one that is connected to.
    #[must_use]
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.server_name = Some(name.into());
        self
    }

    /// Reads all PEM.
    pub(in crate::client) fn connector(&self) -> Result<Connector, TlsError> {
        let mut roots = RootCertStore::empty();
        for source in &self.roots {
            for certificate in source.certificates("root certificate")? {
                roots.add(certificate).map_err(|cause| TlsError::Malformed {
                    what: "root certificate",
                    place: source.place(),
                    cause: cause.to_string(),
                })?;
            }
        }
        if roots.is_empty() {
            return Err(TlsError::NoRoots);
        }
        let provider = Arc::new(ring::default_provider());
        let unusable = |cause: rustls::Error| TlsError::Certificate { cause: cause.to_string() };
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.map_err(unusable)?.with_root_certificates(roots);
        let config = match &self.certificate {
            Some((certificate, key)) => {
                let chain = certificate.certificates("certificate")?;
                builder.with_client_auth_cert(chain, key.key()?).map_err(unusable)?
            }
            None => builder.with_no_client_auth(),
        };
        let name =
            self.server_name.as_ref().map(|name| named(name).ok_or_else(|| TlsError::Name { name: name.clone() }));
        Ok(Connector::new(Arc::new(config), name.transpose()?))
    }
}

/// The name of a server as certificates have it.
pub(super) fn named(name: &str) -> Option<ServerName<'static>> {
    ServerName::try_from(name.to_owned()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_used_is_named_with_its_place() {
        let refusal = |options: &TlsOptions| options.connector().expect_err("unusable").to_string();
        let none = TlsOptions::new();
        assert!(refusal(&none).contains("no root certificates"));
        let message = refusal(&none.clone().roots_file("/nonexistent/ca.pem"));
        assert!(message.contains("/nonexistent/ca.pem") && message.contains("No such file"), "{message}");
        let message = refusal(&none.clone().roots_pem("nothing of that kind"));
        assert!(message.contains("no root certificate in the PEM given"), "{message}");
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let message = refusal(&none.clone().roots_pem(broken));
        assert!(message.contains("the root certificate in the PEM given"), "{message}");
    }

    #[test]
    fn keys_are_not_shown() {
        let options = TlsOptions::new().roots_file("ca.pem").certificate_pem("certificate", "secret");
        let shown = format!("{options:?}");
        assert!(shown.contains("ca.pem") && !shown.contains("secret"), "{shown}");
        assert!(!shown.contains(&format!("{:?}", b"secret")), "{shown}");
    }
}
