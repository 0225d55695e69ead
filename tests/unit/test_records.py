"""Records behave as dataclasses with slots."""

from __future__ import annotations

import copy
from dataclasses import FrozenInstanceError, asdict, field, fields, replace

import pytest

from actlite.records import changeable, frozen


@frozen
class Point:
    """A point."""

    x: int
    y: int = 2
    tags: list[str] = field(default_factory=list)
    secret: str = field(default="s", repr=False)


@frozen
class Named(Point):
    """A point with a name."""

    name: str = "n"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Named) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)


def test_fields_have_their_values_and_defaults() -> None:
    point = Point(1, tags=["a"])
    assert (point.x, point.y, point.tags) == (1, 2, ["a"])
    assert Point(1).tags is not Point(1).tags
    with pytest.raises(TypeError):
        Point()  # type: ignore[call-arg]  # what is missing is the test


def test_nothing_can_be_changed() -> None:
    point = Point(1)
    with pytest.raises(FrozenInstanceError):
        point.x = 2  # type: ignore[misc]  # that it is refused is the test
    with pytest.raises(FrozenInstanceError):
        del point.x  # type: ignore[misc]  # as above
    with pytest.raises(FrozenInstanceError):
        point.other = 1  # type: ignore[attr-defined]  # as above
    assert not hasattr(point, "__dict__")


def test_equal_by_type_and_values() -> None:
    assert Point(1) == Point(1)
    assert Point(1) != Point(2)
    assert Point(1) != (1, 2, [], "s")
    assert Point(1) != Named(1)
    assert hash(Named(1)) == hash(Named(2))
    assert Named(1) == Named(2)


def test_what_dataclasses_offers_works() -> None:
    assert replace(Point(1), y=5) == Point(1, 5)
    assert asdict(Named(1)) == {"x": 1, "y": 2, "tags": [], "secret": "s", "name": "n"}
    assert [f.name for f in fields(Named)] == ["x", "y", "tags", "secret", "name"]
    assert repr(Point(1)) == "Point(x=1, y=2, tags=[])"
    assert copy.copy(Point(3)).x == 3


@changeable
class Counter:
    """Something that counts."""

    count: int = 0
    names: list[str] = field(default_factory=list)


def test_a_changeable_record() -> None:
    counter, unknown = Counter(names=["a"]), "other"
    counter.count += 1
    assert counter == Counter(1, ["a"])
    assert counter != Counter(2, ["a"])
    assert repr(counter) == "Counter(count=1, names=['a'])"
    assert Counter().names is not Counter().names
    assert not hasattr(counter, "__dict__")
    with pytest.raises(TypeError):
        hash(counter)
    with pytest.raises(AttributeError):
        setattr(counter, unknown, 1)
    assert replace(counter, count=7) == Counter(7, ["a"])
    assert copy.copy(counter) == counter
