#!/usr/bin/env bash
# Runs every test. Sets up what they need: a Python environment with the published client and daemon, another one with
# pandas 3, and the data that tests/data.sh fetches.
#
#   tests/run.sh            all tests, those of the published package (tests/conformance.sh) included
#   tests/run.sh NAME..     only tests whose name contains NAME (arguments go to the test programs)
set -euo pipefail
cd "$(dirname "$0")/.."

target="${CARGO_TARGET_DIR:-$PWD/target}"
. tests/python/venv.sh
need_python tests/python/requirements.txt
venv="$venv-pandas3" need_python tests/python/requirements.txt tests/python/requirements-pandas3.txt
tests/data.sh "$target/test-data"

export VINEYARD_TEST_PYTHON="$venv/bin/python"
export VINEYARD_TEST_PYTHON_PANDAS3="$venv-pandas3/bin/python"
export VINEYARD_TEST_DATA="$target/test-data"
export VINEYARD_TEST_DAEMON
VINEYARD_TEST_DAEMON="$("$venv/bin/python" -c \
    'import os, sysconfig; print(os.path.join(sysconfig.get_path("platlib"), "vineyard", "bdist", "vineyardd"))')"

features="vineyard-tests/interop,vineyard-tests/polars,vineyard-core/testing,vineyard-types/ndarray,vineyard-types/petgraph,vineyard-types/sprs"
# The programs first, so that tests find the examples and the server built.
cargo build --workspace --bins --examples --features "$features"
cargo test --workspace --exclude vineyard-benches --features "$features" --no-fail-fast --tests --lib --bins -- "$@"
# The same on the published daemon, but for what it is known not to do.
VINEYARD_TEST_SERVER=stock cargo test -p vineyard-tests --features "$features" --test integration -- "$@"
cargo test --workspace --exclude vineyard-benches --features "$features" --doc -- "$@"
# Crates that use Vineyard from outside, in a workspace of their own.
CARGO_TARGET_DIR="$target" cargo test --manifest-path tests/downstream/Cargo.toml -- "$@"
# The locks in every order of the threads, which is about no test by name.
if [ $# -eq 0 ]; then
    tests/loom.sh
fi
# The published package's own tests.
if [ $# -eq 0 ]; then
    tests/conformance.sh --server "$target/debug/vineyard-server"
fi
