#!/usr/bin/env bash
# Tries the locking of clients and server in every order of their threads, with loom in place of the standard library's
# locks. A part of tests/run.sh; by itself, arguments go to the test programs.
set -euo pipefail
cd "$(dirname "$0")/.."

# Built with other flags than everything else: in a place of its own, so that neither is built anew for the other.
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}/loom"
export RUSTFLAGS="${RUSTFLAGS:-} --cfg vineyard_loom"
cargo test -p vineyard-core -p vineyard-server --lib loom_tests -- "$@"
