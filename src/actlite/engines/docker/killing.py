"""Stopping a step's processes inside its container: INT, 7.5 s, TERM, 2.5 s, KILL.

The times are the runner's (R: Runner.Sdk/ProcessInvoker.cs); it sends the signals to its docker client,
where they have no effect on the step. Here they reach the step's process group, in the container, by
a second exec of ``sh``; KILL reaches its whole session too.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

from actlite.engines.docker import execs, sdk
from actlite.engines.supervisor import INSIDE
from actlite.errors import CannotRun

INTERRUPT_SECONDS = 7.5
TERMINATE_SECONDS = 2.5
ABANDON_SECONDS = 5.0
"""After KILL: how long to wait for the end before giving the process up."""
_AGAIN_SECONDS = 0.3

_STOP = r"""
s=$1 g=$2 mark=$3
holds() { # a file of /proc, without its NULs, holds a text
    { text=$(cat "$1"); } 2>/dev/null
    case $text in *"$2"*) ;; *) return 1 ;; esac
}
field() { # the process's parent, group, session, terminal
    read -r l 2>/dev/null <"$1" || return
    l=${l##*) }; set -f; set -- $l; set +f
    parent=$2 session=$4 terminal=$5
}
if [ -z "$g" ]; then # an exec: entered from outside, so without a parent here, and without a terminal
    for f in /proc/[0-9]*/stat; do
        field "$f" || continue
        p=${f#/proc/}; p=${p%/stat}
        [ "$parent" = 0 ] && [ "$p" != 1 ] && [ "$p" != $$ ] && [ "$terminal" = 0 ] || continue
        holds "/proc/$p/environ" "$mark" && ! holds "/proc/$p/cmdline" "$4" && g="$g $p"
    done
    echo "$g"
fi
for p in $g; do
    kill -s "$s" -- "-$p" 2>/dev/null
    [ "$s" = KILL ] || continue
    for f in /proc/[0-9]*/stat; do
        field "$f" || continue
        q=${f#/proc/}
        [ "$session" = "$p" ] && kill -s KILL "${q%/stat}" 2>/dev/null
    done
done
"""


class Killer:
    """Stops one process and its group."""

    def __init__(
        self, api: sdk.APIClient, container: str, pid: Callable[[], int | None], mark: str = ""
    ) -> None:
        """``pid`` gives the process's id in the container: 0 where only exec knows it, None where it has not begun.
        ``mark`` is what the environment of an exec's process has, and no other's."""
        self._mark = mark
        self._api = api
        self._container = container
        self._pid = pid
        self._groups = ""
        self._ended = threading.Event()
        self.gave_up = False
        """KILL was sent and the process did not end."""
        self._thread = threading.Thread(target=self._work, name="actlite-kill", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def finish(self) -> None:
        """The process has ended: kill what its group left, such as background jobs, which ignore INT."""
        self._ended.set()
        self._thread.join(ABANDON_SECONDS)
        if self._groups:
            self._send("KILL")

    def _work(self) -> None:
        for signal, seconds in (
            ("INT", INTERRUPT_SECONDS),
            ("TERM", TERMINATE_SECONDS),
            ("KILL", ABANDON_SECONDS),
        ):
            end = time.monotonic() + seconds
            self._signal(signal)
            while not self._groups and time.monotonic() < end:  # it is only about to start
                if self._ended.wait(_AGAIN_SECONDS):
                    return
                self._signal(signal)
            if self._ended.wait(max(0.0, end - time.monotonic())):
                return
        self.gave_up = True

    def _signal(self, signal: str) -> None:
        if not self._groups:
            pid = self._pid()
            if pid is None:
                return
            self._groups = str(pid or "")
        self._send(signal)

    def _send(self, signal: str) -> None:
        """Signal the groups; an exec's are found by the first signal, by its being entered from outside."""
        output: list[bytes] = []
        argv = ["sh", "-c", _STOP, "sh", signal, self._groups, self._mark, f"_al={INSIDE}"]
        deadline = time.monotonic() + ABANDON_SECONDS
        with contextlib.suppress(CannotRun):  # the container is gone, and the process with it
            code = execs.run(
                self._api, self._container, argv, [], "", output.append, lambda: time.monotonic() > deadline
            )
            if code == 0 and not self._groups:
                self._groups = b"".join(output).decode(errors="replace").strip()
