#!/usr/bin/env bash
# Tests, lints and formatting of examples/sql. By itself, because DataFusion takes minutes and, with clippy, more than 2 GB to build; arguments
# go to the test programs.
set -euo pipefail
cd "$(dirname "$0")/.."

export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target/sql}"
cd examples/sql
cargo fmt --all --check
cargo test --locked -- "$@"
cargo clippy --locked --all-targets -- -D warnings
