#!/bin/sh
# sh tests/check.sh PROGRAM
set -eu
expect() {
    if [ "$2" != "$3" ]; then
        printf 'FAILED: %s\nexpected:\n%s\ngot:\n%s\n' "$1" "$2" "$3"
        exit 1
    fi
    echo "ok: $1"
}
lines='b
a
b
c
b
a'
expect 'counts, most frequent first' '      3 b
      2 a
      1 c' "$(printf '%s\n' "$lines" | "$1")"
expect 'only the first' '      3 b' "$(printf '%s\n' "$lines" | "$1" -n 1)"
expect 'a last line without its end' '      1 x' "$(printf x | "$1")"
expect 'entropy' '1.459 bits per line' "$(printf '%s\n' "$lines" | "$1" -e)"
expect 'no entropy' '0.000 bits per line' "$(printf 'x\nx\n' | "$1" -e)"
expect 'nothing' '' "$("$1" </dev/null)"
if "$1" /no/such/file 2>/dev/null; then
    echo 'FAILED: a missing file is an error'
    exit 1
fi
echo 'ok: a missing file is an error'
