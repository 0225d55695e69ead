#!/bin/sh
# sh sample_workflows/demo.sh [FOLDER]: everything from nothing, then one release workflow three times:
# with GitHub's runner of 2021, with today's, and repaired; each time checked first, then run. FOLDER takes
# the sample's repository; it is made anew on each call.
set -eu
ROOT=$(cd "$(dirname "$0")/.." && pwd)
SAMPLES=$ROOT/sample_workflows
PYTHON=$ROOT/.venv/bin/python
. "$ROOT/scripts/common.sh"

DEMO=${1:-${TMPDIR:-/tmp}/actlite-demo-$(id -u)}
OLD=quay.io/pypa/manylinux2014_x86_64
AGO=2021-05-07
TAG=v0.1.0

# A folder of ours, or none: anything else is not ours to delete.
prepare_folder() {
    if [ -e "$DEMO" ] && [ ! -e "$DEMO/.actlite-demo" ]; then
        give_up 2 "$DEMO exists and was not made by this demo. Name another folder."
    fi
    if [ -d "$DEMO/tally/.actlite" ]; then
        "$PYTHON" -m actlite clean --all -C "$DEMO/tally" >/dev/null || true
    fi
    rm -rf "$DEMO"
    mkdir -p "$DEMO/tally" "$DEMO/reports"
    : >"$DEMO/.actlite-demo"
}

make_repository() {
    cp -R "$SAMPLES/release/." "$DEMO/tally"
    rm -rf "$DEMO/tally/release.fixed.yml" "$DEMO/tally/build" "$DEMO/tally/dist"
    cd "$DEMO/tally"
    git init -q -b main
    git add -A
    git -c user.name=Demo -c user.email=demo@example.com commit -q -m 'tally'
    git tag "$TAG"
}

# Registries within reach? A short try, no download.
registry_answers() {
    "$PYTHON" - <<'END'
import sys, urllib.error, urllib.request
try:
    urllib.request.urlopen("https://quay.io/v2/", timeout=4)
except urllib.error.HTTPError:
    pass  # it asks who we are: it is there
except OSError:
    sys.exit(1)
END
}

# act NUMBER EXPECTED_EXIT_CODE TITLE [OPTION…]: first what the check foretells, then the run
act() {
    number=$1
    expected=$2
    title=$3
    shift 3
    printf '\n=== Act %s: %s\n' "$number" "$title"
    printf '$ actlite check .github/workflows/release.yml%s\n\n' "${*:+ $*}"
    code=0
    "$PYTHON" -m actlite check .github/workflows/release.yml "$@" || code=$?
    [ "$code" = "$expected" ] ||
        give_up 1 "" "The demo ends here: the check of act $number gave exit code $code instead of $expected."
    printf '\n'
    set -- run --tag "$TAG" "$@" -W .github/workflows/release.yml
    printf '$ actlite %s' "$*"
    # shellcheck disable=SC2086 # lists of words
    [ -z "$STANDINS" ] || printf ' \\\n      %s %s' $STANDINS
    printf '\n\n'
    # shellcheck disable=SC2086
    set -- "$@" $STANDINS --keep never
    code=0
    "$PYTHON" -m actlite "$@" --report "json=$DEMO/reports/act$number.json" </dev/null || code=$?
    [ "$code" = "$expected" ] ||
        give_up 1 "" "The demo ends here: act $number gave exit code $code instead of $expected."
}

sh "$ROOT/scripts/setup.sh"
sh "$ROOT/scripts/docker.sh"
sh "$ROOT/scripts/node.sh"

STANDINS=
if registry_answers; then
    say "quay.io answers: the real $OLD is used"
else
    say 'quay.io is out of reach: stand-ins take the images'"'"' places'
    (cd "$ROOT" && "$PYTHON" -m sample_workflows.standins build manylinux2014 runner) || exit 4
    STANDINS="--image $OLD=actlite-standin/manylinux2014:1 -P ubuntu-latest=actlite-standin/runner:1"
fi

prepare_folder
make_repository
say "The sample's repository: $DEMO/tally ($(git rev-parse --short HEAD), tag $TAG)"

act 1 0 "the runner of May 2021: its node 12 is content with glibc 2.17" --as-of "$AGO"
"$PYTHON" "$SAMPLES/archive.py" "$DEMO/reports/act1.json" "$DEMO/tally"

act 2 1 "today: the same file, but the runner's node needs glibc 2.28"
grep -q 'GLIBC_2\.28' "$DEMO/reports/act2.json" ||
    give_up 1 '' 'The demo ends here: act 2 failed, but not with the diagnosis that it should show.'

cp "$SAMPLES/release/release.fixed.yml" .github/workflows/release.yml
act 3 0 "today, repaired: only the build itself runs in the old container"
say ''
"$PYTHON" "$SAMPLES/archive.py" "$DEMO/reports/act3.json" "$DEMO/tally"

cat <<END

The demo went as it should: green in 2021, red today, green when repaired.
  repaired    diff $DEMO/tally/.github/workflows/release.yml \\
                   $SAMPLES/release/.github/workflows/release.yml
  again       cd $DEMO/tally && git checkout .github, then any command from above
              (actlite is $ROOT/.venv/bin/actlite)
END
