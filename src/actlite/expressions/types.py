"""Types of expressions: what is known of a value before anything runs.

A type is a set of kinds, with what is known of each: the values that can come, the fields of an object, the
items of an array. What isn't known is ``ANY``, about which nothing is ever found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from math import isnan
from typing import Any, Protocol

from actlite.expressions.values import is_truthy
from actlite.records import field, frozen

NULL, BOOLEAN, NUMBER, STRING, OBJECT, ARRAY = 1, 2, 4, 8, 16, 32
PRIMITIVE = NULL | BOOLEAN | NUMBER | STRING
COLLECTION = OBJECT | ARRAY
EVERYTHING = PRIMITIVE | COLLECTION
MOST_VALUES = 64
"""Of more values than these only the kinds are kept."""

Literal = tuple[int, Any]
"""A kind and a value: 1 and true are two different ones."""
NO_VALUES: frozenset[Literal] = frozenset()


@frozen
class Lack:
    """What is to be said of a name that an object doesn't have. ``warning`` is False for what may be meant."""

    code: str
    message: str
    label: str = ""
    help: str = ""
    warning: bool = True
    notes: tuple[str, ...] = ()


class Names(Protocol):
    """What a context knows of the names in it."""

    def lack(self, name: str, tested: bool) -> Lack | None:
        """What is wrong with a name that isn't among the fields; None for nothing. ``tested``: the value is
        only asked whether it is there, as in ``matrix.extra || 'x'``."""


@frozen
class Type:
    """``values``: all primitive values that can come, None where they aren't known. ``fields`` are by name in
    small letters; ``rest`` is the type of the other ones, None where there are none."""

    kinds: int
    values: frozenset[Literal] | None = NO_VALUES
    fields: Mapping[str, Type] = field(default_factory=dict)
    rest: Type | None = None
    items: Type | None = None
    filtered: bool = False
    """Made by ``.*``: the next index applies to each item."""
    names: Names | None = None
    elsewhere: frozenset[str] = frozenset()
    """Texts that this never is here, though it is in other workflows: a comparison with one is a leftover."""
    advice: Mapping[str, str] = field(default_factory=dict)
    """What to say of a text that this never is, where more is known than that, by the text in small letters."""

    def only(self, kinds: int) -> bool:
        """Whether a value, if it isn't null, is surely of these kinds; never so of null alone."""
        mine = self.kinds & ~NULL
        return mine != 0 and not mine & ~kinds


ANY = Type(EVERYTHING, None, rest=None)
NOTHING = Type(0)
"""The type of the items of an empty array."""
NULL_TYPE = Type(NULL, frozenset({(NULL, None)}))
TEXT = Type(STRING, None)
MAYBE_TEXT = Type(STRING | NULL, None)
NUMERIC = Type(NUMBER, None)
FLAG = Type(BOOLEAN, frozenset({(BOOLEAN, True), (BOOLEAN, False)}))
OPEN = Type(OBJECT, rest=ANY)
"""An object of which nothing is known."""


def known(*texts: str) -> Type:
    """One of these texts."""
    return Type(STRING, frozenset((STRING, text) for text in texts)) if texts else TEXT


def record(fields: Mapping[str, Type], rest: Type | None = None, names: Names | None = None) -> Type:
    """An object with these fields, by name as it is written."""
    return Type(OBJECT, fields={name.lower(): type for name, type in fields.items()}, rest=rest, names=names)


def mapping_of(rest: Type, names: Names | None = None) -> Type:
    """An object of any names whose values have one type."""
    return Type(OBJECT, rest=rest, names=names)


def list_of(items: Type) -> Type:
    """An array."""
    return Type(ARRAY, items=items)


@lru_cache(maxsize=1024)
def _literal(kind: int, value: Any) -> Type:
    return Type(kind, frozenset({(kind, value)}))


