"""Processes that a job without ``container:`` leaves behind, ended as the runner ends them.

The runner's own process, and with it every step, carries RUNNER_TRACKING_ID. At the job's end each new process
that has that very value in its environment is killed (R: JobExtension.FinalizeJob). What has dropped the variable
(``sudo`` does, ``env -i``, a step's own ``env:``) stays, and so does what this user may not look into.
"""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

from actlite.engines.base import Orphan

TRACKING = "RUNNER_TRACKING_ID"
"""The variable (R: Constants.ProcessTrackingId)."""
_SHORT = 15
"""Characters of a process's name that the kernel keeps."""
IN_CONTAINER = r"""
cd /proc && for f in $(grep -ls -- "$1" [0-9]*/environ); do
    pid=${f%/environ}
    { read -r stat <"$pid/stat" && read -r name <"$pid/comm"; } 2>/dev/null || continue
    set -- "$1" ${stat##*) }
    [ "$5" != 1 ] && [ "$3" != 0 ] || continue
    [ ${#name} -lt 15 ] || for word in $(tr '\0' '\n' <"$pid/cmdline" | head -n 2); do
        case ${word##*/} in "$name"*) name=${word##*/} && break ;; esac
    done
    echo "$pid $name"
    kill -KILL "$pid"
done
"""
"""Does the same inside a container with POSIX sh and grep, run without the variable; ``$1`` is
``RUNNER_TRACKING_ID=…``. The main process and its helpers carry it too: they are in session 1, and no step is. So do
the shells that wait for steps beside it: they were entered from outside, so they have no parent here."""


def end(tracking: str) -> list[Orphan]:
    """Kill the processes of this machine that carry the id, but this one; what was killed, by process id."""
    found: list[Orphan] = []
    for folder in sorted(Path("/proc").glob("[0-9]*"), key=lambda path: int(path.name)):
        pid = int(folder.name)
        if pid == os.getpid() or not _carries(folder, tracking):
            continue
        with contextlib.suppress(OSError):  # it has just ended
            name = _name(folder)
            os.kill(pid, signal.SIGKILL)
            found.append(Orphan(pid, name))
    return found


def listed(text: str) -> list[Orphan]:
    """What `IN_CONTAINER` has printed, by process id."""
    pairs = [line.split(" ", 1) for line in text.splitlines()]
    return sorted((Orphan(int(p[0]), p[1]) for p in pairs if len(p) == 2 and p[0].isdigit()), key=_pid)


def _pid(orphan: Orphan) -> int:
    return orphan.pid


def _carries(folder: Path, tracking: str) -> bool:
    try:
        variables = (folder / "environ").read_bytes().split(b"\0")
    except OSError:
        return False
    return f"{TRACKING}={tracking}".encode() in variables


def _name(folder: Path) -> str:
    """The process's name as .NET gives it (Process.Linux.cs, GetUntruncatedProcessName): where the kernel's copy
    may be cut, the program's, or the script's that an interpreter runs. Raises OSError."""
    name = (folder / "comm").read_text(errors="replace").rstrip("\n")
    if len(name) < _SHORT:
        return name
    for word in (folder / "cmdline").read_bytes().split(b"\0")[:2]:
        whole = os.path.basename(word.decode(errors="replace"))
        if whole.startswith(name):
            return whole
    return name
