"""The resident supervisor of a job's container: steps through FIFOs on a bind mount, 2 ms each.

An engine's exec costs 50 ms and more, nearly all of it the runtime's. So the container's main process
is a small POSIX shell program (``supervisor.sh``) that takes steps from a control FIFO and runs each
in a session of its own with its output on a FIFO of its own, which this module reads.

A step must not be able to tell the difference. Where equality can't be had or can't be proved, this
module says so and the engine uses its exec:

* when the supervisor starts it writes down the environment that a step would get; the host compares
  it with the container's configuration (`Supervisor.start`);
* names that a shell can't hold or changes by itself are refused (`acceptable`);
* a program or folder that isn't there is refused by the supervisor, because the text and the code
  of that failure are the engine's.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from actlite.engines.base import OutputSink, ProcessSpec
from actlite.records import changeable, frozen

INSIDE = "/__actlite"
"""Where the control folder is in the container."""

BOOT = (
    f"_al={INSIDE}; if [ -p $_al/control ]; then . $_al/supervisor.sh; fi; "
    "trap 'exit 143' TERM; exec tail -f /dev/null"
)
"""What the container's ``sh -c`` is given. Where FIFOs don't cross, it waits as the runner's does."""

LANE = "_al={0}; . $_al/supervisor.sh"
"""What another ``sh -c`` in the container is given for a lane whose folder is there at {0}."""

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""PATH of a container whose image sets none (moby: pkg/system, DefaultPathEnvUnix)."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_SHELLS_OWN = frozenset(
    [
        "_",
        "PWD",
        "OLDPWD",
        "SHLVL",
        "IFS",
        "PS4",
        "UID",
        "EUID",
        "PPID",
        "GROUPS",
        "LINENO",
        "RANDOM",
        "SRANDOM",
        "SECONDS",
        "EPOCHSECONDS",
        "EPOCHREALTIME",
        "FUNCNAME",
        "DIRSTACK",
        "HISTCMD",
        "OPTIND",
        "OPTARG",
        "OPTERR",
        "POSIXLY_CORRECT",
        "SHELLOPTS",
        "BASHOPTS",
        "BASHPID",
        "COMP_WORDBREAKS",
        "BASH_VERSINFO",
        "BASH_COMPAT",
        "BASH_ARGC",
        "BASH_ARGV",
        "BASH_ARGV0",
        "BASH_LINENO",
        "BASH_SOURCE",
        "BASH_SUBSHELL",
        "BASH_COMMAND",
        "BASH_XTRACEFD",
        "BASH_ALIASES",
        "BASH_CMDS",
        "BASH_LOADABLES_PATH",
        "FUNCNEST",
        "PIPESTATUS",
    ]
)
_PIPE_SIZE = 1 << 20
_F_SETPIPE_SZ = 1031  # linux/fcntl.h
_CHUNK = 1 << 20


def acceptable(env: Mapping[str, str]) -> bool:
    """Can a step with these additions to its environment go through a shell unseen?

    Not when a name isn't a shell name (``INPUT_FETCH-DEPTH``), is one that shells keep for themselves,
    belongs to the supervisor, or changes how the loader starts the two programs that stand between
    the shell and the step (``LD_PRELOAD`` would complain three times).
    """
    return all(
        _NAME.match(name)
        and name not in _SHELLS_OWN
        and not name.startswith(("LD_", "_al_", "GLIBC_TUNABLES", "MALLOC_"))
        and "\0" not in value
        for name, value in env.items()
    )


def quote(text: str) -> bytes:
    """The text as one word of sh; bytes that are not UTF-8 come through."""
    return b"'" + os.fsencode(text).replace(b"'", b"'\\''") + b"'"


class Dead(Exception):
    """The supervisor, and with it the container, has ended."""

    def __init__(self, started: bool = False) -> None:
        super().__init__("the supervisor has ended")
        self.started = started
        """The step had begun."""


class Refused(Exception):
    """The supervisor did not start the step: nothing has run, the engine's exec must."""


@frozen
class Ready:
    """What the supervisor found in its container."""

    tail: bool
    """The image has ``tail``, which the runner needs."""
    equal: bool
    """Steps get the environment that exec would give them, in a session of their own."""


@changeable
class Running:
    """The step that runs now."""

    number: int
    pid: int = 0
    """Process id in the container; also its process group and session."""


