#!/bin/sh
# sh scripts/oracles.sh: the reference engines that the differential tests compare with: GitHub's own
# expressions and workflow parser in TypeScript, from npm, in .oracles. Installs only what is missing.
set -eu
ROOT=$(cd "$(dirname "$0")/.." && pwd)
LOG=${TMPDIR:-/tmp}/actlite-oracles-$(id -u).log
. "$ROOT/scripts/common.sh"
PACKAGES='@actions/expressions@0.3.61 @actions/workflow-parser@0.3.61'

: >"$LOG"
[ "$(cat "$ROOT/.oracles/stamp" 2>/dev/null || true)" != "$PACKAGES" ] || exit 0
have npm || apt_install npm || give_up 4 'npm could not be installed.'
mkdir -p "$ROOT/.oracles"
printf '{"private": true, "type": "module"}\n' >"$ROOT/.oracles/package.json"
# shellcheck disable=SC2086 # a list of names
quietly 'the reference engines (npm)' npm install --prefix "$ROOT/.oracles" --no-audit --no-fund --no-save \
    --no-package-lock --ignore-scripts $PACKAGES || exit 4
printf '%s\n' "$PACKAGES" >"$ROOT/.oracles/stamp"
