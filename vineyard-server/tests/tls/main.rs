//! TLS on the TCP endpoint: who gets in, with which role, and what goes through.

mod certificates;
#[path = "../raw/mod.rs"]
mod raw;
mod roles;
mod stalling;

use std::path::Path;

use certificates::{Authority, Signed};
use raw::{MIB, Raw};
use serde_json::json;
use tempfile::TempDir;
use vineyard_core::{Array, ConnectError, RpcClient, RpcOptions, ServerError, TlsOptions};
use vineyard_server::{Server, ServerBuilder, ServerHandle};

/// A server whose certificate is of `authority`, before it is started.
fn builder(directory: &Path, signed: &Signed) -> ServerBuilder {
    let (certificate, key) = signed.files(directory);
    Server::builder().size(96 * MIB).instance_id(5).workers(2).rpc("127.0.0.1", 0).tls(certificate, key)
}

/// As `builder`, for clients that show a certificate of the same authority.
fn mutual(directory: &Path, authority: &Authority) -> ServerBuilder {
    let ca = directory.join("clients.pem");
    std::fs::write(&ca, &authority.pem).expect("written");
    builder(directory, &authority.server()).tls_client_ca(ca)
}

fn directory() -> TempDir {
    tempfile::tempdir().expect("a directory")
}

fn trusting(authority: &Authority) -> TlsOptions {
    TlsOptions::new().roots_pem(authority.pem.clone())
}

fn showing(authority: &Authority, signed: &Signed) -> TlsOptions {
    trusting(authority).certificate_pem(signed.certificate.clone(), signed.key.clone())
}

fn connect(server: &ServerHandle, tls: TlsOptions) -> Result<RpcClient, ConnectError> {
    options(server).tls(tls).connect()
}

fn options(server: &ServerHandle) -> RpcOptions {
    RpcOptions::new().endpoint(server.rpc_address().expect("an endpoint").to_string())
}

/// Why nobody gets in, as who tries it is told.
fn refusal(server: &ServerHandle, tls: TlsOptions) -> String {
    connect(server, tls).map(drop).expect_err("refused").to_string()
}

#[test]
fn what_was_put_is_got_through_tls() {
    let (directory, authority) = (directory(), Authority::new());
    let server = builder(directory.path(), &authority.server()).spawn().expect("a server");
    let client = connect(&server, trusting(&authority)).expect("it is let in");
    for length in [0, 1, 4096, 64 << 10, 300_001, 64 << 20] {
        // Of no length that anything is divided by, so that no two pieces are alike.
        let piece: Vec<u8> = (0..65_521u32).map(|at| (at ^ (at >> 8)) as u8).collect();
        let bytes: Vec<u8> = piece.repeat(length / piece.len() + 1)[..length].to_vec();
        let put: Array<u8> = client.put_array(bytes.clone()).expect("put");
        let got = client.get_blob(put.blob().id().expect("stored")).expect("got");
        assert!(got.as_bytes() == bytes, "{length} bytes");
        client.delete(put.blob().id().expect("stored")).expect("deleted");
    }
    // What has come together is on its way before the next request.
    let other = connect(&server, trusting(&authority)).expect("it is let in");
    drop(client);
    other.put_array(vec![1.5f64; 10]).expect("put");
    drop(other);
    let mut here = Raw::stock(&server);
    raw::until(|| here.status()["rpc_connections"] == 0);
    assert_eq!(server.stop().connections, 0);
}

#[test]
fn many_clients_at_once_are_served() {
    let (directory, authority) = (directory(), Authority::new());
    let server = builder(directory.path(), &authority.server()).spawn().expect("a server");
    std::thread::scope(|scope| {
        for number in 0..8u64 {
            let (server, authority) = (&server, &authority);
            scope.spawn(move || {
                let client = connect(server, trusting(authority)).expect("it is let in");
                for round in 0..20 {
                    let put = client.put_array(vec![number * 100 + round; 5000]).expect("put");
                    let got = client.get_blob(put.blob().id().expect("stored")).expect("got");
                    assert_eq!(got.as_bytes()[..8], (number * 100 + round).to_le_bytes());
                }
            });
        }
    });
}

#[test]
fn a_server_that_is_not_who_was_expected_gets_nothing() {
    let (directory, authority, stranger) = (directory(), Authority::new(), Authority::new());
    let server = builder(directory.path(), &authority.server()).spawn().expect("a server");
    assert!(refusal(&server, trusting(&stranger)).contains("UnknownIssuer"));
    let elsewhere = refusal(&server, trusting(&authority).server_name("storage.example"));
    assert!(elsewhere.contains("not valid for name"), "{elsewhere}");
    assert!(refusal(&server, trusting(&authority).server_name("no name")).contains("`no name`"));
    connect(&server, trusting(&authority)).expect("the others are served");
    // A name other than the host that is connected to can be asked for.
    let named = builder(directory.path(), &authority.server_named("storage.example")).spawn().expect("a server");
    assert!(refusal(&named, trusting(&authority)).contains("not valid for name"));
    connect(&named, trusting(&authority).server_name("storage.example")).expect("it is that one");
    let expired = builder(directory.path(), &authority.expired_server()).spawn().expect("a server");
    let message = refusal(&expired, trusting(&authority));
    assert!(message.contains("expired"), "{message}");
}

