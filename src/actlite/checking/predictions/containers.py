"""The container of a leg, as far as it is known before the run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from actlite.checking.predictions.model import JobImage
from actlite.checking.predictions.verdict import LIBRARY_PATH
from actlite.checking.predictions.volumes import of_options
from actlite.checking.runners import architecture_of
from actlite.document.nodes import Mapping as MappingNode
from actlite.document.nodes import Node, Scalar
from actlite.expressions.values import to_string
from actlite.planning.partial import has_unknown, known_text, node_value
from actlite.workflow import access

if TYPE_CHECKING:
    from actlite.checking.predictions.situations import Situation

_ELSEWHERE = re.compile(r"(?:macos|windows)(?:-|$)", re.IGNORECASE)
_PLATFORMS = {"linux/arm64": "arm64", "linux/arm64/v8": "arm64", "linux/amd64": "x64", "linux/x86_64": "x64"}


def container_of(situation: Situation, stand_ins: Mapping[str, str]) -> JobImage | None:
    """The container of a leg; None where it has none, and on runners that have no containers."""
    node = situation.job.container
    if node is None:
        return None
    labels = labels_of(situation)
    if any(_ELSEWHERE.match(label) for label in labels):
        return None
    contexts = situation.contexts
    value = node_value(node, contexts)
    fields: Mapping[str, Any] = value if isinstance(value, Mapping) else {"image": value}
    place = access.get(node, "image") if isinstance(node, MappingNode) else node
    place = place if place is not None else node
    image = fields.get("image")
    arch = architecture_of(labels)
    options = _text(fields.get("options"))
    volumes = fields.get("volumes")
    items = volumes if isinstance(volumes, list) else []
    listed = tuple(to_string(item) for item in items if not has_unknown(item))
    listed_open = any(map(has_unknown, items)) or has_unknown(volumes)
    env = fields.get("env")
    library_path = env.get(LIBRARY_PATH) if isinstance(env, Mapping) else None
    open_path = has_unknown(library_path)
    known = () if library_path is None or open_path else ((LIBRARY_PATH, to_string(library_path)),)
    written = _written(place, contexts)
    if has_unknown(image) or isinstance(image, list | Mapping):
        name = ""
    else:
        name = to_string(image).strip().removeprefix("docker://")
        if not name:
            return None
        written = name
    stand_in = stand_ins.get(name, name) if name else ""
    return JobImage(
        stand_in,
        written,
        place.span,
        arch,
        (*listed, *of_options(options)),
        known,
        f"{stand_in} stands in for it" if stand_in != name else "",
        open_path,
        listed_open and "/__e" in node.span.text,
        _platform(options),
    )


def labels_of(situation: Situation) -> tuple[str, ...]:
    """The labels of ``runs-on`` that are known."""
    value = node_value(situation.job.runs_on, situation.contexts)
    if isinstance(value, Mapping):
        value = value.get("labels")
    items = value if isinstance(value, list) else [value]
    return tuple(to_string(item) for item in items if item is not None and not has_unknown(item))


def _platform(options: str) -> str:
    """The architecture that ``--platform`` asks for, as written where the runner has none like it; '' where it
    doesn't."""
    try:
        words = shlex.split(options)
    except ValueError:
        return ""
    for number, word in enumerate(words):
        name, equals, value = word.partition("=")
        if name == "--platform":
            given = value if equals else next(iter(words[number + 1 :]), "")
            return _PLATFORMS.get(given.lower(), given)
    return ""


def _text(value: Any) -> str:
    return (
        "" if value is None or has_unknown(value) or isinstance(value, list | Mapping) else to_string(value)
    )


def _written(node: Node, contexts: Mapping[str, Any]) -> str:
    text = known_text(node, contexts) if isinstance(node, Scalar) else node.span.text
    return " ".join(text.split())
