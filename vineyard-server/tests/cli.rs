//! The program as its users meet it: arguments, refusals, signals.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Bounds a hang; nothing is asserted about time.
const WATCHDOG: Duration = Duration::from_secs(60);

/// The program, without the TCP port that tests running at the same time would contend for.
fn command() -> Command {
    let mut command = program(env!("CARGO_BIN_EXE_vineyard-server"));
    command.arg("--no-rpc");
    command
}

fn program(path: &str) -> Command {
    let mut command = Command::new(path);
    command.env_remove("VINEYARD_LOG").env_remove("GLOG_v").env_remove("VINEYARD_SYNC_CRDS");
    command
}

/// Runs the program until it ends by itself.
fn run(args: &[&str]) -> Output {
    command().args(args).stdin(Stdio::null()).output().expect("the program runs")
}

/// The one sentence with which the program refuses to start.
fn refusal(args: &[&str]) -> String {
    let output = run(args);
    assert_eq!(output.status.code(), Some(1), "{args:?}: {output:?}");
    assert!(output.stdout.is_empty(), "{args:?}: {output:?}");
    let message = String::from_utf8(output.stderr).expect("text");
    assert_eq!(message.lines().count(), 1, "{args:?}: {message}");
    assert!(message.starts_with("vineyard-server: "), "{args:?}: {message}");
    message
}

/// A server that listens, killed when the test ends.
struct Running {
    child: Child,
    socket: PathBuf,
    /// What it had logged when it listened.
    start: String,
    log: BufReader<std::process::ChildStderr>,
}

impl Running {
    fn start(socket: &Path, args: &[&str]) -> Self {
        let mut command = command();
        command.arg("--socket").arg(socket).args(["--size", "64Mi", "--log-level", "info"]).args(args);
        Self::wait_for(command, socket)
    }

    fn wait_for(mut command: Command, socket: &Path) -> Self {
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program runs");
        let mut log = BufReader::new(child.stderr.take().expect("piped"));
        let mut seen = String::new();
        while !seen.contains("listening") {
            let count = log.read_line(&mut seen).expect("the log");
            assert_ne!(count, 0, "the server ended: {seen}");
        }
        Self { child, socket: socket.to_owned(), start: seen, log }
    }

    fn connect(&self) -> Client {
        let stream = UnixStream::connect(&self.socket).expect("it listens");
        stream.set_read_timeout(Some(WATCHDOG)).expect("a timeout");
        stream.set_write_timeout(Some(WATCHDOG)).expect("a timeout");
        let mut client = Client(stream);
        assert_eq!(client.call(&json!({"type": "register_request"}))["type"], "register_reply");
        client
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).expect("a process id");
        kill(Pid::from_raw(pid), signal).expect("it runs");
    }

    /// Waits for a clean end and says what was logged after the start.
    fn end(mut self) -> String {
        let mut log = String::new();
        self.log.read_to_string(&mut log).expect("the log");
        let status = self.child.wait().expect("it was started");
        assert_eq!(status.code(), Some(0), "{log}");
        assert!(!self.socket.exists(), "the socket was left behind");
        log
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Client(UnixStream);

impl Client {
    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        self.0.write_all(&(body.len() as u64).to_le_bytes()).expect("written");
        self.0.write_all(body.as_bytes()).expect("written");
    }

    fn length(&mut self) -> usize {
        let mut header = [0; 8];
        self.0.read_exact(&mut header).expect("a header");
        usize::try_from(u64::from_le_bytes(header)).expect("a length")
    }

    fn body(&mut self, length: usize) -> Value {
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).expect("a body");
        serde_json::from_slice(&body).expect("JSON")
    }

    fn call(&mut self, message: &Value) -> Value {
        self.send(message);
        let length = self.length();
        self.body(length)
    }

    fn ended(&mut self) -> bool {
        matches!(self.0.read(&mut [0; 1]), Ok(0))
    }
}

/// Looks again and again until it is so; the server makes it so.
fn until(mut it_is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !it_is_so() {
        assert!(start.elapsed() < WATCHDOG, "it never happened");
        std::thread::yield_now();
    }
}

