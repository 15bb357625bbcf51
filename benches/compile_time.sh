#!/usr/bin/env bash
# Compares how long 100 structs of 10 fields take to compile: with our derive, and with serde's Serialize and Deserialize.
# Both crates are made in the target directory; their dependencies are compiled before the measurement.
set -euo pipefail
cd "$(dirname "$0")/.."

root="$PWD"
work="${CARGO_TARGET_DIR:-$PWD/target}/compile-time"
rm -rf "$work"

# crate NAME DEPENDENCY HEAD DERIVES: a crate of 100 structs.
crate() {
    mkdir -p "$work/$1/src"
    cat > "$work/$1/Cargo.toml" <<TOML
[package]
name = "$1"
version = "0.0.0"
edition = "2024"
[dependencies]
$2
[workspace]
TOML
    {
        echo "$3"
        for i in $(seq 100); do
            echo "#[derive($4)]"
            if [ "$1" = ours ]; then echo "#[object(typename = \"bench::S$i\")]"; fi
            echo "pub struct S$i { pub a: u64, pub b: i32, pub c: f64, pub d: bool, pub e: String,"
            echo "    pub f: Vec<u64>, pub g: Option<i64>, pub h: Vec<String>, pub i: u8, pub j: Option<String> }"
        done
    } > "$work/$1/src/lib.rs"
    cp "$root/Cargo.lock" "$work/$1/Cargo.lock"
    cargo build --quiet --manifest-path "$work/$1/Cargo.toml" --target-dir "$work/target"
}

crate ours "vineyard-core = { path = \"$root/vineyard-core\" }" "use vineyard_core::Object;" Object
crate theirs 'serde = { version = "1.0", features = ["derive"] }' "use serde::{Deserialize, Serialize};" "Serialize, Deserialize"

# build NAME: compiles the crate alone, and prints the seconds.
build() {
    touch "$work/$1/src/lib.rs"
    local start end
    start=$(date +%s.%N)
    CARGO_INCREMENTAL=0 cargo build --quiet --manifest-path "$work/$1/Cargo.toml" --target-dir "$work/target"
    end=$(date +%s.%N)
    echo "$end - $start" | bc
}

for round in 1 2 3; do
    echo "round $round: ours $(build ours) s, serde $(build theirs) s"
done
