"""The tree that a YAML file becomes: three node types, each with its place in the file."""

from __future__ import annotations

from collections.abc import Iterator

from actlite.records import frozen
from actlite.source import Span

Primitive = None | bool | float | str
"""What a scalar can be. All numbers are floats, as in GitHub's own reader."""


@frozen
class Scalar:
    """A scalar: its typed value, the text it was written as (after YAML's own escapes), and its place."""

    value: Primitive
    text: str
    span: Span
    plain: bool = True
    """Written without quotes and not as a block, so that its text stands in the file as it is."""


@frozen
class Sequence:
    """A list of nodes."""

    items: tuple[Node, ...]
    span: Span

    def __iter__(self) -> Iterator[Node]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


@frozen
class Mapping:
    """Keys and values in file order. Keys are scalars; lookup is case-insensitive, as GitHub's is."""

    entries: tuple[tuple[Scalar, Node], ...]
    span: Span

    def __iter__(self) -> Iterator[tuple[Scalar, Node]]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def get(self, key: str) -> Node | None:
        """The value of a key, or None."""
        wanted = key.casefold()
        for name, value in self.entries:
            if name.text.casefold() == wanted:
                return value
        return None


Node = Scalar | Sequence | Mapping
