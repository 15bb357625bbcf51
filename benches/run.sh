#!/usr/bin/env bash
# Runs the benchmarks and writes their results into docs/benchmarks.md, a section each.
#
#   benches/run.sh               all of them; takes about twenty minutes
#   benches/run.sh put_get       our client and our server; takes about two
#   benches/run.sh wire ARGS..   our server, the published daemon and an echo; `wire --help` lists the arguments. Only
#                                a full run, which is one without arguments, is written to the page
#   benches/run.sh cold ARGS..   large puts beside the published client and daemon; `cold --help` lists the arguments.
#                                Only a run without arguments is written to the page
#   benches/run.sh spill ARGS..  four times the memory beside plain files; `spill --help` lists the arguments. Only a run
#                                without arguments is written to the page
#   benches/run.sh frames ARGS.. a frame from Rust and from Python, beside Ray and Arrow's files; sets up a Python of its
#                                own, and does without Ray if that cannot be fetched; `frames --help` lists the arguments.
#                                Only a run without arguments is written to the page
#   benches/run.sh graph ARGS..  graphs built of edges and PageRank, beside graph_builder, SciPy and NetworKit; sets up a
#                                Python of its own; `graph --help` lists the arguments. Only a run without arguments is
#                                written to the page
#   benches/run.sh property ARGS.. adding to a property graph in the store, beside building it anew; `property --help` lists
#                                the arguments. Only a run without arguments is written to the page
#   benches/run.sh maps ARGS..   look-ups in maps of another process beside private ones; `maps --help` lists the arguments.
#                                Only a run without arguments is written to the page
set -euo pipefail
cd "$(dirname "$0")/.."

target="${CARGO_TARGET_DIR:-$PWD/target}"
page=docs/benchmarks.md
what="${1:-all}"
if [ $# -gt 0 ]; then shift; fi

put_get() {
    rm -rf "$target/criterion"
    cargo bench --package vineyard-benches --bench put_get
    cargo run --quiet --release --package vineyard-benches --bin bench-report -- "$target/criterion" "$page"
    echo "written to $page"
}

# Finds the published daemon, and the Python that has the published client.
published() {
    export VINEYARD_TEST_PYTHON="${VINEYARD_TEST_PYTHON:-$target/test-venv/bin/python}"
    if [ -z "${VINEYARD_TEST_DAEMON:-}" ] && [ -x "$VINEYARD_TEST_PYTHON" ]; then
        export VINEYARD_TEST_DAEMON
        VINEYARD_TEST_DAEMON="$("$VINEYARD_TEST_PYTHON" -c \
            'import os, sysconfig; print(os.path.join(sysconfig.get_path("platlib"), "vineyard", "bdist", "vineyardd"))')"
    fi
    if [ -z "${VINEYARD_TEST_DAEMON:-}" ]; then
        echo "the published daemon is not there: tests/run.sh fetches it, VINEYARD_TEST_DAEMON names one" >&2
        exit 1
    fi
}

# Runs a program beside our server with these arguments, or for the page.
beside_server() {
    local program="$1"
    shift
    # Both programs at once, so that they are built with the same features of the same libraries.
    cargo build --release --package vineyard-server --package vineyard-benches --bin vineyard-server --bin "$program"
    if [ $# -eq 0 ]; then set -- --page "$page"; fi
    "$target/release/$program" "$@"
}

wire() { published; beside_server wire "$@"; }
cold() { published; beside_server cold "$@"; }
spill() { beside_server spill "$@"; }
property() { beside_server property "$@"; }
maps() { beside_server maps "$@"; }

# Ray is no part of the tests, so it has an environment of its own, with the published client beside it.
frames() {
    (
        . tests/python/venv.sh
        venv="$target/frames-venv"
        need_python tests/python/requirements.txt
    )
    # A shell of its own, which ends where the packages cannot be fetched.
    bash -euc '. tests/python/venv.sh; venv="$1"; need_python "$2"' - "$target/frames-venv" benches/python/ray.txt ||
        echo "Ray cannot be fetched: its row will say so" >&2
    export VINEYARD_TEST_PYTHON="$target/frames-venv/bin/python"
    published
    beside_server frames "$@"
}

# SciPy and NetworKit are no part of the tests either.
graph() {
    bash -euc '. tests/python/venv.sh; venv="$1"; need_python "$2"' - "$target/graph-venv" benches/python/graph.txt
    export VINEYARD_GRAPH_PYTHON="$target/graph-venv/bin/python"
    beside_server graph "$@"
}

case "$what" in
    all) put_get; wire; cold; spill; property; frames; graph; maps ;;
    put_get) put_get ;;
    wire) wire "$@" ;;
    cold) cold "$@" ;;
    spill) spill "$@" ;;
    property) property "$@" ;;
    frames) frames "$@" ;;
    graph) graph "$@" ;;
    maps) maps "$@" ;;
    *) echo "there is no benchmark $what: put_get, wire, cold, spill, property, frames, graph and maps are" >&2; exit 2 ;;
esac
