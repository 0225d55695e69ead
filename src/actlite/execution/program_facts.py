"""What the loader reads in a program of this machine, kept between runs: a node build has 100 MB."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from actlite.atomic import keep

if TYPE_CHECKING:
    from actlite.glibc.elf import ElfFile

SCHEMA = 1


def facts(path: Path, cache: Path) -> ElfFile | None:
    """The facts of an ELF file; None where there is none. They are read once for each state of the file (its size
    and time). Raises OSError where a file that is there can't be read. A cache that can't be written is no error."""
    from actlite.glibc import elf

    try:
        info = path.stat()
    except OSError:
        return None
    if not info.st_size:
        return None
    state = [str(path), info.st_size, info.st_mtime_ns, info.st_ino]
    kept = cache / "programs" / f"{hashlib.sha256(str(path).encode()).hexdigest()[:24]}.json"
    try:
        data = json.loads(kept.read_text("utf-8"))
        if data["schema"] == SCHEMA and data["of"] == state:
            return elf.from_data(data["elf"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass  # not kept yet, or by another version: read it anew
    try:
        found = elf.read(path)
    except elf.ElfError:
        return None
    keep(kept, json.dumps({"schema": SCHEMA, "of": state, "elf": elf.to_data(found)}))
    return found
