"""YAML text to a stream of events: PyYAML's C parser where it is installed, else ruamel.yaml's pure one.

GitHub's own parser is YamlDotNet, which descends from libyaml, PyYAML's C parser: that one decides what is
YAML, and ruamel.yaml, twenty times slower, is taught to agree and words the errors. Neither takes control
characters, which GitHub's parser never looks at; they are parsed in disguise. ruamel.yaml's own C extension is
never used: it refuses ``ports: [5432:5432]``, which GitHub accepts.
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
_DISGUISED = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]|(?<!^)\ufeff")
"""What GitHub's parser takes for ordinary text and ours don't: control characters, and a byte order mark
within the text."""
_ESCAPED_QUOTE = re.compile(r"(?<!\\)((?:\\\\)*)\\'")
"""``\'``, an escape that GitHub knows in double quotes and YAML doesn't."""
_SURROGATE = re.compile("[\ud800-\udfff]")
_OLD_LINE_ENDS = dict.fromkeys(map(ord, "\x85\u2028\u2029"), "\n")
"""Line ends of YAML 1.1, which GitHub's parser knows and ruamel.yaml has half forgotten."""


DEEPEST = 101
MOST = 50_001
"""After a collection this deep, or so many events, nothing more is read: the composer refuses the file there, and
the pure parser is slow where brackets nest."""
WORDED = 256 * 1024
"""In longer texts the C parser words the errors itself: the pure one would take seconds."""


def c_parser_available() -> bool:
    """Whether PyYAML with its C parser is installed."""
    return _c_loader() is not None


def events(text: str) -> list[YamlEvent]:
    """The events of a text, by the fastest parser there is. Raises YamlSyntaxError."""
    if _c_loader() is None or _SURROGATE.search(text):
        return list(pure_events(text))
    try:
        return list(c_events(text))
    except YamlSyntaxError as error:
        refused = error
    if len(text) <= WORDED:
        list(pure_events(text))  # words the error
    raise refused


def c_events(text: str) -> Iterator[YamlEvent]:
    """The events by PyYAML's C parser. Raises YamlSyntaxError; ImportError where it is not installed."""
    loader = _c_loader()
    if loader is None:
        raise ImportError("PyYAML's C parser is not installed")
    shown, meant = _disguise(text)
    try:
        yield from _c_events(shown, meant, loader)
        return
    except YamlSyntaxError as error:
        if "unknown escape" not in error.problem or not text.startswith("\\'", error.offset):
            raise
    free = next((code for code in range(0xF0200, 0xF0300) if chr(code) not in text), 0)
    shown = _ESCAPED_QUOTE.sub(lambda found: found[1] + chr(free) + "'", shown)
    yield from _c_events(shown, meant | {free: "\\"}, loader)


def _c_events(text: str, meant: dict[int, str], loader: Any) -> list[YamlEvent]:
    from yaml import YAMLError

    opened = loader(text)
    try:
        return list(_translate(iter(opened.get_event, None), text, meant))
    except YAMLError as error:
        raise _syntax_error(error, text, meant) from error
    finally:
        opened.dispose()


def pure_events(text: str) -> Iterator[YamlEvent]:
    """The events by ruamel.yaml's pure Python parser. Raises YamlSyntaxError."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    from actlite.document.pure_scanner import GithubParser, GithubScanner

    parser = YAML(typ="safe", pure=True)
    parser.Scanner, parser.Parser = GithubScanner, GithubParser
    shown, meant = _disguise(text.translate(_OLD_LINE_ENDS))
    try:
        for event in _translate(parser.parse(shown), shown, meant):
            if _SURROGATE.search(event.value):
                raise YamlSyntaxError("found an escape of no character", event.start)
            yield event
    except YAMLError as error:
        raise _syntax_error(error, text, meant) from error
    except (ValueError, OverflowError) as error:
        # ruamel.yaml turns \U escapes into characters without looking whether there is such a character.
        match = re.search(r"\\U(?!000|0010)", text)
        raise YamlSyntaxError("found an escape of no character", match.start() if match else 0) from error


def _disguise(text: str) -> tuple[str, dict[int, str]]:
    """The text with characters of private use in place of those that no parser takes, and what they mean."""
    found = set(_DISGUISED.findall(text))
    if not found:
        return text, {}
    free = (code for code in range(0xF0000, 0xF0200) if chr(code) not in text)
    table = dict(zip(map(ord, sorted(found)), free, strict=False))
    first = text[:1]
    return first + text[1:].translate(table) if first == "\ufeff" else text.translate(table), {
        new: chr(old) for old, new in table.items()
    }


@cache
def _c_loader() -> Any:
    try:
        from yaml import CLoader
    except ImportError:
        return None
    return CLoader


def _translate(source: Any, text: str, meant: dict[int, str]) -> Iterator[YamlEvent]:
    # The C parser does not count a byte order mark.
    shift: int | None = None
    depth = count = 0
    for event in source:
        kind = _KINDS.get(type(event).__name__)
        if kind is None:
            continue
        start, end = event.start_mark.index, event.end_mark.index
        if shift is None:
            shift = 1 if text.startswith("\ufeff") and start == 0 else 0
        start, end = start + shift, end + shift
        count += 1
        if kind in (SEQUENCE, MAPPING):
            depth += 1
        elif kind == END:
            depth -= 1
        if kind == SCALAR:
            tag = event.tag
            value = event.value
            if meant:
                quoted = event.style == '"'  # where a backslash in disguise is an escape, and no text
                value = value.translate(
                    meant | dict.fromkeys(code for code in meant if quoted and meant[code] == "\\")
                )
            yield YamlEvent(
                SCALAR, start, end, value, not event.style, str(tag) if tag else "", event.anchor or ""
            )
        elif kind == ALIAS:
            yield YamlEvent(ALIAS, start, end, event.anchor)
        elif kind in (END, DOCUMENT):
            yield YamlEvent(kind, start, end)
        else:
            yield YamlEvent(kind, start, end, anchor=event.anchor or "")
        if depth >= DEEPEST or count > MOST + 1:
            return


def _syntax_error(error: Any, text: str, meant: dict[int, str]) -> YamlSyntaxError:
    mark = getattr(error, "problem_mark", None)
    if mark is not None:
        context = getattr(error, "context_mark", None)
        return YamlSyntaxError(
            str(error.problem or "invalid YAML").translate(meant),
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
