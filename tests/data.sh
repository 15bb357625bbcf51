#!/usr/bin/env bash
# Fetches the data that tests read into a directory: flights-3m.parquet of the npm package vega-datasets, 13 MB, three
# million flights of the United States. What is there already is not fetched again.
#
#   tests/data.sh target/test-data
#
# It needs npm. With VINEYARD_TEST_SKIP_DATA=1 it fetches nothing, and the tests that read the file are skipped.
set -euo pipefail

package="vega-datasets@3.2.1"
file="flights-3m.parquet"
sum="dbeb920c90f59b6ccaff823dcc3d08f25a97fa1ce128d93f40be4e931f5900b0"

if [ -n "${VINEYARD_TEST_SKIP_DATA:-}" ]; then
    echo "VINEYARD_TEST_SKIP_DATA is set: the tests that read $file are skipped" >&2
    exit 0
fi
mkdir -p "$1"
cd "$1"
is_whole() { [ -e "$1" ] && echo "$sum  $1" | sha256sum --check --status; }
is_whole "$file" && exit 0
if ! command -v npm >/dev/null; then
    echo "tests/data.sh needs npm, which fetches $package: \`apt-get install npm\`, or see https://nodejs.org." >&2
    echo "VINEYARD_TEST_SKIP_DATA=1 skips the tests that read $file." >&2
    exit 1
fi
echo "fetching $file of $package"
npm pack --silent "$package" >/dev/null
tar -xzf vega-datasets-*.tgz --strip-components=2 "package/data/$file"
rm vega-datasets-*.tgz
if ! is_whole "$file"; then
    echo "$file of $package has the checksum $(sha256sum "$file" | cut -d" " -f1), expected $sum" >&2
    rm "$file"
    exit 1
fi
