"""Edits of a text, and places in YAML as it is written: lines, indentation, entries of mappings, items of lists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from actlite.document.nodes import Mapping, Node, Scalar
from actlite.records import frozen
from actlite.source import SourceFile


class CannotEdit(Exception):
    """The file is written in a way that an edit can't be made in; the text says which, as a clause."""


@frozen
class Edit:
    """What stands between two offsets is replaced."""

    start: int
    end: int
    text: str


def apply(text: str, edits: Iterable[Edit]) -> str:
    """The text with all edits made. Edits at one place keep their order. Raises ValueError where two overlap."""
    parts: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if edit.start < at:
            raise ValueError(f"two edits overlap at offset {edit.start}")
        parts += [text[at : edit.start], edit.text]
        at = edit.end
    return "".join([*parts, text[at:]])


@frozen
class Entry:
    """A key of a mapping with its value, as both are written."""

    key: Scalar
    value: Node


class Page:
    """A workflow's text, and where things stand in it. All questions that ask for block style raise CannotEdit."""

    def __init__(self, source: SourceFile) -> None:
        self.source = source
        self.text = source.text
        self.newline = "\r\n" if "\r\n" in source.text else "\n"

    def entry(self, mapping: Mapping | None, name: str) -> Entry | None:
        """The entry with this key; None where there is none."""
        for key, value in mapping.entries if mapping is not None else ():
            if key.text == name:
                return Entry(key, value)
        return None

    def own(self, entry: Entry) -> None:
        """Raise CannotEdit where the value stands elsewhere (an alias), or is used elsewhere too (an anchor)."""
        value = entry.value.span
        between = self.text[entry.key.span.end : value.start] if value.start >= entry.key.span.end else "*"
        if re.search(r"(?:^|[\s:])\*", between) or value.start < entry.key.span.end:
            raise CannotEdit(f"'{entry.key.text}' is an alias: its value stands at another place")
        if value.text.startswith("&") and not isinstance(entry.value, Scalar):
            raise CannotEdit(f"'{entry.key.text}' has an anchor: other places may use its value too")

    def column(self, offset: int) -> int:
        """How many characters stand before an offset in its line."""
        return self.source.line_column(offset)[1] - 1

    def line_start(self, offset: int) -> int:
        """The offset of the first character of a line."""
        return offset - self.column(offset)

    def line_end(self, offset: int) -> int:
        """The offset of the line end of a line, or of the end of the text."""
        end = self.text.find("\n", offset)
        end = len(self.text) if end < 0 else end
        return end - 1 if end > offset and self.text[end - 1] == "\r" else end

    def block(self, entry: Entry) -> int:
        """The indentation of an entry in block style, whose key is the first of its line or stands after a dash."""
        start = self.line_start(entry.key.span.start)
        if self.text[start : entry.key.span.start].strip(" -"):
            raise CannotEdit(f"'{entry.key.text}' stands within braces, in one line with what is around it")
        return entry.key.span.start - start

    def is_flow(self, node: Node) -> bool:
        """Whether a mapping or list is written with braces or brackets."""
        return _unadorned(node.span.text).startswith(("{", "["))

    def lines_of(self, entry: Entry) -> tuple[int, int]:
        """The whole lines of an entry, their last line end included. What follows the value in its last line, such
        as a comment, belongs to them."""
        self.block(entry)
        start = self.line_start(entry.key.span.start)
        if "-" in self.text[start : entry.key.span.start]:
            raise CannotEdit(f"'{entry.key.text}' is the first key after the dash of its item")
        end = self.line_end(max(entry.key.span.end, entry.value.span.end))
        return start, self.after_line(end)

    def after_line(self, end: int) -> int:
        """The offset after the line end that stands at an offset."""
        found = self.text.find("\n", end)
        return len(self.text) if found < 0 else found + 1

    def removed(self, entry: Entry) -> Edit:
        """The edit that takes an entry in block style out; the comments in its lines stay, in lines of their own."""
        start, end = self.lines_of(entry)
        indent = self.block(entry)
        return Edit(start, end, self.written(self.comments(entry), indent))

    def comments(self, entry: Entry) -> list[str]:
        """The comments in the lines of an entry, in their order, without those within a text."""
        start, end = self.lines_of(entry)
        return self.comments_between(start, end, entry.value)

    def comments_between(self, start: int, end: int, node: Node) -> list[str]:
        """The comments in the lines between two offsets, in which a value stands, without those within a text."""
        spans = [scalar.span for scalar in _scalars(node)]
        found = []
        for line_start in (at for at in self.source.line_starts if start <= at < end):
            line_end = self.line_end(line_start)
            inside = [span for span in spans if span.start < line_end and span.end > line_start]
            after = max([min(span.end, line_end) for span in inside], default=line_start)
            comment = re.search(r"(?:^|\s)(#.*)", self.text[after:line_end])
            if comment:
                found.append(comment[1])
        return found

    def written(self, lines: Sequence[str], indent: int) -> str:
        """Lines with an indentation and this file's line ends, each with one."""
        pad = " " * indent
        return "".join(f"{pad}{line}{self.newline}" if line else self.newline for line in lines)

    def inserted_after(self, offset: int, lines: Sequence[str], indent: int) -> Edit:
        """The edit that puts lines after the line of an offset."""
        end = self.line_end(offset)
        after = self.after_line(end)
        text = self.written(lines, indent)
        if after == len(self.text) and not self.text.endswith("\n"):
            return Edit(after, after, self.newline + text.removesuffix(self.newline))
        return Edit(after, after, text)


def _scalars(node: Node) -> list[Scalar]:
    if isinstance(node, Scalar):
        return [node]
    children = [pair[1] for pair in node.entries] if isinstance(node, Mapping) else list(node.items)
    return [scalar for child in children for scalar in _scalars(child)]


def _unadorned(text: str) -> str:
    """A value's text without its tag and anchor."""
    return re.sub(r"^(?:[&!]\S*\s+)*", "", text)
