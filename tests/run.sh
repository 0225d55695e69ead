#!/bin/sh
# sh tests/run.sh [PYTEST ARGUMENT…]: set everything up and pass all checks and tests. Needs nothing but a
# Debian or Ubuntu machine with root or sudo; fails where no container engine can be had, never skips for it.
set -u
ROOT=$(cd "$(dirname "$0")/.." && pwd)
cd "$ROOT" || exit 4
BIN=$ROOT/.venv/bin
failed=

# stage NAME COMMAND…: run it, remember a failure, go on.
stage() {
    name=$1
    shift
    printf '\n== %s\n' "$name"
    if "$@" </dev/null; then return 0; fi
    printf '== FAILED: %s\n' "$name"
    failed="$failed
  $name"
    return 1
}

stage 'Set up' sh scripts/setup.sh test || exit 4
stage 'Shells' sh scripts/shells.sh || exit 4
stage 'Docker' sh scripts/docker.sh docker || exit 4
stage 'Node builds' sh scripts/node.sh || exit 4
stage 'Registry of the tests' sh scripts/registry.sh || exit 4
stage 'Reference engines' sh scripts/oracles.sh || exit 4
stage 'Toolkit of the tests' sh scripts/toolkit.sh || exit 4

stage 'ruff check' "$BIN/ruff" check .
stage 'ruff format' "$BIN/ruff" format --check .
stage 'mypy' "$BIN/mypy"
stage 'mypy of the stand-ins' "$BIN/mypy" --strict -p sample_workflows.standins
stage 'mypy of the tests' sh tests/mypy.sh
stage 'import layers' "$BIN/lint-imports"
stage 'Unit tests' "$BIN/pytest" tests/unit -q -n 2 -p no:cacheprovider "$@"
ACTLITE_DOCKER_TESTS=require
export ACTLITE_DOCKER_TESTS
RULES=$(mktemp) || exit 4
rm -f "$RULES"
stage 'Tests with containers' "$BIN/pytest" tests/docker --ignore=tests/docker/test_podman.py \
    --ignore=tests/docker/fidelity -q -n 3 --durations=10 -p no:cacheprovider --rule-results "$RULES" "$@"
# The tests of a file share its runs: they stay in one process.
stage "Tests of the runner's rules" "$BIN/pytest" tests/docker/fidelity -q -n 2 --dist loadfile \
    --durations=10 -p no:cacheprovider --rule-results "$RULES" "$@"
stage 'Podman' sh scripts/podman.sh &&
    stage 'Tests with Podman' "$BIN/pytest" tests/docker/test_podman.py -q -p no:cacheprovider \
        --rule-results "$RULES" "$@"
# With arguments only some of the tests were run.
[ $# -gt 0 ] || stage 'The page of the rules' "$BIN/python" -m scripts.fidelity --check "$RULES"
rm -f "$RULES"

if [ -n "$failed" ]; then
    printf '\nFailed:%s\n' "$failed"
    exit 1
fi
