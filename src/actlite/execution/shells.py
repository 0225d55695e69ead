"""Which program runs a script, and how (R: ``Handlers/ScriptHandler.cs``, ``ScriptHandlerHelpers.cs``)."""

from __future__ import annotations

import re
from collections.abc import Callable

from actlite.errors import ActliteError
from actlite.records import frozen

Which = Callable[[str], str | None]
"""Finds a program on the PATH that the step would have; None when there is none."""

_ARGUMENTS = {
    "bash": "--noprofile --norc -e -o pipefail {0}",
    "cmd": '/D /E:ON /V:OFF /S /C "CALL "{0}""',
    "powershell": "-command \". '{0}'\"",
    "pwsh": "-command \". '{0}'\"",
    "python": "{0}",
    "sh": "-e {0}",
}
_EXTENSIONS = {
    "bash": ".sh",
    "cmd": ".cmd",
    "powershell": ".ps1",
    "pwsh": ".ps1",
    "python": ".py",
    "sh": ".sh",
}
_POWERSHELL = (
    "$ErrorActionPreference = 'stop'\n",
    "\nif ((Test-Path -LiteralPath variable:\\LASTEXITCODE)) { exit $LASTEXITCODE }",
)
_FIX_UPS = {"cmd": ("@echo off\n", ""), "powershell": _POWERSHELL, "pwsh": _POWERSHELL}
_BRACES = re.compile(r"\{\{|\}\}|\{0\}|[{}]")


class ShellError(ActliteError):
    """A step's ``shell:`` can't be used; the step fails with this text."""

    exit_code = 1


@frozen
class Shell:
    """A way to run a script."""

    command: str
    """The program: a bare name in a container, where it is looked up; a path on the host."""
    arguments: str
    """Its arguments as one string, with ``{0}`` for the script."""
    extension: str
    """The end of the script's file name; may be empty."""
    prepend: str = ""
    append: str = ""

    @property
    def display(self) -> str:
        """As the log shows it after ``shell: ``."""
        return f"{self.command} {self.arguments}"

    def check(self) -> None:
        """Raises ShellError for a name that is not built in and has no ``{0}``."""
        if "{0}" not in self.arguments:
            raise ShellError(
                "Invalid shell option. Shell must be a valid built-in (bash, sh, cmd, powershell, pwsh) "
                "or a format string containing '{0}'"
            )

    def script(self, text: str) -> str:
        """The script as it is written to its file."""
        return f"{self.prepend}{text}{self.append}"

    def argv(self, path: str) -> list[str]:
        """The program and its arguments for a script at ``path``. Raises ShellError when the template
        has braces that mean nothing."""
        quoted = path.replace('"', '\\"')

        def fill(match: re.Match[str]) -> str:
            found = match[0]
            if found == "{0}":
                return quoted
            if len(found) == 2:
                return found[0]
            raise ShellError("Input string was not in a correct format.", why=f"shell: {self.display}")

        return [self.command, *split_arguments(_BRACES.sub(fill, self.arguments))]


def resolve_shell(shell: str | None, *, in_container: bool, which: Which) -> Shell:
    """The shell for a step's ``shell:`` (the step's own or from defaults; None or '' when not given).

    In a container nothing is looked up here, and the default is always ``sh``. Raises ShellError on the host for a
    program that isn't there. Whether it can take a script is for ``Shell.check``.
    """
    if not shell:
        if in_container:
            return Shell("sh", _ARGUMENTS["sh"], ".sh")
        return Shell(which("bash") or _find("sh", which), _ARGUMENTS["sh"], ".sh")
    name, _, given = shell.partition(" ")
    command = name if in_container else _find(name, which)
    arguments = given.lstrip() or _ARGUMENTS.get(name.lower(), "")
    prepend, append = _FIX_UPS.get(name, ("", ""))
    return Shell(command, arguments, _EXTENSIONS.get(name.lower(), ""), prepend, append)


def _find(name: str, which: Which) -> str:
    if not name:
        raise ShellError("Value cannot be null. (Parameter 'command')")
    path = which(name)
    if path is None:
        raise ShellError(f"{name}: command not found")
    return path


def split_arguments(text: str) -> list[str]:
    """Split a command line as .NET does on Unix: at spaces and tabs outside double quotes; ``\\"`` is a
    quote, ``""`` inside quotes is one too, other backslashes and single quotes are themselves."""
    arguments: list[str] = []
    current: list[str] = []
    started = quoted = False
    at = 0
    while at < len(text):
        character = text[at]
        if character == "\\":
            end = at
            while end < len(text) and text[end] == "\\":
                end += 1
            count = end - at
            started = True
            at = end
            if end < len(text) and text[end] == '"':
                current.append("\\" * (count // 2))
                if count % 2:
                    current.append('"')
                    at += 1
            else:
                current.append("\\" * count)
            continue
        if character == '"':
            started = True
            if quoted and text[at + 1 : at + 2] == '"':
                current.append('"')
                at += 1
            else:
                quoted = not quoted
        elif character in " \t" and not quoted:
            if started:
                arguments.append("".join(current))
            current, started = [], False
        else:
            current.append(character)
            started = True
        at += 1
    if started:
        arguments.append("".join(current))
    return arguments
