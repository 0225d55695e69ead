#!/bin/sh
# sh scripts/setup.sh [EXTRA]: make this checkout runnable: a Python ≥ 3.11, git, and actlite with its
# dependencies in .venv. EXTRA is an extra of pyproject.toml: fast (the default), or test.
# Installs only what is missing, and does nothing on a second call unless pyproject.toml changed.
set -eu
ROOT=$(cd "$(dirname "$0")/.." && pwd)
EXTRA=${1:-fast}
VENV=$ROOT/.venv
LOG=${TMPDIR:-/tmp}/actlite-setup-$(id -u).log
. "$ROOT/scripts/common.sh"

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }
makes_venvs() { "$1" -c 'import venv, ensurepip' >/dev/null 2>&1; }

# All Pythons of this machine that may do, best guess first.
pythons() {
    [ -z "${PYTHON:-}" ] || printf '%s\n' "$PYTHON"
    for name in python3 python3.13 python3.12 python3.11 python3.14; do
        command -v "$name" 2>/dev/null || true
    done
    for path in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/*/bin/python3 /usr/local/bin/python3 /usr/bin/python3; do
        [ ! -x "$path" ] || printf '%s\n' "$path"
    done
}

# The first Python that is new enough and can make an environment; else nothing.
find_python() {
    pythons | while IFS= read -r candidate; do
        if new_enough "$candidate" && makes_venvs "$candidate"; then
            printf '%s\n' "$candidate"
            break
        fi
    done
}

# The packages that give the machine's own Python what it lacks.
python_packages() {
    printf 'python3\npython3-venv\n'
    if new_enough /usr/bin/python3; then
        /usr/bin/python3 -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'
    fi
}

: >"$LOG"
have git || apt_install git ca-certificates || give_up 4 'git could not be installed.'
[ "$EXTRA" != test ] || have zstd || apt_install zstd || give_up 4 'zstd, which tests of archives need, could not be installed.'
[ "$EXTRA" != test ] || have g++ || apt_install g++ ||
    give_up 4 'g++, which builds programs for the tests, could not be installed.'

stamp="$EXTRA $(cksum <"$ROOT/pyproject.toml") $ROOT"
case $(cat "$VENV/actlite-stamp" 2>/dev/null || true) in
    "$stamp" | "test ${stamp#* }")
        if new_enough "$VENV/bin/python"; then exit 0; fi
        ;;
esac

say "Setting up actlite in $VENV"
if ! new_enough "$VENV/bin/python"; then
    python=$(find_python)
    if [ -z "$python" ]; then
        # shellcheck disable=SC2046 # a list of names
        apt_install ca-certificates $(python_packages) || give_up 4 'Python could not be installed.'
        python=$(find_python)
    fi
    [ -n "$python" ] || give_up 4 'actlite needs Python 3.11 or newer, and this machine has none to offer.' \
        'Install one (pyenv does it for a user), or name one: PYTHON=/path/to/python3 sh scripts/setup.sh'
    rm -rf "$VENV"
    quietly "environment ($("$python" -V))" "$python" -m venv "$VENV" || exit 4
fi
"$VENV/bin/python" -m pip --version >/dev/null 2>&1 ||
    quietly 'pip' "$VENV/bin/python" -m ensurepip || exit 4
quietly "actlite and what it needs [$EXTRA]" \
    "$VENV/bin/python" -m pip install -q --disable-pip-version-check -e "$ROOT[$EXTRA]" || exit 4
printf '%s\n' "$stamp" >"$VENV/actlite-stamp"
