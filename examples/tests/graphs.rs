//! The example with algorithms as a user runs it.

mod programs;

use programs::{example, run, text};

#[test]
fn it_computes_what_is_known_and_leaves_nothing() {
    for scale in ["10", "13"] {
        let output = run(example("graphs").args(["--scale", scale]));
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{out}\n{err}");
        for part in [
            "graphs/follows  o",
            "4 arrays, none copied",
            "2 arrays, none copied",
            "checked    all of it is what igraph finds",
            "stopped: 0 connections and 0 leases left",
        ] {
            assert!(out.contains(part), "`{part}` is missing:\n{out}");
        }
        assert_eq!(err, "");
    }
}

#[test]
fn other_scales_are_computed_and_not_checked() {
    let output = run(example("graphs").args(["--scale", "4"]));
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    assert!(out.contains("checked    nothing: what is right is known of the scales 10, 13, 17 only"), "{out}");
}

#[test]
fn graphs_that_are_others_are_told() {
    let server = vineyard_server::Server::builder().size(64 << 20).spawn().expect("a server");
    let socket = server.socket().to_str().expect("a path as text").to_owned();
    let built = run(example("graphs").args(["--scale", "9", "build", &socket]));
    assert!(built.status.success(), "{}", text(&built.stderr));
    let computed = run(example("graphs").args(["--scale", "10", "compute", &socket]));
    assert_eq!(computed.status.code(), Some(1), "{}", text(&computed.stdout));
    assert!(text(&computed.stderr).contains("igraph finds Answers { ranked: (871, "), "{}", text(&computed.stderr));
    server.stop();
}

#[test]
fn a_scale_that_is_none_is_refused() {
    for scale in ["0", "27", "many"] {
        let output = run(example("graphs").args(["--scale", scale]));
        assert_eq!(text(&output.stderr), "graphs: --scale 1 to 26\n");
    }
}
