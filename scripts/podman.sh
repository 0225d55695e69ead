#!/bin/sh
# sh scripts/podman.sh: have podman for its tests, beside docker, which is not touched by it. Installed where
# it is missing and this is root; else nothing happens, and the tests say why they are left out.
set -eu
ROOT=$(cd "$(dirname "$0")/.." && pwd)
LOG=${TMPDIR:-/tmp}/actlite-podman-$(id -u).log
. "$ROOT/scripts/common.sh"

: >"$LOG"
if have podman; then exit 0; fi
if [ "$(id -u)" != 0 ] || ! have apt-get; then
    say 'podman is not here, and is not installed without root and apt-get: its tests are left out.'
    exit 0
fi
apt_install podman