def of_value(value: object) -> Type:
    """The type of a value, which may be a whole tree."""
    if value is None:
        return NULL_TYPE
    if isinstance(value, bool):
        return _literal(BOOLEAN, value)
    if isinstance(value, float | int):
        return _literal(NUMBER, float(value))
    if isinstance(value, str):
        return _literal(STRING, value)
    if isinstance(value, Mapping):
        return record({name: of_value(inner) for name, inner in value.items()})
    if isinstance(value, list | tuple):
        return list_of(union(of_value(item) for item in value))
    return ANY


def union(types: Iterable[Type]) -> Type:
    """The type of a value that has one of these types; of none, NOTHING."""
    result = NOTHING
    for type in types:
        result = merge(result, type)
    return result


def merge(left: Type, right: Type) -> Type:
    """The type of a value that has one of two types."""
    if left is right or right is NOTHING:
        return left
    if left is NOTHING:
        return right
    if left is ANY or right is ANY or (left.kinds & right.kinds & ARRAY and left.filtered != right.filtered):
        return ANY
    kinds = left.kinds | right.kinds
    values = None
    if left.values is not None and right.values is not None:
        values = left.values | right.values
        if len(values) > MOST_VALUES:
            values = None
    if not kinds & COLLECTION:
        return Type(kinds, values)
    fields: Mapping[str, Type] = {}
    rest: Type | None = None
    names = left.names or right.names
    if left.kinds & right.kinds & OBJECT:
        fields, rest = _merged_fields(left, right)
    elif kinds & OBJECT:
        one = left if left.kinds & OBJECT else right
        fields, rest = one.fields, one.rest
    items = None
    if kinds & ARRAY:
        items = merge(left.items or NOTHING, right.items or NOTHING)
    return Type(kinds, values, fields, rest, items, left.filtered or right.filtered, names)


def _merged_fields(left: Type, right: Type) -> tuple[dict[str, Type], Type | None]:
    fields = {
        name: merge(
            left.fields.get(name, left.rest or NULL_TYPE), right.fields.get(name, right.rest or NULL_TYPE)
        )
        for name in {**left.fields, **right.fields}
    }
    if left.rest is None and right.rest is None:
        return fields, None
    return fields, merge(left.rest or NULL_TYPE, right.rest or NULL_TYPE)


def optional(type: Type) -> Type:
    """The type, or null."""
    return merge(type, NULL_TYPE)


def truthy(type: Type) -> Type:
    """The type where its value counts as true."""
    if type is ANY:
        return ANY
    kinds = type.kinds & ~NULL
    values = type.values
    if values is not None:
        values = frozenset(value for value in values if is_truthy(value[1]))
        kinds = kinds & COLLECTION | _kinds(values)
    return Type(kinds, values, type.fields, type.rest, type.items, type.filtered, type.names)


_FALSE: tuple[Literal, ...] = (
    *((NULL, None), (BOOLEAN, False), (NUMBER, 0.0), (NUMBER, float("nan")), (STRING, "")),
)


def falsy(type: Type) -> Type:
    """The type where its value counts as false: nothing but null, false, 0, NaN and ''."""
    values = type.values
    if values is None:
        values = frozenset(value for value in _FALSE if type.kinds & value[0])
    else:
        values = frozenset(value for value in values if not is_truthy(value[1]))
    return Type(_kinds(values), values)


def _kinds(values: Iterable[Literal]) -> int:
    kinds = 0
    for kind, _ in values:
        kinds |= kind
    return kinds


def constant(type: Type) -> Literal | None:
    """The one value that can come, if there is only one."""
    if type.kinds & COLLECTION or type.values is None or len(type.values) != 1:
        return None
    return next(iter(type.values))


def is_nan(value: object) -> bool:
    """Whether a value is the number that equals nothing."""
    return isinstance(value, float) and isnan(value)


_WORDS = (
    *((BOOLEAN, "true or false"), (NUMBER, "a number"), (STRING, "text"), (OBJECT, "an object")),
    *((ARRAY, "an array"), (NULL, "null")),
)


def words(type: Type) -> str:
    """The type in words; null is named only where there is nothing else."""
    kinds = type.kinds & ~NULL or type.kinds
    return " or ".join(word for kind, word in _WORDS if kinds & kind) or "nothing"
