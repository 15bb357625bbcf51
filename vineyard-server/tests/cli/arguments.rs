//! What may be asked for, what is refused, and what is said about it.

use std::fs;
use std::io::Read;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use crate::common::{Running, command, directory, program, refusal, run, text, until};

#[test]
fn help_and_version_are_worth_reading() {
    let help = run(&["--help"]);
    assert_eq!(help.status.code(), Some(0));
    let help = String::from_utf8(help.stdout).expect("text");
    for word in [
        "--socket",
        "--size",
        "--socket-mode",
        "--socket-owner",
        "--socket-group",
        "--rpc-port",
        "--htpasswd",
        "--rules",
        "--tls-cert",
        "--tls-client-ca",
        "--log-level",
        "1024",
        "vineyardd's flags",
        "SIGTERM",
        "Examples",
        "XDG_RUNTIME_DIR",
    ] {
        assert!(help.contains(word), "{word} is not in {help}");
    }
    let version = run(&["--version"]);
    assert_eq!(version.status.code(), Some(0));
    assert!(String::from_utf8(version.stdout).expect("text").contains(env!("CARGO_PKG_VERSION")));
    let unknown = run(&["--rpc_socket_prot", "9600"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8(unknown.stderr).expect("text").contains("'--rpc_socket_port'"));
}

#[test]
fn nonsense_is_refused_in_one_sentence() {
    let dir = directory();
    let socket = dir.path().join("s.sock");
    let socket = text(&socket);
    for size in ["ten", "-1", "1,5G", "0", "12Q", "99999999999999999999"] {
        let message = refusal(&["--socket", socket, "--size", size]);
        assert!(message.contains("size"), "{size}: {message}");
    }
    let message = refusal(&["--socket", socket, "--size", "1000T"]);
    assert!(message.contains("1000Ti") && message.contains("memory"), "{message}");
    for mode in ["rw", "1777", "888", ""] {
        assert!(refusal(&["--socket", socket, "--socket-mode", mode]).contains("mode"));
    }
    assert!(refusal(&["--socket", socket, "--workers", "0"]).contains("workers"));
    assert!(refusal(&["--socket", socket, "--max-connections", "0"]).contains("connections"));
    assert!(refusal(&["--socket", socket, "--log-level", "vineyard=loud"]).contains("log filter"));
    assert!(refusal(&["--socket", socket, "--max-message-size", "1K"]).contains("4Ki to 256Mi"));
    assert!(refusal(&["--socket", socket, "--peer-timeout", "0"]).contains("peer timeout"));
    assert!(refusal(&["--socket", socket, "--stream-threshold", "101"]).contains("stream threshold"));
    assert!(refusal(&["--socket", socket, "--rpc", "--rpc-host", ""]).contains("TCP host"));
    assert!(refusal(&["--socket", socket, "--meta", "etcd"]).contains("start with --meta local"));
    assert!(refusal(&["--socket", socket, "--meta", "redis"]).contains("expected local"));
    assert!(!Path::new(socket).exists());
}

#[test]
fn what_launches_vineyardd_launches_it() {
    let dir = directory();
    let socket = dir.path().join("s.sock");
    // As `vineyard.try_init()` and the suites of the original do it.
    let python = ["--deployment", "local", "--size", "", "--norpc", "--rpc_socket_port", "9600", "--meta", "local"];
    let suites = ["-size=8Gi", "-rpc_socket_port", "9600", "-meta=local", "-rpc=false"];
    for flags in [&python[..], &suites[..]] {
        for path in [env!("CARGO_BIN_EXE_vineyardd"), env!("CARGO_BIN_EXE_vineyard-server")] {
            let mut command = program(path);
            command.args(flags).arg("--socket").arg(&socket).env("VINEYARD_LOG", "info");
            let server = Running::wait_for(command, &socket);
            assert!(!server.start.contains("ignored"), "{path} {flags:?}: {}", server.start);
            let status = server.connect().call(&json!({"type": "instance_status_request"}));
            assert_eq!(status["meta"]["deployment"], "local");
            server.signal(Signal::SIGTERM);
            server.end();
        }
    }
}

#[test]
fn flags_without_meaning_are_named_in_one_line() {
    let dir = directory();
    let flags = ["-log_dir", "/nowhere", "--sync_crds", "true", "--allocator=mimalloc", "--nocoredump"];
    let server = Running::start(&dir.path().join("s.sock"), &flags);
    let lines: Vec<_> = server.start.lines().filter(|line| line.contains("WARN")).collect();
    let [line] = lines[..] else { panic!("{lines:?}") };
    for name in ["--log_dir", "--sync_crds", "--allocator", "--coredump"] {
        assert!(line.contains(name), "{line}");
    }
    server.signal(Signal::SIGTERM);
    server.end();
}

#[test]
fn rules_that_mean_nothing_are_refused_in_one_sentence() {
    let dir = directory();
    let (socket, rules) = (dir.path().join("s.sock"), dir.path().join("rules.toml"));
    let with = |text_of_rules: &str| {
        fs::write(&rules, text_of_rules).expect("written");
        refusal(&["--socket", text(&socket), "--rules", text(&rules)])
    };
    let message = with("default = 'read'\n[[rules]]\nuid = 0");
    assert!(message.contains("rules.toml are not usable: line 2: unknown field `rules`"), "{message}");
    assert!(with("[[rule]]\nuid = 'no one here'\nrole = 'read'").contains("rule 1 names the user `no one here`"));
    assert!(with("[[rule]]\nhtpasswd = 'bob'\nrole = 'read'").contains("which needs --htpasswd"));
    fs::remove_file(&rules).expect("there");
    assert!(refusal(&["--socket", text(&socket), "--rules", text(&rules)]).contains("No such file"));
    assert!(!socket.exists());
}

#[test]
fn tls_needs_all_its_files() {
    let dir = directory();
    let (socket, file) = (dir.path().join("s.sock"), dir.path().join("no.pem"));
    let (socket, file) = (text(&socket), text(&file));
    let message = refusal(&["--socket", socket, "--rpc", "--rpc-port", "0", "--tls-cert", file, "--tls-key", file]);
    assert!(message.contains("the certificate in") && message.contains("No such file"), "{message}");
    for incomplete in [
        &["--tls-cert", file][..],
        &["--tls-key", file],
        &["--tls-client-ca", file],
        &["--tls", "allow"],
        &["--tls-cert", file, "--tls-key", file, "--tls", "maybe"],
    ] {
        let output = run(incomplete);
        assert_eq!(output.status.code(), Some(2), "{incomplete:?}: {output:?}");
    }
    assert!(!Path::new(socket).exists());
}

#[test]
fn an_endpoint_that_lets_everybody_in_is_warned_about() {
    let dir = directory();
    let (users, rules) = (dir.path().join("users"), dir.path().join("rules.toml"));
    fs::write(&users, "").expect("written");
    fs::write(&rules, "default = 'admin'").expect("written");
    let everywhere = ["--rpc", "--rpc-port", "0", "--rpc-host", "0.0.0.0"];
    for (more, warned) in [
        (&[][..], true),
        (&["--rpc-host", "127.0.0.1"], false),
        (&["--no-rpc"], false),
        (&["--htpasswd", text(&users)], false),
        (&["--rules", text(&rules)], false),
    ] {
        let args: Vec<&str> = everywhere.iter().chain(more).copied().collect();
        let server = Running::start(&dir.path().join("s.sock"), &args);
        let found = server.start.contains("from another machine can connect");
        assert_eq!(found, warned, "{args:?}: {}", server.start);
        server.signal(Signal::SIGTERM);
        server.end();
    }
}

#[test]
fn no_flag_is_needed() {
    let dir = directory();
    let mut command = command();
    command.env("VINEYARD_LOG", "info").env("XDG_RUNTIME_DIR", dir.path()).env("HOME", dir.path());
    // Where the tests run as root, the default would be the machine's own socket, which is not theirs to take.
    let system = Path::new("/var/run");
    if nix::unistd::access(system, nix::unistd::AccessFlags::W_OK).is_ok() {
        command.arg("--socket").arg(dir.path().join("vineyard.sock"));
    }
    let server = Running::wait_for(command, &dir.path().join("vineyard.sock"));
    server.connect();
    server.signal(Signal::SIGTERM);
    server.end();
}

#[test]
fn it_is_quiet_by_default() {
    let dir = directory();
    let socket = dir.path().join("s.sock");
    let mut command = command();
    let mut child =
        command.arg("--socket").arg(&socket).args(["--size", "1Mi"]).stderr(Stdio::piped()).spawn().expect("runs");
    until(|| UnixStream::connect(&socket).is_ok());
    let pid = i32::try_from(child.id()).expect("a process id");
    kill(Pid::from_raw(pid), Signal::SIGTERM).expect("it runs");
    let mut log = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut log).expect("the log");
    assert_eq!(child.wait().expect("it was started").code(), Some(0));
    assert_eq!(log, "");
}

#[test]
fn the_launchers_way_to_ask_for_logs_works() {
    let dir = directory();
    let socket = dir.path().join("s.sock");
    for (variable, args) in [("11", &[][..]), ("0", &["-v=2"])] {
        let mut command = command();
        command.env("GLOG_v", variable).args(args).args(["--size", "1Mi", "--socket"]).arg(&socket);
        let server = Running::wait_for(command, &socket);
        server.signal(Signal::SIGTERM);
        server.end();
    }
}
