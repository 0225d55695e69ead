"""What well-known actions declare, for when they can't be fetched. A fetched manifest always beats this table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

PLUGIN = "plugin:"
SAME_IN_FOLDERS = {"actions/cache": ("restore", "save")}
"""Actions below the top of a repository that declare the same as the one at the top."""
_VERSION = re.compile(r"v?(\d+)\.\d+(?:\.\d+)?")


def known_using(owner: str, repo: str, path: str, ref: str) -> str | None:
    """The ``using:`` of an action at a ref, as ``node20``, ``composite`` or ``docker``; None where it isn't known,
    and for the runner's own plugins (see :func:`known_plugin`)."""
    name = f"{owner}/{repo}".lower()
    if path and path not in SAME_IN_FOLDERS.get(name, ()):
        return None
    found = _declared(name, ref)
    return None if found is None or found.startswith(PLUGIN) else found


def known_plugin(owner: str, repo: str, ref: str) -> str | None:
    """The runner's own part that an action of 2019 names instead of a program: ``checkout`` (actions/checkout@v1),
    ``publish`` and ``download`` (artifacts v1). It runs outside the job's container and needs no node."""
    found = _declared(f"{owner}/{repo}".lower(), ref)
    return found.removeprefix(PLUGIN) if found is not None and found.startswith(PLUGIN) else None


def _declared(name: str, ref: str) -> str | None:
    refs = _table().get(name)
    if refs is None:
        return None
    if re.fullmatch(r"[0-9a-fA-F]{40}", ref):
        return refs.get(f"={ref[:12].lower()}")
    if ref in refs:
        return refs[ref]
    version = _VERSION.fullmatch(ref)
    if version is None:
        return None
    # A release between known ones: certain only where the whole major line declares the same.
    line = re.compile(rf"v?{version[1]}(?:\.\d+)*")
    declared = {using for known, using in refs.items() if line.fullmatch(known)}
    return declared.pop() if len(declared) == 1 else None


@cache
def _table() -> Mapping[str, Mapping[str, str]]:
    table: dict[str, dict[str, str]] = {}
    for line in Path(__file__).with_name("known.txt").read_text("utf-8").splitlines():
        if line.startswith("#") or not line:
            continue
        name, using, *refs = line.split()
        known = table.setdefault(name.lower(), {})
        for entry in refs:
            ref, _, sha = entry.partition("=")
            known[ref] = using
            if sha:
                known[f"={sha}"] = using
    return table
