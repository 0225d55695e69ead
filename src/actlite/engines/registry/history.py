"""What an image's history says of its layers: which can hold nothing but a folder of its own.

It is what the builder wrote down (``created_by`` in the OCI image's configuration), by Docker's old builder, BuildKit
and Buildah alike. A COPY to ``/app`` is believed to put files below ``/app`` only; one through a symbolic link of that
name that leads into a library folder would be overlooked.
"""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

_OLD = re.compile(r"/bin/sh -c #\(nop\) +(?:(?:COPY|ADD) .* in (/\S*)|WORKDIR (/\S*)) *", re.DOTALL)
_NEW = re.compile(r"(?:(?:COPY|ADD) (.*)|WORKDIR (/\S*))", re.DOTALL)
_USR = re.compile(r"^/usr(?=/(?:lib|lib32|lib64|libx32|bin|sbin)(?:/|$))")


def places(history: object, layers: int) -> Sequence[str]:
    """For each layer, lowest first, the folder that all of it is in; ``/`` where it can be anywhere."""
    if not isinstance(history, list):
        return ["/"] * layers
    made = [entry for entry in history if isinstance(entry, Mapping) and not entry.get("empty_layer")]
    if len(made) != layers:
        return ["/"] * layers
    return [_place(str(entry.get("created_by") or "")) for entry in made]


def can_hold(place: str, path: str) -> bool:
    """Whether a layer that is all below ``place`` can have something at an absolute path, or hide it. ``/usr/lib`` and
    ``/lib`` count as one, since they are on most systems."""
    place, path = _USR.sub("", place), _USR.sub("", path)
    return place in ("/", path) or path.startswith(place.rstrip("/") + "/")


def _place(said: str) -> str:
    said = re.sub(r"\s*# buildkit\s*$", "", said.strip())
    if found := _OLD.fullmatch(said):
        place = found[1] or found[2]
    elif found := _NEW.fullmatch(said):
        place = found[2] or _destination(found[1])
    else:
        return "/"
    place = posixpath.normpath(place) if place.startswith("/") else "/"
    # A whole tree put at the root, or where library folders are below, can be anything.
    return "/" if place in ("/", "//", "/usr", "/usr/local") else place


def _destination(text: str) -> str:
    """The last word of a COPY; empty where that can't be told."""
    if "$" in text or "<<" in text or "\\" in text:
        return ""
    try:
        words: Sequence[Any] = json.loads(text) if text.startswith("[") else shlex.split(text)
    except ValueError:
        return ""
    return str(words[-1]) if words else ""
