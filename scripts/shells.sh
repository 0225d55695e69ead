#!/bin/sh
# sh scripts/shells.sh: see to it that the tests have the shells that steps may meet: dash, bash and busybox.
set -eu
ROOT=$(cd "$(dirname "$0")/.." && pwd)
LOG=${TMPDIR:-/tmp}/actlite-shells-$(id -u).log
. "$ROOT/scripts/common.sh"

: >"$LOG"
for shell in dash bash busybox; do
    have "$shell" || apt_install "$shell"
done
