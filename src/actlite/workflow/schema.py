"""The words in which the shape of a workflow file is described: which keys, which types, which contexts.

The tables themselves are in ``schema_workflow``, ``schema_events`` and ``schema_action``; ``validate``
compares a document with them. The rules are those of GitHub's own reader: names that an inner value
may use are added to those of the values around it, and a value that sees no names takes no expression.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum

from actlite.records import field, frozen, replace


@frozen
class Visible:
    """The contexts and the functions (besides the built-in ones) that an expression may name."""

    contexts: frozenset[str] = frozenset()
    functions: frozenset[str] = frozenset()

    def __or__(self, other: Visible) -> Visible:
        if other is NOTHING or other is self:
            return self
        if self is NOTHING:
            return other
        return Visible(self.contexts | other.contexts, self.functions | other.functions)


NOTHING = Visible()
"""No expression is allowed."""


def names(contexts: str, functions: str = "") -> Visible:
    """Contexts and functions, given as words."""
    return Visible(frozenset(contexts.split()), frozenset(functions.split()))


class Kind(Enum):
    """What a scalar may be."""

    TEXT = "text"
    """Any scalar: what isn't text is written out as text."""
    FILLED = "text that is not empty"
    NUMBER = "a number"
    BOOLEAN = "true or false"
    NULL = "nothing"
    CONDITION = "a condition"
    """Text that is an expression with or without ``${{ }}``."""


@frozen
class Record:
    """A mapping: the keys it knows, those it must have, and the value of any other key."""

    keys: Mapping[str, Shape]
    required: tuple[str, ...] = ()
    others: Shape | None = None
    """None: other keys are errors."""


@frozen
class Shape:
    """What a value may be: one of several scalars, a list, one of several mappings, or anything."""

    kinds: frozenset[Kind] = frozenset()
    words: tuple[str, ...] = ()
    """If given, the only texts allowed."""
    items: Shape | None = None
    records: tuple[Record, ...] = ()
    anything: bool = False
    visible: Visible = field(default=NOTHING)

    def seeing(self, visible: Visible) -> Shape:
        """The same shape where more names are visible."""
        return replace(self, visible=self.visible | visible)

    def __or__(self, other: Shape) -> Shape:
        return Shape(
            self.kinds | other.kinds,
            self.words + other.words,
            self.items or other.items,
            self.records + other.records,
            self.anything or other.anything,
            self.visible | other.visible,
        )


TEXT = Shape(frozenset({Kind.TEXT}))
FILLED = Shape(frozenset({Kind.FILLED}))
NUMBER = Shape(frozenset({Kind.NUMBER}))
BOOLEAN = Shape(frozenset({Kind.BOOLEAN}))
NULL = Shape(frozenset({Kind.NULL}))
CONDITION = Shape(frozenset({Kind.CONDITION}))
ANYTHING = Shape(anything=True)


def words(*allowed: str) -> Shape:
    """One of these texts."""
    return Shape(words=allowed)


def items(item: Shape) -> Shape:
    """A list."""
    return Shape(items=item)


def record(
    keys: Mapping[str, Shape] | None = None, *, required: Iterable[str] = (), others: Shape | None = None
) -> Shape:
    """A mapping."""
    return Shape(records=(Record(keys or {}, tuple(required), others),))


FILLED_LIST = FILLED | items(FILLED)
"""A text or a list of texts, none of them empty."""