fn directory() -> TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("text")
}

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
fn what_a_killed_server_has_spilled_is_removed_by_the_next() {
    let dir = tempfile::tempdir().expect("a directory");
    let spill = dir.path().join("spill");
    let path = spill.to_str().expect("text");
    let servers = || fs::read_dir(&spill).expect("there").count();
    let server = Running::start(&dir.path().join("s.sock"), &["--spill_path", path, "--spill_upper_rate=0.5"]);
    let mut client = server.connect();
    // More than half of the 64 MiB, so that some are on disk or on their way when the server dies.
    for _ in 0..20 {
        let reply = client.call(&json!({"type": "create_remote_buffer_request", "size": 4 << 20}));
        assert_eq!(reply["type"], "create_buffer_reply", "{reply}");
        client.0.write_all(&vec![7; 4 << 20]).expect("written");
        let length = client.length();
        assert_eq!(client.body(length)["created"]["is_sealed"], true);
    }
    let own = fs::read_dir(&spill).expect("there").next().expect("one").expect("readable").path();
    assert!(fs::read_dir(own).expect("there").count() > 1, "nothing went to disk");
    server.signal(Signal::SIGKILL);
    drop(server);
    assert_eq!(servers(), 1, "it could not clean up");
    let next = Running::start(&dir.path().join("s.sock"), &["--spill_path", path]);
    assert!(next.start.contains("removes what an earlier server has spilled"), "{}", next.start);
    assert_eq!(servers(), 1, "only its own is left");
    next.signal(Signal::SIGTERM);
    next.end();
    assert_eq!(servers(), 0);
    let message =
        refusal(&["--socket", dir.path().join("t.sock").to_str().expect("text"), "--spill-path", "/dev/null"]);
    assert!(message.contains("/dev/null"), "{message}");
}

#[test]
fn memory_is_made_ready_ahead_as_it_is_asked_for() {
    let directory = tempfile::tempdir().expect("a directory");
    let socket = directory.path().join("s");
    // A quarter of the size if nobody says.
    for (args, ready) in
        [(&["--prefault", "8Mi"][..], "8Mi"), (&[], "16Mi"), (&["--prefault=off", "--prefault="], "16Mi")]
    {
        let mut server = Running::start(&socket, args);
        let mut log = std::mem::take(&mut server.start);
        while !log.contains("memory is ready") {
            assert_ne!(server.log.read_line(&mut log).expect("the log"), 0, "the server ended: {log}");
        }
        assert!(log.contains(&format!("bytes={ready}")), "{args:?}: {log}");
        server.signal(Signal::SIGTERM);
        server.end();
    }
    let server = Running::start(&socket, &["--prefault", "off"]);
    server.signal(Signal::SIGTERM);
    let log = server.end();
    assert!(!log.contains("memory is ready"), "{log}");
    assert!(refusal(&["--socket", "/tmp/never", "--prefault", "some"]).contains("`some` is not a size"));
}

#[test]
fn all_of_the_memory_is_reserved_before_the_server_listens() {
    let directory = tempfile::tempdir().expect("a directory");
    for flag in ["--reserve", "--reserve_memory"] {
        let server = Running::start(&directory.path().join("s"), &[flag]);
        assert!(server.start.contains("all of 64Mi is reserved"), "{}", server.start);
        assert!(server.start.matches("are reserved").count() >= 9, "{}", server.start);
        server.signal(Signal::SIGTERM);
        server.end();
    }
}

#[test]
fn a_size_above_the_memory_is_borne_if_that_is_wanted() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = Running::start(&directory.path().join("s"), &["--size", "1000Ti", "--overcommit"]);
    assert!(server.start.contains("the size 1000Ti is above"), "{}", server.start);
    server.signal(Signal::SIGTERM);
    server.end();
}

