#!/usr/bin/env bash
# Runs one fuzz target with the stable compiler: `fuzz/run.sh metadata -max_total_time=60`. What follows the name goes to
# libFuzzer. With the nightly compiler, `cargo fuzz run metadata` does the same and adds the address sanitizer.
set -euo pipefail
cd "$(dirname "$0")"

name="$1"
shift
flags="--cfg fuzzing -Ccodegen-units=1 -Cdebug-assertions -Cpasses=sancov-module"
flags+=" -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters"
flags+=" -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares"
host="$(rustc -vV | sed -n 's/^host: //p')"
# With a target named, the flags do not reach build scripts and macros, which run without the fuzzer.
RUSTFLAGS="$flags" cargo build --release --quiet --bin "$name" --target "$host"
mkdir -p "corpus/$name" artifacts
"${CARGO_TARGET_DIR:-target}/$host/release/$name" "corpus/$name" -artifact_prefix=artifacts/ "$@"
