"""What ``actlite list`` shows, fast: a file that was read before is taken from the cache of summaries.

A summary is kept in the user's cache folder with the name and content of the file and the age of the code that
reads it, which must all be the same when it is met again, so that it never has to be thrown away by hand. A
plain ``actlite list`` gets here without click, without dataclasses and, when nothing has changed, without any
YAML: about 20 ms. Nothing heavy may be imported at the top of this module.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from actlite.cli.text import columns, paint, write

WORKFLOWS = os.path.join(".github", "workflows")
SUFFIXES = (".yml", ".yaml")

KEPT = 1000
"""Summaries in the cache (some 5 KB each, with the file's content) after which it is emptied."""

CODE = (
    ".", "checking", "cli", "document", "expressions", "expressions/functions", "workflow", "workflow/checks",
)  # fmt: skip
"""The folders with the code that reads workflows."""

Entry = dict[str, Any]
"""A file: path, errors (their number), and where there are none: name, on, events, jobs."""


def quick(argv: Sequence[str]) -> int | None:
    """Answer ``actlite list`` in a repository; None where the long way must be taken."""
    if list(argv) != ["list"]:
        return None
    root = _root(os.getcwd())
    folder = os.path.join(root, WORKFLOWS)
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(SUFFIXES))
    except OSError:
        return None
    paths = [path for name in names if os.path.isfile(path := os.path.join(folder, name))]
    if not paths:
        return None
    write(lines([entry(path, os.path.relpath(path, root)) for path in paths]))
    return 0


def entry(path: str, name: str) -> Entry:
    """The summary of a file, from the cache or by reading it."""
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError:
        return _read(path, name)
    import zlib

    key = b"\0".join((_code_age(), os.fsencode(name), content))
    place = os.path.join(cache_folder(), "lists", f"{zlib.crc32(key):08x}")
    found = _cached(place, key)
    if found is None:
        found = _read(path, name)
        _keep(place, key, found)
    return found


def lines(entries: Sequence[Entry]) -> list[str]:
    """The list as text."""
    result: list[str] = []
    for file in entries:
        head = paint(_shown(file["path"]), "bold")
        if file["errors"]:
            count = file["errors"]
            said = paint(f"{count} error{'s' * (count != 1)}", "red")
            result.append(f"{head}  {said}, see: actlite check")
            continue
        title = f"  {_shown(file['name'])}" if file["name"] != file["path"] else ""
        result.append(f"{head}{title}")
        result.append(f"  on {', '.join(_shown(event) for event in file['on'])}")
        rows = []
        for job in file["jobs"]:
            needs = f"needs {', '.join(job['needs'])}" if job["needs"] else ""
            rows.append((_shown(job["id"]), _shown(needs), _shown(job["where"])))
        result += columns(rows, indent=4)
    return result


def cache_folder() -> str:
    """The user's cache folder for actlite, as ``actlite.cli.session`` has it."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.environ.get("ACTLITE_CACHE") or os.path.join(base, "actlite")


def _read(path: str, name: str) -> Entry:
    from actlite.cli.summary import summary

    return summary(path, name)


def _root(start: str) -> str:
    folder = os.path.realpath(start)
    while not os.path.exists(os.path.join(folder, ".git")):
        parent = os.path.dirname(folder)
        if parent == folder:
            return os.path.realpath(start)
        folder = parent
    return folder


def _code_age() -> bytes:
    """Changes whenever the code that reads workflows does."""
    from actlite import __version__

    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    newest = 0
    for part in CODE:
        with os.scandir(os.path.join(package, part)) as found:
            newest = max(newest, *(item.stat().st_mtime_ns for item in found if item.name.endswith(".py")))
    return f"{__version__} {newest}".encode()


def _cached(place: str, key: bytes) -> Entry | None:
    import marshal

    try:
        with open(place, "rb") as file:
            kept, data = marshal.loads(file.read())
    except (OSError, ValueError, TypeError, EOFError):
        return None
    if kept != key or not isinstance(data, dict) or not data.keys() >= {"path", "errors"}:
        return None
    return data if data["errors"] or data.keys() >= {"name", "on", "events", "jobs"} else None


def _keep(place: str, key: bytes, data: Entry) -> None:
    """Put a summary into the cache; without one everything works too, so a full disk is no error."""
    import marshal  # as Python keeps its own compiled files: loaded in no time

    temporary = f"{place}.{os.getpid()}"
    try:
        folder = os.path.dirname(place)
        os.makedirs(folder, exist_ok=True)
        known = os.listdir(folder)
        if len(known) > KEPT:
            for name in known:
                os.unlink(os.path.join(folder, name))
        with open(temporary, "wb") as file:
            file.write(marshal.dumps((key, data)))
        os.replace(temporary, place)
    except OSError:
        return


def _shown(text: str) -> str:
    if text.isprintable():
        return text
    from actlite.diagnostics import printable

    return printable(text)
