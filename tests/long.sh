#!/bin/sh
# sh tests/long.sh [PYTEST ARGUMENT…]: the tests marked "long", at their full size: some minutes to an hour. Those
# with containers too.
# Figures are appended to docs/reference/evidence.jsonl; docs/reference/evidence.md says what they mean.
set -u
ROOT=$(cd "$(dirname "$0")/.." && pwd)
cd "$ROOT" || exit 4
[ -x .venv/bin/pytest ] || sh scripts/setup.sh test || exit 4
sh scripts/docker.sh docker || exit 4
ACTLITE_LONG=1 ACTLITE_DOCKER_TESTS=require
export ACTLITE_LONG ACTLITE_DOCKER_TESTS
exec nice -n 10 .venv/bin/pytest tests/unit tests/docker --ignore=tests/docker/test_podman.py -m long -q -s -o timeout=7200 -p no:cacheprovider "$@"
