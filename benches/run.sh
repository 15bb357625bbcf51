#!/usr/bin/env bash
# Runs the benchmark `put_get` and writes its results to docs/benchmarks.md. Takes about two minutes.
set -euo pipefail
cd "$(dirname "$0")/.."

target="${CARGO_TARGET_DIR:-$PWD/target}"
rm -rf "$target/criterion"
cargo bench --package vineyard-benches --bench put_get
mkdir -p docs
cargo run --quiet --release --package vineyard-benches --bin bench-report -- "$target/criterion" > "$target/benchmarks.md"
mv "$target/benchmarks.md" docs/benchmarks.md
echo "written to docs/benchmarks.md"
