"""Records, frozen and changeable: what dataclasses are, made several times as fast.

A run loads more than a hundred of them before its first container can start. The standard module takes a third of
the start-up of ``actlite list`` by itself (it loads ``inspect``), and its decorator compiles five methods for each
class. Here only ``__init__`` is compiled, the others are shared, and the standard module is loaded when somebody
asks it about a record: everything of ``dataclasses`` works on them, ``fields``, ``replace``, ``asdict``, ``field``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar, dataclass_transform, overload

__all__ = ["changeable", "field", "frozen", "replace"]

T = TypeVar("T")
_UNSET: Any = object()
_SET = object.__setattr__


class _Field:
    """What is said of a field in the class's body."""

    __slots__ = ("default", "factory", "name", "repr", "type")

    def __init__(self, default: Any, factory: Any, repr: bool) -> None:
        self.name = ""
        self.type: Any = None
        self.default = default
        self.factory = factory
        self.repr = repr


@overload
def field(*, default: T, repr: bool = True) -> T:
    """A field with a default."""


@overload
def field(*, default_factory: Callable[[], T], repr: bool = True) -> T:
    """A field whose default is made anew for each record."""


@overload
def field(*, repr: bool = True) -> Any:
    """A field that must be given."""


def field(*, default: Any = _UNSET, default_factory: Any = _UNSET, repr: bool = True) -> Any:
    """A field with a default that is made anew for each record, or one that ``repr`` leaves out."""
    return _Field(default, default_factory, repr)


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[T]) -> type[T]:
    """Make a class a frozen dataclass with slots; equal by type and values, and hashable if those are."""
    own = cls.__dict__
    made: type[T] = _slotted(cls)
    _put(made, "__init__", _init(made, "_set_{name}(self, {value})"))
    _put(made, "__setattr__", _refuse)
    _put(made, "__delattr__", _refuse)
    _put(made, "__getstate__", _values)
    _put(made, "__setstate__", _restore)
    for name, method in (("__repr__", _repr), ("__eq__", _eq), ("__hash__", _hash)):
        if name not in own:
            _put(made, name, method)
    return made


@dataclass_transform(field_specifiers=(field,))
def changeable(cls: type[T]) -> type[T]:
    """Make a class a dataclass with slots whose fields may change; equal by type and values, never hashable."""
    own = cls.__dict__
    made: type[T] = _slotted(cls)
    _put(made, "__init__", _init(made, "self.{name} = {value}"))
    for name, method in (("__repr__", _repr), ("__eq__", _eq), ("__hash__", None)):
        if own.get(name) is None:
            _put(made, name, method)
    return made


def replace(record: T, **changes: Any) -> T:
    """A copy of a record with other values in some fields. Raises TypeError for a field that isn't there."""
    values = {one.name: getattr(record, one.name) for one in _fields(type(record))}
    return type(record)(**(values | changes))


class _Standard:
    """``__dataclass_fields__``: made when the standard module asks for it."""

    def __get__(self, record: object, cls: type[Any]) -> dict[str, Any]:
        import dataclasses

        result: dict[str, Any] = {}
        for one in _fields(cls):
            made: Any = dataclasses.field(repr=one.repr)
            made.default = dataclasses.MISSING if one.default is _UNSET else one.default
            made.default_factory = dataclasses.MISSING if one.factory is _UNSET else one.factory
            made.name, made.type, made.kw_only = one.name, one.type, False
            made._field_type = vars(dataclasses)["_FIELD"]
            result[one.name] = made
        type.__setattr__(cls, "__dataclass_fields__", result)
        return result


def _slotted(cls: type[Any]) -> Any:
    """The class again, with slots for its fields."""
    inherited = {
        one.name: one for base in reversed(cls.__mro__[1:]) for one in base.__dict__.get("_own_fields", ())
    }
    own: dict[str, _Field] = {}
    for name, type_ in cls.__annotations__.items():
        if not str(type_).startswith(("ClassVar", "typing.ClassVar")):
            own[name] = _declared(cls.__dict__.get(name, _UNSET))
            own[name].name, own[name].type = name, type_
    every = inherited | own
    members = {
        name: value
        for name, value in cls.__dict__.items()
        if name not in own and name not in ("__dict__", "__weakref__")
    }
    members |= {
        "__slots__": tuple(name for name in own if name not in inherited),
        "_own_fields": tuple(own.values()),
        "_every_field": tuple(every.values()),
        "__match_args__": tuple(every),
        "__dataclass_fields__": _Standard(),
    }
    kind: Any = type(cls)
    return kind(cls.__name__, cls.__bases__, members)


def _declared(value: Any) -> _Field:
    """The field that a value in a class's body stands for: a default, our ``field`` or the standard one."""
    if isinstance(value, _Field):
        return value
    standard = sys.modules.get("dataclasses")
    if standard is not None and isinstance(value, standard.Field):
        unset = standard.MISSING
        default, factory = (_UNSET if one is unset else one for one in (value.default, value.default_factory))
        return _Field(default, factory, value.repr)
    return _Field(value, _UNSET, True)


def _fields(cls: type[Any]) -> tuple[_Field, ...]:
    found: tuple[_Field, ...] = cls._every_field
    return found


def _put(cls: type[Any], name: str, method: Any) -> None:
    setattr(cls, name, method)


def _init(cls: type[Any], assignment: str) -> Any:
    """The ``__init__`` that the standard decorator would make."""
    arguments: list[str] = []
    body: list[str] = []
    names: dict[str, Any] = {"_unset": _UNSET}
    for one in _fields(cls):
        name = one.name
        names[f"_set_{name}"] = getattr(cls, name).__set__  # three times as fast as object.__setattr__
        if one.factory is not _UNSET:
            names[f"_make_{name}"] = one.factory
            arguments.append(f"{name}=_unset")
            body.append(
                " "
                + assignment.format(name=name, value=f"{name} if {name} is not _unset else _make_{name}()")
            )
            continue
        if one.default is not _UNSET:
            names[f"_default_{name}"] = one.default
            arguments.append(f"{name}=_default_{name}")
        else:
            arguments.append(name)
        body.append(" " + assignment.format(name=name, value=name))
    exec(f"def __init__(self, {', '.join(arguments)}):\n" + ("\n".join(body) or " pass"), names)
    return names["__init__"]


def _values(self: Any) -> tuple[Any, ...]:
    return tuple(getattr(self, one.name) for one in self._every_field)


def _refuse(self: Any, name: str, *_: Any) -> NoReturn:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot change field {name!r}")


def _restore(self: Any, values: tuple[Any, ...]) -> None:
    for one, value in zip(self._every_field, values, strict=True):
        _SET(self, one.name, value)


def _repr(self: Any) -> str:
    shown = (f"{one.name}={getattr(self, one.name)!r}" for one in self._every_field if one.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _eq(self: Any, other: object) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    return _values(self) == _values(other)


def _hash(self: Any) -> int:
    return hash(_values(self))
