"""Processes that a job without ``container:`` leaves behind, ended as the runner ends them.

The runner's own process, and with it every step, carries RUNNER_TRACKING_ID. At the job's end each new process
that has that very value in its environment is killed (R: JobExtension.FinalizeJob). What has dropped the variable
(``sudo`` does, ``env -i``, a step's own ``env:``) stays, and so does what this user may not look into.

Of a job on this machine the run's folder knows the value, from before its first step until it has ended: a run that
was killed has ended nothing, and whoever cleans up after it finds its processes so.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
from collections.abc import Collection, Set
from pathlib import Path

from actlite.engines.base import Orphan

TRACKING = "RUNNER_TRACKING_ID"
"""The variable (R: Constants.ProcessTrackingId)."""
NOTES = "processes"
"""The folder of a run with a file, named by the id, for each of its jobs on this machine."""
_ID = re.compile(r"github_[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PASSES = 10
"""How often processes are looked for at most, while they start others."""
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
    return _end((tracking,))


def note(run: Path, tracking: str) -> None:
    """Note in a run's folder that processes may carry the id from now on. Raises OSError."""
    folder = run / NOTES
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(folder / tracking, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))


def forget(run: Path, tracking: str) -> None:
    """Remove the note again: the job has ended, and its processes with it."""
    with contextlib.suppress(OSError):
        (run / NOTES / tracking).unlink()


def end_noted(run: Path) -> int:
    """Kill what carries an id that is noted in the folder of a run, which must not be alive: also what is started
    meanwhile. Gives how many were killed."""
    try:
        ids = [name for name in os.listdir(run / NOTES) if _ID.fullmatch(name)]
    except OSError:
        return 0
    killed: set[int] = set()
    for _ in range(_PASSES if ids else 0):
        found = {orphan.pid for orphan in _end(ids)}
        if found <= killed:
            break
        killed |= found
    return len(killed)


def listed(text: str) -> list[Orphan]:
    """What `IN_CONTAINER` has printed, by process id."""
    pairs = [line.split(" ", 1) for line in text.splitlines()]
    return sorted((Orphan(int(p[0]), p[1]) for p in pairs if len(p) == 2 and p[0].isdigit()), key=_pid)


def _pid(orphan: Orphan) -> int:
    return orphan.pid


def _end(ids: Collection[str]) -> list[Orphan]:
    wanted = {f"{TRACKING}={each}".encode() for each in ids}
    found: list[Orphan] = []
    for folder in sorted(Path("/proc").glob("[0-9]*"), key=lambda path: int(path.name)):
        pid = int(folder.name)
        if pid == os.getpid() or not _carries(folder, wanted):
            continue
        with contextlib.suppress(OSError):  # it has just ended
            handle = os.pidfd_open(pid)
            try:
                if _carries(folder, wanted):  # the number has not gone to another process
                    name = _name(folder)
                    signal.pidfd_send_signal(handle, signal.SIGKILL)
                    found.append(Orphan(pid, name))
            finally:
                os.close(handle)
    return found


def _carries(folder: Path, wanted: Set[bytes]) -> bool:
    try:
        variables = (folder / "environ").read_bytes().split(b"\0")
    except OSError:
        return False
    return not wanted.isdisjoint(variables)


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
