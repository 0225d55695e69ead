#!/bin/sh
# sh scripts/docker.sh [docker]: see to it that a container engine answers. The one that answers is used as it
# is: it is never stopped or configured. Else, where podman is installed, nothing needs doing (actlite starts
# podman's service itself), unless "docker" is asked for, as the tests do. Else Debian's docker.io is installed
# and started. Else: exit 4 and what to do.
set -eu
ROOT=$(cd "$(dirname "$0")/.." && pwd)
LOG=${TMPDIR:-/tmp}/actlite-docker-$(id -u).log
DAEMON_LOG=${TMPDIR:-/tmp}/actlite-dockerd.log
RUN=${ACTLITE_RUN_FOLDER:-/var/run}
SOCKET=$RUN/docker.sock
INIT=${ACTLITE_INIT_FOLDER:-/run/systemd/system}
NETWORKS=${ACTLITE_DOCKER_FOLDER:-/var/lib/docker}/network/files/local-kv.db
WANTED=${1:-any}
# A user's PATH may lack the folders of system programs. (Tests put others in their place.)
PATH=$PATH${ACTLITE_SBIN-:/usr/sbin:/sbin}
DAEMON=
. "$ROOT/scripts/common.sh"

# Does a daemon answer? By its own client, which knows contexts, or by the Python package.
answers() {
    if have docker; then
        docker version --format '{{.Server.Version}}' >/dev/null 2>&1
    elif [ -n "${DOCKER_HOST:-}" ] || [ -S "$SOCKET" ]; then
        "$ROOT/.venv/bin/python" -c 'import docker; docker.from_env(timeout=5).ping()' >/dev/null 2>&1
    else
        return 1
    fi
}

# wait_for SECONDS: until the daemon answers, or the one we started is no more.
wait_for() {
    left=$1
    while [ "$left" -gt 0 ]; do
        if answers || share_socket; then return 0; fi
        if [ -n "$DAEMON" ] && [ ! -d "/proc/$DAEMON" ]; then return 1; fi
        sleep 1
        left=$((left - 1))
    done
    return 1
}

# A daemon that we installed and started as root: let the user of sudo talk to it until it ends.
share_socket() {
    [ "$(id -u)" != 0 ] && [ -S "$SOCKET" ] || return 1
    as_root chgrp "$(id -g)" "$SOCKET" && answers
}

has_init() { [ -d "$INIT" ]; }

# start_by_hand ARGUMENTS…: dockerd in the background, for machines without an init system.
start_by_hand() {
    say "  dockerd${*:+ $*} in the background (log: $DAEMON_LOG)"
    if ! grep -qs cgroup /proc/mounts; then
        as_root mount -t cgroup2 none /sys/fs/cgroup >>"$LOG" 2>&1 || true
    fi
    DAEMON=$(as_root sh -c 'log=$1; shift; setsid nohup dockerd "$@" >"$log" 2>&1 </dev/null & echo $!' \
        sh "$DAEMON_LOG" "$@")
    wait_for 30
}

# is_running NAME FILE: is the process that FILE gives the number of there, and is it NAME?
is_running() { [ -e "$2" ] && [ "$(cat "/proc/$(cat "$2")/comm" 2>/dev/null)" = "$1" ]; }

dockerd_runs() { is_running dockerd "$RUN/docker.pid"; }

# Numbers left by a machine that was switched off, which another process may have by now: a daemon that finds
# one alive refuses to start, or waits for a containerd that is none.
forget_the_dead() {
    for pair in "dockerd $RUN/docker.pid" "containerd $RUN/docker/containerd/containerd.pid"; do
        file=${pair#* }
        if [ -e "$file" ] && ! is_running "${pair%% *}" "$file"; then as_root rm -f "$file"; fi
    done
}

start() {
    if has_init; then
        quietly 'systemctl start docker' as_root systemctl start docker && wait_for 30
        return
    fi
    if have service && try 'service docker start' as_root service docker start && wait_for 10; then return 0; fi
    if dockerd_runs; then wait_for 20 && return 0; fi
    forget_the_dead
    if start_by_hand; then return 0; fi
    if dockerd_runs; then return 1; fi
    # Killed while it made a network, it may not survive reading that network again. Networks are all it loses.
    if grep -qs 'controller).reservePools' "$DAEMON_LOG" && [ -e "$NETWORKS" ]; then
        say "  dockerd panics at its own list of networks: put aside as $NETWORKS.broken"
        as_root mv -f "$NETWORKS" "$NETWORKS.broken"
        if start_by_hand; then return 0; fi
    fi
    # The kernel or the file system has no overlay: slower, but it works everywhere.
    if grep -Eqs 'failed to start daemon:.*(graphdriver|storage.driver|overlay)' "$DAEMON_LOG"; then
        start_by_hand --storage-driver vfs && return 0
    fi
    return 1
}

: >"$LOG"
if answers; then exit 0; fi
if [ -n "${DOCKER_HOST:-}" ]; then
    give_up 4 "DOCKER_HOST is set to $DOCKER_HOST, but no daemon answers there." \
        'Start that daemon, or unset DOCKER_HOST to use one on this machine.'
fi
if [ -S "$SOCKET" ] && [ ! -w "$SOCKET" ]; then
    give_up 4 "A Docker daemon is there, but $(id -un) may not talk to it ($SOCKET)." \
        "Add yourself to its group and log in again: sudo usermod -aG docker $(id -un)"
fi
if [ "$WANTED" = any ] && have podman; then
    say 'No Docker daemon answers; podman is installed: actlite starts its service when it needs it.'
    exit 0
fi
have dockerd || {
    if ! have apt-get || ! can_be_root; then
        give_up 4 'No Docker daemon answers, and none can be installed here without root and apt-get.' \
            'Install Docker or podman, or point DOCKER_HOST to a daemon.'
    fi
    say 'No Docker daemon answers: installing docker.io'
    apt_install docker.io iptables ca-certificates || give_up 4 'docker.io could not be installed.'
}
if answers; then exit 0; fi
can_be_root || give_up 4 'Docker is installed but not running. Start it: sudo systemctl start docker'
say 'Starting the Docker daemon'
start || {
    tail -n 20 "$DAEMON_LOG" >&2 2>/dev/null || true
    give_up 4 "The Docker daemon does not come up (logs: $LOG, $DAEMON_LOG)." \
        'Containers may not be allowed on this machine. Point DOCKER_HOST to a daemon elsewhere.'
}