#[test]
fn clients_without_the_right_certificate_are_refused() {
    let (directory, authority, stranger) = (directory(), Authority::new(), Authority::new());
    let server = mutual(directory.path(), &authority).spawn().expect("a server");
    let message = refusal(&server, trusting(&authority));
    assert!(message.contains("CertificateRequired"), "{message}");
    let message = refusal(&server, showing(&authority, &stranger.client("ingest")));
    assert!(message.contains("received fatal alert"), "{message}");
    let message = refusal(&server, showing(&authority, &authority.expired_client("ingest")));
    assert!(message.contains("CertificateExpired"), "{message}");
    let client = connect(&server, showing(&authority, &authority.client("ingest"))).expect("it is let in");
    client.put_array(vec![1u8, 2, 3]).expect("put");
}

#[test]
fn a_certificate_without_its_key_is_refused_before_anything_is_sent() {
    let (directory, authority) = (directory(), Authority::new());
    let server = mutual(directory.path(), &authority).spawn().expect("a server");
    let (one, other) = (authority.client("one"), authority.client("other"));
    let mixed = trusting(&authority).certificate_pem(one.certificate, other.key);
    assert!(matches!(connect(&server, mixed), Err(ConnectError::Tls(_))));
}

#[test]
fn who_does_without_tls_is_told_what_was_expected() {
    let (directory, authority) = (directory(), Authority::new());
    let server = builder(directory.path(), &authority.server()).spawn().expect("a server");
    let mut plain = Raw::mute_tcp(&server);
    let reply = plain.call(json!({"type": "register_request"}));
    assert!(reply["code"] == 34 && reply["message"].to_string().contains("expects TLS"), "{reply}");
    assert!(plain.ended());
    // The length of this message begins as a handshake does.
    let mut alike = Raw::mute_tcp(&server);
    alike.send_bytes(&[b' '; 0x0316]);
    assert_eq!(alike.receive()["code"], 34);
    match options(&server).connect() {
        Err(ConnectError::Refused { cause, .. }) => {
            let said = cause.to_string();
            assert!(said.contains("expects TLS"), "{said}");
        }
        other => panic!("{other:?}"),
    }
    // The UNIX socket is as it was.
    Raw::stock(&server).ok(json!({"type": "clear_request"}));
}

#[test]
fn both_are_served_if_tls_is_optional() {
    let (directory, authority) = (directory(), Authority::new());
    let server = builder(directory.path(), &authority.server()).tls_optional(true).spawn().expect("a server");
    let client = connect(&server, trusting(&authority)).expect("it is let in");
    let put = client.put_array(vec![7u8; 100_000]).expect("put");
    let plain = options(&server).connect().expect("it is let in");
    let got = plain.get_blob(put.blob().id().expect("stored")).expect("got");
    assert_eq!(got.as_bytes(), &[7; 100_000]);
    Raw::tcp(&server, 0).ok(json!({"type": "instance_status_request"}));
}

#[test]
fn a_server_without_tls_is_no_place_for_clients_with() {
    let server = raw::server_with_rpc();
    assert!(matches!(connect(&server, trusting(&Authority::new())), Err(ConnectError::Unreachable { .. })));
}

#[test]
fn files_that_are_no_certificates_end_the_start() {
    let (directory, authority, other) = (directory(), Authority::new(), Authority::new());
    let start = |builder: ServerBuilder| {
        let error = builder.spawn().map(drop).expect_err("it cannot start");
        format!("{error}: {}", std::error::Error::source(&error).expect("a cause"))
    };
    let signed = |certificate: &str, key: &str| Signed { certificate: certificate.to_owned(), key: key.to_owned() };
    let right = authority.server();
    let message = start(builder(directory.path(), &signed("", &right.key)));
    assert!(message.contains("certificate in") && message.contains("server.pem is not usable"), "{message}");
    let message = start(builder(directory.path(), &signed(&right.certificate, "")));
    assert!(message.contains("private key in") && message.contains("server.key"), "{message}");
    let message = start(builder(directory.path(), &signed(&right.certificate, &other.server().key)));
    assert!(message.contains("certificate in"), "{message}");
    let message = start(builder(directory.path(), &right).tls_client_ca(directory.path().join("nowhere")));
    assert!(message.contains("CA of clients in") && message.contains("nowhere"), "{message}");
}

/// What a server says of a request, if it refuses it.
fn said<T>(result: Result<T, vineyard_core::Error>) -> Option<ServerError> {
    match result.err()? {
        vineyard_core::Error::Call(error) => match error.reason {
            vineyard_core::CallReason::Server(said) => Some(said),
            other => panic!("{other}"),
        },
        other => panic!("{other}"),
    }
}
