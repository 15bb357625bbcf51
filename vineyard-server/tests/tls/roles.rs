//! Rules by the names in certificates.

use super::certificates::Authority;
use super::{connect, directory, mutual, refusal, said, showing};
use vineyard_core::StatusCode;
use vineyard_server::ServerHandle;

const RULES: &str = "
    [[rule]]
    certificate = 'analyst'
    role = 'read'

    [[rule]]
    certificate = ['spiffe://example/ingest', 'ingest']
    role = 'write'
";

fn server(directory: &std::path::Path, authority: &Authority) -> ServerHandle {
    let rules = directory.join("rules.toml");
    std::fs::write(&rules, RULES).expect("written");
    mutual(directory, authority).rules(rules).spawn().expect("a server")
}

#[test]
fn certificates_have_roles() {
    let (directory, authority) = (directory(), Authority::new());
    let server = server(directory.path(), &authority);
    let writer = showing(&authority, &authority.client_of_uri("spiffe://example/ingest"));
    let writer = connect(&server, writer).expect("it is let in");
    let put = writer.put_array(vec![1u8, 2, 3]).expect("a writer puts");
    let refused = said(writer.clear()).expect("it is no administrator");
    assert!(refused.message.contains("clear_request needs the role admin"), "{refused}");
    let reader = connect(&server, showing(&authority, &authority.client("analyst"))).expect("it is let in");
    let got = reader.get_blob(put.blob().id().expect("stored")).expect("a reader gets");
    assert_eq!(got.as_bytes(), &[1, 2, 3]);
    let refused = said(reader.put_array(vec![1u8])).expect("a reader puts nothing");
    assert_eq!(refused.code, StatusCode::Invalid);
    assert!(refused.message.ends_with("needs the role write, this connection has read"), "{refused}");
}

#[test]
fn a_certificate_without_a_role_does_not_get_in() {
    let (directory, authority) = (directory(), Authority::new());
    let server = server(directory.path(), &authority);
    let message = refusal(&server, showing(&authority, &authority.client("mallory")));
    assert!(message.contains("do not let peers over TCP, certificate of `mallory` in"), "{message}");
}
