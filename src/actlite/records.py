"""Records, frozen and changeable: dataclasses that are made three times as fast.

A run loads more than a hundred of them before its first container can start, and the standard decorator
compiles five methods for each. Here only ``__init__`` is compiled; the others are shared. Everything of
``dataclasses`` works on them: ``fields``, ``replace``, ``asdict``, ``field``.
"""

from __future__ import annotations

from dataclasses import MISSING, FrozenInstanceError, dataclass, field, fields
from typing import Any, NoReturn, TypeVar, dataclass_transform

__all__ = ["changeable", "field", "frozen"]

T = TypeVar("T")
_UNSET: Any = object()
_SET = object.__setattr__


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[T]) -> type[T]:
    """Make a class a frozen dataclass with slots; equal by type and values, and hashable if those are."""
    own = cls.__dict__
    made = dataclass(init=False, repr=False, eq=False, slots=True)(cls)
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
    made = dataclass(init=False, repr=False, eq=False, slots=True)(cls)
    _put(made, "__init__", _init(made, "self.{name} = {value}"))
    for name, method in (("__repr__", _repr), ("__eq__", _eq), ("__hash__", None)):
        if own.get(name) is None:
            _put(made, name, method)
    return made


def _put(cls: type[Any], name: str, method: Any) -> None:
    setattr(cls, name, method)


def _init(cls: type[Any], assignment: str) -> Any:
    """The ``__init__`` that the standard decorator would make."""
    arguments: list[str] = []
    body: list[str] = []
    names: dict[str, Any] = {"_unset": _UNSET}
    for one in fields(cls):
        name = one.name
        names[f"_set_{name}"] = getattr(cls, name).__set__  # three times as fast as object.__setattr__
        if one.default_factory is not MISSING:
            names[f"_make_{name}"] = one.default_factory
            arguments.append(f"{name}=_unset")
            body.append(
                " "
                + assignment.format(name=name, value=f"{name} if {name} is not _unset else _make_{name}()")
            )
            continue
        if one.default is not MISSING:
            names[f"_default_{name}"] = one.default
            arguments.append(f"{name}=_default_{name}")
        else:
            arguments.append(name)
        body.append(" " + assignment.format(name=name, value=name))
    exec(f"def __init__(self, {', '.join(arguments)}):\n" + ("\n".join(body) or " pass"), names)
    return names["__init__"]


def _values(self: Any) -> tuple[Any, ...]:
    return tuple(getattr(self, name) for name in self.__dataclass_fields__)


def _refuse(self: Any, name: str, *_: Any) -> NoReturn:
    raise FrozenInstanceError(f"cannot change field {name!r}")


def _restore(self: Any, values: tuple[Any, ...]) -> None:
    for name, value in zip(self.__dataclass_fields__, values, strict=True):
        _SET(self, name, value)


def _repr(self: Any) -> str:
    shown = (f"{f.name}={getattr(self, f.name)!r}" for f in fields(self) if f.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _eq(self: Any, other: object) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    return _values(self) == _values(other)


def _hash(self: Any) -> int:
    return hash(_values(self))
