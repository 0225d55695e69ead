"""Damaged archives: whatever is in them, the audit ends with a report."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable
from pathlib import Path

import archive_builder as archives
import elf_builder as elves
import pytest

from actlite.glibc.audit.limits import Limits
from actlite.glibc.audit.report import audit

MEMBERS = {
    "bin/hq": elves.program({"libc.so.6": {"GLIBC_2.17": ["clock_gettime"]}}),
    "lib/libhq.so": b"->libhq.so.1",
    "a" * 150: b"#!/bin/sh\n",
    "ü": archives.zip_({"x": b"x"}),
}
SEEDS = {
    "tar": archives.tar(MEMBERS),
    "tar.gz": archives.tar(MEMBERS, "w:gz"),
    "tar.xz": archives.tar(MEMBERS, "w:xz"),
    "zip": archives.zip_(MEMBERS),
    "deb": archives.deb(MEMBERS, "w"),
    "rpm": archives.rpm(gzip.compress(archives.cpio(MEMBERS))),
    "cpio": archives.cpio(MEMBERS),
}
MUTANTS = 150
LIMITS = Limits(unpacked=1 << 26, member=1 << 24)


def mutant(data: bytes, chance: random.Random) -> bytes:
    """Bytes with a few changes: others, numbers at their ends, pieces taken out or doubled."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(changed))
        size = chance.choice((1, 2, 4, 8, 40))
        match chance.randrange(5):
            case 0:
                changed[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                changed[at : at + size] = chance.choice((b"\xff", b"\0", b"7", b"9")) * size
            case 2:
                del changed[at : at + size]
            case 3:
                changed[at:at] = changed[at : at + size]
            case _ if len(changed) > 100:
                del changed[-chance.randrange(1, 60) :]
    return bytes(changed)


@pytest.mark.long
@pytest.mark.parametrize("kind", SEEDS)
def test_mutants(kind: str, tmp_path: Path, effort: Callable[[int, int], int], seed: int) -> None:
    chance = random.Random(f"{kind} {seed}")
    path = tmp_path / f"m.{kind}"
    for _ in range(effort(MUTANTS, 50 * MUTANTS)):
        path.write_bytes(mutant(SEEDS[kind], chance))
        report = audit(path, limits=LIMITS)
        assert report.path == str(path)
        assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
