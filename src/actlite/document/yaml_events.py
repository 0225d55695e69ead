"""YAML text to a stream of events: PyYAML's C parser where it is installed, else ruamel.yaml's pure one.

The C parser is some twenty times faster. Where it refuses a text, ruamel.yaml decides. ruamel.yaml's own C
extension is never used: it refuses ``ports: [5432:5432]``, which GitHub accepts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from actlite.records import changeable

SCALAR = "scalar"
ALIAS = "alias"
SEQUENCE = "sequence"
MAPPING = "mapping"
END = "end"
DOCUMENT = "document"


@changeable
class YamlEvent:
    """One step of a YAML stream. ``start`` and ``end`` are offsets into the text."""

    kind: str
    start: int
    end: int
    value: str = ""
    """The scalar's text, or the alias' name."""
    plain: bool = False
    tag: str = ""
    anchor: str = ""


class YamlSyntaxError(Exception):
    """The text is no YAML. ``offset`` is where it went wrong, ``context`` where that began, if known."""

    def __init__(
        self, problem: str, offset: int, context: str = "", context_offset: int | None = None
    ) -> None:
        super().__init__(problem)
        self.problem = problem
        self.offset = offset
        self.context = context
        self.context_offset = context_offset


_KINDS = {
    "ScalarEvent": SCALAR,
    "AliasEvent": ALIAS,
    "SequenceStartEvent": SEQUENCE,
    "MappingStartEvent": MAPPING,
    "SequenceEndEvent": END,
    "MappingEndEvent": END,
    "DocumentStartEvent": DOCUMENT,
}
_NOT_FOR_C = re.compile("[\x85\u2028\u2029\ud800-\udfff]|(?<=.|\n)\ufeff")
"""Line ends of YAML 1.1 only, which the C parser counts and YAML 1.2 doesn't; what UTF-8 can't hold; and a
byte order mark within the text, which the C parser skips at the start of a line."""


def c_parser_available() -> bool:
    """Whether PyYAML with its C parser is installed."""
    return _c_loader() is not None


def events(text: str) -> list[YamlEvent]:
    """The events of a text, by the fastest parser that accepts it. Raises YamlSyntaxError."""
    if _c_loader() is not None and not _NOT_FOR_C.search(text):
        try:
            return list(c_events(text))
        except YamlSyntaxError:
            pass  # ruamel.yaml decides, and words the error
    return list(pure_events(text))


def c_events(text: str) -> Iterator[YamlEvent]:
    """The events by PyYAML's C parser. Raises YamlSyntaxError; ImportError where it is not installed."""
    import yaml

    loader = _c_loader()
    if loader is None:
        raise ImportError("PyYAML's C parser is not installed")
    try:
        yield from _translate(yaml.parse(text, Loader=loader), text)
    except yaml.YAMLError as error:
        raise _syntax_error(error, text) from error


def pure_events(text: str) -> Iterator[YamlEvent]:
    """The events by ruamel.yaml's pure Python parser. Raises YamlSyntaxError."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    parser = YAML(typ="safe", pure=True)
    parser.Scanner = _flow_scanner()
    try:
        yield from _translate(parser.parse(text), text)
    except YAMLError as error:
        raise _syntax_error(error, text) from error
    except (ValueError, OverflowError) as error:
        # ruamel.yaml turns \U escapes into characters without looking whether there is such a character.
        match = re.search(r"\\U(?!000|0010)", text)
        raise YamlSyntaxError("found an escape of no character", match.start() if match else 0) from error


@cache
def _c_loader() -> Any:
    try:
        from yaml import CLoader
    except ImportError:
        return None
    return CLoader


@cache
def _flow_scanner() -> Any:
    """ruamel.yaml's scanner, taught that ``['x':y]`` is a pair: in a flow collection a quoted key needs no
    space after its colon (YAML 1.2.2, c-ns-flow-map-adjacent-value; GitHub's parser agrees)."""
    from ruamel.yaml.scanner import Scanner

    class FlowScanner(Scanner):
        def check_value(self) -> bool:
            if super().check_value():
                return True
            if not self.flow_level or not self.tokens:
                return False
            last = self.tokens[-1]
            return getattr(last, "style", None) in ("'", '"') and last.end_mark.index == self.reader.index

    return FlowScanner


def _translate(source: Any, text: str) -> Iterator[YamlEvent]:
    # The C parser does not count a byte order mark.
    shift: int | None = None
    for event in source:
        kind = _KINDS.get(type(event).__name__)
        if kind is None:
            continue
        start, end = event.start_mark.index, event.end_mark.index
        if shift is None:
            shift = 1 if text.startswith("\ufeff") and start == 0 else 0
        start, end = start + shift, end + shift
        if kind == SCALAR:
            tag = event.tag
            yield YamlEvent(
                SCALAR, start, end, event.value, not event.style, str(tag) if tag else "", event.anchor or ""
            )
        elif kind == ALIAS:
            yield YamlEvent(ALIAS, start, end, event.anchor)
        elif kind in (END, DOCUMENT):
            yield YamlEvent(kind, start, end)
        else:
            yield YamlEvent(kind, start, end, anchor=event.anchor or "")


def _syntax_error(error: Any, text: str) -> YamlSyntaxError:
    mark = getattr(error, "problem_mark", None)
    if mark is not None:
        context = getattr(error, "context_mark", None)
        return YamlSyntaxError(
            str(error.problem or "invalid YAML"),
            min(mark.index, len(text)),
            str(error.context or ""),
            context.index if context is not None else None,
        )
    position = getattr(error, "position", 0)
    character = getattr(error, "character", None)
    if isinstance(character, int):
        return YamlSyntaxError(f"found the character U+{character:04X}, which YAML forbids", position)
    if isinstance(character, str):
        return YamlSyntaxError(f"found the character U+{ord(character):04X}, which YAML forbids", position)
    return YamlSyntaxError(str(error).splitlines()[0], 0)
