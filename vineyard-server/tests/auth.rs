//! Users and passwords, on both transports.

mod raw;

use raw::Raw;
use serde_json::{Value, json};
use vineyard_server::{Server, ServerHandle};

/// `secret`, as `htpasswd -nbs bob secret` writes it.
const USERS: &str = "# those who may come in\nbob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n";

fn server(directory: &std::path::Path, users: Option<&str>) -> ServerHandle {
    let file = directory.join("users");
    if let Some(users) = users {
        std::fs::write(&file, users).expect("written");
    }
    Server::builder().size(1 << 20).rpc("127.0.0.1", 0).htpasswd(file).spawn().expect("a server")
}

fn register(user: &str, password: &str) -> Value {
    json!({"type": "register_request", "version": "0.24.2", "username": user, "password": password})
}

#[test]
fn only_the_right_password_lets_in() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = server(directory.path(), Some(USERS));
    for mut peer in [Raw::mute(&server), Raw::mute_tcp(&server)] {
        let wrong = peer.call(register("bob", "wrong"));
        let unknown = peer.call(register("mallory", "secret"));
        assert_eq!((&wrong["code"], &unknown["code"]), (&json!(34), &json!(34)));
        assert_eq!(wrong["message"], unknown["message"], "who knows no user learns of none");
        assert_eq!(peer.code(json!({"type": "register_request"})), 34);
        assert_eq!(peer.code(json!({"type": "exists_request", "id": 1})), 1, "it is not in");
        assert_eq!(peer.call(register("bob", "secret"))["type"], "register_reply");
        assert!(peer.is_quiet());
        assert_eq!(peer.code(register("bob", "wrong")), 34);
    }
    // Sessions ask for it as well, and changes of the file count at once.
    let mut bob = Raw::mute(&server);
    bob.ok(register("bob", "secret"));
    let reply = bob.ok(json!({"type": "new_session_request"}));
    let mut inside = Raw::mute_at(reply["socket_path"].as_str().expect("a path").as_ref());
    assert_eq!(inside.code(register("", "")), 34);
    std::fs::write(directory.path().join("users"), "").expect("written");
    assert_eq!(inside.code(register("bob", "secret")), 34);
}

#[test]
fn without_the_file_nobody_is_let_in() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = server(directory.path(), None);
    let mut peer = Raw::mute(&server);
    let reply = peer.call(register("bob", "secret"));
    assert_eq!(reply["code"], 34);
    assert!(reply["message"].as_str().expect("text").contains("No such file"), "{reply}");
    std::fs::write(directory.path().join("users"), USERS).expect("written");
    assert_eq!(peer.call(register("bob", "secret"))["type"], "register_reply");
}
