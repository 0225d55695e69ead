"""The three ends of the program: an expected error, an interruption, a defect."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from actlite.errors import ActliteError, DiskFull, InvalidWorkflow

if TYPE_CHECKING:
    from pathlib import Path

INTERNAL_ERROR = 3
"""The exit code of a defect of actlite's."""
INTERRUPTED = 130
"""The exit code after ^C."""
BROKEN_PIPE = 141
"""The exit code when the reader of our output has gone, as a shell has it for SIGPIPE."""

_secrets: set[str] = set()


def hide(value: str) -> None:
    """Remember a secret, so that no report of a defect shows it."""
    _secrets.update(line.strip() for line in value.splitlines() if line.strip())


def run_guarded(
    argv: Sequence[str], command: Callable[[Sequence[str]], int] | None = None, *, cwd: Path | None = None
) -> int:
    """Run the command line and give the exit code, however it ends; nothing is raised."""
    try:
        code = (command or _verbs())(argv)
        sys.stdout.flush()
    except ActliteError as error:
        show_error(error)
        return error.exit_code
    except KeyboardInterrupt:
        say("Interrupted.")
        return INTERRUPTED
    except BrokenPipeError:
        _forget_stdout()
        return BROKEN_PIPE
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            return _defect(error, argv, cwd)
        _forget_stdout()
        where = f" ({error.filename})" if error.filename else ""
        show_error(DiskFull(f"{error.strerror}{where}.", do="Free some space and try again."))
        return DiskFull.exit_code
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0 if end.code is None else 2
    except BaseException as error:
        return _defect(error, argv, cwd)
    return code


def _verbs() -> Callable[[Sequence[str]], int]:
    from actlite.cli.listing import quick

    def verbs(argv: Sequence[str]) -> int:
        code = quick(argv)
        if code is None:
            from actlite.cli.app import run

            code = run(argv)
        return code

    return verbs


def show_error(error: ActliteError) -> None:
    """Write an expected error to stderr: findings first, then what, why, and what to do."""
    if isinstance(error, InvalidWorkflow):
        for diagnostic in error.diagnostics:
            say(diagnostic.render())
        if error.diagnostics:
            say("")
    say(f"{red('error')}: {visible(error.what)}")
    for part in (error.why, error.do):
        for line in part.splitlines():
            say(f"  {visible(line)}")


def say(text: str) -> None:
    """Write a line to stderr; where that is closed there is nobody to tell."""
    import io

    stream = sys.stderr
    try:
        if not isinstance(stream, io.TextIOWrapper):  # the live tree takes lines to put them above itself
            print(text, file=stream, flush=True)
            return
        stream.flush()
        stream.buffer.write(text.encode(stream.encoding or "utf-8", "backslashreplace") + b"\n")
        stream.flush()
    except (OSError, ValueError):
        return


def visible(text: str) -> str:
    """Foreign text with its control characters made visible."""
    from actlite.diagnostics import printable

    return printable(text)


def red(text: str) -> str:
    """Red where stderr is a terminal that may be coloured."""
    env = os.environ
    coloured = sys.stderr.isatty() and not env.get("NO_COLOR") and env.get("TERM") != "dumb"
    return f"\x1b[31m{text}\x1b[0m" if coloured else text


def without_secrets(argv: Sequence[str]) -> list[str]:
    """The command line with the values of ``--secret`` left out (every way to write one)."""
    shown: list[str] = []
    value_next = False
    for argument in argv:
        if value_next:
            shown.append(_hidden(argument))
            value_next = False
        elif argument in ("-s", "--secret"):
            shown.append(argument)
            value_next = True
        elif argument.startswith("--secret="):
            shown.append("--secret=" + _hidden(argument.removeprefix("--secret=")))
        elif argument.startswith("-") and not argument.startswith("--") and "s" in argument:
            head, _, rest = argument.partition("s")
            shown.append(f"{head}s{_hidden(rest)}" if rest else argument)
            value_next = not rest
        else:
            shown.append(argument)
    return shown


def _hidden(argument: str) -> str:
    name, equals, _ = argument.partition("=")
    return f"{name}=***" if equals else name


def _defect(error: BaseException, argv: Sequence[str], cwd: Path | None) -> int:
    from pathlib import Path

    text = defect_report(error, argv)
    place = _write_report(text, cwd if cwd is not None else Path.cwd())
    name = type(error).__name__
    if place is None:
        say(text)
        say(f"{red('error')}: actlite failed by a defect of its own ({name}); its report is above.")
    else:
        say(f"{red('error')}: actlite failed by a defect of its own ({name}). Report: {place}")
    return INTERNAL_ERROR


def defect_report(error: BaseException, argv: Sequence[str]) -> str:
    """The report of a defect: traceback, versions, platform, command line; secrets left out."""
    import platform
    import traceback

    from actlite import __version__

    text = "\n".join(
        [
            "actlite has failed by a defect of its own. Please report it with this file.",
            "",
            f"actlite   {__version__}",
            f"python    {sys.version.split()[0]} ({sys.executable})",
            f"platform  {platform.platform()}",
            f"argv      {without_secrets(argv)!r}",
            "",
            "".join(traceback.format_exception(error)),
        ]
    )
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def _write_report(text: str, cwd: Path) -> Path | None:
    import tempfile
    import time
    from pathlib import Path

    data = text.encode("utf-8", "backslashreplace")
    name = f"defect-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    for folder in (_repository_folder(cwd), Path(tempfile.gettempdir())):
        if folder is None:
            continue
        try:
            path = folder / name
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with open(fd, "wb") as file:
                file.write(data)
        except OSError:
            continue
        return path
    return None


def _repository_folder(cwd: Path) -> Path | None:
    from actlite.journal.runs import RunStore

    store = RunStore.beside(cwd)
    if not os.path.exists(store.root.parent / ".git"):
        return None
    try:
        store.prepare()
    except ActliteError:
        return None
    return store.root


def _forget_stdout() -> None:
    """Keep the interpreter from complaining about the closed pipe once more at its end."""
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
    except (OSError, ValueError):
        return