class Supervisor:
    """The host's side of a control folder. `run` is for one thread at a time.

    Steps that run at the same time need a *lane* each: a shell of its own in the container, which the engine
    starts by an exec. (A shell's ``&`` won't do: what it starts can't be interrupted any more, and a step could tell.)
    """

    def __init__(self, control: Path, lane: int = 0) -> None:
        """``lane`` numbers those besides the container's main process, from 1; they share its mount."""
        self.lane = lane
        self.folder = control / "box" / str(lane) if lane else control / "box"
        self.inside = f"{INSIDE}/{lane}" if lane else INSIDE
        """Where the folder is in the container."""
        self.running: Running | None = None
        self._number = int.from_bytes(os.urandom(3)) * 1000
        self._mode = 0o600
        self._control = -1
        self._status = -1
        self._pending = b""
        self._drain = _Drain()

    def prepare(self) -> None:
        """Make the folder that is to be mounted at `INSIDE`, its parent closed to other users; or a lane's in it."""
        if not self.lane:
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            self.folder.parent.chmod(0o700)
        self.folder.mkdir(exist_ok=True)
        self.folder.chmod(0o755)
        for name in ("control", "status"):
            with contextlib.suppress(FileNotFoundError):
                (self.folder / name).unlink()
            self._fifo(name)
        self._file("supervisor.sh", Path(__file__).with_name("supervisor.sh").read_bytes(), 0o644)
        self._file("private", b"", 0o600)
        self._file("env", b"", 0o666)
        self.connect()

    def connect(self) -> None:
        """Open the FIFOs of a prepared folder, as another process may have left it."""
        # Read and write on control: opening never blocks, and the supervisor never sees its end.
        self._control = os.open(self.folder / "control", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self._status = os.open(self.folder / "status", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)

    def start(self, container_env: Mapping[str, str], timeout: float) -> Ready | None:
        """Wait for the supervisor of a started container. None when nothing is heard in ``timeout``
        seconds (FIFOs that don't cross a virtual machine). Raises Dead."""
        for words in self._messages(time.monotonic() + timeout):
            if words[0] == "ready":
                flags = words[1].split(",") if len(words) > 1 else []
                if "private" not in flags:
                    self._mode = 0o644
                equal = "session" in flags and self._proves(container_env)
                return Ready(tail="tail" in flags, equal=equal)
        return None

    def answers(self, timeout: float) -> bool:
        """Does the supervisor of a container found again still take steps? Raises Dead."""
        self._number += 1
        self._send(f"ping {self._number}")
        return any(
            words == ["pong", str(self._number)] for words in self._messages(time.monotonic() + timeout)
        )

    def run(self, process: ProcessSpec, path: str, on_output: OutputSink, tick: Callable[[], bool]) -> int:
        """Run a step to its end and give its exit code. ``path`` is the PATH that the program is
        looked up in. ``tick`` is called at least every 100 ms while the step is silent; when it
        gives True the step is abandoned with code 137. Raises Refused, and Dead when the container ends.
        """
        self._number += 1
        step = Running(self._number)
        self._file(f"step.{step.number}", self._script(step.number, process, path), self._mode)
        output = self._open_output(step.number)
        self.running = step
        leftover = False
        try:
            self._send(f"run {step.number}")
            code, leftover = self._follow(step, output, on_output, tick)
        finally:
            self.running = None
            if leftover:
                self._drain.add(output)
            else:
                os.close(output)
            for name in (f"step.{step.number}", f"out.{step.number}"):
                with contextlib.suppress(FileNotFoundError):
                    (self.folder / name).unlink()
        return code

    def close(self) -> None:
        """Close the FIFOs; the folder stays. A lane's shell ends."""
        if self.lane and self._control >= 0:
            with contextlib.suppress(Dead, OSError):
                self._send("leave 0")
        self._drain.close()
        files = (self._control, self._status)
        self._control = self._status = -1
        for fd in files:
            if fd >= 0:
                os.close(fd)

    def _follow(
        self, step: Running, output: int, on_output: OutputSink, tick: Callable[[], bool]
    ) -> tuple[int, bool]:
        status = self._status
        poller = select.poll()
        poller.register(status, select.POLLIN)
        poller.register(output, select.POLLIN)
        reading = True
        while True:
            events = dict(poller.poll(100))
            if output in events and reading and not _copy(output, on_output):
                poller.unregister(output)
                reading = False
            if tick():
                return 137, reading
            if self._status != status:  # closed meanwhile
                raise Dead(started=step.pid > 0)
            if status not in events:
                continue
            for words in self._read_status():
                if words[0] == "pid" and words[1] == str(step.number):
                    step.pid = int(words[2])
                    (self.folder / f"step.{step.number}").unlink(missing_ok=True)
                elif words[0] == "end" and words[1] == str(step.number):
                    # What the step itself wrote is in the pipe by now; what it left running may go on.
                    reading = reading and copy_rest(output, on_output)
                    if not step.pid:
                        raise Refused
                    return int(words[2]), reading
            if events[status] & (select.POLLHUP | select.POLLERR):
                if reading:
                    copy_rest(output, on_output)
                raise Dead(started=step.pid > 0)

    def _script(self, number: int, process: ProcessSpec, path: str) -> bytes:
        lines = [
            b"_al_start %d %s %s %s" % (number, quote(process.workdir), quote(process.argv[0]), quote(path))
        ]
        lines += [b"export %s=%s" % (name.encode(), quote(value)) for name, value in process.env.items()]
        lines += [
            b"exec 3>&- 4>&-",
            b'exec "$_al_env" -u PWD -u OLDPWD -u SHLVL -u _ "$_al_setsid" '
            + b" ".join(quote(word) for word in process.argv)
            + b" 2>&1",
        ]
        return b"\n".join(lines) + b"\n"

    def _proves(self, container_env: Mapping[str, str]) -> bool:
        """Did the supervisor's probe print the environment that exec gives: the container's
        configuration with PATH, HOSTNAME and HOME added where it doesn't set them?"""
        expected = {"PATH": DEFAULT_PATH, **container_env}
        printed = self.folder / "env"
        seen = printed.read_bytes().splitlines()
        printed.unlink()  # secrets may be in it
        for name in ("HOSTNAME", "HOME"):
            if name not in expected:
                mark = f"{name}=".encode()
                seen = [line for line in seen if not line.startswith(mark)]
        wanted = [line for k, v in expected.items() for line in os.fsencode(f"{k}={v}").split(b"\n")]
        return sorted(seen) == sorted(wanted)

    def _open_output(self, number: int) -> int:
        import fcntl

        name = f"out.{number}"
        self._fifo(name)
        fd = os.open(self.folder / name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with contextlib.suppress(OSError):  # the user's pipe budget is used up: 64 KiB will do
            fcntl.fcntl(fd, _F_SETPIPE_SZ, _PIPE_SIZE)
        return fd

    def _fifo(self, name: str) -> None:
        os.mkfifo(self.folder / name)
        (self.folder / name).chmod(0o666)

    def _file(self, name: str, content: bytes, mode: int) -> None:
        fd = os.open(self.folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as file:
            os.fchmod(fd, mode)
            file.write(content)

    def _send(self, command: str) -> None:
        try:
            os.write(self._control, command.encode() + b"\n")
        except BlockingIOError:
            raise Dead from None

    def _messages(self, deadline: float) -> Iterator[list[str]]:
        poller = select.poll()
        poller.register(self._status, select.POLLIN)
        while (left := deadline - time.monotonic()) > 0:
            events = poller.poll(left * 1000)
            if not events:
                return
            yield from self._read_status()
            if events[0][1] & (select.POLLHUP | select.POLLERR):
                raise Dead

    def _read_status(self) -> list[list[str]]:
        with contextlib.suppress(BlockingIOError):
            self._pending += os.read(self._status, 65536)
        *lines, self._pending = self._pending.split(b"\n")
        return [words for line in lines if (words := line.decode(errors="replace").split())]


class _Drain:
    """Reads and drops what a step's leftover processes still write, so that they neither block nor get
    SIGPIPE while the sandbox lives: on GitHub their output after the step goes nowhere too."""

    def __init__(self) -> None:
        self._poller = select.poll()
        self._fds: set[int] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False

    def add(self, fd: int) -> None:
        with self._lock:
            self._fds.add(fd)
            self._poller.register(fd, select.POLLIN)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="actlite-drain", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while not self._closed:
            for fd, _ in self._poller.poll(200):
                if not _copy(fd, _drop):
                    with self._lock:
                        self._poller.unregister(fd)
                        self._fds.discard(fd)
                        os.close(fd)
            with self._lock:
                if not self._fds:
                    self._thread = None
                    return

    def close(self) -> None:
        self._closed = True
        thread = self._thread
        if thread is not None:
            thread.join()
        for fd in self._fds:
            os.close(fd)
        self._fds = set()


def _drop(data: bytes) -> None:
    """Take output that nobody waits for."""


def copy_rest(fd: int, sink: OutputSink) -> bool:
    """Pass on what is in a pipe now, and no more: a process left behind may write without end.
    False when the pipe is at its end."""
    left = _waiting(fd)
    while left > 0:
        data = os.read(fd, min(left, _CHUNK))
        left -= len(data)
        sink(data)
    poller = select.poll()
    poller.register(fd, select.POLLIN)
    ended = any(event & select.POLLHUP for _, event in poller.poll(0))
    return not ended or _waiting(fd) > 0


def _waiting(fd: int) -> int:
    """How many bytes a pipe holds."""
    import fcntl
    import termios

    return int.from_bytes(fcntl.ioctl(fd, termios.FIONREAD, b"\0" * 4), sys.byteorder)


def _copy(fd: int, sink: OutputSink) -> bool:
    """Pass on what is there. False at the end of the pipe."""
    try:
        data = os.read(fd, _CHUNK)
    except BlockingIOError:
        return True
    if not data:
        return False
    sink(data)
    return True
