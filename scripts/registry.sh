#!/bin/sh
# sh scripts/registry.sh: see to it that the tests have a registry: the docker-registry on PATH, else the program
# of Debian's package, put into .venv/bin without installing the package, which would start a service.
set -eu
ROOT=$(cd "$(dirname "$0")/.." && pwd)
LOG=${TMPDIR:-/tmp}/actlite-registry-$(id -u).log
. "$ROOT/scripts/common.sh"

: >"$LOG"
if have docker-registry || [ -x "$ROOT/.venv/bin/docker-registry" ]; then exit 0; fi
have apt-get && have dpkg-deb ||
    give_up 4 'Needed for the tests: docker-registry. This machine has no apt-get: please put it on the PATH by hand.'
FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT
cd "$FOLDER"
download() { apt-get -q download docker-registry; }
if ! try 'the registry' download; then
    can_be_root || give_up 4 "docker-registry could not be downloaded ($LOG), and reading the package lists needs root or sudo."
    quietly 'package lists' as_root apt-get -q update || exit 4
    quietly 'download docker-registry' download || exit 4
fi
quietly 'unpack docker-registry' dpkg-deb -x docker-registry_*.deb files || exit 4
cp files/usr/bin/docker-registry "$ROOT/.venv/bin/docker-registry"
