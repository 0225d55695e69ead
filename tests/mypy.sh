#!/bin/sh
# The tests' types, folder by folder: each finds its own helpers, as pytest does.
ROOT=$(cd "$(dirname "$0")/.." && pwd)
cd "$ROOT" || exit 4
failed=0
for folder in tests/unit/*/ tests/docker/ tests/docker/fidelity/; do
    MYPYPATH=src:$folder:tests/docker "$ROOT/.venv/bin/mypy" "$folder"*.py >"${TMPDIR:-/tmp}/actlite-mypy.$$" 2>&1 || {
        cat "${TMPDIR:-/tmp}/actlite-mypy.$$"
        failed=1
    }
    rm -f "${TMPDIR:-/tmp}/actlite-mypy.$$"
done
exit $failed
