# Functions that the scripts share. Sourced by a POSIX shell; ROOT is the checkout.

say() { printf '%s\n' "$*"; }

# give_up CODE MESSAGE…: one message on stderr, then the end.
give_up() {
    code=$1
    shift
    printf '%s\n' "$@" >&2
    exit "$code"
}

have() { command -v "$1" >/dev/null 2>&1; }

# as_root COMMAND…: as it is for root, through sudo for everybody else.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif have sudo; then
        sudo "$@"
    else
        return 126
    fi
}

can_be_root() { [ "$(id -u)" = 0 ] || have sudo; }

# quietly WHAT COMMAND…: one line for the stage; what the command says goes to $LOG and is
# shown only when it fails.
quietly() {
    what=$1
    shift
    say "  $what"
    printf '\n== %s: %s\n' "$what" "$*" >>"$LOG"
    if "$@" </dev/null >>"$LOG" 2>&1; then return 0; fi
    say "Failed: $what. The last lines of its log ($LOG):" >&2
    tail -n 30 "$LOG" >&2
    return 1
}

# try WHAT COMMAND…: as quietly, but a failure is no matter: something else is tried then.
try() {
    what=$1
    shift
    printf '\n== %s: %s\n' "$what" "$*" >>"$LOG"
    "$@" </dev/null >>"$LOG" 2>&1
}

# apt_install PACKAGE…: those that are not there yet. The lists are read anew, but once in half an hour only.
apt_install() {
    missing=
    for package in "$@"; do
        case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
            *' installed') ;;
            *) missing="$missing $package" ;;
        esac
    done
    [ -n "$missing" ] || return 0
    have apt-get || give_up 4 "Needed:$missing. This machine has no apt-get: please install them by hand."
    can_be_root || give_up 4 "Needed:$missing. Run this as root, or install sudo, or install them by hand."
    lists=${TMPDIR:-/tmp}/actlite-apt-lists-$(id -u)
    if [ -z "$(find "$lists" -mmin -30 2>/dev/null)" ]; then
        quietly 'package lists' as_root apt-get -q update || return 1
        : >"$lists"
    fi
    # shellcheck disable=SC2086 # a list of names
    quietly "install$missing" as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -y --no-install-recommends install $missing
}
