//! What a certificate calls its owner.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use x509_cert::Certificate;
use x509_cert::der::{Decode, Error};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

/// The common name of a certificate's subject, and the DNS names and URIs among its alternative names; none if it cannot
/// be read, which the log says. Whether the certificate is to be believed was decided before.
pub(super) fn names(certificate: &CertificateDer<'_>) -> Arc<[String]> {
    read(certificate).unwrap_or_else(|error| {
        tracing::warn!(%error, "the names of a client's certificate cannot be read, no rule fits them");
        Arc::new([])
    })
}

fn read(certificate: &[u8]) -> Result<Arc<[String]>, Error> {
    let certificate = Certificate::from_der(certificate)?;
    let certificate = certificate.tbs_certificate();
    let common = certificate.subject().common_name()?.map(|name| name.value().into_owned());
    let others = certificate.get_extension::<SubjectAltName>()?.map_or_else(Vec::new, |(_, names)| names.0);
    let others = others.into_iter().filter_map(|name| match name {
        GeneralName::DnsName(name) | GeneralName::UniformResourceIdentifier(name) => Some(name.as_str().to_owned()),
        _ => None,
    });
    Ok(common.into_iter().chain(others).collect())
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair, SanType};

    use super::*;

    fn certificate(common: Option<&str>, others: Vec<SanType>) -> CertificateDer<'static> {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        if let Some(common) = common {
            params.distinguished_name.push(DnType::CommonName, common);
        }
        params.distinguished_name.push(DnType::OrganizationName, "not a name to go by");
        params.subject_alt_names = others;
        let key = KeyPair::generate().expect("a key");
        params.self_signed(&key).expect("a certificate").der().clone()
    }

    #[test]
    fn common_names_dns_names_and_uris_count() {
        let dns = SanType::DnsName("ingest.example".try_into().expect("a name"));
        let uri = SanType::URI("spiffe://example/ingest".try_into().expect("a URI"));
        let mail = SanType::Rfc822Name("ingest@example".try_into().expect("an address"));
        let found = names(&certificate(Some("ingést"), vec![dns.clone(), mail, uri]));
        assert_eq!(found[..], ["ingést", "ingest.example", "spiffe://example/ingest"]);
        assert_eq!(names(&certificate(None, vec![dns]))[..], ["ingest.example"]);
        assert!(names(&certificate(None, Vec::new())).is_empty());
        assert!(names(&CertificateDer::from(vec![0x30, 0x03, 1, 2])).is_empty());
    }
}
