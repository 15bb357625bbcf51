#!/usr/bin/env bash
# Runs the published Python package's own tests against our server. They lie in its wheels, which come from PyPI.
#
#   tests/conformance.sh                 what takes seconds each
#   tests/conformance.sh --all           the long ones too
#   tests/conformance.sh SUITE..         only these of garbage, core, ml, io (which needs --all)
#   tests/conformance.sh -k EXPRESSION   only tests that pytest selects with it
#   tests/conformance.sh --server CMD    against another server: a command that takes vineyardd's flags, or vineyardd itself
#
# tests/conformance/expected.txt lists every test and what it has to do. Any difference is a failure. The output of tests
# and servers goes to target/conformance.
set -euo pipefail
cd "$(dirname "$0")/.."

arguments=() server="" lists=(tests/python/requirements.txt tests/conformance/requirements.txt)
while [ $# -gt 0 ]; do
    case "$1" in
    --server) server="$2" && shift ;;
    --all) lists+=(tests/conformance/requirements-all.txt) && arguments+=("$1") ;;
    *) arguments+=("$1") ;;
    esac
    shift
done

. tests/python/venv.sh
need_python "${lists[@]}"
if [ -z "$server" ]; then
    cargo build --quiet --package vineyard-server
    server="${CARGO_TARGET_DIR:-$PWD/target}/debug/vineyard-server"
fi
exec "$venv/bin/python" tests/conformance/run.py --server "$server" \
    --logs "${CARGO_TARGET_DIR:-$PWD/target}/conformance" "${arguments[@]}"
