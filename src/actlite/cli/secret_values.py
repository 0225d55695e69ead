"""Where the values of secrets come from: the command line, the environment, files, the terminal."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from actlite.cli.dotenv import read_dotenv
from actlite.cli.ends import hide
from actlite.errors import UsageError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def gather(
    given: Sequence[str],
    files: Sequence[Path],
    env: Mapping[str, str],
    *,
    warn: Callable[[str], None],
    ask: Callable[[str], str] | None,
) -> dict[str, str]:
    """The secrets of a run: those of the files, then those of ``-s NAME[=VALUE]``, which win.

    ``-s NAME`` takes the value from the environment; where it isn't there, ``ask`` is called (None where
    there is no terminal). Every value is remembered as one that no report may show.
    Raises UsageError for a bad name or a value that can't be had.
    """
    secrets: dict[str, str] = {}
    for file in files:
        secrets.update(read_dotenv(file))
    for item in given:
        name, equals, value = item.partition("=")
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"'{name}' can't be the name of a secret.",
                why="Names have letters, digits and _, and don't begin with a digit.",
                do="Write --secret NAME (the value is then taken from the environment) or --secret-file FILE.",
            )
        if equals:
            warn(
                f"The value of secret {name} stands in the command line, where every user of this machine can "
                f"see it (ps): --secret {name} takes it from the environment, --secret-file FILE from a file."
            )
        elif name in env:
            value = env[name]
        elif ask is not None:
            value = ask(name)
        else:
            raise UsageError(
                f"Secret {name} has no value.",
                why=f"The variable {name} is not set, and there is no terminal to ask on.",
                do=f"Set {name} in the environment, or use --secret-file FILE.",
            )
        secrets[name] = value
    for value in secrets.values():
        hide(value)
    return secrets


def terminal_prompt() -> Callable[[str], str] | None:
    """A function that asks for a secret without showing it; None where there is no terminal."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None

    def ask(name: str) -> str:
        from getpass import getpass

        return getpass(f"Secret {name}: ", stream=sys.stderr)

    return ask
