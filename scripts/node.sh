#!/bin/sh
# sh scripts/node.sh: see to it that node builds can be had: actlite fetches those of GitHub's runner from
# nodejs.org, or from npm's registry through the npm client. Where the first is out of reach and the second
# is missing, Debian's npm is installed. Needs .venv (scripts/setup.sh).
set -eu
ROOT=$(cd "$(dirname "$0")/.." && pwd)
LOG=${TMPDIR:-/tmp}/actlite-node-$(id -u).log
. "$ROOT/scripts/common.sh"

: >"$LOG"
if have npm; then exit 0; fi
if "$ROOT/.venv/bin/python" - <<'END'; then exit 0; fi
import sys, urllib.request
try:
    urllib.request.urlopen("https://nodejs.org/dist/index.tab", timeout=6).close()
except OSError:
    sys.exit(1)
END
say 'nodejs.org is out of reach: the npm client will fetch node builds'
apt_install npm || give_up 4 'npm could not be installed, and nodejs.org is out of reach: no node, no JavaScript actions.'
