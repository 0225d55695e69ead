"""What ``check`` could not predict, for its last line: nothing is passed over in silence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from actlite.checking.predictions.model import LACKS_ACTION, LACKS_IMAGE, LACKS_ROOM, LACKS_RUN, UNKNOWN
from actlite.checking.repository import Checked

_NAMED = 3
"""So many images, or actions, that are not known are named."""
_DIGEST = re.compile(r"(@(?:sha256:)?[0-9a-f]{12})[0-9a-f]+")
_ORDER = (LACKS_IMAGE, LACKS_ACTION, LACKS_RUN, "", LACKS_ROOM)
"""Kinds of reasons in the order in which they are told."""
Item = Mapping[str, Any]
"""A prediction, as ``predictions.data`` has it."""


def not_predicted(checked: Checked, *, reads_images: bool) -> list[str]:
    """What could not be predicted, and how it can be; a clause for each kind of reason. ``reads_images``: the images
    themselves were asked."""
    kinds: dict[str, list[Item]] = {}
    for file in checked.files:
        for item in file.predicted.get("predictions", ()):
            if item["verdict"] == UNKNOWN:
                kinds.setdefault(item["lacks"] or "", []).append(item)
    found = []
    for lacks, items in sorted(kinds.items(), key=lambda kind: _ORDER.index(kind[0])):
        if lacks == LACKS_IMAGE:
            found.append(_images(items, reads_images))
        elif lacks == LACKS_ACTION:
            found.append(_actions(items))
        elif lacks == LACKS_ROOM:
            legs = {(item["file"], item["job"], leg) for item in items for leg in item["legs"] or [""]}
            found.append(f"{counted(len(legs), 'leg')} not wholly predicted: {_reasons(items)}")
        else:
            found.append(f"{_steps(items)} not predicted: {_reasons(items)}")
    return found


def _images(items: Sequence[Item], reads_images: bool) -> str:
    images = dict.fromkeys(item["image"]["name"] or item["image"]["written"] for item in items)
    have_names = [bool(item["image"]["name"]) for item in items]
    way = f" (--images looks into {'them' if all(have_names) else 'those whose names are known'})"
    if reads_images or not any(have_names):
        way = ""
    return f"{_steps(items)} in {counted(len(images), 'image')} not predicted: {_named(images)}{way}"


def _actions(items: Sequence[Item]) -> str:
    actions = dict.fromkeys(item["action"] for item in items)
    way = " (actlite fetch makes them known)" if any(not name.startswith(".") for name in actions) else ""
    return f"{_steps(items)} of {counted(len(actions), 'action')} not predicted: {_named(actions)}{way}"


def _named(names: Iterable[str]) -> str:
    short = list(dict.fromkeys(_DIGEST.sub(r"\1…", name) for name in names))
    more = f" and {len(short) - _NAMED} more" if len(short) > _NAMED else ""
    return f"{', '.join(short[:_NAMED])}{more}"


def _reasons(items: Sequence[Item]) -> str:
    first, *others = dict.fromkeys(item["why"] for item in items)
    return f"{first} (and {counted(len(others), 'other reason')})" if others else str(first)


def _steps(items: Sequence[Item]) -> str:
    return counted(sum(max(1, len(item["legs"])) for item in items), "step")


def counted(count: int, what: str) -> str:
    """``2 steps``, ``1 step``."""
    return f"{count} {what}{'s' * (count != 1)}"
