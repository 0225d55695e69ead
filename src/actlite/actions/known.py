"""What well-known actions declare, for when they can't be fetched. A fetched manifest always beats this table.

The table is ``known.txt``, whose head tells its form and where it is from.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TypeVar

from actlite.records import changeable, field

T = TypeVar("T")

PLUGIN = "plugin:"
ANY = "*"
"""Stands in the table for every ref that is not named."""
SAME_IN_FOLDERS = {"actions/cache": ("restore", "save")}
"""Actions below the top of a repository that declare the same as the one at the top."""
_VERSION = re.compile(r"v?(\d+)\.\d+(?:\.\d+)?")
_COMMIT = re.compile(r"[0-9a-fA-F]{40}")


def known_using(owner: str, repo: str, path: str, ref: str, *, on: datetime.date | None = None) -> str | None:
    """The ``using:`` of an action at a ref, as ``node20``, ``composite`` or ``docker``; None where it isn't known,
    and for the runner's own plugins (see :func:`known_plugin`).

    With ``on``, what a floating tag such as ``v2`` meant on that day; what it meant before the first day in the table
    is taken to be what it meant then.
    """
    found = _declared(owner, repo, path, ref, on)
    return None if found is None or found.startswith(PLUGIN) else found


def known_plugin(owner: str, repo: str, ref: str) -> str | None:
    """The runner's own part that an action of 2019 names instead of a program: ``checkout`` (actions/checkout@v1),
    ``publish`` and ``download`` (artifacts v1). It runs outside the job's container and needs no node."""
    found = _declared(owner, repo, "", ref, None)
    return found.removeprefix(PLUGIN) if found is not None and found.startswith(PLUGIN) else None


def known_steps(owner: str, repo: str, path: str, ref: str) -> Sequence[str] | None:
    """What the steps of a well-known composite action use, as their ``uses:`` say it, in order; empty where they use
    no other action. None for what is no composite action, or not known."""
    action = _find(owner, repo, path)
    if action is None:
        return None
    key = f"={ref[:12].lower()}" if _COMMIT.fullmatch(ref) else ref
    return action.steps.get(key, action.steps.get(ANY))


def _declared(owner: str, repo: str, path: str, ref: str, on: datetime.date | None) -> str | None:
    action = _find(owner, repo, path)
    if action is None:
        return None
    if _COMMIT.fullmatch(ref):
        return action.refs.get(f"={ref[:12].lower()}", action.refs.get(ANY))
    if on is not None and ref in action.moved:
        days = action.moved[ref]
        return [using for day, using in days if day <= on.isoformat() or day == days[0][0]][-1]
    if ref in action.refs:
        return action.refs[ref]
    version = _VERSION.fullmatch(ref)
    if version is None:
        return action.refs.get(ANY)
    # A release between known ones: certain only where the whole major line declares the same.
    line = re.compile(rf"v?{version[1]}(?:\.\d+)*")
    declared = {using for known, using in action.refs.items() if line.fullmatch(known)}
    return declared.pop() if len(declared) == 1 else action.refs.get(ANY)


def known_release(owner: str, repo: str, sha: str) -> str:
    """The release of an action that a commit is, as ``v4.2.2``, else its floating tag; '' where it isn't known."""
    text = Path(__file__).with_name("known.txt").read_text("utf-8")
    names = [
        name
        for line in text.splitlines()
        if line.startswith(f"{owner}/{repo} ")
        for name, _, commit in (entry.partition("=") for entry in line.split()[2:])
        if commit == sha[:12].lower()
    ]
    return max(names, key=lambda name: (_VERSION.fullmatch(name) is not None, name), default="")


def known_actions() -> Mapping[str, KnownAction]:
    """All of the table, by ``owner/repo/path`` in lower case."""
    return _table()


@changeable
class KnownAction:
    """What the table has of an action."""

    refs: dict[str, str] = field(default_factory=dict)
    """Ref to what it declares; ``=`` and 12 digits for a commit."""
    moved: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    """Floating tag to (day, what it declared from then on), in order."""
    steps: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Ref or commit to what a composite action uses."""


def _find(owner: str, repo: str, path: str) -> KnownAction | None:
    name = f"{owner}/{repo}".lower()
    action = _table().get(f"{name}/{path.lower()}" if path else name)
    if action is None and path in SAME_IN_FOLDERS.get(name, ()):
        return _table().get(name)
    return action


@cache
def _table() -> Mapping[str, KnownAction]:
    table: dict[str, KnownAction] = {}
    for line in Path(__file__).with_name("known.txt").read_text("utf-8").splitlines():
        if line.startswith("#") or not line:
            continue
        name, what, *rest = line.split()
        if what == "same":
            table[name.lower()] = table.setdefault(rest[0].lower(), KnownAction())
            continue
        action = table.setdefault(name.lower(), KnownAction())
        if what == "moved":
            days = (entry.partition("=") for entry in rest[1:])
            action.moved[rest[0]] = tuple((day, using) for day, _, using in days)
        elif what == "steps":
            at = rest.index(":")
            _put(action.steps, rest[:at], tuple(rest[at + 1 :]))
        else:
            _put(action.refs, rest, what)
    return table


def _put(table: dict[str, T], refs: Sequence[str], value: T) -> None:
    for entry in refs:
        ref, _, sha = entry.partition("=")
        if ref:
            table[ref] = value
        if sha:
            table[f"={sha}"] = value
