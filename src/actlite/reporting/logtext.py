"""The runner's log markers (``##[group]`` and so on) as text for people.

Groups are told by a title and indented lines; errors, warnings, notices, commands and debug lines by
a word and a colour. Markers count at the beginning of a line, as in GitHub's log view.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

Style = Callable[[str, str], str]
"""Takes a text and the name of a style, gives the text with that style's escapes (or as it is)."""

_MARKER = re.compile(r"##\[([A-Za-z]+)\]")
_WORDS = {
    "error": ("Error: ", "red"),
    "warning": ("Warning: ", "yellow"),
    "notice": ("Notice: ", "cyan"),
    "debug": ("Debug: ", "dim"),
    "command": ("$ ", "cyan"),
    "section": ("", "green"),
}
_BORDERS = ("##[start-action ", "##[end-action ")
"""Lines around the steps of a composite action, which are shown as steps of their own."""
INDENT = "  "


def plain_style(text: str, style: str) -> str:
    """No style at all."""
    return text


def has_marker(text: str) -> bool:
    """Whether a line of the text begins with what looks like a marker."""
    return text.startswith("##[") or "\n##[" in text


def split_marker(line: str) -> tuple[str, str]:
    """The marker's name in lower case, or '', and the rest of the line."""
    match = _MARKER.match(line)
    if match is None:
        return "", line
    name = match[1].lower()
    if name in _WORDS or name in ("group", "endgroup"):
        return name, line[match.end() :]
    return "", line


def worded(marker: str, rest: str, style: Style = plain_style) -> str:
    """A line without its marker, in words: ``Error: …``."""
    word, colour = _WORDS.get(marker, ("", ""))
    return style(word + rest, colour) if colour else word + rest


class LogText:
    """The markers of one step's log; keeps whether a group is open from one piece to the next."""

    def __init__(self, style: Style = plain_style) -> None:
        self._style = style
        self.in_group = False

    def render(self, text: str) -> str:
        """A piece of whole lines as text to be shown."""
        if not has_marker(text):
            if not self.in_group:
                return text
            return indent(text, INDENT)
        return "".join(f"{line}\n" for line in self._lines(text))

    def _lines(self, text: str) -> Iterator[str]:
        lines = text.split("\n")
        if not lines[-1]:
            lines.pop()
        for line in lines:
            if line.startswith(_BORDERS):
                continue
            marker, rest = split_marker(line)
            if marker == "group":
                self.in_group = True
                yield self._style(f"▸ {rest}", "bold")
            elif marker == "endgroup":
                self.in_group = False
            else:
                shown = worded(marker, rest, self._style)
                yield INDENT + shown if self.in_group else shown


def indent(text: str, prefix: str) -> str:
    """The text with a prefix before each line."""
    body = text.removesuffix("\n")
    end = "\n" if len(body) < len(text) else ""
    return prefix + body.replace("\n", "\n" + prefix) + end
