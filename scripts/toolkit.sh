#!/bin/sh
# sh scripts/toolkit.sh: GitHub's own libraries for actions, from npm, in .toolkit: those of May 2021, the last that
# are CommonJS, and the newest. Test actions are made of them. Installs only what is missing.
set -eu
ROOT=$(cd "$(dirname "$0")/.." && pwd)
LOG=${TMPDIR:-/tmp}/actlite-toolkit-$(id -u).log
. "$ROOT/scripts/common.sh"

# a_set NAME PACKAGE…: one folder with these packages of @actions.
a_set() {
    folder=$ROOT/.toolkit/$1
    shift
    [ "$(cat "$folder/stamp" 2>/dev/null || true)" != "$*" ] || return 0
    have npm || apt_install npm || give_up 4 'npm could not be installed.'
    rm -rf "$folder"
    mkdir -p "$folder"
    printf '{"private": true}\n' >"$folder/package.json"
    # shellcheck disable=SC2046 # a list of names
    quietly "the toolkit ${folder##*/} (npm)" npm install --prefix "$folder" --no-audit --no-fund --no-save \
        --no-package-lock --ignore-scripts $(printf '@actions/%s ' "$@") || exit 4
    printf '%s\n' "$*" >"$folder/stamp"
}

: >"$LOG"
a_set 2021 core@1.2.7 exec@1.0.4 io@1.1.0 glob@0.1.2 tool-cache@1.6.1 github@4.0.0
a_set commonjs core@1.11.1 exec@1.1.1 io@1.1.3 glob@0.5.0 tool-cache@2.0.2 github@6.0.1
a_set latest core@3.0.1 exec@3.0.0 io@3.0.2 glob@0.7.0 tool-cache@4.0.0 github@9.1.1
