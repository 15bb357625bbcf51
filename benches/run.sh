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
    if [ -z "${VINEYARD_TEST_DAEMON:-}" ] && [ -x "$target/test-venv/bin/python" ]; then
        export VINEYARD_TEST_DAEMON
        VINEYARD_TEST_DAEMON="$("$target/test-venv/bin/python" -c \
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

case "$what" in
    all) put_get; wire; cold; spill ;;
    put_get) put_get ;;
    wire) wire "$@" ;;
    cold) cold "$@" ;;
    spill) spill "$@" ;;
    *) echo "there is no benchmark $what: put_get, wire, cold and spill are" >&2; exit 2 ;;
esac
