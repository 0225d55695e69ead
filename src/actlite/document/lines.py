"""The lines of a file that is no YAML: indentation, keys and values, as people see them."""

from __future__ import annotations

import re

from actlite.source import SourceFile, Span

_PAIR = re.compile(r"(?:- +)*(?P<key>[^\s#'\"\[{&*!|>%@`][^:#]*?|'[^']*'|\"[^\"]*\"): +(?P<value>\S.*)")
_BLOCK = re.compile(r".*(?:^|[\s:-])[|>][-+0-9]*\s*(?:#.*)?")
_COMMENT = re.compile(r"\s+#.*")


def quoted(value: str) -> str:
    """A value in single quotes."""
    inner = value.replace("'", "''")
    return f"'{inner}'"


class Lines:
    """Questions about lines, which are counted from 1."""

    def __init__(self, source: SourceFile) -> None:
        self.source = source

    def number(self, offset: int) -> int:
        """The line of an offset."""
        return self.source.line_column(offset)[0]

    def start(self, number: int) -> int:
        """The offset where a line begins."""
        return self.source.line_starts[number - 1]

    def end(self, number: int) -> int:
        """The offset where a line's text ends."""
        return self.start(number) + len(self.source.line(number))

    def line(self, number: int) -> str:
        """The text of a line."""
        return self.source.line(number)

    def blank(self, number: int) -> str:
        """The white space that begins a line."""
        line = self.line(number)
        return line[: len(line) - len(line.lstrip(" \t"))]

    def content(self, number: int) -> Span:
        """A line without white space around it, without the dashes of list items before it or a comment after."""
        line = self.line(number)
        dashes = re.match(r"[\s]*(?:- +)*", line)
        start = dashes.end() if dashes else 0
        text = _COMMENT.sub("", line[start:]).rstrip()
        return self.source.span(self.start(number) + start, self.start(number) + start + len(text))

    def pair(self, number: int) -> tuple[str | None, str, int]:
        """The key and value of a line, and where the value begins; the key is None where it has none."""
        line = self.line(number)
        indent = len(self.blank(number))
        match = _PAIR.match(line, indent)
        if match is None:
            return None, "", 0
        value = _COMMENT.sub("", match["value"]).rstrip()
        return match["key"], value, self.start(number) + match.start("value")

    def above(self, number: int) -> int | None:
        """The nearest line above that is neither empty nor a comment."""
        for candidate in range(number - 1, 0, -1):
            text = self.line(candidate).strip()
            if text and not text.startswith("#"):
                return candidate
        return None

    def below(self, number: int) -> int:
        """The nearest line below that is not empty."""
        last = len(self.source.line_starts)
        return next((n for n in range(number + 1, last) if self.line(n).strip()), last)

    def block_above(self, number: int) -> int | None:
        """The line above whose ``|`` or ``>`` begins the text that ends before this line, if one does."""
        candidate: int | None = number
        lowest = len(self.blank(number))
        while candidate is not None and (candidate := self.above(candidate)) is not None:
            depth = len(self.blank(candidate))
            if _BLOCK.fullmatch(self.line(candidate)):
                return candidate if depth >= lowest or number - candidate > 1 else None
            if depth < lowest:
                return None
        return None

    def depths_above(self, number: int) -> dict[int, int]:
        """How deep the lines are indented that enclose this one or could be its siblings, with their numbers."""
        depths: dict[int, int] = {}
        candidate: int | None = number
        while candidate is not None and (candidate := self.above(candidate)) is not None:
            depth = len(self.blank(candidate))
            if not depths or depth < min(depths):
                depths[depth] = candidate
            if depth == 0:
                break
        return depths

    def value_at(self, offset: int) -> str:
        """The rest of a line from an offset: up to a comment, or in brackets up to the next item."""
        line = self.source.text[offset : self.end(self.number(offset))]
        text = _COMMENT.sub("", line).rstrip()
        before = self.source.text[self.start(self.number(offset)) : offset]
        if before.count("[") > before.count("]") or before.count("{") > before.count("}"):
            text = re.split(r"[],}]", text)[0].rstrip() or text[:1]
        return text