#[test]
fn a_size_above_the_memory_is_borne_as_vineyardd_bears_it() {
    let dir = directory();
    let server = Running::start(&dir.path().join("s.sock"), &["-size", "1000T"]);
    assert!(server.start.contains("the size 1000Ti is above"), "{}", server.start);
    let status = server.connect().call(&json!({"type": "instance_status_request"}));
    assert_eq!(status["meta"]["memory_limit"], 1000_u64 << 40);
    server.signal(Signal::SIGTERM);
    server.end();
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

#[test]
fn a_directory_that_cannot_be_written_is_refused() {
    let dir = directory();
    let file = dir.path().join("file");
    fs::write(&file, "").expect("written");
    let message = refusal(&["--socket", text(&file.join("s.sock"))]);
    assert!(message.contains("directory") && message.contains(text(&file)), "{message}");
    // Nobody can put a file there, not even root.
    let message = refusal(&["--socket", "/proc/s.sock"]);
    assert!(message.contains("/proc cannot be written"), "{message}");
    let long = dir.path().join("x".repeat(200));
    assert!(refusal(&["--socket", text(&long)]).contains("cannot be the path of a socket"));
}

#[test]
fn a_file_that_is_no_socket_stays() {
    let dir = directory();
    let path = dir.path().join("precious");
    fs::write(&path, "data").expect("written");
    assert!(refusal(&["--socket", text(&path)]).contains("not a socket"));
    assert_eq!(fs::read(&path).expect("still there"), b"data");
}

#[test]
fn a_live_socket_is_refused_and_its_server_goes_on() {
    let dir = directory();
    let socket = dir.path().join("s.sock");
    let server = Running::start(&socket, &[]);
    let message = refusal(&["--socket", text(&socket)]);
    assert!(message.contains("in use by a live server") && message.contains(text(&socket)), "{message}");
    server.connect();
    server.signal(Signal::SIGTERM);
    server.end();
}

#[test]
fn a_stale_socket_is_replaced() {
    let dir = directory();
    let socket = dir.path().join("s.sock");
    drop(UnixListener::bind(&socket).expect("bound"));
    assert!(socket.exists());
    let server = Running::start(&socket, &[]);
    server.connect();
    server.signal(Signal::SIGKILL);
    drop(server);
    assert!(socket.exists(), "a killed server leaves its socket");
    let server = Running::start(&socket, &[]);
    server.connect();
    server.signal(Signal::SIGINT);
    server.end();
}

#[test]
fn the_socket_has_the_mode_that_was_asked_for() {
    let dir = directory();
    for (args, mode) in [(&[][..], 0o660), (&["--socket-mode", "600"], 0o600), (&["--socket-mode", "0777"], 0o777)] {
        let socket = dir.path().join(format!("{mode:o}/s.sock"));
        let server = Running::start(&socket, args);
        let found = fs::symlink_metadata(&socket).expect("a socket");
        assert!(found.file_type().is_socket());
        assert_eq!(found.permissions().mode() & 0o777, mode);
        server.signal(Signal::SIGTERM);
        server.end();
    }
}

#[test]
fn the_sockets_belong_to_who_was_named() {
    let dir = directory();
    let (own, group) = (nix::unistd::Uid::effective(), nix::unistd::Gid::effective());
    // Only root can give a file to somebody else.
    let (owner, group) = if own.is_root() { (65_534, 65_533) } else { (own.as_raw(), group.as_raw()) };
    let (owner_text, group_text) = (owner.to_string(), group.to_string());
    let socket = dir.path().join("s.sock");
    let rights = ["--socket-owner", &owner_text, "--socket-group", &group_text, "--socket-mode", "0620"];
    let server = Running::start(&socket, &rights);
    let reply = server.connect().call(&json!({"type": "new_session_request"}));
    let session = reply["socket_path"].as_str().expect("a path");
    for path in [&socket, Path::new(session)] {
        let found = fs::symlink_metadata(path).expect("a socket");
        assert!(found.file_type().is_socket());
        assert_eq!((found.uid(), found.gid(), found.mode() & 0o777), (owner, group, 0o620), "{}", path.display());
    }
    server.signal(Signal::SIGTERM);
    server.end();
    assert!(!Path::new(session).exists());
    let named = |option: &str, name: &str| refusal(&["--socket", text(&socket), option, name]);
    assert!(named("--socket-owner", "no one here").contains("`no one here` is not a valid owner of the socket"));
    assert!(named("--socket-group", "4294967295").contains("`4294967295` is not a valid group of the socket"));
    if !own.is_root() {
        let message = named("--socket-owner", "0");
        assert!(message.contains("cannot be given the owner 0: Operation not permitted"), "{message}");
    }
    assert!(!socket.exists(), "nothing is left of a server that did not start");
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
fn its_descriptors_are_nobody_elses() {
    let dir = directory();
    let own = nix::unistd::Uid::effective();
    // The program as a user who is not root: a copy, because that user may not get to the original.
    let uid = if own.is_root() { 65_534 } else { own.as_raw() };
    let binary = dir.path().join("server");
    fs::copy(env!("CARGO_BIN_EXE_vineyard-server"), &binary).expect("copied");
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).expect("set");
    let socket = dir.path().join("s.sock");
    let mut command = program(text(&binary));
    command.args(["--no-rpc", "--log-level", "info", "--size", "1Mi", "--socket"]).arg(&socket);
    if own.is_root() {
        command.uid(uid).gid(uid);
    }
    let server = Running::wait_for(command, &socket);
    // It opens its own descriptors anew for each arena, which still works.
    let reply = server.connect().call(&json!({"type": "make_arena_request", "size": 4096}));
    assert_eq!(reply["type"], "make_arena_reply", "{reply}");
    let process = PathBuf::from(format!("/proc/{}", server.child.id()));
    let status = fs::read_to_string(process.join("status")).expect("it runs");
    assert!(status.contains(&format!("Uid:\t{uid}\t")), "{status}");
    assert_ne!(fs::metadata(process.join("fd")).expect("it is there").uid(), uid, "its user gets at its descriptors");
    if !own.is_root() {
        assert!(fs::read_dir(process.join("fd")).is_err());
    }
    server.signal(Signal::SIGTERM);
    server.end();
}

#[test]
fn both_signals_end_it_cleanly() {
    let dir = directory();
    for (signal, name) in [(Signal::SIGTERM, "term"), (Signal::SIGINT, "int")] {
        let server = Running::start(&dir.path().join(name), &[]);
        let mut idle = server.connect();
        let mut waiting = server.connect();
        waiting.send(&json!({"type": "get_name_request", "name": "never", "wait": true}));
        // The request waits when the server says so.
        let status = json!({"type": "instance_status_request"});
        until(|| idle.call(&status)["meta"]["deferred_requests"] == 1);
        server.signal(signal);
        let length = waiting.length();
        assert_eq!(waiting.body(length)["code"], 36);
        assert!(waiting.ended() && idle.ended());
        assert!(server.end().contains("stopped"));
    }
}

#[test]
fn a_request_in_hand_is_finished() {
    let dir = directory();
    let server = Running::start(&dir.path().join("s.sock"), &[]);
    let mut client = server.connect();
    // A reply far larger than what a socket holds: while the client does not read, the server is in the middle of it.
    let content = json!({"typename": "T", "instance_id": 0, "text": "x".repeat(8 << 20)});
    let created = client.call(&json!({"type": "create_data_request", "content": content}));
    client.send(&json!({"type": "get_data_request", "id": [created["id"]]}));
    let length = client.length();
    server.signal(Signal::SIGTERM);
    let reply = client.body(length);
    assert_eq!(reply["type"], "get_data_reply");
    let object = reply["content"].as_object().and_then(|all| all.values().next()).expect("the object");
    assert_eq!(object["text"].as_str().map(str::len), Some(8 << 20));
    assert!(client.ended());
    server.end();
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
fn as_many_files_are_opened_as_may_be() {
    let directory = TempDir::new().expect("a directory");
    let socket = directory.path().join("s.sock");
    let mut shell = program("sh");
    let script = "ulimit -Sn 256 && exec \"$0\" \"$@\"";
    shell.args([
        "-c",
        script,
        env!("CARGO_BIN_EXE_vineyard-server"),
        "--no-rpc",
        "--size",
        "64Mi",
        "--log-level",
        "info",
    ]);
    shell.arg("--socket").arg(&socket);
    let server = Running::wait_for(shell, &socket);
    let limits = fs::read_to_string(format!("/proc/{}/limits", server.child.id())).expect("Linux has it");
    let line = limits.lines().find(|line| line.starts_with("Max open files")).expect("has the line");
    let (soft, hard) = (line.split_whitespace().nth(3), line.split_whitespace().nth(4));
    assert!(soft.is_some() && soft == hard, "{line}");
}

#[test]
fn the_memory_for_messages_and_metadata_can_be_chosen() {
    let directory = TempDir::new().expect("a directory");
    let socket = directory.path().join("s.sock");
    let server = Running::start(&socket, &["--message-memory", "256Mi", "--max-metadata", "1Mi"]);
    let mut client = server.connect();
    let ids: Vec<u64> = (0..100_000).collect();
    assert_eq!(client.call(&json!({"type": "increase_reference_count_request", "ids": ids}))["code"], 41);
    assert!(refusal(&["--message-memory", "1Mi"]).contains("memory for messages"));
    assert!(refusal(&["--max-metadata", "1K"]).contains("memory for metadata"));
}
