"""What takes the place of an action that needs the runner's node: another action, a script, nothing.

The table is ``alternatives.txt``, whose head tells its form.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from actlite.records import changeable, field

COMPOSITE, SCRIPT, WITHOUT, NONE = "composite", "script", "without", "none"


@changeable
class Alternative:
    """What the table has of an action."""

    action: str
    """``owner/repo/path`` as the table writes it."""
    kind: str
    """COMPOSITE, SCRIPT, WITHOUT or NONE."""
    name: str = ""
    """The other action with its commit, or the script's name."""
    otherwise: str = ""
    """The script for steps with inputs that the other action does not know; empty where there is none."""
    keeps: tuple[str, ...] = ()
    drops: tuple[str, ...] = ()
    only: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The values that an input may have, in lower case."""
    outputs: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    """Programs that the image must have."""
    notes: tuple[str, ...] = ()
    why: str = ""
    source: str = ""


def alternative(action: str) -> Alternative | None:
    """What the table has of an action, which is named as in ``uses:``, with or without its ref; None for others."""
    return alternatives().get(action.partition("@")[0].lower())


@cache
def alternatives() -> Mapping[str, Alternative]:
    """All of the table, by the action's name in lower case."""
    table: dict[str, Alternative] = {}
    entry: Alternative | None = None
    for line in Path(__file__).with_name("alternatives.txt").read_text("utf-8").splitlines():
        if line.startswith("#") or not line:
            continue
        key, _, rest = line.strip().partition(" ")
        words = rest.split()
        if not line.startswith(" "):
            entry = table[key.lower()] = Alternative(key, words[0], "".join(words[1:2]))
            continue
        assert entry is not None, line
        _read(entry, key, rest)
    return table


def _read(entry: Alternative, key: str, rest: str) -> None:
    words = tuple(rest.split())
    if key == "only":
        entry.only[words[0]] = words[1:]
    elif key == "else":
        entry.otherwise = words[1]
    elif key == "note":
        entry.notes += (rest,)
    elif key == "why":
        entry.why = rest
    elif key == "from":
        entry.source = rest
    else:
        assert key in ("keeps", "drops", "outputs", "needs"), key
        setattr(entry, key, words)
