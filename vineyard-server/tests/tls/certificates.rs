//! Authorities and what they sign, made anew for each test.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, SanType, date_time_ymd,
};

/// Who signs.
pub struct Authority {
    pub pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate with its key, both PEM.
pub struct Signed {
    pub certificate: String,
    pub key: String,
}

fn named(common: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common);
    params
}

impl Authority {
    pub fn new() -> Self {
        static AUTHORITIES: AtomicU64 = AtomicU64::new(0);
        let mut params = named(&format!("authority {} of the tests", AUTHORITIES.fetch_add(1, Ordering::Relaxed)));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("signed").pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    fn sign(&self, params: &CertificateParams) -> Signed {
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("signed").pem();
        Signed { certificate, key: key.serialize_pem() }
    }

    /// For a server at 127.0.0.1.
    pub fn server(&self) -> Signed {
        let mut params = named("a server of the tests");
        params.subject_alt_names = vec![SanType::IpAddress([127, 0, 0, 1].into())];
        self.sign(&params)
    }

    /// For a server with a name, which is not what is connected to.
    pub fn server_named(&self, name: &str) -> Signed {
        let mut params = named("a server of the tests");
        params.subject_alt_names = vec![SanType::DnsName(name.try_into().expect("a name"))];
        self.sign(&params)
    }

    /// As `server`, until the beginning of the century.
    pub fn expired_server(&self) -> Signed {
        let mut params = named("a server of the tests");
        params.subject_alt_names = vec![SanType::IpAddress([127, 0, 0, 1].into())];
        params.not_after = date_time_ymd(2001, 1, 1);
        self.sign(&params)
    }

    /// For a client with a common name.
    pub fn client(&self, name: &str) -> Signed {
        self.sign(&named(name))
    }

    /// As `client`, until the beginning of the century.
    pub fn expired_client(&self, name: &str) -> Signed {
        let mut params = named(name);
        params.not_after = date_time_ymd(2001, 1, 1);
        self.sign(&params)
    }

    /// For a client that goes by a URI.
    pub fn client_of_uri(&self, uri: &str) -> Signed {
        let mut params = named("somebody");
        params.subject_alt_names = vec![SanType::URI(uri.try_into().expect("a URI"))];
        self.sign(&params)
    }
}

impl Signed {
    /// Writes both into files.
    pub fn files(&self, directory: &Path) -> (PathBuf, PathBuf) {
        let (certificate, key) = (directory.join("server.pem"), directory.join("server.key"));
        std::fs::write(&certificate, &self.certificate).expect("written");
        std::fs::write(&key, &self.key).expect("written");
        (certificate, key)
    }
}
