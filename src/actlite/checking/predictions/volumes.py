"""Volumes of a job's container that lie over the runner's node folders.

A volume over ``/__e/node24`` hides the runner's own node from the job: what is in it is started in its place. It
helps only over the folder of the runtime that the runner takes: one over node20 does nothing for an action that
runs on node24.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterable, Sequence

from actlite.records import frozen

EXTERNALS = "/__e"
_FOLDER = re.compile(r"node\d+(?:_alpine)?")


@frozen
class Over:
    """A volume that lies over a runtime."""

    text: str
    """As it is written."""
    source: str
    """A folder of the machine or a volume's name; empty for one without a name, which is new and empty."""
    target: str
    below: str
    """The path of the program within the source: ``bin/node``."""


@frozen
class Volume:
    """A volume, as the runner reads it (R: ContainerInfo.MountVolume)."""

    text: str
    source: str
    target: str


def volume(text: str) -> Volume:
    """Read ``SOURCE:TARGET[:MODE]``, ``TARGET:ro`` or ``TARGET``."""
    parts = text.strip().split(":")
    if len(parts) > 2 or (len(parts) == 2 and parts[1].lower() != "ro"):
        return Volume(text, parts[0], _clean(parts[1]))
    return Volume(text, "", _clean(parts[0]))


def of_options(options: str) -> tuple[str, ...]:
    """The volumes that a container's ``options:`` ask for (``-v``, ``--volume``, ``--mount``)."""
    try:
        words = shlex.split(options)
    except ValueError:
        return ()
    found: list[str] = []
    for number, word in enumerate(words):
        name, equals, value = word.partition("=")
        if not equals:
            value = words[number + 1] if number + 1 < len(words) else ""
        if name in {"-v", "--volume"} and value:
            found.append(value)
        elif name == "--mount" and value:
            fields = dict(part.partition("=")[::2] for part in value.split(","))
            target = fields.get("target") or fields.get("dst") or fields.get("destination") or ""
            if target:
                found.append(":".join(filter(None, (fields.get("source") or fields.get("src"), target))))
    return tuple(found)


def over(volumes: Sequence[str], folder: str) -> tuple[Over | None, tuple[str, ...]]:
    """The volume that decides what ``/__e/<folder>/bin/node`` is, and what is to be said of volumes over other
    runtimes. The deepest target wins."""
    program = f"{EXTERNALS}/{folder}/bin/node"
    found: Over | None = None
    notes: list[str] = []
    for item in map(volume, volumes):
        if program == item.target or program.startswith(f"{item.target}/"):
            if item.target in {"/", ""}:
                continue
            if found is None or len(item.target) > len(found.target):
                found = Over(item.text, item.source, item.target, program[len(item.target) + 1 :])
        elif other := other_runtime(item):
            notes.append(
                f"the volume {item.text} lies over {other}, which is not what runs here: {folder} is"
            )
    return found, tuple(notes)


def other_runtime(item: Volume) -> str:
    """The runtime that a volume lies over, such as ``node20``; '' for none."""
    rest = item.target.removeprefix(f"{EXTERNALS}/")
    name = rest.partition("/")[0]
    return name if rest != item.target and _FOLDER.fullmatch(name) else ""


def places_of(volumes: Iterable[str], source: str) -> tuple[str, ...]:
    """All the places in the container where a source is mounted."""
    return tuple(item.target for item in map(volume, volumes) if item.source == source and source)


def _clean(target: str) -> str:
    return posixpath.normpath(target.strip()) if target.strip() else ""
