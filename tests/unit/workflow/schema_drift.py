"""Our tables beside those that GitHub ships in npm ``@actions/workflow-parser``: every difference as one line.

A line is ``path: what``; the path is made of keys, with ``*`` for any other key and ``[]`` for the items of a
list. Where several mappings may stand in one place, they are told apart by the keys that they must have.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from actlite.records import frozen
from actlite.workflow.schema import NOTHING, Kind, Record, Shape, Visible

_KINDS = {"number": Kind.NUMBER, "boolean": Kind.BOOLEAN, "null": Kind.NULL}
_BUILT_IN = {
    "any": {"any": True},
    "string": {"string": {}},
    "number": {"number": {}},
    "boolean": {"boolean": {}},
    "null": {"null": {}},
    "sequence": {"sequence": {"item-type": "any"}},
    "mapping": {"mapping": {"loose-key-type": "string", "loose-value-type": "any"}},
}


@frozen
class Theirs:
    """One mapping of theirs: the definitions of its keys, those required, and of any other key."""

    keys: dict[str, str]
    required: frozenset[str]
    others: str | None


class Tables:
    """The definitions in one of their files."""

    def __init__(self, path: Path) -> None:
        self.definitions: dict[str, dict[str, Any]] = _BUILT_IN | json.loads(path.read_text())["definitions"]
        self.seen: set[tuple[int, str, Visible]] = set()

    def differences(self, shape: Shape, name: str) -> list[str]:
        """Every difference between one of our shapes and the definition of that name."""
        return sorted(set(self._value("", shape, name, NOTHING, NOTHING)))

    def words_below(self, name: str, key: str) -> list[str]:
        """The texts that a key of a mapping may be, alone or in a list."""
        found: list[str] = []
        for option in self._options(name):
            below = option.get("mapping", {}).get("properties", {}).get(key)
            if below is not None:
                for value in self._options(below if isinstance(below, str) else below["type"]):
                    item = value.get("sequence", {}).get("item-type")
                    found += _words([value, *(self._options(item) if item else ())])
        return found

    def _value(self, path: str, shape: Shape, name: str, ours: Visible, theirs: Visible) -> Iterator[str]:
        ours = ours | shape.visible
        theirs = theirs | _visible(self.definitions[name].get("context", []))
        if (id(shape), name, theirs) in self.seen:
            return
        self.seen.add((id(shape), name, theirs))
        at = path or "(root)"
        options = list(self._options(name))
        if shape.anything or any(option.get("any") for option in options):
            if not (shape.anything and any(option.get("any") for option in options)):
                yield f"{at}: {'anything' if shape.anything else 'not anything'} here"
            return
        yield from _expected(at, "context", ours.contexts, theirs.contexts)
        yield from _expected(at, "function", ours.functions, theirs.functions)
        yield from _expected(at, "type", _our_kinds(shape), set(_their_kinds(options)))
        yield from _expected(at, "word", set(shape.words), set(_words(options)))
        item = next((o["sequence"]["item-type"] for o in options if "sequence" in o), None)
        if (item is None) != (shape.items is None):
            yield f"{at}: {'a list' if shape.items else 'no list'} here"
        elif item is not None and shape.items is not None:
            yield from self._value(f"{path}[]", shape.items, item, ours, theirs)
        yield from self._mappings(
            path, shape, [_mapping(o["mapping"]) for o in options if "mapping" in o], ours, theirs
        )

    def _mappings(
        self, path: str, shape: Shape, found: list[Theirs], ours: Visible, theirs: Visible
    ) -> Iterator[str]:
        at = path or "(root)"
        if len(found) == 1 == len(shape.records):
            yield from self._mapping(path, shape.records[0], found[0], ours, theirs)
            return
        by_telling = {tuple(sorted(record.required or record.keys)): record for record in shape.records}
        for one in found:
            record = by_telling.pop(tuple(sorted(one.required or one.keys)), None)
            if record is None:
                yield f"{at}: no mapping with {', '.join(sorted(one.required or one.keys))} here"
            else:
                label = f"{path}({', '.join(sorted(one.required))})"
                yield from self._mapping(label, record, one, ours, theirs)
        for left in by_telling.values():
            yield f"{at}: a mapping with {', '.join(left.required or left.keys)} here"

    def _mapping(
        self, path: str, ours: Record, theirs: Theirs, seen: Visible, their_seen: Visible
    ) -> Iterator[str]:
        at = path or "(root)"
        yield from _expected(at, "key", set(ours.keys), set(theirs.keys))
        yield from _expected(at, "required key", set(ours.required), theirs.required)
        for key in ours.keys.keys() & theirs.keys.keys():
            yield from self._value(
                f"{path}.{key}".lstrip("."), ours.keys[key], theirs.keys[key], seen, their_seen
            )
        if (ours.others is None) != (theirs.others is None):
            yield f"{at}: {'other keys' if ours.others else 'no other keys'} here"
        elif ours.others is not None and theirs.others is not None:
            yield from self._value(f"{path}.*".lstrip("."), ours.others, theirs.others, seen, their_seen)

    def _options(self, name: str) -> Iterator[dict[str, Any]]:
        definition = self.definitions[name]
        if "allowed-values" in definition:
            yield {"words": definition["allowed-values"]}
        for option in definition.get("one-of", []):
            yield from self._options(option)
        if "one-of" not in definition and "allowed-values" not in definition:
            yield definition


def _visible(context: list[str]) -> Visible:
    return Visible(
        frozenset(name for name in context if "(" not in name),
        frozenset(name.partition("(")[0] for name in context if "(" in name),
    )


def _mapping(definition: dict[str, Any]) -> Theirs:
    properties = definition.get("properties", {})
    values = {key: {"type": value} if isinstance(value, str) else value for key, value in properties.items()}
    return Theirs(
        {key: value["type"] for key, value in values.items()},
        frozenset(key for key, value in values.items() if value.get("required")),
        definition.get("loose-value-type"),
    )


def _their_kinds(options: list[dict[str, Any]]) -> Iterator[str]:
    for option in options:
        if "string" in option and "constant" not in option["string"]:
            yield (Kind.FILLED if option["string"].get("require-non-empty") else Kind.TEXT).value
        yield from (kind.value for name, kind in _KINDS.items() if name in option)


def _our_kinds(shape: Shape) -> set[str]:
    """A condition is a text in their tables."""
    return {(Kind.TEXT if kind is Kind.CONDITION else kind).value for kind in shape.kinds}


def _words(options: list[dict[str, Any]]) -> Iterator[str]:
    for option in options:
        yield from option.get("words", [])
        if "constant" in option.get("string", {}):
            yield option["string"]["constant"]


def _expected(at: str, what: str, ours: Any, theirs: Any) -> Iterator[str]:
    yield from (f"{at}: {what} {name} is only theirs" for name in set(theirs) - set(ours))
    yield from (f"{at}: {what} {name} is only ours" for name in set(ours) - set(theirs))
