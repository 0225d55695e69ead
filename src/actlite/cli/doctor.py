"""``actlite doctor``: tries what a run needs of this machine; every line was really tried."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from actlite.cli.common import DIRECTORY, FORMAT
from actlite.cli.settings import CHOICES
from actlite.cli.text import paint, write, write_json
from actlite.diagnostics import Severity, printable
from actlite.errors import ActliteError
from actlite.journal.runs import RunStore
from actlite.records import frozen

ENOUGH_SPACE = 2_000_000_000
"""Bytes of free space below which doctor warns: one node build and one small image."""


@frozen
class Finding:
    """One thing that was tried: ``ok``, ``warning`` or ``error``, what was seen, and what to do."""

    subject: str
    level: str
    seen: str
    do: str = ""


@click.command("doctor")
@click.option("--engine", type=click.Choice(CHOICES["engine"]), default="auto", help="The engine to try.")
@DIRECTORY
@FORMAT
def command(engine: str, directory: Any, format_: str) -> int:
    """Try what a run needs: python, git, a container engine, folders to write to.

    Exit code 4 where something that is needed is missing.
    """
    findings = [finding for check in _checks(engine, directory) for finding in check()]
    if format_ == "json":
        names = ("subject", "level", "seen", "do")
        write_json({"schema": 1, "findings": [{name: getattr(f, name) for name in names} for f in findings]})
    else:
        write(line for finding in findings for line in _lines(finding))
    return 4 if any(finding.level == "error" for finding in findings) else 0


def _checks(engine: str, directory: Path) -> list[Callable[[], Iterator[Finding]]]:
    return [_python, _git, lambda: _engine(engine), lambda: _folders(directory)]


def _lines(finding: Finding) -> Iterator[str]:
    sign = {"ok": paint("✓", "green"), "warning": paint("●", "yellow")}.get(finding.level, paint("✗", "red"))
    yield f"{sign} {finding.subject:<8} {printable(finding.seen)}"
    for line in finding.do.splitlines():
        yield f"           {printable(line)}"


def _python() -> Iterator[Finding]:
    yield Finding("python", "ok", f"{platform.python_version()} ({sys.executable}) on {platform.platform()}")
    if platform.system() != "Linux":
        yield Finding(
            "system", "error", f"{platform.system()}: jobs run on Linux only", "Use a Linux machine."
        )


def _git() -> Iterator[Finding]:
    try:
        done = subprocess.run(["git", "--version"], capture_output=True, text=True, timeout=20, check=True)
    except FileNotFoundError:
        yield Finding("git", "error", "there is no git", "Install git: checkout and actions come through it.")
    except (subprocess.SubprocessError, OSError) as error:
        yield Finding("git", "error", f"git does not work: {error}", "Try it: git --version")
    else:
        yield Finding("git", "ok", done.stdout.strip().removeprefix("git version "))


def _engine(kind: str) -> Iterator[Finding]:
    from actlite.engines.select import select

    try:
        engine = select(kind)
    except ActliteError as error:
        yield Finding(
            "engine", "error", error.what, "\n".join(part for part in (error.why, error.do) if part)
        )
        return
    try:
        owned = len(engine.owned())
        yield Finding(
            "engine", "ok", f"{engine.name} answers; {owned} object{'s' * (owned != 1)} of actlite's in it"
        )
        for problem in engine.check():
            level = {Severity.ERROR: "error", Severity.WARNING: "warning"}.get(problem.severity, "ok")
            yield Finding("engine", level, problem.message, problem.help)
    except ActliteError as error:
        yield Finding("engine", "error", error.what, error.do)
    finally:
        engine.close()


def _folders(directory: Path) -> Iterator[Finding]:
    from actlite.cli.session import cache_folder

    yield _writable("cache", cache_folder())
    yield _writable("runs", RunStore.beside(directory).root)


def _writable(subject: str, folder: Path) -> Finding:
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(b"actlite")
            file.flush()
        free = shutil.disk_usage(place).free
    except OSError as error:
        reason = error.strerror or os.strerror(error.errno or 0)
        return Finding(subject, "error", f"{folder} can't be written: {reason}", "Make it writable for you.")
    seen = f"{folder} can be written, {free / 1e9:.1f} GB free"
    if free < ENOUGH_SPACE:
        return Finding(subject, "warning", seen, "Images and node builds need room: free some.")
    return Finding(subject, "ok", seen)
