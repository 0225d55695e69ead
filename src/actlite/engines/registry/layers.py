"""What one layer holds: the names that the loader could ask for, and what is wanted of some of the files.

Kept on disk by the layer's digest, so that a base that many images share is read once.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from actlite.atomic import keep
from actlite.engines.base import Distil
from actlite.engines.registry.tar import Source, members
from actlite.records import changeable, field

SCHEMA = 1
MAX_FILE = 128 << 20
"""Bytes of a file that is looked at."""
MAX_NAMES = 500_000
"""Names of a layer that are kept."""
_LIBRARY = re.compile(r".*\.so(?:\.[\w.+-]+)?|ld-.*", re.DOTALL)
_WHITEOUT, _OPAQUE = ".wh.", ".wh..wh..opq"
_IN_ETC = re.compile(r"etc/(?:[^/]*release|ld[^/]*)|usr/lib/os-release")

FILE, LINK, HARD, FOLDER = "f", "l", "h", "d"
Interesting = Callable[[str], bool]
"""Whether a file is to be looked at whenever a layer is read; gets its absolute path."""


class TooMany(Exception):
    """A layer has more names than can be kept."""


@changeable
class Contents:
    """What is known of a layer. Paths are without a leading slash."""

    names: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Kind and target: all links, names that may be libraries, and the folders that they are in."""
    gone: set[str] = field(default_factory=set)
    """What lower layers have and this one takes away."""
    opaque: set[str] = field(default_factory=set)
    """Folders that hide what lower layers have in them."""
    asked: set[str] = field(default_factory=set)
    """Paths that were looked for, whatever they are called: what is not in ``names`` is not in the layer."""
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By path."""

    def knows(self, path: str) -> bool:
        """Whether it is known if the layer has a file at this path."""
        return path in self.names or path in self.asked or is_indexed(path)

    def hides(self, path: str) -> bool:
        """Whether nothing at this path of lower layers can be seen."""
        while path:
            if path in self.gone:
                return True
            path = posixpath.dirname(path)
            if path in self.opaque:
                return True
        return False


def is_indexed(path: str) -> bool:
    """Whether every layer's list has a path of this name."""
    return bool(_LIBRARY.fullmatch(posixpath.basename(path)) or _IN_ETC.fullmatch(path))


def read(source: Source, wanted: Collection[str], interesting: Interesting, distil: Distil) -> Contents:
    """Read a layer to its end. ``wanted`` are more paths to look at. Raises TarError, TooMany, and what ``source``
    raises."""
    found = Contents(asked=set(wanted))
    for member in members(source):
        path = posixpath.normpath("/" + member.name).lstrip("/")
        folder, name = posixpath.split(path)
        if not path:
            continue
        if name == _OPAQUE:
            found.opaque.add(folder)
            _folders(found, folder)
        elif name.startswith(_WHITEOUT):
            if not name.startswith(_WHITEOUT * 2):
                found.gone.add(posixpath.join(folder, name[len(_WHITEOUT) :]))
        elif member.kind == "5":
            if path.count("/") < 2:
                found.names.setdefault(path, (FOLDER, ""))
        elif member.kind == "2":
            found.names[path] = (LINK, member.target)
            _folders(found, folder)
        elif member.kind in "01" and (is_indexed(path) or path in wanted):
            target = posixpath.normpath("/" + member.target).lstrip("/")
            found.names[path] = (FILE, "") if member.kind == "0" else (HARD, target)
            _folders(found, folder)
            if member.kind == "0" and member.size <= MAX_FILE and (path in wanted or interesting("/" + path)):
                found.facts[path] = distil("/" + path, member.content())
        if len(found.names) + len(found.gone) + len(found.opaque) > MAX_NAMES:
            raise TooMany(f"more than {MAX_NAMES:,} libraries and links")
    return found


def _folders(found: Contents, folder: str) -> None:
    """The folders that something is in: they are there, said or not."""
    while folder and found.names.get(folder, ("",))[0] != FOLDER:
        found.names[folder] = (FOLDER, "")
        folder = posixpath.dirname(folder)


def load(path: Path) -> Contents | None:
    """A layer's contents as kept; None where there are none, or the file is spoilt."""
    try:
        data = json.loads(path.read_text("utf-8"))
        if data["schema"] != SCHEMA:
            return None
        names = {str(name): (str(kind), str(target)) for name, (kind, target) in data["names"].items()}
        facts = {str(name): dict(one) for name, one in data["facts"].items()}
        gone, opaque, asked = (set(map(str, data[name])) for name in ("gone", "opaque", "asked"))
        return Contents(names, gone, opaque, asked, facts)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def save(path: Path, contents: Contents) -> None:
    """Keep a layer's contents. A cache that can't be written is no error."""
    data = {
        "schema": SCHEMA,
        "names": contents.names,
        **{name: sorted(getattr(contents, name)) for name in ("gone", "opaque", "asked")},
        "facts": contents.facts,
    }
    keep(path, json.dumps(data, separators=(",", ":")))
